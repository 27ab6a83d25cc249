"""A year and a month in columns of their own (年份 2024, 月份 3) read as one month."""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import Problem
from vbp.tables.arrays import flat, plain
from vbp.tables.grid import Grid
from vbp.tables.texts import compact, half_width

YEARS = frozenset(map(compact, ("年份", "年", "年度", "统计年份", "采购年份", "统计年度", "采购年度", "year")))
YEAR = re.compile(r"^((?:19|20)\d{2})(?:\.0+)?年?(?:度)?$")
MONTH = re.compile(r"^(\d{1,2})(?:\.0+)?月?(?:份)?$")


def _months(grid: Grid) -> list[int]:
    return [place for place, hit in grid.heading.found.items() if hit.column.kind == "month"]


def joined(grid: Grid) -> Grid:
    """Return the grid with a month column that is whole, where the year stands in an unknown column beside it.

    Only bare months (3, 03, 3月) are joined; a month that names its year stays, and must then be of that year.
    """
    beside = [place for place in grid.heading.unknown if compact(grid.heading.headers[place]) in YEARS]
    months = _months(grid)
    if len(beside) != 1 or len(months) != 1:
        return grid
    year, month = (_text(grid.columns[place]) for place in (beside[0], months[0]))
    columns = [*grid.columns]
    columns[months[0]] = _whole(year, month)
    header = grid.heading.headers[beside[0]]
    heading = replace(
        grid.heading,
        unknown=tuple(place for place in grid.heading.unknown if place != beside[0]),
        problems=tuple(problem for problem in grid.heading.problems if not _says(problem, header)),
    )
    return replace(grid, heading=heading, columns=columns)


def _says(problem: Problem, header: str) -> bool:
    return problem.rule == "unknown_column" and problem.column == header


def _text(column: pa.Array) -> pa.Array:
    column = plain(flat(column))
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def _whole(years: pa.Array, months: pa.Array) -> pa.Array:
    """Return year and month as one text per row, each distinct pair made once."""
    pairs = pc.binary_join_element_wise(pc.fill_null(years, ""), pc.fill_null(months, ""), "\t").dictionary_encode()
    made = [_one(*text.split("\t", 1)) for text in pairs.dictionary.to_pylist()]
    return pa.array(made, pa.string()).take(pairs.indices)


def _one(year: str, month: str) -> str | None:
    in_year, bare = YEAR.match(half_width(year).strip()), MONTH.match(half_width(month).strip())
    if in_year and bare:
        return f"{in_year.group(1)}-{int(bare.group(1)):02d}"
    if not month.strip() or bare is None:
        return month or None
    return f"{year.strip()}/{month}"
