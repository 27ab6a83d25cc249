"""Read an items file (结余留用测算明细: csv in UTF-8 or GBK, xlsx/xls, parquet) with every problem listed."""
from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from vbp.errors import InputError, Problem, unknown
from vbp.rules import Profile
from vbp.surplus import columns
from vbp.surplus.check import check_items
from vbp.surplus.columns import BY_NAME, COLUMNS
from vbp.surplus.parse import parse

LARGEST = 2_000_000
"""Rows of an items file; larger inputs belong into an inputs folder and its ledger."""


@dataclass(frozen=True)
class ItemsFile:
    """An items file as read: `frame` (numbers as Decimal, `row` as the user sees it), and warnings."""

    frame: pd.DataFrame
    problems: tuple[Problem, ...]


def read_items(path: Path, profile: Profile | None = None) -> ItemsFile:
    """Read and check an items file; with a profile, also what that profile needs of it.

    Raises
    ------
    InputError
        Listing every problem: file, row, column, value, and what to do.
    """
    header, body = _cells(path)
    names, problems = _names(header, path.name)
    frame, faults = _typed(body, names, path.name)
    problems += faults
    if not len(frame) and not any(problem.level == "error" for problem in problems):
        problems.append(Problem("the items file holds no rows below its header", rule="empty", file=path.name))
    if {"hospital_id", "batch_id", "agreement_year", "generic"} <= set(frame):
        problems += check_items(frame, path.name, profile)
    if any(problem.level == "error" for problem in problems):
        raise InputError(problems)
    return ItemsFile(frame, tuple(problems))


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[Any]]]]:
    """Return the header and the numbered rows of a file, cells as they stand."""
    readers = {".csv": _csv, ".txt": _csv, ".xlsx": _sheet, ".xls": _sheet, ".xlsm": _sheet, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(Problem(f"cannot read {path.suffix or 'a file without an ending'}; give .csv, .xlsx or "
                                 ".parquet", rule="file_type", file=path.name))
    if not path.is_file():
        raise InputError(Problem("no such file", rule="file_missing", file=str(path)))
    try:
        rows = [(number, cells) for number, cells in reader(path) if any(_text(cell) for cell in cells)]
    except InputError:
        raise
    except (OSError, ValueError, csv.Error, zipfile.BadZipFile, Exception) as error:
        raise InputError(Problem(f"cannot be read as {path.suffix}: {str(error)[:200]}", rule="file_unreadable",
                                 file=path.name)) from None
    if not rows:
        raise InputError(Problem("the file is empty", rule="empty", file=path.name))
    return [_text(cell) for cell in rows[0][1]], rows[1:]


def _csv(path: Path) -> Iterator[tuple[int, list[Any]]]:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ValueError("neither UTF-8 nor GBK; save it as CSV UTF-8")
    if "\0" in text:
        raise ValueError("it holds NUL bytes, so it is no text file")
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for cells in reader:
        yield reader.line_num - sum(cell.count("\n") for cell in cells), cells


def _sheet(path: Path) -> Iterator[tuple[int, list[Any]]]:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    yield from enumerate(sheet.to_python(skip_empty_area=False), start=1)


def _parquet(path: Path) -> Iterator[tuple[int, list[Any]]]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    yield 1, list(table.column_names)
    for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=2):
        yield number, list(row)


def _names(header: list[str], file: str) -> tuple[list[str | None], list[Problem]]:
    """Recognise headers, English or Chinese; report missing, doubled and unknown ones."""
    known = {alias: column.name for column in COLUMNS for alias in (column.name, *column.headers)}
    names = [known.get(title.strip().split("(")[0].split("（")[0].strip()) for title in header]
    problems = [Problem(f"column {name} stands twice", rule="column_twice", file=file, row=1, column=name)
                for name in sorted({name for name in names if name and names.count(name) > 1})]
    problems += [Problem(unknown("column", title, [column.name for column in COLUMNS]) + "; it is not used",
                         rule="unknown_column", level="warning", file=file, row=1, column=title)
                 for title, name in zip(header, names, strict=True) if title and not name]
    problems += [Problem(f"this column is required ({column.meaning_zh}; {column.meaning_en}); headers in use: "
                         f"{', '.join((column.name, *column.headers))}", rule="missing_column", file=file, row=1,
                         column=column.name) for column in COLUMNS if column.required and column.name not in names]
    return names, problems


def _typed(body: list[tuple[int, list[Any]]], names: list[str | None], file: str
           ) -> tuple[pd.DataFrame, list[Problem]]:
    """Parse every cell by its column's kind; collect the problems of all cells."""
    if len(body) > LARGEST:
        raise InputError(Problem(f"{len(body):,} rows; the limit is {LARGEST:,}", rule="too_many_rows", file=file))
    problems = [Problem(f"{len(cells)} cells under {len(names)} headers; is a quote or a comma out of place?",
                        rule="ragged_row", file=file, row=number)
                for number, cells in body if any(_text(cell) for cell in cells[len(names):])]
    out: dict[str, list[Any]] = {"row": [number for number, _ in body]}
    for place, name in enumerate(names):
        if name is None or name in out:
            continue
        values = []
        for number, cells in body:
            value, fault = parse(cells[place] if place < len(cells) else None, BY_NAME[name])
            values.append(value)
            if fault:
                problems.append(Problem(fault, rule=BY_NAME[name].kind, file=file, row=number, column=name,
                                        value=_text(cells[place] if place < len(cells) else "")[:80] or None))
        out[name] = values
    frame = pd.DataFrame({name: pd.Series(values, dtype=object if name != "row" else None)
                          for name, values in out.items()})
    return frame, problems


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return str(cell).strip()


__all__ = ["ItemsFile", "columns", "read_items"]
