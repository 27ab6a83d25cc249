"""Cells merged down a column of a workbook: names, codes and days hold for every row of the merge, numbers for none but one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vbp.errors import Problem
from vbp.schema import Column
from vbp.tables.headers import Heading

Range = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of merged cells, counted from 0."""
SHOWN = 3


def spread(rows: list[list[Any]], heading: Heading, merged: Sequence[Range]) -> list[Problem]:
    """Fill merged cells below the header down to the rows that they span, and say so; refuse merged numbers.

    Rows that hold nothing else are left empty: a merged note under the table is no data.
    """
    filled: dict[str, list[str]] = {}
    problems = []
    for (top, left), (bottom, _) in sorted(merged, key=lambda found: (found[0][1], found[0][0])):
        hit = heading.found.get(left)
        if hit is None or bottom == top or top < heading.row or rows[top][left] in ("", None):
            continue
        span = [row for row in range(top + 1, min(bottom + 1, len(rows))) if _holds(rows[row], heading, left)]
        if not span:
            continue
        if hit.column.numeric and hit.column.name not in heading.table.key:
            problems.append(_refused(hit.column, top, bottom, rows[top][left]))
            continue
        for row in span:
            rows[row][left] = rows[top][left]
        filled.setdefault(hit.column.name, []).append(f"{top + 1}–{bottom + 1}")
    return [*problems, *(_told(name, ranges) for name, ranges in filled.items())]


def _holds(row: Sequence[Any], heading: Heading, left: int) -> bool:
    """Return whether a row has anything in another recognised column."""
    return any(place != left and place < len(row) and row[place] not in ("", None) for place in heading.found)


def _refused(column: Column, top: int, bottom: int, value: Any) -> Problem:
    return Problem(
        f"one number stands merged over rows {top + 1} to {bottom + 1}: whether it is each row's own or their sum, nobody can "
        "tell; unmerge the cells and write every row's number",
        "merged_number",
        "error",
        row=top + 1,
        column=column.name,
        value=str(value),
    )


def _told(name: str, ranges: Sequence[str]) -> Problem:
    named = ", ".join(ranges[:SHOWN]) + (f" and {len(ranges) - SHOWN} more" if len(ranges) > SHOWN else "")
    return Problem(
        f"cells merged over rows {named}: their text is read in every row", "merged_cells", "warning", column=name
    )
