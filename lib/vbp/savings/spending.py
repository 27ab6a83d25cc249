"""The change in spending around each batch, decomposed: the year before its start against its latest year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from vbp.decomposition import Bennet, LogMean, bennet, changes, log_mean_parts
from vbp.savings.parts import months_of
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.ledger import Panels

LEVELS = ("generic", "selected", "originator")


@dataclass(frozen=True)
class SpendingChange:
    """Per batch: the windows compared (months, equal in number and season) and both decompositions.

    `table` has one row per batch with the parts in yuan; `additive` and `factors` hold the full results by batch;
    `skipped` names the batches without a month before or after, with the reason, and products without a price.
    """

    table: pd.DataFrame
    additive: Mapping[str, Bennet]
    factors: Mapping[str, LogMean]
    skipped: pd.DataFrame
    assumptions: tuple[Said, ...]

    def text(self, lang: str) -> str:
        """Return one sentence per batch."""
        return "\n".join(f"{batch}: {result.text(lang)}" for batch, result in self.additive.items())


def spending_change(panels: Panels, products: pd.DataFrame | None = None) -> SpendingChange:
    """Return the decomposition of each batch's spending: price, volume, structure, new and lost products.

    `products` (`product_id, originator`) adds the structure originator / generic; a product counts as selected where
    the batch awarded it (main or backup), in both windows.
    """
    rows = panels.product_month.astype({"product_id": object, "generic": object})
    span = (pd.Timestamp(rows["month"].min()), pd.Timestamp(rows["month"].max()))
    originators = _originators(products)
    found: dict[str, tuple[dict[str, Any], Bennet, LogMean]] = {}
    skipped: list[tuple[str, str, str]] = []
    for batch, prices in panels.prices.groupby("batch_id", observed=True, sort=True):
        windows = _windows(prices, span)
        if windows is None:
            skipped.append((str(batch), "", "no month before the start, or none after it, in the ledger"))
            continue
        own = rows[rows["generic"].isin(set(prices["generic"].astype(object)))]
        table, odd = _table(own, windows, _awarded(panels, batch), originators)
        skipped += [(str(batch), product, "spending without quantity, or returns above purchases") for product in odd]
        if table.empty:
            skipped.append((str(batch), "", "no purchases with a price in the months compared"))
            continue
        additive = bennet(table, LEVELS)
        found[str(batch)] = (_row(str(batch), windows, additive), additive, log_mean_parts(table, LEVELS))
    return SpendingChange(
        pd.DataFrame([row for row, _, _ in found.values()]),
        {b: a for b, (_, a, _) in found.items()},
        {b: f for b, (_, _, f) in found.items()},
        pd.DataFrame(skipped, columns=["batch_id", "product_id", "reason"]),
        (Said("savings.assume_windows"), Said("decomposition.assume_bennet"), Said("decomposition.assume_new_lost")),
    )


def _originators(products: pd.DataFrame | None) -> set[Any]:
    if products is None or "originator" not in products:
        return set()
    return set(products.loc[products["originator"].eq(True), "product_id"].astype(object))


def _awarded(panels: Panels, batch: Any) -> set[Any]:
    awards = panels.awards
    own = (awards["batch_id"] == batch) & (awards["supply_role"] != "elsewhere")
    return set(awards.loc[own, "product_id"].astype(object))


Windows = tuple[list[pd.Timestamp], list[pd.Timestamp]]


def _windows(prices: pd.DataFrame, span: tuple[pd.Timestamp, pd.Timestamp]) -> Windows | None:
    """Return the last months (at most twelve) of the batch and the same calendar months before its start."""
    start, end = pd.Timestamp(prices["start_date"].min()), pd.Timestamp(prices["end_date"].max())
    begin = start if start.day == 1 else start + pd.offsets.MonthBegin(1)
    after = [month for month in months_of(begin, end) if begin <= month <= span[1]][-12:]
    if not after:
        return None
    years = 1
    while after[-1] - pd.DateOffset(years=years) >= start.replace(day=1):
        years += 1
    before = [month - pd.DateOffset(years=years) for month in after]
    # twelve months of the run may straddle the start once shifted: each month by its own number of years then
    before = [month if month < start.replace(day=1) else month - pd.DateOffset(years=1) for month in before]
    return (before, after) if min(before) >= span[0] else None


def _table(
    rows: pd.DataFrame, windows: Windows, awarded: set[Any], originators: set[Any]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the `changes` of the two windows and the products left out because one of them has no price."""
    sides = []
    for months in windows:
        inside = rows[rows["month"].isin(months)]
        sums = (
            inside.groupby(["product_id", "generic"], observed=True)[["quantity_milliunits", "amount_fen"]]
            .sum()
            .reset_index()
        )
        sums["selected"] = sums["product_id"].isin(awarded)
        sums["originator"] = sums["product_id"].isin(originators)
        sides.append(sums)
    bad = [side.loc[(side["quantity_milliunits"] <= 0) | (side["amount_fen"] <= 0), "product_id"] for side in sides]
    gone = [side.loc[(side["quantity_milliunits"] == 0) & (side["amount_fen"] == 0), "product_id"] for side in sides]
    odd = set().union(*(set(b) - set(g) for b, g in zip(bad, gone, strict=True)))
    kept = [side[~side["product_id"].isin(odd)] for side in sides]
    frames = [side.rename(columns={"quantity_milliunits": "quantity", "amount_fen": "value"}) for side in kept]
    table = changes(frames[0], frames[1], LEVELS)
    for side in (0, 1):
        table[f"quantity_{side}"] = [value.scaleb(-3) for value in table[f"quantity_{side}"]]
        table[f"value_{side}"] = [value.scaleb(-2) for value in table[f"value_{side}"]]
    return table, sorted(map(str, odd))


def _row(batch: str, windows: Windows, parts: Bennet) -> dict[str, Any]:
    labels = [f"{months[0]:%Y-%m}…{months[-1]:%Y-%m}" for months in windows]
    return {
        "batch_id": batch,
        "before": labels[0],
        "after": labels[1],
        "months": len(windows[1]),
        "base_yuan": parts.base_yuan,
        "change_yuan": parts.change_yuan,
        **{f"{part}_yuan": amount for part, amount in parts.parts.items()},
    }
