"""What the rules look at: usage as plain numpy columns, and the small tables as lists of rows. Made once, when asked for."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import Problem
from vbp.schema import TABLES
from vbp.tables import Inputs
from vbp.tables.arrays import codes, flat, int64_view, missing
from vbp.tables.report import LIMIT, cells, shown

SELECTED_ROLES = (None, "main", "backup1", "backup2")
Row = dict[str, Any]


class View:
    """The inputs as the rules read them. Row quantities are in floating point: rules judge plausibility, they pay nothing."""

    def __init__(self, inputs: Inputs, limit: int | None = LIMIT) -> None:
        self.inputs, self.limit = inputs, limit

    def has(self, *names: str) -> bool:
        """Return whether all these tables are there, with all their required columns."""
        tables = self.inputs.tables
        return all(name in tables and {column.name for column in TABLES[name].required} <= set(tables[name].column_names)
                   for name in names)

    def rows(self, name: str) -> list[Row]:
        """Return a small table as a list of rows; absent columns are None."""
        if name not in self._lists:
            blank = dict.fromkeys(TABLES[name].column_names)
            table = self.inputs.tables.get(name)
            self._lists[name] = [] if table is None else [{**blank, **row} for row in table.to_pylist()]
        return self._lists[name]

    @cached_property
    def _lists(self) -> dict[str, list[Row]]:
        return {}

    def problem(self, table: str, place: int | None, column: str | None, rule: str, message: str, value: Any = None,
                level: str = "warning") -> Problem:
        """Return a problem at a row of a table (None: the table as a whole), in the user's own file and row."""
        file, row = (None, None) if place is None else self.inputs.at(table, int(place))
        if place is None and table in self.inputs.origins:
            file = self.inputs.origins[table][0].label
        return Problem(message, rule, level, table, file, row, column, shown(value))

    def listed(self, table: str, places: Sequence[int] | np.ndarray, column: str, rule: str,
               message: Callable[[int], tuple[str, Any]], level: str = "warning") -> list[Problem]:
        """Return a problem for each place, up to the limit; `message(place)` gives its text and value."""
        def make(place: int) -> Problem:
            text, value = message(place)
            return self.problem(table, place, column, rule, text, value, level)

        return cells([int(place) for place in places], make, self.limit)

    # usage, one entry per row ------------------------------------------------------------------------------------------

    @cached_property
    def usage(self) -> pa.Table:
        """The table usage."""
        return self.inputs.tables["usage"]

    def _placed(self, table: str, column: str, own: str) -> np.ndarray:
        """Return, per row of `table`, the place of its id in table `own` (−1: unknown, −2: empty)."""
        coded = self.inputs.codes(table, column)
        known = {row[column]: place for place, row in enumerate(self.rows(own))}
        lookup = np.array([known.get(text, -1) for text in coded.dictionary.to_pylist()] + [-2], np.int64)
        return lookup[codes(coded)]

    @cached_property
    def hospital(self) -> np.ndarray:
        """Per usage row, the place of its hospital in `hospitals`, or −1."""
        return self._placed("usage", "hospital_id", "hospitals")

    @cached_property
    def product(self) -> np.ndarray:
        """Per usage row, the place of its product in `products`, or −1."""
        return self._placed("usage", "product_id", "products")

    def strangers(self, table: str, column: str, own: str) -> dict[str, int]:
        """Return the ids in `table` that table `own` does not know → the place of their first row."""
        coded = self.inputs.codes(table, column)
        known = {row[column] for row in self.rows(own)}
        odd = [place for place, text in enumerate(coded.dictionary.to_pylist()) if text not in known]
        if not odd:
            return {}
        used, places = np.unique(codes(coded), return_index=True)
        first = dict(zip(used.tolist(), places.tolist(), strict=True))
        found = {coded.dictionary[place].as_py(): first[place] for place in odd if place in first}
        return dict(sorted(found.items(), key=lambda item: item[1]))

    @cached_property
    def month(self) -> np.ndarray:
        """Per usage row, months since 1970 (−1 where empty)."""
        coded = self.inputs.codes("usage", "month")
        lookup = np.array([months(day) for day in coded.dictionary.to_pylist()] + [-1], np.int64)
        return lookup[codes(coded)]

    def _quantity(self, name: str) -> np.ndarray | None:
        if name not in self.usage.column_names:
            return None
        column = flat(self.usage[name])
        return np.where(missing(column), np.nan, int64_view(column) / 1e4) if column.null_count else int64_view(column) / 1e4

    @cached_property
    def pack_size(self) -> np.ndarray:
        """Per product, minimum units in a pack (1 where unknown); one more entry for unknown products."""
        return np.array([row["units_per_pack"] or 1 for row in self.rows("products")] + [1, 1], float)

    @cached_property
    def packs(self) -> np.ndarray:
        """Per usage row, packs (from units where only they are given)."""
        packs, units = self._quantity("quantity_packs"), self._quantity("quantity_units")
        if packs is None:
            packs = np.full(self.usage.num_rows, np.nan)
        if units is None:
            return packs
        return np.where(np.isnan(packs), units / self.pack_size[self.product], packs)

    @cached_property
    def units(self) -> np.ndarray:
        """Per usage row, minimum units."""
        return self.packs * self.pack_size[self.product]

    @cached_property
    def converted(self) -> np.ndarray:
        """Per usage row, converted units: packs × units per pack × spec factor."""
        factor = np.array([float(row["spec_factor"] or 1) for row in self.rows("products")] + [1, 1])
        return self.units * factor[self.product]

    @cached_property
    def amount(self) -> np.ndarray:
        """Per usage row, yuan."""
        return int64_view(flat(self.usage["amount_yuan"])) / 100

    @cached_property
    def price(self) -> np.ndarray:
        """Per usage row, yuan per pack; NaN where there is no positive quantity and amount."""
        good = (self.packs > 0) & (self.amount > 0)
        return np.where(good, self.amount / np.where(good, self.packs, 1), np.nan)

    @cached_property
    def generic(self) -> np.ndarray:
        """Per product, the number of its generic (in order of first appearance); −1 for unknown products."""
        numbers: dict[str, int] = {}
        per = [numbers.setdefault(row["generic"], len(numbers)) for row in self.rows("products")]
        return np.array([*per, -1, -1], np.int64)

    @cached_property
    def generics(self) -> list[str]:
        """The generics' names, by number."""
        return list(dict.fromkeys(row["generic"] for row in self.rows("products")))

    # awards ------------------------------------------------------------------------------------------------------------

    @cached_property
    def awards(self) -> list[Row]:
        """Awards of products that are known, whose role is selected, with `place` and `product` (its place) beside."""
        if not self.has("awards", "products"):
            return []
        known = {row["product_id"]: place for place, row in enumerate(self.rows("products"))}
        return [{**row, "place": place, "product": known[row["product_id"]]} for place, row in enumerate(self.rows("awards"))
                if row["product_id"] in known and row["supply_role"] in SELECTED_ROLES and row["start_date"] and row["end_date"]
                and row["selected_price_yuan"]]

    @cached_property
    def covered(self) -> np.ndarray:
        """Per usage row, the selected price in yuan per pack where an award covers the whole month, else NaN."""
        first = int(self.month.min(initial=0))
        span = int(self.month.max(initial=0)) - first + 1
        price = np.full((len(self.rows("products")) + 2, span), np.nan)
        for award in sorted(self.awards, key=lambda award: award["start_date"]):
            start, end = months(award["start_date"]), months(award["end_date"])
            start += award["start_date"].day > 1
            low, high = max(start - first, 0), min(end - first + 1, span)
            if low < high:
                price[award["product"], low:high] = float(award["selected_price_yuan"])
        return price[self.product, self.month - first]


def months(day: Any) -> int:
    """Return months since January 1970."""
    return (int(day.year) - 1970) * 12 + int(day.month) - 1


def month_name(number: int) -> str:
    """Return months since 1970 as 2024-03."""
    return f"{1970 + number // 12}-{number % 12 + 1:02d}"
