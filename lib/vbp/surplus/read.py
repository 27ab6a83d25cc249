"""Read an items file (结余留用测算明细: csv in UTF-8 or GBK, xlsx/xls, parquet) with every problem listed."""

from __future__ import annotations

import csv
import io
import unicodedata
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
        raise InputError(
            Problem(
                f"cannot read {path.suffix or 'a file without an ending'}; give .csv, .xlsx or .parquet",
                rule="file_type",
                file=path.name,
            )
        )
    if not path.is_file():
        raise InputError(Problem("no such file", rule="file_missing", file=str(path)))
    try:
        rows = [(number, cells) for number, cells in reader(path) if any(_text(cell) for cell in cells)]
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            Problem(f"cannot be read as {path.suffix}: {str(error)[:200]}", rule="file_unreadable", file=path.name)
        ) from None
    if not rows:
        raise InputError(Problem("the file is empty", rule="empty", file=path.name))
    return [_text(cell) for cell in rows[0][1]], rows[1:]


def _csv(path: Path) -> Iterator[tuple[int, list[Any]]]:
    from vbp.tables.encoding import to_utf8

    text = bytes(to_utf8(path.read_bytes())[0]).decode("utf-8-sig")
    if "\0" in text:
        raise ValueError("it holds NUL bytes, so it is no text file")
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for cells in reader:
        yield reader.line_num - sum(cell.count("\n") for cell in cells), cells


def _sheet(path: Path) -> Iterator[tuple[int, list[Any]]]:
    from vbp.tables.sheets import open_sheets

    yield from enumerate(next(open_sheets(path)).rows, start=1)


def _parquet(path: Path) -> Iterator[tuple[int, list[Any]]]:
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read()
    yield 1, list(table.column_names)
    for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=2):
        yield number, list(row)


UNITS = {
    "amount": {"元": 0, "万元": 4, "亿元": 8, "千元": 3, "yuan": 0},
    "price": {"元": 0, "yuan": 0},
    "share": {"%": -2, "％": -2},
    "quantity": {"万": 4, "千": 3},
}
"""Powers of ten of a header's own unit, by kind of column."""


def _names(header: list[str], file: str) -> tuple[list[tuple[str, int] | None], list[Problem]]:
    """Recognise headers, English or Chinese, with their unit's power of ten; report missing, doubled, unknown ones."""
    known = {alias: column.name for column in COLUMNS for alias in (column.name, *column.headers)}
    split = [unicodedata.normalize("NFKC", title).strip().rstrip(")").partition("(") for title in header]
    names = [known.get(title.strip()) for title, _, _ in split]
    problems = [
        Problem(f"column {name} stands twice", rule="column_twice", file=file, row=1, column=name)
        for name in sorted({name for name in names if name and names.count(name) > 1})
    ]
    problems += [
        Problem(
            unknown("column", title, [column.name for column in COLUMNS]) + "; it is not used",
            rule="unknown_column",
            level="warning",
            file=file,
            row=1,
            column=title,
        )
        for title, name in zip(header, names, strict=True)
        if title and not name
    ]
    problems += [
        Problem(
            f"this column is required ({column.meaning_zh}; {column.meaning_en}); headers in use: "
            f"{', '.join((column.name, *column.headers))}",
            rule="missing_column",
            file=file,
            row=1,
            column=column.name,
        )
        for column in COLUMNS
        if column.required and column.name not in names
    ]
    shifts = [_shift(name, remark.strip()) if name else 0 for name, (_, _, remark) in zip(names, split, strict=True)]
    problems += [
        Problem(
            f"the header's unit ({remark}) is not understood here; give {BY_NAME[name].meaning_zh} in its "
            "base unit (yuan, minimum units, 0-1)",
            rule="header_unit",
            file=file,
            row=1,
            column=title,
        )
        for title, name, shift, (_, _, remark) in zip(header, names, shifts, split, strict=True)
        if name and shift is None
    ]
    return [(name, shift or 0) if name else None for name, shift in zip(names, shifts, strict=True)], problems


def _shift(name: str, remark: str) -> int | None:
    """Return the power of ten that a header's remark adds, None where it names a multiple that is not known here."""
    known = UNITS.get(BY_NAME[name].kind, {})
    if BY_NAME[name].kind == "quantity" and remark[:1] in known:
        return known[remark[0]]
    return known.get(remark, None if any(mark in remark for mark in "万亿千百%‰") else 0)


def _typed(
    body: list[tuple[int, list[Any]]], names: list[tuple[str, int] | None], file: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Parse every cell by its column's kind; collect the problems of all cells."""
    if len(body) > LARGEST:
        raise InputError(Problem(f"{len(body):,} rows; the limit is {LARGEST:,}", rule="too_many_rows", file=file))
    problems = [
        Problem(
            f"{len(cells)} cells under {len(names)} headers; is a quote or a comma out of place?",
            rule="ragged_row",
            file=file,
            row=number,
        )
        for number, cells in body
        if any(_text(cell) for cell in cells[len(names) :])
    ]
    out: dict[str, list[Any]] = {"row": [number for number, _ in body]}
    for place, known in enumerate(names):
        if known is None or known[0] in out:
            continue
        name, shift = known
        values = []
        for number, cells in body:
            value, fault = parse(cells[place] if place < len(cells) else None, BY_NAME[name], shift)
            values.append(value)
            if fault:
                problems.append(
                    Problem(
                        fault,
                        rule=BY_NAME[name].kind,
                        file=file,
                        row=number,
                        column=name,
                        value=_text(cells[place] if place < len(cells) else "")[:80] or None,
                    )
                )
        out[name] = values
    frame = pd.DataFrame(
        {name: pd.Series(values, dtype=object if name != "row" else None) for name, values in out.items()}
    )
    return frame, problems


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return str(cell).strip()


__all__ = ["ItemsFile", "columns", "read_items"]
