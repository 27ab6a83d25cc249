"""What the rules look at: usage as plain numpy columns, and the small tables as lists of rows. Made once, when asked
for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import Problem
from vbp.schema import TABLES
from vbp.tables import Inputs
from vbp.tables.arrays import codes, flat, int64_view, missing, raw_codes
from vbp.tables.report import LIMIT, cells, shown

SELECTED_ROLES = (None, "main", "backup1", "backup2")
Row = dict[str, Any]
NEAR = 0.10
"""How near a price ratio must be to the pack size to count as a mix-up of packs and units (relative)."""


class View:
    """The inputs as the rules read them. Row quantities are in floating point: rules judge plausibility, they pay
    nothing."""

    def __init__(self, inputs: Inputs, limit: int | None = LIMIT) -> None:
        self.inputs, self.limit = inputs, limit

    def has(self, *names: str) -> bool:
        """Return whether all these tables are there, with all their required columns and one of each pair."""
        return all(
            name in self.inputs.tables and self._whole(name, set(self.inputs.tables[name].column_names))
            for name in names
        )

    @staticmethod
    def _whole(name: str, have: set[str]) -> bool:
        required = {column.name for column in TABLES[name].required}
        return required <= have and all(have.intersection(group) for group in TABLES[name].one_of)

    def prepare(self) -> None:
        """Make what most rules share, once, before they run side by side."""
        for name in TABLES:
            if name != "usage":
                self.rows(name)
        if self.has("usage", "products", "hospitals"):
            _ = self.hospital, self.packs, self.cell, self.awards

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

    def problem(
        self,
        table: str,
        place: int | None,
        column: str | None,
        rule: str,
        message: str,
        value: Any = None,
        level: str = "warning",
    ) -> Problem:
        """Return a problem at a row of a table (None: the table as a whole), in the user's own file and row."""
        file, row = (None, None) if place is None else self.inputs.at(table, int(place))
        if place is None and table in self.inputs.origins:
            file = self.inputs.origins[table][0].label
        return Problem(message, rule, level, table, file, row, column, shown(value))

    def listed(
        self,
        table: str,
        places: Sequence[int] | np.ndarray,
        column: str,
        rule: str,
        message: Callable[[int], tuple[str, Any]],
        level: str = "warning",
    ) -> list[Problem]:
        """Return a problem for each place, up to the limit; `message(place)` gives its text and value."""

        def make(place: int) -> Problem:
            text, value = message(place)
            return self.problem(table, place, column, rule, text, value, level)

        return cells([int(place) for place in places], make, self.limit)

    # usage, one entry per row

    @cached_property
    def usage(self) -> pa.Table:
        """The table usage."""
        return self.inputs.tables["usage"]

    def _placed(self, table: str, column: str, own: str) -> np.ndarray:
        """Return, per row of `table`, the place of its id in table `own` (−1: unknown, −2: empty)."""
        coded = self.inputs.codes(table, column)
        known = {row[column]: place for place, row in enumerate(self.rows(own))}
        lookup = np.array([known.get(text, -1) for text in coded.dictionary.to_pylist()] + [-2], np.int32)
        return lookup[raw_codes(coded)]

    @cached_property
    def hospital(self) -> np.ndarray:
        """Per usage row, the place of its hospital in `hospitals`, negative where unknown or empty."""
        return self._placed("usage", "hospital_id", "hospitals")

    @cached_property
    def product(self) -> np.ndarray:
        """Per usage row, the place of its product in `products`, negative where unknown or empty."""
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
        lookup = np.array([months(day) for day in coded.dictionary.to_pylist()] + [-1], np.int32)
        return lookup[raw_codes(coded)]

    @cached_property
    def span(self) -> tuple[int, int]:
        """The first month of usage, and how many months it spans."""
        first = int(self.month.min(initial=1 << 20))
        return first, max(int(self.month.max(initial=0)) - first + 1, 1)

    @cached_property
    def cell(self) -> np.ndarray:
        """Per usage row, product × month as one number: tables of that size hold all logic of dates and awards.

        Unknown and empty products stand in the last two rows of such a table.
        """
        first, span = self.span
        place = (
            np.where(self.product < 0, self.product + len(self.pack_size), self.product)
            if self.product.min(initial=0) < 0
            else self.product
        )
        return place * np.int32(span) + (self.month - np.int32(first))

    def by_cell(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Return rows counted (or weights summed) by product and month."""
        size = len(self.pack_size), self.span[1]
        return np.bincount(self.cell, weights, size[0] * size[1]).reshape(size)

    def quantity(self, name: str) -> np.ndarray | None:
        """Per usage row, the quantity in column `name` as floating point, NaN where empty; None where the column is
        absent."""
        if name not in self.usage.column_names:
            return None
        column = flat(self.usage[name])
        values = int64_view(column).astype(np.float32) * np.float32(1e-4)
        return np.where(missing(column), np.float32(np.nan), values) if column.null_count else values

    @cached_property
    def pack_size(self) -> np.ndarray:
        """Per product, minimum units in a pack (1 where unknown); two more entries for unknown and empty products."""
        return np.array([*(_size(row["units_per_pack"]) for row in self.rows("products")), 1, 1], np.float32)

    @cached_property
    def conversion(self) -> np.ndarray:
        """Per product, converted units in a pack: units per pack × spec factor."""
        return self.pack_size * np.array([*(_size(row["spec_factor"]) for row in self.rows("products")), 1, 1])

    @cached_property
    def packs(self) -> np.ndarray:
        """Per usage row, packs (from units where only they are given)."""
        packs, units = self.quantity("quantity_packs"), self.quantity("quantity_units")
        if packs is None:
            packs = np.full(self.usage.num_rows, np.nan, np.float32)
        if units is None:
            return packs
        return np.where(np.isnan(packs), units / self.pack_size[self.product], packs)

    @cached_property
    def amount(self) -> np.ndarray:
        """Per usage row, yuan."""
        return int64_view(flat(self.usage["amount_yuan"])).astype(np.float32) * np.float32(0.01)

    @cached_property
    def _exact(self) -> dict[str, np.ndarray]:
        return {name: int64_view(flat(self.usage[name])) for name in ("amount_yuan", self.quantity_name)}

    def yuan(self, places: Sequence[int] | np.ndarray) -> Decimal:
        """Return the exact sum of the amounts of some usage rows, for messages."""
        return Decimal(int(self._exact["amount_yuan"][np.asarray(places, np.int64)].sum())).scaleb(-2)

    def counted(self, places: Sequence[int] | np.ndarray) -> Decimal:
        """Return the exact sum of the quantities of some usage rows, in the file's own column, for messages."""
        return Decimal(int(self._exact[self.quantity_name][np.asarray(places, np.int64)].sum())).scaleb(-4).normalize()

    @property
    def quantity_name(self) -> str:
        """The quantity column that usage gives."""
        return "quantity_packs" if "quantity_packs" in self.usage.column_names else "quantity_units"

    @cached_property
    def price(self) -> np.ndarray:
        """Per usage row, yuan per pack; NaN where there is no positive quantity and amount."""
        packs, amount = self.packs, self.amount
        if packs.min(initial=1) > 0 and amount.min(initial=1) > 0:
            return amount / packs
        good = (packs > 0) & (amount > 0)
        return np.divide(amount, packs, out=np.full(len(packs), np.nan, np.float32), where=good)

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

    # awards

    @cached_property
    def awards(self) -> list[Row]:
        """Awards of products that are known, whose role is selected, with `place` and `product` (its place) beside."""
        if not self.has("awards", "products"):
            return []
        known = {
            row["product_id"]: place
            for place, row in enumerate(self.rows("products"))
            if row["product_id"] and row["generic"]
        }
        return [
            {**row, "place": place, "product": known[row["product_id"]]}
            for place, row in enumerate(self.rows("awards"))
            if row["product_id"] in known
            and row["batch_id"]
            and row["supply_role"] in SELECTED_ROLES
            and row["start_date"]
            and row["end_date"]
            and row["selected_price_yuan"]
        ]

    @cached_property
    def selected(self) -> np.ndarray:
        """Selected price in yuan per pack by product and month, where an award covers the whole month, else NaN."""
        first, span = self.span
        price = np.full((len(self.pack_size), span), np.nan, np.float32)
        for award in sorted(self.awards, key=lambda award: award["start_date"]):
            start, end = months(award["start_date"]), months(award["end_date"])
            start += award["start_date"].day > 1
            low, high = max(start - first, 0), min(end - first + 1, span)
            if low < high:
                price[award["product"], low:high] = float(award["selected_price_yuan"])
        return price

    @cached_property
    def off_award(self) -> tuple[np.ndarray, np.ndarray]:
        """Usage rows whose price is off the selected price by more than half a per cent, and those selected prices."""
        covered = self.selected.ravel()[self.cell]
        with np.errstate(invalid="ignore"):
            ratio = self.price / covered
            places = np.flatnonzero((ratio > 1.005) | (ratio < 0.67))
        return places, covered[places]

    @cached_property
    def mixed_up(self) -> np.ndarray:
        """The mask, over `off_award`, of rows whose price is off by a factor near units_per_pack."""
        places, covered = self.off_award
        size, ratio = self.pack_size[self.product[places]], self.price[places] / covered
        return (size >= 2) & (near(ratio * size) | near(ratio / size))


def _size(value: Any) -> float:
    """Return a pack size or factor, 1 where there is none or it is none (that is told by its own rule)."""
    return float(value) if value is not None and value > 0 else 1.0


def near(ratio: np.ndarray) -> np.ndarray:
    """Return the mask of ratios within NEAR of 1."""
    return np.abs(ratio - 1) <= NEAR


def months(day: Any) -> int:
    """Return months since January 1970."""
    return (int(day.year) - 1970) * 12 + int(day.month) - 1


def month_name(number: int) -> str:
    """Return months since 1970 as 2024-03."""
    return f"{1970 + number // 12}-{number % 12 + 1:02d}"
