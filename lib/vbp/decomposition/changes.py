"""Two windows side by side: quantity and value of each product before and after, as the decompositions take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pandas as pd

from vbp.errors import InputError, Problem

CHANGE_COLUMNS = ("quantity_0", "value_0", "quantity_1", "value_1")


def changes(before: pd.DataFrame, after: pd.DataFrame, levels: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row per product with `quantity_0, value_0, quantity_1, value_1` (Decimal; 0 where not bought).

    `before` and `after` have `product_id, quantity, value` and the `levels` (generic, selected …), which are the
    product's own and may not differ between the windows. Rows of one product are added up.
    """
    sides = [_added(frame, number) for number, frame in enumerate((before, after))]
    # levels differing inside a product would double its rows: refuse rather than count twice
    marks = pd.concat([before, after])[["product_id", *levels]].drop_duplicates()
    torn = marks.loc[marks["product_id"].duplicated(), "product_id"]
    if len(torn):
        raise InputError(
            Problem(
                "a product changes its group between the windows; use one group per product",
                rule="level_differs",
                column=", ".join(levels),
                value=str(torn.iloc[0]),
            )
        )
    wide = marks.merge(sides[0], on="product_id", how="left", validate="1:1")
    wide = wide.merge(sides[1], on="product_id", how="left", validate="1:1").sort_values(["product_id"])
    for column in CHANGE_COLUMNS:
        filled: list[Any] = [Decimal(0) if value != value or value is None else value for value in wide[column]]
        wide[column] = filled
    return wide.reset_index(drop=True)


def _added(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    sums: dict[Any, list[Decimal]] = {}
    for product, quantity, value in frame[["product_id", "quantity", "value"]].itertuples(index=False):
        known = sums.setdefault(product, [Decimal(0), Decimal(0)])
        known[0] += _exact(quantity)
        known[1] += _exact(value)
    rows = [(product, *pair) for product, pair in sums.items()]
    return pd.DataFrame(rows, columns=["product_id", f"quantity_{number}", f"value_{number}"])


def _exact(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


@dataclass(frozen=True)
class Chain:
    """A product's spending as a product of factors, Q · s₁ · s₂ … · p, in both windows."""

    row: int
    first: tuple[Decimal, ...]
    second: tuple[Decimal, ...]


@dataclass(frozen=True)
class Matched:
    """What the decompositions share: rows bought in both windows, in the second only (new), the first only (lost)."""

    table: pd.DataFrame
    levels: tuple[str, ...]
    both: tuple[int, ...]
    new: tuple[int, ...]
    lost: tuple[int, ...]

    @property
    def factors(self) -> tuple[str, ...]:
        """Return the names of a chain's factors in order: volume, the shares at each level, price."""
        inner = [f"structure_{level}" for level in self.levels[1:]]
        return ("volume", *inner, *(["structure_product"] if self.levels else []), "price")

    def chains(self) -> Iterator[Chain]:
        """Yield each matched product's factors; call inside a context of enough digits."""
        rows = self.table.loc[list(self.both)]
        paths = list(zip(*(rows[level].tolist() for level in self.levels), strict=True)) or [() for _ in self.both]
        sides = []
        for side in (0, 1):
            quantities, values = rows[f"quantity_{side}"].tolist(), rows[f"value_{side}"].tolist()
            sums = _node_sums(paths, quantities)
            sides.append([_factors(path, sums, *pair) for path, *pair in zip(paths, quantities, values, strict=True)])
        for row, first, second in zip(self.both, *sides, strict=True):
            yield Chain(row, first, second)


def _node_sums(paths: Sequence[tuple[Any, ...]], quantities: Sequence[Decimal]) -> Mapping[tuple[Any, ...], Decimal]:
    """Return the quantity of every node of the tree of groups, by the path from the top."""
    sums: dict[tuple[Any, ...], Decimal] = {}
    for path, quantity in zip(paths, quantities, strict=True):
        for depth in range(1, len(path) + 1):
            sums[path[:depth]] = sums.get(path[:depth], Decimal(0)) + quantity
    return sums


def _factors(
    path: tuple[Any, ...], sums: Mapping[tuple[Any, ...], Decimal], quantity: Decimal, value: Decimal
) -> tuple[Decimal, ...]:
    """Return a product's chain of factors: the outer group's quantity, the share at each level, the price."""
    nodes = [sums[path[:depth]] for depth in range(1, len(path) + 1)] + [quantity]
    shares = [below / above for above, below in pairwise(nodes)]
    return (nodes[0], *shares, value / quantity)


def match(table: pd.DataFrame, levels: Sequence[str] = ()) -> Matched:
    """Return the rows of `changes` sorted into both, new and lost.

    Raises
    ------
    InputError
        Where a quantity is below zero, or spending stands without quantity (its price would be infinite).
    """
    wrong = []
    for column in CHANGE_COLUMNS:
        for product in table.loc[table[column] < 0, "product_id"]:
            text = f"{column} is below zero after adding up; net returns first"
            wrong.append(Problem(text, rule="not_negative", column=column, value=str(product)))
    for side in (0, 1):
        for product in table.loc[(table[f"quantity_{side}"] == 0) != (table[f"value_{side}"] == 0), "product_id"]:
            text = "spending without quantity or the reverse: its price is not known; leave it out by name"
            wrong.append(Problem(text, rule="no_price", column=f"quantity_{side}", value=str(product)))
    if wrong:
        raise InputError(wrong)
    table = table.reset_index(drop=True)
    bought = [table[f"quantity_{side}"] > 0 for side in (0, 1)]
    pick = [
        tuple(int(i) for i in table.index[mask])
        for mask in (bought[0] & bought[1], ~bought[0] & bought[1], bought[0] & ~bought[1])
    ]
    return Matched(table, tuple(levels), *pick)
