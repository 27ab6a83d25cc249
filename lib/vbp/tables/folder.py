"""Which file of a folder is which table, and what else lies there."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vbp.errors import Problem, unknown
from vbp.schema import TABLES
from vbp.tables.texts import compact

TEXT = (".csv", ".tsv", ".txt")
BOOKS = (".xlsx", ".xls", ".xlsm")
SUFFIXES = (*TEXT, *BOOKS, ".parquet")
LARGEST = {".parquet": 8 << 30} | dict.fromkeys(TEXT, 2 << 30) | dict.fromkeys(BOOKS, 256 << 20)
"""Bytes above which a file is refused, by suffix."""
SILENT = (".yaml", ".yml", ".json", ".md", ".log", ".html", ".pdf", ".png", ".toml")
NOTES = frozenset(
    map(compact, ("填报说明", "说明", "填表说明", "目录", "问题清单", "notes", "readme", "issues", "city", "城市"))
)
"""Sheets that hold no table and are passed over in silence; `city` is read by `vbp.tables.place`."""
PART = re.compile(r"^(.+?)[-_ .]?((?:19|20)\d{2}(?:[-_.]?\d{2})?年?|part[-_]?\d+|[Qq][1-4]|\d{1,2}月)$")
COPY = re.compile(r"^(.+?)(?:\s*[-_]?\s*(?:副本|copy|复件|备份|backup|bak)|\s*[(（]\d+[)）])$", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """A file that may hold tables; `table` is known where its name says so, `part` where it is one of several by
    period."""

    path: Path
    table: str | None
    part: str | None = None


@cache
def _names() -> dict[str, str]:
    return {compact(form): table.name for table in TABLES.values() for form in (table.name, table.zh, *table.names)}


def table_named(text: str) -> tuple[str | None, str | None]:
    """Return (table, part) that a file's or sheet's name says: usage-2024 → (usage, 2024)."""
    names = _names()
    text = text.strip()
    if compact(text) in names:
        return names[compact(text)], None
    copied = COPY.match(text)
    if copied:
        return names.get(compact(copied.group(1))), None
    part = PART.match(text)
    if part and compact(part.group(1)) in names:
        return names[compact(part.group(1))], part.group(2)
    return None, None


def _too_large(path: Path) -> Problem | None:
    size, largest = path.stat().st_size, LARGEST[path.suffix.lower()]
    if size == 0:
        return Problem("the file is empty", "empty_file", file=path.name)
    if size > largest:
        return Problem(
            f"the file has {size / 2**30:.1f} GiB, more than {largest / 2**30:g} GiB: split it by year "
            "(usage-2024.csv) or "
            "save it as parquet",
            "huge_file",
            file=path.name,
        )
    return None


def _twice(sources: list[Source]) -> list[Problem]:
    """Return an error for every table that two files claim (files of different periods are parts, and fine)."""
    problems = []
    by_table: dict[str, list[Source]] = {}
    for source in sources:
        if source.table:
            by_table.setdefault(source.table, []).append(source)
    for table, claimants in by_table.items():
        parts = {source.part for source in claimants}
        if len(claimants) > 1 and (None in parts or len(parts) < len(claimants)):
            names = ", ".join(source.path.name for source in claimants)
            problems.append(
                Problem(
                    f"table {table} is present twice: {names}; keep one (parts are named by period, as "
                    f"{table}-2023.csv and {table}-2024.csv)",
                    "table_twice",
                    "error",
                    table,
                    names,
                )
            )
    return problems


def _no_folder(folder: Path) -> str:
    """Say why `folder` cannot be read, and what to name instead."""
    if folder.exists():
        return (
            f"this is a file, and a folder of tables is needed: put it into a folder of its own, such as "
            f"data/inputs/{folder.stem}/, and name that folder"
        )
    beside = sorted(path.name for path in folder.parent.iterdir() if path.is_dir()) if folder.parent.is_dir() else []
    return "there is no such folder" + (f"; {unknown('folder', folder.name, beside)}" if beside else "")


def survey(folder: Path, only: Collection[str] | None = None) -> tuple[list[Source], list[Problem]]:
    """Return the files to read, in order of name, and every problem with the folder itself."""
    if not folder.is_dir():
        return [], [Problem(_no_folder(folder), "missing_folder", file=str(folder))]
    sources: list[Source] = []
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()):
        if (
            path.name.startswith((".", "~$"))
            or path.is_dir()
            or path.suffix.lower() in SILENT
            or path.name.endswith(".tmp")
        ):
            continue
        if path.suffix.lower() not in SUFFIXES:
            problems.append(
                Problem(
                    f"not a table ({', '.join(SUFFIXES)}): the file is left aside",
                    "unknown_file",
                    "warning",
                    file=path.name,
                )
            )
            continue
        source = Source(path, *table_named(path.stem))
        if only is not None and source.table is not None and source.table not in only:
            continue
        trouble = _too_large(path)
        if trouble:
            problems.append(trouble)
        else:
            sources.append(source)
    twice = _twice(sources)
    doubled = {problem.table for problem in twice}
    return [source for source in sources if source.table not in doubled], problems + twice
