"""Workbooks (xlsx, xls): every sheet as text cells, through calamine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from vbp.errors import Problem
from vbp.schema import Table
from vbp.tables import bounds
from vbp.tables.cellerrors import Fault
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.headers import LOOK_AT, Heading, data_above, find
from vbp.tables.merged import Range, spread

MIDNIGHT = dt.time()


def cell_text(value: Any) -> str:
    """Return a cell as the text a user would read: numbers with at most 15 digits (all that Excel keeps), days as
    2024-03-01."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat(" ")
    return "" if value is None else str(value)


class Sheet(NamedTuple):
    """One sheet of a workbook: its name, its rows of cells, and which cells are merged."""

    name: str
    rows: list[list[Any]]
    merged: Sequence[Range]


def open_sheets(path: Path) -> Iterator[Sheet]:
    """Yield every visible, non-empty sheet; raises `Unreadable` with one clear message."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        bounds.refuse_bomb(path)
        book = CalamineWorkbook.from_path(str(path))
        for meta in book.sheets_metadata:
            if meta.visible == SheetVisibleEnum.Visible and meta.typ == SheetTypeEnum.WorkSheet:
                sheet = book.get_sheet_by_name(meta.name)
                rows = sheet.to_python(skip_empty_area=False)
                if rows:
                    yield Sheet(meta.name, rows, sheet.merged_cell_ranges or ())
    except Unreadable:
        raise
    except (CalamineError, *bounds.DAMAGED) as error:
        raise Unreadable(
            misnamed(path)
            or f"the workbook cannot be opened ({error}): is it damaged, protected by a password, or "
            "another format under "
            "this name? Save it again as xlsx",
            "unreadable",
        ) from error


def misnamed(path: Path) -> str | None:
    """Say what a file that is called a workbook is instead, and what to do; None where its first bytes do not tell.

    Procurement systems write text and web pages under .xls: Excel opens them, no other program does.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(1024)
    except OSError:
        return None
    called = f"the file is called {path.suffix} but holds"
    if head.startswith(b"PK\x03\x04"):
        return (
            f"{called} a new workbook (xlsx): rename it to {path.stem}.xlsx" if path.suffix.lower() == ".xls" else None
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (head and b"\0" not in head):
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if start.startswith(b"<"):
            return f"{called} a web page (HTML), as some systems export: open it in Excel or WPS and save it as xlsx"
        return f"{called} plain text: rename it to {path.stem}.csv, or open it in Excel or WPS and save it as xlsx"
    return None


def first_rows(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    """Return the first rows as text, for finding the header."""
    return [[cell_text(cell) for cell in row] for row in rows[:LOOK_AT]]


def heading_of(rows: Sequence[Sequence[Any]], tables: Sequence[Table]) -> Heading | None:
    """Return the header of a sheet for the best of `tables`, None where no row names a column."""
    return find(first_rows(rows), tables)


def text_column(cells: Iterable[Any]) -> pa.Array:
    """Return a column of cells as texts."""
    values = list(cells)
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        pass
    seen: dict[tuple[type, Any], str] = {}
    out = []
    for value in values:
        key = (type(value), value)
        text = seen.get(key)
        if text is None:
            text = seen[key] = cell_text(value)
        out.append(text)
    return pa.array(out, pa.string())


def faulty(faults: Sequence[Fault], heading: Heading) -> list[Problem]:
    """Return an error for every cell of a recognised column that holds an Excel error or a formula without a result."""
    return [
        Problem(
            f"cell {fault.cell} holds the Excel error {fault.error}: mend the formula or the look-up, or empty the cell; it is no gap"
            if fault.error
            else f"cell {fault.cell} holds a formula whose result is not stored in the file: open it in Excel or WPS, "
            "save it, and try again",
            "excel_error" if fault.error else "formula_without_value",
            "error",
            row=fault.row,
            column=heading.found[fault.column].column.name,
            value=fault.error,
        )
        for fault in faults
        if fault.row > heading.row and fault.column in heading.found
    ]


def read(file: str, sheet: Sheet, heading: Heading, faults: Sequence[Fault] = ()) -> Grid:
    """Read a sheet below its header; empty rows are left out and counted. `faults` are its cells without a value."""
    rows, merges = sheet.rows, spread(sheet.rows, heading, sheet.merged)
    below = rows[heading.row :]
    odd = {fault.row - heading.row - 1 for fault in faults}
    kept = [place for place, row in enumerate(below) if place in odd or any(cell not in ("", None) for cell in row)]
    # rows left empty above the first (the template's example, deleted) and below the last are no rows of the table
    blank = kept[-1] - kept[0] + 1 - len(kept) if kept else 0
    body = below if len(kept) == len(below) else [below[place] for place in kept]
    columns = (
        [text_column(column) for column in zip(*body, strict=True)]
        if body
        else [pa.array([], pa.string())] * len(heading.headers)
    )
    numbers = np.array(kept, np.int64) + heading.row + 1
    return Grid(
        file,
        heading,
        columns,
        numbers,
        sheet.name,
        None,
        blank,
        heading.row - 1,
        [*data_above(first_rows(rows), heading), *faulty(faults, heading), *merges],
    )
