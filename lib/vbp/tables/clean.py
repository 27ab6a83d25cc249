"""One sheet made canonical: every recognised column in its Arrow type, every refused cell a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import Problem
from vbp.schema import Column, Table
from vbp.tables import dates, numbers, texts, totals, yearmonth
from vbp.tables.arrays import encoded, flat, map_distinct, plain
from vbp.tables.grid import Grid, Rows
from vbp.tables.headers import Found
from vbp.tables.kinds import arrow_type
from vbp.tables.report import LIMIT, cells, shown

HINTS = {
    "code": (
        "damaged_code",
        "Excel has turned this code into a number and its last digits are lost: export the "
        "column again as text; "
        "it is not guessed",
    ),
    "flag": ("yes_no", "neither yes nor no: write 是 or 否"),
}


EMPTY_CELLS = ("excel_error", "formula_without_value")
"""Errors that do not matter in rows that are no data (合计)."""


@dataclass(frozen=True)
class Part:
    """One file or sheet, cleaned: columns by name, rows as in the file, what was dropped and what is wrong."""

    table: Table
    grid: Grid
    columns: dict[str, pa.Array]
    rows: Rows
    dropped: dict[str, int]
    problems: list[Problem]
    refused: frozenset[tuple[str, int]] = frozenset()
    """Cells refused, as (column, row in the file): they are empty here, and not to be named a second time."""


def _refusal(column: Column, text: str) -> tuple[str, str]:
    """Return (rule, message) for a refused cell that is no number."""
    if text.strip() in texts.EXCEL_ERRORS:
        return "excel_error", texts.EXCEL_ERROR
    if column.kind in HINTS:
        return HINTS[column.kind]
    if column.kind == "word" and column.words:
        known = ", ".join(f"{word} ({forms[0]})" for word, forms in column.words.words.items())
        return "unknown_word", f"unknown word; known: {known}"
    try:
        (dates.month if column.kind == "month" else dates.day)(text)
    except ValueError as error:
        return "date", str(error)
    return "value", "cannot be read"


def _changer(column: Column) -> Callable[[str], Any]:
    change = _change_of(column)

    def changed(text: str) -> Any:
        if text.strip() in texts.EXCEL_ERRORS:
            raise ValueError(texts.EXCEL_ERROR)
        return change(text)

    return changed


def _change_of(column: Column) -> Callable[[str], Any]:
    if column.kind == "word" and column.words:
        words = column.words
        return lambda text: texts.word(text, words)
    return {
        "code": texts.code,
        "name": texts.name,
        "term": texts.term,
        "flag": texts.flag,
        "date": dates.day,
        "month": dates.month,
    }[column.kind]


def _rule(why: str) -> str:
    return "excel_error" if why == texts.EXCEL_ERROR else "number"


def _numbers(data: pa.Array, hit: Found) -> tuple[pa.Array, dict[int, tuple[str, str]], np.ndarray]:
    done = numbers.clean(data, hit.column, hit.unit)
    return done.array, {place: (_rule(why), why) for place, why in done.refused.items()}, done.rounded


def _words(data: pa.Array, column: Column) -> tuple[pa.Array, dict[int, tuple[str, str]], np.ndarray]:
    array, bad = map_distinct(data, _changer(column), arrow_type(column.kind))
    return array, {int(place): _refusal(column, str(data[int(place)].as_py())) for place in bad}, np.empty(0, np.int64)


def column_problems(
    grid: Grid,
    data: pa.Array,
    column: Column,
    refused: dict[int, tuple[str, str]],
    rounded: np.ndarray,
    limit: int | None = LIMIT,
) -> list[Problem]:
    """Return a problem for every refused cell, and one warning where cells were rounded."""
    found: list[Problem] = []
    by_rule: dict[str, list[int]] = {}
    for place, (rule, _) in refused.items():
        by_rule.setdefault(rule, []).append(place)

    def make(place: int) -> Problem:
        rule, why = refused[place]
        return Problem(
            why,
            rule,
            "error",
            grid.heading.table.name,
            grid.label,
            int(grid.rows[place]),
            column.name,
            shown(data[place].as_py()),
        )

    for places in by_rule.values():
        found += cells(places, make, limit)
    if len(rounded):
        found.append(
            Problem(
                f"{len(rounded):,} cells have more than {column.scale} decimals: rounded half up, the first one here",
                "rounded",
                "warning",
                grid.heading.table.name,
                grid.label,
                int(grid.rows[int(rounded[0])]),
                column.name,
                shown(data[int(rounded[0])].as_py()),
            )
        )
    return found


def _soft_words(grid: Grid, column: Column, array: pa.Array) -> list[Problem]:
    """Return a warning for every unknown word of a vocabulary that is not strict."""
    if column.words is None or column.words.strict:
        return []
    coded = encoded(array)
    odd = [text for text in coded.dictionary.to_pylist() if text is not None and text not in column.words.words]
    return [
        Problem(
            f"unknown word for {column.name} ({column.zh}); it is kept as it stands; known: "
            f"{', '.join(forms[0] if forms else word for word, forms in column.words.words.items())}",
            "unknown_word",
            "warning",
            grid.heading.table.name,
            grid.label,
            None,
            column.name,
            shown(text),
        )
        for text in odd[:LIMIT]
    ]


def _extra(grid: Grid) -> dict[str, pa.Array]:
    """Return the columns that an open table keeps although the schema does not know them, as text."""
    if not grid.heading.table.open:
        return {}
    return {
        grid.heading.headers[place].strip(): plain(flat(grid.columns[place]))
        for place in grid.heading.unknown
        if grid.heading.headers[place].strip()
    }


def clean(grid: Grid, limit: int | None = LIMIT) -> Part:
    """Make a grid canonical: drop what is no data (counted), clean each column, compare the printed totals."""
    grid = yearmonth.joined(replace(grid, columns=[flat(column) for column in grid.columns]))
    dropped = totals.find(grid)
    gone = dropped.any
    columns: dict[str, pa.Array] = _extra(grid)
    problems = [_placed(problem, grid) for problem in (*grid.heading.problems, *grid.problems)]
    totals_rows = set(np.asarray(grid.rows, np.int64)[gone].tolist()) if gone.any() else set()
    problems = [problem for problem in problems if problem.rule not in EMPTY_CELLS or problem.row not in totals_rows]
    out = {(str(problem.column), int(problem.row)) for problem in problems if problem.column and problem.row}
    summed: dict[str, tuple[Column, pa.Array]] = {}
    for place, hit in grid.heading.found.items():
        data = flat(grid.columns[place])
        array, refused, rounded = _numbers(data, hit) if hit.column.numeric else _words(data, hit.column)
        refused = {row: why for row, why in refused.items() if not gone[row]}
        out |= {(hit.column.name, int(grid.rows[row])) for row in refused}
        problems += column_problems(grid, data, hit.column, refused, rounded[~gone[rounded]], limit)
        problems += _soft_words(grid, hit.column, array.filter(pa.array(~gone)) if gone.any() else array)
        columns[hit.column.name] = array
        if hit.column.numeric:
            summed[hit.column.name] = (hit.column, array)
    problems += totals.compare(grid, dropped, summed, out)
    return replace(_kept(grid, columns, dropped, problems), refused=frozenset(out))


def _placed(problem: Problem, grid: Grid) -> Problem:
    """Return a problem with its table, file and (for the header's own) the header's row filled in."""
    row = (
        problem.row
        if problem.row is not None
        else grid.heading.row
        if problem.rule.endswith(("_column", "_unit"))
        else None
    )
    return Problem(
        problem.message,
        problem.rule,
        problem.level,
        grid.heading.table.name,
        grid.label,
        row or None,
        problem.column,
        shown(problem.value),
    )


def _kept(grid: Grid, columns: dict[str, pa.Array], dropped: totals.Dropped, problems: list[Problem]) -> Part:
    """Take the dropped rows out of every column and say how many they were."""
    counts = dropped.counts()
    rows = grid.rows
    if counts:
        keep = ~dropped.any
        columns = {name: array.filter(pa.array(keep)) for name, array in columns.items()}
        rows = np.asarray(rows, np.int64)[keep]
    for name, count in (("blank", grid.blank_rows), ("title", grid.title_rows)):
        if count:
            counts[name] = counts.get(name, 0) + count
    left_out = {name: count for name, count in counts.items() if name not in ("title", "example")}
    if left_out:
        said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in left_out.items())
        problems.append(
            Problem(
                f"rows left out because they are no data: {said}",
                "rows_left_out",
                "warning",
                grid.heading.table.name,
                grid.label,
            )
        )
    return Part(grid.heading.table, grid, columns, rows, counts, problems)
