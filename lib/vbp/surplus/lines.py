"""An items table as arrays: one line per item and fund, sorted by hospital × batch × agreement year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vbp.surplus import columns, scaled
from vbp.surplus.scaled import Scaled


@dataclass(frozen=True)
class Lines:
    """Items as arrays, sorted by row (hospital × batch × agreement year).

    `facts` holds the keys and everything that is no number; `numbers` the exact columns, unknown where absent;
    `row` and `item` number the rows and the items (row × generic × spec); `row_starts` is where each row begins.
    """

    facts: pd.DataFrame
    numbers: Mapping[str, Scaled]
    row: np.ndarray
    item: np.ndarray

    @property
    def row_starts(self) -> np.ndarray:
        """Where each row begins among the lines."""
        return starts(self.row)

    def __len__(self) -> int:
        return len(self.row)

    def text(self, name: str) -> np.ndarray:
        """Return a fact's column as an array of text or None; all None where the table has no such column."""
        if name not in self.facts:
            return np.full(len(self), None, dtype=object)
        values = self.facts[name].astype(object)
        return values.where(values.notna(), None).to_numpy(dtype=object)

    def present(self, name: str) -> np.ndarray:
        """Return which lines have a text in this column that is not empty."""
        return (
            ~self.matches(name, ("",)) & self.facts[name].notna().to_numpy()
            if name in self.facts
            else np.zeros(len(self), dtype=bool)
        )

    def matches(self, name: str, values: tuple[str, ...]) -> np.ndarray:
        """Return which lines have one of these values in a column; none where the table has no such column."""
        if name not in self.facts:
            return np.zeros(len(self), dtype=bool)
        return self.facts[name].isin(values).to_numpy()

    def has(self, name: str) -> bool:
        """Return whether any line has a value in this column."""
        column = self.numbers.get(name)
        return (
            bool(column.known.any())
            if column is not None
            else name in self.facts and bool(self.facts[name].notna().any())
        )

    def first_of_item(self) -> np.ndarray:
        """Return which line is the first of its item, so that two fund lines count quantities once."""
        first = np.ones(len(self), dtype=bool)
        first[1:] = self.item[1:] != self.item[:-1]
        return first

    def only(self, mask: np.ndarray) -> Lines:
        """Return the lines where `mask`, numbered anew."""
        index = np.flatnonzero(mask)
        kept = {name: column.take(index) for name, column in self.numbers.items()}
        return Lines(
            self.facts.iloc[index].reset_index(drop=True),
            kept,
            _renumbered(self.row[index]),
            _renumbered(self.item[index]),
        )

    def with_number(self, name: str, column: Scaled) -> Lines:
        """Return the same lines with one column replaced (what-if); what agreed volume costs follows it."""
        numbers = {**self.numbers, name: column}
        if name in ("agreed_quantity_units", "selected_price_yuan"):
            numbers.pop(columns.COST, None)
        return Lines(self.facts, numbers, self.row, self.item)

    def frame(self) -> pd.DataFrame:
        """Return the items table again, numbers as Decimals (None where unknown)."""
        out = self.facts.copy()
        for name, column in self.numbers.items():
            if name == columns.COST:
                continue
            if column.known.any() or columns.BY_NAME[name].required:
                out[name] = pd.Series(column.decimals(), index=out.index, dtype=object)
        order = [column.name for column in columns.COLUMNS if column.name in out]
        return out[order + [name for name in out if name not in order]]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as dictionaries by column name."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def starts(codes: np.ndarray) -> np.ndarray:
    """Return where each run of equal codes begins."""
    if not len(codes):
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])


def _renumbered(codes: np.ndarray) -> np.ndarray:
    begin = np.zeros(len(codes), dtype=np.int64)
    begin[starts(codes)[1:]] = 1
    return np.cumsum(begin)


def of_frame(frame: pd.DataFrame) -> Lines:
    """Return an items table (contract §4, numbers as Decimal, int or text) as lines."""
    numbers = {
        name: scaled.of_values(frame[name].tolist()) if name in frame else scaled.unknown(len(frame))
        for name in columns.NUMBERS
    }
    facts = frame[[name for name in frame if name not in columns.NUMBERS]]
    return of_columns(facts, numbers)


def of_columns(
    facts: pd.DataFrame,
    numbers: Mapping[str, Scaled],
    shared: Mapping[str, Scaled] | None = None,
    source: np.ndarray | None = None,
) -> Lines:
    """Return lines from facts and exact columns in any order; sorts and numbers rows and items.

    `shared` columns stand per item, not per line; `source` says which item each line takes them from.
    """
    facts = facts.reset_index(drop=True)
    for name in ("spec", "fund"):
        if name not in facts:
            facts = facts.assign(**{name: ""})
    order, row, item = _sorted([ranks(facts[name]) for name in columns.KEY])
    sorted_numbers = {name: column.take(order) for name, column in numbers.items()}
    if shared is not None and source is not None:
        sorted_numbers |= {name: column.take(source[order]) for name, column in shared.items()}
    return Lines(facts.iloc[order].reset_index(drop=True), sorted_numbers, row, item)


def _sorted(codes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the order by key, and the numbers of rows and items in that order.

    The codes are packed into one int64 where they fit: one sort instead of six.
    """
    rows, items = len(columns.ROW), len(columns.ITEM)
    lows = [int(part.min()) if len(part) else 0 for part in codes]
    sizes = [int(part.max()) - low + 1 if len(part) else 1 for part, low in zip(codes, lows, strict=True)]
    if math.prod(sizes) >= 1 << 62:
        order = np.lexsort(list(reversed(codes)))
        return (
            order,
            numbered([part[order] for part in codes[:rows]]),
            numbered([part[order] for part in codes[:items]]),
        )
    packed = np.zeros(len(codes[0]), dtype=np.int64)
    for part, low, size in zip(codes, lows, sizes, strict=True):
        packed = packed * size + (part - low)
    order = np.argsort(packed, kind="stable")
    packed = packed[order]
    return (order, numbered([packed // math.prod(sizes[rows:])]), numbered([packed // math.prod(sizes[items:])]))


def ranks(values: pd.Series[Any]) -> np.ndarray:
    """Return codes that sort as the values do; missing comes first."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        order = np.argsort(np.argsort(values.cat.categories.astype(str), kind="stable"), kind="stable")
        codes = values.cat.codes.to_numpy()
        return np.where(codes < 0, -1, order[codes])
    if pd.api.types.is_integer_dtype(values.dtype):
        return values.to_numpy(dtype=np.int64)
    codes, _ = pd.factorize(values.astype(object).where(values.notna(), ""), sort=True)
    return codes


def numbered(sorted_codes: list[np.ndarray]) -> np.ndarray:
    """Number the runs of equal key tuples in sorted order."""
    if not len(sorted_codes[0]):
        return np.zeros(0, dtype=np.int64)
    change = np.zeros(len(sorted_codes[0]), dtype=bool)
    for codes in sorted_codes:
        change[1:] |= codes[1:] != codes[:-1]
    return np.cumsum(change)


def numbered_any(codes: list[np.ndarray]) -> np.ndarray:
    """Number distinct key tuples in any order, so that numbers sort as the tuples do."""
    combined = codes[0]
    for part in codes[1:]:
        low = int(part.min()) if len(part) else 0
        width = (int(part.max()) - low + 1) if len(part) else 1
        _, combined = np.unique(combined, return_inverse=True)
        combined = combined * width + (part - low)
    return np.unique(combined, return_inverse=True)[1]
