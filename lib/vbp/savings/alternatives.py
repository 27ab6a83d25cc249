"""Spillover (替代): spending that moved to or from products of the same substitute group outside the batch."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

from vbp.savings.parts import months_of

if TYPE_CHECKING:
    from vbp.ledger import Panels

MONTHS_BEFORE = 12


@dataclass(frozen=True)
class Alternatives:
    """Spillover of every batch: `table` has the months compared and the change, `monthly` the change by month.

    `change_fen` is spending while the batch ran less the same number of average months of the year before; above zero,
    use moved to alternatives and the saving leaks. Amounts are exact fractions of a fen.
    """

    table: pd.DataFrame
    monthly: pd.DataFrame


COLUMNS = [
    "batch_id",
    "generic",
    "substitute_group",
    "months_before",
    "months_after",
    "before_fen_per_month",
    "after_fen",
    "change_fen",
]


def alternatives(panels: Panels, products: pd.DataFrame | None, last_month: pd.Timestamp) -> Alternatives:
    """Return the change in use of alternatives of every batch.

    Parameters
    ----------
    products
        `product_id, generic, substitute_group` of the inputs folder; None or without groups: nothing is known (empty).
    last_month
        The ledger's last month.

    Notes
    -----
    Alternatives of a batch × group: products of the group whose generic is in no running batch (status outside or
    alternative in the panels). Of a group in two batches each month belongs to the later batch that runs, so that it
    counts once.
    """
    empty = Alternatives(
        pd.DataFrame(columns=COLUMNS), pd.DataFrame(columns=["batch_id", "generic", "month", "change_fen"])
    )
    if products is None or "substitute_group" not in products:
        return empty
    groups = _text(products.loc[products["substitute_group"].notna(), ["product_id", "generic", "substitute_group"]])
    tendered = _tendered(panels, groups)
    if tendered.empty:
        return empty
    use = _use(panels, groups)
    first = pd.Timestamp(panels.product_month["month"].min())
    rows, monthly = [], []
    for one in tendered.to_dict("records"):
        row, by_month = _change(one, use, first, last_month)
        if row:
            rows.append(row)
            monthly += by_month
    return Alternatives(pd.DataFrame(rows, columns=COLUMNS), pd.DataFrame(monthly, columns=empty.monthly.columns))


def _text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object)


def _tendered(panels: Panels, groups: pd.DataFrame) -> pd.DataFrame:
    """Return batch × group with its first tendered generic and its run; a later batch cuts an earlier one off."""
    prices = panels.prices[["batch_id", "generic", "start_date", "end_date"]].astype(
        {"batch_id": object, "generic": object}
    )
    of_group = groups[["generic", "substitute_group"]].drop_duplicates()
    rows = prices.merge(of_group, on="generic").sort_values(["substitute_group", "start_date", "batch_id", "generic"])
    rows = rows.drop_duplicates(["batch_id", "substitute_group"]).copy()
    following = rows.groupby("substitute_group")["start_date"].shift(-1)
    cut = following.notna() & (following <= rows["end_date"])
    rows.loc[cut, "end_date"] = following[cut] - pd.Timedelta(days=1)
    rows["first_start"] = rows.groupby("substitute_group")["start_date"].transform("min")
    return rows[rows["end_date"] >= rows["start_date"]]


def _use(panels: Panels, groups: pd.DataFrame) -> dict[str, pd.Series]:
    """Return spending on alternatives by month (fen), by group: purchases outside any batch's own generics."""
    rows = panels.product_month
    rows = rows[rows["status"].isin(["outside", "alternative"]).to_numpy()][["product_id", "month", "amount_fen"]]
    rows = rows.astype({"product_id": object}).merge(groups, on="product_id", validate="m:1")
    never = set(panels.prices["generic"].astype(object))
    rows = rows[~rows["generic"].isin(never)]
    return {str(group): part.groupby("month")["amount_fen"].sum() for group, part in rows.groupby("substitute_group")}


def _change(
    one: dict[Any, Any], use: dict[str, pd.Series], first: pd.Timestamp, last: pd.Timestamp
) -> tuple[tuple[Any, ...] | None, list[tuple[Any, ...]]]:
    """Return one batch × group's row and its months; None where the ledger has no month before or after."""
    spent = use.get(one["substitute_group"])
    start = months_of(one["first_start"], one["first_start"] + pd.offsets.MonthEnd(1))[0]
    before = [
        m for m in pd.date_range(end=start - pd.offsets.MonthBegin(1), periods=MONTHS_BEFORE, freq="MS") if m >= first
    ]
    after = [month for month in months_of(one["start_date"], one["end_date"]) if first <= month <= last]
    if spent is None or not before or not after:
        return None, []
    mean = Fraction(int(spent.reindex(before).fillna(0).sum()), len(before))
    now = spent.reindex(after).fillna(0)
    change = [Fraction(int(value)) - mean for value in now]
    key = (one["batch_id"], one["generic"])
    row = (
        *key,
        one["substitute_group"],
        len(before),
        len(after),
        float(mean),
        int(now.sum()),
        sum(change, Fraction(0)),
    )
    return row, [(*key, month, value) for month, value in zip(after, change, strict=True)]
