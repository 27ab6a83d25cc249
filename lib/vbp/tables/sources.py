"""Files told apart and read: each table of a folder's files as cleaned rows, its file's hash counted beside the reading."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vbp.errors import Problem
from vbp.schema import TABLES, Table
from vbp.tables import cellerrors, csvfile, parquet, sheets
from vbp.tables.clean import Part, clean
from vbp.tables.encoding import Bytes, to_utf8
from vbp.tables.folder import NOTES, TEXT, Source, table_named
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.inputs import sha256, whole
from vbp.tables.texts import compact


@dataclass
class Read:
    """One sheet or file read: its part, and the file's hash still being counted."""

    part: Part
    path: Path
    digest: Future[str]


def _candidates(name: str | None, only: Collection[str] | None) -> list[Table]:
    if name is not None:
        return [TABLES[name]]
    return [table for table in TABLES.values() if only is None or table.name in only]


def _nothing_known(label: str, named: str | None, seen: Sequence[str]) -> Problem:
    shown_cells = ", ".join(cell for cell in seen if cell.strip())[:200] or "nothing"
    if named:
        return Problem(
            f"no header row found for {named} ({TABLES[named].zh}) in the first 30 rows; the file begins: "
            f"{shown_cells}",
            "no_header",
            "error",
            named,
            label,
        )
    return Problem(
        "neither the name nor the header says which table this is, so it is kept out; it begins: "
        f"{shown_cells}; "
        f"known tables: {', '.join(TABLES)}",
        "unknown_file",
        "warning",
        None,
        label,
    )


def _by_columns(label: str, table: Table, problems: list[Problem]) -> None:
    problems.append(
        Problem(
            f"read as {table.name} ({table.zh}) by its columns, because the name does not say so",
            "table_by_columns",
            "warning",
            table.name,
            label,
        )
    )


def _text_grids(source: Source, data: Bytes, tables: Sequence[Table], problems: list[Problem]) -> Iterator[Grid]:
    name = source.path.name
    body, encoding, unsure = to_utf8(data)
    text = csvfile.text_of(name, body, encoding)
    heading = csvfile.heading_of(text, tables)
    if heading is None or not _convincing(source.table, heading.problems):
        problems.append(_nothing_known(name, source.table, text.first[0] if text.first else ()))
        return
    if unsure:
        problems.append(
            Problem(
                f"these bytes are valid UTF-8 and valid GBK; read as {'UTF-8' if encoding == 'utf-8' else 'GBK'}: look at the "
                "names, and save the file as UTF-8 with BOM if they are wrong",
                "encoding_unsure",
                "warning",
                heading.table.name,
                name,
            )
        )
    if source.table is None:
        _by_columns(name, heading.table, problems)
    yield csvfile.read(text, heading)


def _convincing(named: str | None, problems: Sequence[Problem]) -> bool:
    """Return whether a header may decide the table: always where the name does, else only with all required columns."""
    return named is not None or not any(problem.rule == "missing_column" for problem in problems)


def _book_grids(source: Source, only: Collection[str] | None, problems: list[Problem]) -> Iterator[Grid]:
    opened = [sheet for sheet in sheets.open_sheets(source.path) if compact(sheet.name) not in NOTES]
    if not opened:
        problems.append(
            Problem("the workbook has no filled sheet", "empty_file", "error", source.table, source.path.name)
        )
    named = {sheet.name: table_named(sheet.name)[0] for sheet in opened}
    faults = cellerrors.find(source.path)
    for sheet in opened:
        name = named[sheet.name] or (source.table if not any(named.values()) else None)
        if only is not None and name is not None and name not in only:
            continue
        label = f"{source.path.name}[{sheet.name}]"
        try:
            heading = sheets.heading_of(sheet.rows, _candidates(name, only))
        except Unreadable as error:
            problems.append(Problem(error.message, error.rule, "error", error.table, label, error.row))
            continue
        told = name if len(opened) == 1 or named[sheet.name] else None
        if heading is None or not _convincing(told, heading.problems):
            problem = _nothing_known(label, told, sheets.first_rows(sheet.rows)[0])
            problems.append(problem)
            continue
        if name is None:
            _by_columns(label, heading.table, problems)
        yield sheets.read(source.path.name, sheet, heading, faults.get(sheet.name, ()))


def _grids(
    source: Source, only: Collection[str] | None, pool: ThreadPoolExecutor, problems: list[Problem]
) -> Iterator[tuple[Grid, Future[str]]]:
    """Yield every table's grid in one file, with the file's hash counted beside the reading."""
    suffix = source.path.suffix.lower()
    if suffix in TEXT:
        data = whole(source.path)
        digest = pool.submit(sha256, data)
        for grid in _text_grids(source, data, _candidates(source.table, only), problems):
            yield grid, digest
    elif suffix == ".parquet":
        found = parquet.read(source.path, source.path.name, _candidates(source.table, only))
        if found is None or not _convincing(source.table, found.heading.problems):
            problems.append(_nothing_known(source.path.name, source.table, ()))
        else:
            yield found, pool.submit(sha256, source.path)
    else:
        digest = pool.submit(sha256, source.path)
        for grid in _book_grids(source, only, problems):
            yield grid, digest


def read_source(
    source: Source, only: Collection[str] | None, pool: ThreadPoolExecutor, problems: list[Problem], limit: int | None
) -> list[Read]:
    """Return every table of one file, cleaned; what cannot be read is added to `problems`."""
    try:
        return [Read(clean(grid, limit), source.path, digest) for grid, digest in _grids(source, only, pool, problems)]
    except Unreadable as error:
        problems.append(
            Problem(error.message, error.rule, "error", error.table or source.table, source.path.name, error.row)
        )
    except OSError as error:
        problems.append(
            Problem(
                f"the file cannot be read: {error.strerror or error}",
                "unreadable",
                "error",
                source.table,
                source.path.name,
            )
        )
    return []
