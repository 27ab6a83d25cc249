"""Additive decomposition (Bennet 1920): yuan of the change due to price, volume, structure, new and lost products.

For matched products spending is a chain of factors, v = Q · s₁ · … · x · p (the generic's units, the group's share of
them, the product's share of the group, its price), and the change of each product is taken apart by Δ(ab) = ā·Δb + b̄·Δa
from the left. Nothing is left over, and swapping the windows changes every sign. What was bought in one window only
has no price to compare: it stands apart as new or lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import pandas as pd

from vbp.decomposition.changes import Chain, Matched, match
from vbp.exact import DEEP, half_up, share_out
from vbp.words import money, say
from vbp.words.said import Said


@dataclass(frozen=True)
class Bennet:
    """The change in spending by part and by product, exact to the unit it is rounded to.

    `table` has one row per part (`part, amount_yuan, share_of_base`), `contributions` one per product with a column
    per part; each product's parts add up to its change, each part's rows to its total, all parts to the change.
    """

    table: pd.DataFrame
    contributions: pd.DataFrame
    base_yuan: Decimal
    other_yuan: Decimal
    factors: tuple[str, ...]
    assumptions: tuple[Said, ...]

    @property
    def change_yuan(self) -> Decimal:
        """Return the change in spending."""
        return self.other_yuan - self.base_yuan

    @property
    def parts(self) -> dict[str, Decimal]:
        """Return the amount of each part in yuan: price, volume, structure_…, new, lost."""
        return dict(zip(self.table["part"], self.table["amount_yuan"], strict=True))

    @property
    def structure_yuan(self) -> Decimal:
        """Return the parts of structure together."""
        return sum((amount for part, amount in self.parts.items() if part.startswith("structure")), Decimal(0))

    def text(self, lang: str) -> str:
        """Return the change and its parts in one sentence."""
        parts = self.parts
        return say(
            "decomposition.sentence",
            lang,
            base=money(self.base_yuan, lang),
            other=money(self.other_yuan, lang),
            change=money(self.change_yuan, lang),
            price=money(parts["price"], lang),
            volume=money(parts["volume"], lang),
            structure=money(self.structure_yuan, lang),
            new=money(parts["new"], lang),
            lost=money(parts["lost"], lang),
        )


def bennet(table: pd.DataFrame, levels: Sequence[str] = (), places: int = 2) -> Bennet:
    """Take the change in spending apart, additively and exactly.

    Parameters
    ----------
    table
        One row per product: `product_id`, `quantity_0, value_0, quantity_1, value_1` (Decimal; `changes`) and `levels`.
    levels
        Groups from the outer to the inner, such as `("generic", "selected", "originator")`: the first says inside
        which units may be added up (one converted unit), each further one is a structure. None: each product alone.
    places
        Decimals to which amounts are rounded (2: the fen).
    """
    groups = match(table, levels)
    with localcontext(DEEP):
        effects = {chain.row: _effects(chain) for chain in groups.chains()}
    contributions = _rounded(groups, effects, places)
    parts = [name for name in contributions.columns if name not in ("product_id", *levels, "change")]
    totals = {name: sum(contributions[name], Decimal(0)) for name in parts}
    base, other = (half_up(sum(groups.table[f"value_{side}"], Decimal(0)), places) for side in (0, 1))
    # where the values themselves have more decimals than `places`, the rounded change rules, not the rounded ends
    change = sum(totals.values(), Decimal(0))
    return Bennet(
        _summary(totals, base),
        contributions,
        base,
        base + change if change != other - base else other,
        groups.factors,
        (Said("decomposition.assume_bennet"), Said("decomposition.assume_new_lost")),
    )


def _effects(chain: Chain) -> tuple[Decimal, ...]:
    """Return each factor's part of one product's change; they add up to the change exactly."""
    half = Decimal("0.5")
    tails = [[Decimal(1)], [Decimal(1)]]
    for side, factors in enumerate((chain.first, chain.second)):
        for factor in reversed(factors):
            tails[side].insert(0, factor * tails[side][0])
    parts, before = [], Decimal(1)
    for place, (a, b) in enumerate(zip(chain.first, chain.second, strict=True)):
        parts.append(before * (b - a) * (tails[0][place + 1] + tails[1][place + 1]) * half)
        before *= (a + b) * half
    return tuple(parts)


def _rounded(groups: Matched, effects: dict[int, tuple[Decimal, ...]], places: int) -> pd.DataFrame:
    """Return the table by product: every part shared out to its rounded total, volume taking what rounding leaves."""
    table, factors = groups.table, groups.factors
    zero = tuple(Decimal(0) for _ in factors)
    exact = {name: [effects.get(row, zero)[place] for row in range(len(table))] for place, name in enumerate(factors)}
    change = share_out(_differences(table), places)
    parts = {name: share_out(exact[name], places) for name in factors if name != "volume"}
    new, lost = set(groups.new), set(groups.lost)
    parts["new"] = [change[row] if row in new else Decimal(0) for row in range(len(table))]
    parts["lost"] = [change[row] if row in lost else Decimal(0) for row in range(len(table))]
    # parts are shared out over all rows, so a matched product may carry a fen: volume closes its row
    volume = [change[row] - sum((part[row] for part in parts.values()), Decimal(0)) for row in range(len(table))]
    columns: dict[str, Any] = {"price": parts.pop("price"), "volume": volume, **parts, "change": change}
    return pd.concat([table[["product_id", *groups.levels]], pd.DataFrame(columns, dtype=object)], axis=1)


def _differences(table: pd.DataFrame) -> list[Decimal]:
    return [DEEP.subtract(after, before) for before, after in zip(table["value_0"], table["value_1"], strict=True)]


def _summary(totals: dict[str, Decimal], base: Decimal) -> pd.DataFrame:
    share = [float(amount / base) if base else float("nan") for amount in totals.values()]
    return pd.DataFrame({"part": list(totals), "amount_yuan": list(totals.values()), "share_of_base": share})
