"""Rows that are no data: 合计/小计, notes below the table, headers repeated on every page; counted, and totals
compared."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import Problem
from vbp.schema import Column
from vbp.tables.arrays import codes, encoded, flat, int64_view, missing
from vbp.tables.grid import Grid
from vbp.tables.texts import compact

GRAND = re.compile(
    r"^(?:本页|本月|本年|本表|全院|全市|全年|全省|当前页?|分页)?(?:合计|总计|共计|累计|总和|总共|总合计)(?:数|金额|数量)?$|^(?:grand)?total$|^sum$"
)
SUB = re.compile(r"小计(?:数|金额|数量)?$|^subtotal$|.(?:合计|总计|共计)$")
HINT = re.compile(r"[计和总]|total|sum", re.IGNORECASE)
NOTE = re.compile(
    r"^(?:注|备注|说明|制表|填表|填报|审核|复核|打印|导出|数据来源|单位负责人|统计人|联系|联系人|联系电话|制单|source|note)"
)
EXAMPLE = re.compile(r"^(?:示例|例如|example)\s*[:：]", re.IGNORECASE)
NOTE_MARK = re.compile(r"^[^:：]{0,12}[:：。]|^注|^note|^source", re.IGNORECASE)


@dataclass(frozen=True)
class Dropped:
    """Rows left out, as masks over the grid's rows: totals (grand and sub), notes, repeated headers, examples,
    blanks."""

    grand: np.ndarray
    sub: np.ndarray
    notes: np.ndarray
    headers: np.ndarray
    examples: np.ndarray
    blank: np.ndarray

    @property
    def any(self) -> np.ndarray:
        """Return the mask of every row left out."""
        return self.grand | self.sub | self.notes | self.headers | self.examples | self.blank

    def counts(self) -> dict[str, int]:
        """Return how many rows were left out, by reason, those with none omitted."""
        named = {
            "total": self.grand,
            "subtotal": self.sub,
            "note": self.notes,
            "repeated_header": self.headers,
            "example": self.examples,
            "blank": self.blank,
        }
        return {name: int(mask.sum()) for name, mask in named.items() if mask.any()}


def _texts(grid: Grid) -> dict[int, pa.DictionaryArray]:
    """Return the columns that may hold words, coded: every column but those of numbers, and the first one."""
    found = grid.heading.found
    return {
        place: encoded(flat(column))
        for place, column in enumerate(grid.columns)
        if (place == 0 or not (place in found and found[place].column.numeric))
        and (pa.types.is_string(column.type) or pa.types.is_dictionary(column.type))
    }


def _blank(grid: Grid) -> np.ndarray:
    """Return the mask of rows whose every cell is empty (or spaces)."""
    mask = np.ones(len(grid.rows), bool)
    for column in grid.columns:
        empty = missing(flat(column))
        if pa.types.is_dictionary(column.type) or (pa.types.is_string(column.type) and (mask & ~empty).any()):
            empty = empty | _rows_where(encoded(flat(column)), lambda text: not text.strip())
        mask &= empty
        if not mask.any():
            break
    return mask


def _rows_where(column: pa.DictionaryArray, test: Any) -> np.ndarray:
    """Return the mask of rows whose distinct text passes `test`."""
    hits = [place for place, text in enumerate(column.dictionary.to_pylist()) if text is not None and test(text)]
    return np.isin(codes(column), hits) if hits else np.zeros(len(column), bool)


def _incomplete(grid: Grid, texts: Mapping[int, pa.DictionaryArray], matched: np.ndarray) -> np.ndarray:
    """Return the mask of rows, among `matched`, that lack a key cell (or hold the total's word in it)."""
    lacking = np.zeros(len(matched), bool)
    keys = set(grid.heading.table.key) | {"date"}
    for place, hit in grid.heading.found.items():
        if hit.column.name in keys and place in texts:
            column = texts[place]
            lacking |= missing(column) | _rows_where(column, lambda text: not text.strip() or _word(text) is not None)
    return matched & lacking


def _word(text: str) -> str | None:
    if len(text) > 40 or not HINT.search(text):
        return None
    small = compact(text)
    return "grand" if GRAND.search(small) else "sub" if SUB.search(small) else None


def find(grid: Grid) -> Dropped:
    """Find the rows of a grid that are no data. A row with all its key cells filled is never one."""
    count = len(grid.rows)
    texts = _texts(grid)
    grand, sub = np.zeros(count, bool), np.zeros(count, bool)
    for column in texts.values():
        grand |= _rows_where(column, lambda text: _word(text) == "grand")
        sub |= _rows_where(column, lambda text: _word(text) == "sub")
    if grand.any() or sub.any():
        lacking = _incomplete(grid, texts, grand | sub)
        grand, sub = grand & lacking, sub & lacking & ~grand
    notes = _notes(grid, texts, count)
    first = texts.get(0)
    examples = np.zeros(count, bool) if first is None else _rows_where(first, lambda text: EXAMPLE.match(text.strip()))
    return Dropped(grand, sub, notes & ~grand & ~sub, _repeated(grid, texts, count), examples, _blank(grid))


def _is_note(text: str) -> bool:
    tidy = text.strip()
    return bool(NOTE.match(tidy.casefold()) and NOTE_MARK.match(tidy))


def _notes(grid: Grid, texts: Mapping[int, pa.DictionaryArray], count: int) -> np.ndarray:
    """Return the mask of rows that hold a note and nothing else but notes."""
    noted = np.zeros(count, bool)
    for column in texts.values():
        noted |= _rows_where(column, _is_note)
    for place in np.flatnonzero(noted):
        filled = [str(value) for column in grid.columns if (value := column[int(place)].as_py()) not in (None, "")]
        noted[place] = sum(not _is_note(text) for text in filled) == 0
    return noted


def _repeated(grid: Grid, texts: Mapping[int, pa.DictionaryArray], count: int) -> np.ndarray:
    """Return the mask of rows that repeat the header in every recognised text column."""
    mask: np.ndarray | None = None
    for place in grid.heading.found:
        if place in texts:
            same = _rows_where(
                texts[place], lambda text, head=grid.heading.headers[place]: text.strip() == head.strip()
            )
            mask = same if mask is None else mask & same
    return np.zeros(count, bool) if mask is None else mask


def compare(
    grid: Grid,
    dropped: Dropped,
    numbers: Mapping[str, tuple[Column, pa.Array]],
    unread: Collection[tuple[str, int]] = (),
) -> list[Problem]:
    """Compare the totals printed in the file with the sums read; one warning for each that differs.

    A 小计 is compared with the rows since the last total row; a 合计 with all rows so far or with those since the
    last one. `unread` are the cells (column, row) that were refused.
    """
    totals = np.flatnonzero(dropped.grand | dropped.sub)
    problems: list[Problem] = []
    for name, (column, array) in numbers.items():
        if column.kind not in ("amount", "quantity") or not len(totals):
            continue
        values = int64_view(array)
        running = np.concatenate([[0], np.cumsum(np.where(dropped.any, 0, values))])
        empty = missing(array)
        since, since_grand = 0, 0
        for place in totals.tolist():
            spans = [running[place] - running[since]] + (
                [running[place], running[place] - running[since_grand]] if dropped.grand[place] else []
            )
            if not empty[place] and int(values[place]) not in [int(span) for span in spans]:
                problems.append(
                    _differs(
                        grid,
                        int(place),
                        name,
                        column,
                        int(values[place]),
                        int(spans[-1 if len(spans) == 1 else 1]),
                        sum(refused == name for refused, _ in unread),
                    )
                )
            since = place
            since_grand = place if dropped.grand[place] else since_grand
    return problems


def _differs(grid: Grid, place: int, name: str, column: Column, printed: int, read: int, unread: int) -> Problem:
    scale = -column.scale
    said, summed = (Decimal(f"{Decimal(number).scaleb(scale).normalize():f}") for number in (printed, read))
    why = (
        f"{unread:,} cells of this column could not be read and are not in the sum; mend them first"
        if unread
        else "rows are missing or doubled, or the total is old"
    )
    return Problem(
        f"the total printed in the file ({said:,}) is not the sum of the rows read ({summed:,}; difference "
        f"{said - summed:,}): {why}",
        "total_differs",
        "warning",
        grid.heading.table.name,
        grid.label,
        int(grid.rows[place]),
        name,
        str(said),
    )
