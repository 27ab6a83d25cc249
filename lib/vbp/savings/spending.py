"""The change in spending around each batch, decomposed: the year before its start against its latest year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vbp.decomposition import Bennet, LogMean, bennet, log_mean_parts
from vbp.savings.keys import codes, numbers
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
    use = _Use.of(panels)
    originators = _originators(products)
    found: dict[str, tuple[dict[str, Any], Bennet, LogMean]] = {}
    skipped: list[tuple[str, str, str]] = []
    for batch, prices in panels.prices.groupby("batch_id", observed=True, sort=True):
        windows = _windows(prices, (use.months[0], use.months[-1]))
        if windows is None:
            skipped.append((str(batch), "", "NO_MONTHS"))
            continue
        own = pd.Series(use.generics).isin(set(prices["generic"].astype(object)))
        table, odd = _table(use, np.flatnonzero(own), windows, _awarded(panels, batch), originators)
        skipped += [(str(batch), product, "NO_QUANTITY") for product in odd]
        if table.empty:
            skipped.append((str(batch), "", "NO_PRICES"))
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
    """Return the last months (at most twelve) of the batch and the same calendar months of the year before its start."""
    start, end = pd.Timestamp(prices["start_date"].min()), pd.Timestamp(prices["end_date"].max())
    begin = start if start.day == 1 else start + pd.offsets.MonthBegin(1)
    after = [month for month in months_of(begin, end) if begin <= month <= span[1]][-12:]
    first = start.replace(day=1)
    before = sorted(_moved_before(month, first) for month in after)
    return (before, after) if before and before[0] >= span[0] else None


def _moved_before(month: pd.Timestamp, first: pd.Timestamp) -> pd.Timestamp:
    """Return the last same calendar month before `first`."""
    years = first.year - month.year - (month.month >= first.month)
    return month + pd.DateOffset(years=years)


@dataclass(frozen=True)
class _Use:
    """Quantity (thousandths) and amount (fen) by product and month, products sorted, months without a gap."""

    products: np.ndarray
    generics: np.ndarray
    months: pd.DatetimeIndex
    quantity: np.ndarray
    amount: np.ndarray

    @classmethod
    def of(cls, panels: Panels) -> _Use:
        """Return the use of a city's panels."""
        rows = panels.product_month
        months = pd.date_range(rows["month"].min(), rows["month"].max(), freq="MS")
        product, names = pd.factorize(rows["product_id"], sort=True)
        place = product * len(months) + codes(rows["month"], months)
        sums = []
        for name in ("quantity_milliunits", "amount_fen"):
            total = np.zeros(len(names) * len(months), dtype=np.int64)
            np.add.at(total, place, numbers(rows[name]))
            sums.append(total.reshape(len(names), len(months)))
        generics = np.empty(len(names), dtype=object)
        generics[product] = rows["generic"].to_numpy(dtype=object)
        return cls(np.asarray(names, dtype=object), generics, months, sums[0], sums[1])


def _table(
    use: _Use, rows: np.ndarray, windows: Windows, awarded: set[Any], originators: set[Any]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the `changes` of the two windows and the products left out because one of them has no price."""
    places = [use.months.get_indexer(pd.DatetimeIndex(months)) for months in windows]
    quantity, amount = ([total[rows][:, place].sum(axis=1) for place in places] for total in (use.quantity, use.amount))
    empty = [(q == 0) & (a == 0) for q, a in zip(quantity, amount, strict=True)]
    good = [none | ((q > 0) & (a > 0)) for none, q, a in zip(empty, quantity, amount, strict=True)]
    kept = np.flatnonzero(good[0] & good[1] & ~(empty[0] & empty[1]))
    names = use.products[rows]
    columns: dict[str, Any] = {
        "product_id": names[kept],
        "generic": use.generics[rows][kept],
        "selected": [name in awarded for name in names[kept]],
        "originator": [name in originators for name in names[kept]],
    }
    for side in (0, 1):
        columns[f"quantity_{side}"] = [Decimal(int(value)).scaleb(-3) for value in quantity[side][kept]]
        columns[f"value_{side}"] = [Decimal(int(value)).scaleb(-2) for value in amount[side][kept]]
    return pd.DataFrame(columns), sorted(map(str, names[~(good[0] & good[1])]))


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
