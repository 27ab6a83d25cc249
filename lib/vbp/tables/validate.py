"""What every table must hold to: required cells filled, values in range, keys not repeated, one column of each pair; no file
twice, the tables there that are demanded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import Problem
from vbp.schema import DEMANDED, TABLES, Column, Table
from vbp.tables.arrays import encoded, flat, int64_view, missing, raw_codes
from vbp.tables.clean import Part
from vbp.tables.inputs import FileRecord, Inputs
from vbp.tables.report import LIMIT, cells, shown

Message = Callable[[Any], str]
"""What a message says of a cell's value."""


def _cell(part: Part, column: Column, rule: str, message: Message, level: str, place: int) -> Problem:
    value = part.columns[column.name][place].as_py() if column.name in part.columns else None
    text = f"{value.normalize():f}" if isinstance(value, Decimal) else value
    return Problem(
        message(value), rule, level, part.table.name, part.grid.label, int(part.rows[place]), column.name, shown(text)
    )


def _listed(
    part: Part, places: np.ndarray, column: Column, rule: str, message: Message, level: str, limit: int | None
) -> list[Problem]:
    return cells(places.tolist(), lambda place: _cell(part, column, rule, message, level, place), limit)


def required_cells(part: Part, limit: int | None = LIMIT) -> list[Problem]:
    """Return an error for every empty cell in a required column (cells refused for another reason are not named
    twice)."""
    problems: list[Problem] = []
    groups: list[tuple[str, ...]] = [(column.name,) for column in part.table.required] + list(part.table.one_of)
    for group in groups:
        have = [name for name in group if name in part.columns]
        if not have or not any(part.columns[name].null_count for name in have):
            continue
        empty = np.logical_and.reduce([missing(part.columns[name]) for name in have])
        if len(have) < len(group) or len(group) == 1 or empty.any():
            places = [
                place
                for place in np.flatnonzero(empty).tolist()
                if not any((name, int(part.rows[place])) in part.refused for name in have)
            ]
            column = part.table.column(have[0])
            text = f"{' or '.join(have)} ({column.zh}) is empty (a dash counts as empty): fill it in, or delete the row"
            problems += _listed(
                part, np.array(places, np.int64), column, "missing", partial(str.format, text), "error", limit
            )
    return problems


def _outside(array: pa.Array, column: Column) -> np.ndarray:
    """Return the positions whose value is below `low` or above `high`."""
    values = np.asarray(array.fill_null(0)) if column.kind == "count" else int64_view(array)
    scale = Decimal(10) ** column.scale
    bad = np.zeros(len(values), bool)
    if column.low is not None:
        bad |= values < int((column.low * scale).to_integral_value())
    if column.high is not None:
        bad |= values > int((column.high * scale).to_integral_value())
    return np.flatnonzero(bad & ~missing(array))


def _beyond(column: Column, value: Any) -> str:
    """Say between what bounds a value must lie; a share written in per cent is shown as it is meant to be written."""
    bounds = " to ".join("…" if bound is None else f"{bound:f}" for bound in (column.low, column.high))
    hint = ""
    if column.kind == "ratio":
        per_cent = value if 1 < value <= 100 else Decimal(70)
        hint = f": write {(per_cent / 100).normalize():f} (or {per_cent.normalize():f}%)"
    return f"outside {bounds}{hint}"


def ranges(part: Part, limit: int | None = LIMIT) -> list[Problem]:
    """Return a problem for every number outside its column's range."""
    problems: list[Problem] = []
    for column in part.table.columns:
        if column.name in part.columns and column.numeric and (column.low is not None or column.high is not None):
            problems += _listed(
                part,
                _outside(part.columns[column.name], column),
                column,
                "range",
                partial(_beyond, column),
                column.outside,
                limit,
            )
    return problems


def key_codes(columns: Sequence[pa.Array]) -> np.ndarray:
    """Return one number per row that is equal where all columns are equal (an empty cell equals an empty cell)."""
    coded = [encoded(column) for column in columns]
    sizes = [len(column.dictionary) + 1 for column in coded]
    kind: Any = np.int32 if math.prod(sizes) < 1 << 31 else np.int64
    combined: np.ndarray | None = None
    reach = 1
    for column, size in zip(coded, sizes, strict=True):
        own = raw_codes(column).astype(kind, copy=False) + kind(1)
        if combined is not None and reach * size >= 1 << 62:
            _, combined = np.unique(combined, return_inverse=True)
            reach = int(combined.max(initial=0)) + 1
        combined, reach = own if combined is None else combined * kind(size) + own, reach * size
    return np.empty(0, np.int64) if combined is None else combined


def repeated(keys: np.ndarray) -> np.ndarray:
    """Return the positions whose key stood in an earlier row."""
    if not len(keys):
        return np.empty(0, np.int64)
    top = int(keys.max()) + 1
    if top <= max(64 * len(keys), 1 << 20):
        seen = np.zeros(top, bool)
        seen[keys] = True
        if int(np.count_nonzero(seen)) == len(keys):
            return np.empty(0, np.int64)
    order = np.argsort(keys, kind="stable")
    again = order[1:][keys[order][1:] == keys[order][:-1]]
    return np.sort(again)


def first_place(keys: np.ndarray, place: int) -> int:
    """Return the first position with the same key as `place`."""
    return int(np.flatnonzero(keys == keys[place])[0])


def present_keys(table: Table, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the key columns of a table that are present."""
    return tuple(name for name in table.key if name in columns)


def repeated_keys(inputs: Inputs, name: str, limit: int | None) -> list[Problem]:
    """Return an error for every row whose key stands already above it (usage: see the checks, returns repeat keys
    rightly)."""
    table, schema = inputs.tables[name], TABLES[name]
    if name == "usage":
        return []
    keys = present_keys(schema, table.column_names)
    if not set(schema.key) - {column.name for column in schema.columns if not column.required} <= set(keys):
        return []
    # a table without one key column (a fund table for all) has room for one row
    codes = (
        key_codes([inputs.codes(name, key) if not schema.column(key).numeric else flat(table[key]) for key in keys])
        if keys
        else np.zeros(table.num_rows, np.int64)
    )

    def make(place: int) -> Problem:
        file, row = inputs.at(name, place)
        first_file, first_row = inputs.at(name, first_place(codes, place))
        filled = {key: str(table[key][place].as_py()) for key in keys if table[key][place].is_valid}
        why = (
            f"the key ({', '.join(filled)}) stands already in {first_file} row {first_row}: keep one"
            if filled
            else f"this row holds for all, as {first_file} row {first_row} does (no key cell is filled: {', '.join(schema.key)}): "
            "keep one, or fill in what each is for"
        )
        return Problem(
            why, "duplicate_key", "error", name, file, row, keys[0] if keys else None, shown(", ".join(filled.values()))
        )

    return cells(repeated(codes).tolist(), make, limit)


def same_bytes(records: Sequence[FileRecord]) -> list[Problem]:
    """Return an error where two files of one table are the same file twice."""
    seen: dict[tuple[str, str, str | None], str] = {}
    problems = []
    for record in records:
        key = (record.table, record.sha256, record.sheet)
        if seen.setdefault(key, record.name) != record.name:
            problems.append(
                Problem(
                    f"{record.name} and {seen[key]} are the same file: keep one",
                    "table_twice",
                    "error",
                    record.table,
                    record.name,
                )
            )
    return problems


def demanded(tables: Collection[str]) -> list[Problem]:
    """Return an error where a folder lacks the tables without which nothing can be computed."""
    if any(set(group) <= set(tables) for group in DEMANDED):
        return []
    group = DEMANDED[1] if "batch_usage" in tables and "usage" not in tables else DEMANDED[0]
    lacking = [name for name in group if name not in tables]
    said = " or ".join(", ".join(f"{name} ({TABLES[name].zh})" for name in group) for group in DEMANDED)
    return [
        Problem(f"the folder lacks {', '.join(lacking)}: it must hold {said}", "missing_table", "error", lacking[0])
    ]


def no_rows(part: Part) -> list[Problem]:
    """Return a warning for a table without rows; it counts as absent. A sheet of the template left empty is no
    fault."""
    if part.dropped.get("example"):
        return []
    return [
        Problem(
            "the table has a header and no rows: it counts as absent",
            "empty_table",
            "warning",
            part.table.name,
            part.grid.label,
        )
    ]


def check_part(part: Part, limit: int | None) -> list[Problem]:
    """Return every problem of one part: those of its cells, empty cells that are required, values out of range."""
    return [*part.problems, *required_cells(part, limit), *ranges(part, limit)]
