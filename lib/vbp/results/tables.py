"""Small tables that the report draws from: each from panels or one result, nothing rounded but money to the fen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from vbp.completion import Completion
    from vbp.ledger import Panels
    from vbp.savings import SpendingChange
    from vbp.surplus import Settlement

USES = ("selected", "nonselected", "elsewhere", "alternative")
PARTS = ("price", "volume", "structure_selected", "structure_originator", "structure_product", "new", "lost")
ZERO = Decimal("0.00")


def price_volume(panels: Panels) -> pd.DataFrame:
    """Return per batch × generic the change of mean price and of monthly quantity around the batch's start, in percent.

    Before: the twelve months before the start; after: the last twelve months of the run in the ledger, all products of
    the generic. Columns: `batch_id, generic, price_percent, volume_percent, spending_yuan` (a month, after).
    """
    rows = panels.product_month
    sums = rows.groupby([rows["generic"].astype(object), rows["month"]])[["quantity_milliunits", "amount_fen"]].sum()
    last, first = rows["month"].max(), rows["month"].min()
    found = []
    for price in panels.prices.astype({"batch_id": object, "generic": object}).to_dict("records"):
        if price["generic"] not in sums.index.get_level_values(0):
            continue
        own = sums.loc[price["generic"]]
        start = pd.Timestamp(price["start_date"]).replace(day=1)
        end = min(pd.Timestamp(price["end_date"]), last)
        windows = [(max(start - pd.DateOffset(months=12), first), start - pd.DateOffset(months=1)), (start, end)]
        before, after = (own[(own.index >= low) & (own.index <= high)].tail(12) for low, high in windows)
        change = _changes(before, after)
        if change:
            found.append((price["batch_id"], price["generic"], *change))
    return pd.DataFrame(found, columns=["batch_id", "generic", "price_percent", "volume_percent", "spending_yuan"])


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> tuple[float, float, float] | None:
    """Return the changes in percent and the spending a month; None where a window is empty or without quantity."""
    if not len(before) or not len(after):
        return None
    (q0, v0), (q1, v1) = (part.sum().astype(float) for part in (before, after))
    if min(q0, q1, v0, v1) <= 0:
        return None
    price = (v1 / q1) / (v0 / q0) - 1
    volume = (q1 / len(after)) / (q0 / len(before)) - 1
    return 100 * price, 100 * volume, v1 / 100 / len(after)


def savings_matrix(panels: Panels) -> pd.DataFrame:
    """Return the realised saving by hospital × batch in yuan; the cells add up to the total of `vbp savings`."""
    from vbp.savings.keys import Keys
    from vbp.savings.parts import realised

    keys = Keys.of(panels)
    part = realised(panels, keys)
    assert part.hospital is not None
    batch = keys.batch_of(part.variety)
    # without a price before there is nothing to save against: a gap, not zero
    known = (batch >= 0) & (part.hospital >= 0) & (keys.p0_e10[np.where(part.variety >= 0, part.variety, 0)] >= 0)
    width = len(keys.batches)
    cell = np.where(known, part.hospital * width + batch, 0)
    yuan = part.amounts.where(known).grouped(cell, len(keys.hospitals) * width).to_yuan()
    table = pd.DataFrame(np.array(yuan, dtype=object).reshape(-1, width), keys.hospitals, keys.batches)
    bought = np.zeros(len(yuan), dtype=bool)
    bought[cell[known]] = True
    # a hospital that bought nothing of a batch has no saving there, which is not a saving of zero
    return table.where(bought.reshape(-1, width), None)


def use_by_month(panels: Panels) -> pd.DataFrame:
    """Return spending in fen by month (rows) and use (columns): selected, non-selected, elsewhere, alternative."""
    rows = panels.product_month
    rows = rows[rows["status"].isin(USES)]
    table = rows.groupby(["month", rows["status"].astype(str)])["amount_fen"].sum().unstack(fill_value=0)
    table = table.reindex(columns=list(USES), fill_value=0)
    # before the first round there is nothing to select from
    running = table[(table["selected"] > 0).cumsum() > 0]
    return running.clip(lower=0)


def surplus_by_hospital(settled: Settlement) -> pd.DataFrame:
    """Return the settlement by hospital: sums of rows that are settled, and how many rows are still open.

    `budget_yuan, expenditure_yuan, base_yuan, retained_yuan` (None where nothing is settled), `paid_rows, open_rows`;
    the largest payout first.
    """
    rows = []
    for hospital, part in settled.table.groupby("hospital_id", sort=True, observed=True):
        done = part[part["retained_yuan"].notna()]
        sums = {name: _sum(done[name]) for name in ("budget_yuan", "expenditure_yuan", "base_yuan", "retained_yuan")}
        paid = int(sum(value > 0 for value in done["retained_yuan"]))
        rows.append({"hospital_id": str(hospital), **sums, "paid_rows": paid, "open_rows": len(part) - len(done)})
    table = pd.DataFrame(rows)
    order = sorted(range(len(table)), key=lambda i: -(table["retained_yuan"].iloc[i] or ZERO))
    return table.iloc[order].reset_index(drop=True)


def _sum(values: pd.Series) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, ZERO) if known else None


def surplus_flow(settled: Settlement) -> Mapping[str, Decimal]:
    """Return the settled rows' money from budget to hospitals: `budget = spent + surplus`, `surplus = hospitals + fund`.

    `over` is spending above the budget, in rows that have it; empty where nothing is settled.
    """
    done = settled.table[settled.table["retained_yuan"].notna() & settled.table["net_yuan"].notna()]
    if not len(done):
        return {}
    budget, spent, paid = (_sum(done[name]) or ZERO for name in ("budget_yuan", "expenditure_yuan", "retained_yuan"))
    surplus = sum((value for value in done["net_yuan"] if value > 0), ZERO)
    inside = budget - surplus
    return {
        "budget": budget,
        "spent": inside,
        "over": spent - inside,
        "surplus": surplus,
        "hospitals": paid,
        "fund": surplus - paid,
    }


def first_cycle_change(change: SpendingChange, panels: Panels) -> tuple[list[str], dict[str, Decimal]]:
    """Return the batches of a first cycle (all where there is none) and the sums of their decomposition in yuan.

    A renewal's year before is a year of the batch it renews: added to it, the same fall would count twice.
    """
    cycle = panels.prices.groupby(panels.prices["batch_id"].astype(object))["cycle"].max()
    table = change.table
    first = table[table["batch_id"].map(cycle).fillna(1) <= 1]
    first = first if len(first) else table
    names = ["base", "change", *PARTS]
    sums = {name: sum(first[f"{name}_yuan"], Decimal(0)) for name in names if f"{name}_yuan" in first}
    return list(first["batch_id"]), sums


def partly_seen(panels: Panels, day: date) -> pd.DataFrame:
    """Return the agreement years begun by `day` whose months the ledger covers only in part: what was bought is not all known.

    `batch_id, agreement_year, items` (agreements), `months_in_ledger`, `months_due` (months of the year gone by).
    """
    columns = ["batch_id", "agreement_year", "items", "months_in_ledger", "months_due"]
    items, first = panels.items, pd.Timestamp(panels.totals["first_month"].iloc[0])
    if items.empty:
        return pd.DataFrame(columns=columns)
    start, end = (pd.to_datetime(items[name]) for name in ("start_date", "end_date"))
    ended = end <= pd.Timestamp(day)
    until = end.where(ended, pd.Timestamp(day))
    gone = (until.dt.year - start.dt.year) * 12 + until.dt.month - start.dt.month + 1
    due = items["months_in_year"].where(items["months_in_year"] <= gone, gone)
    seen = items["months_in_ledger"]
    part = (seen > 0) & (seen < due) & (ended | (start < first))
    rows = items.loc[part, ["batch_id", "agreement_year", "months_in_ledger"]].assign(months_due=due[part])
    groups = rows.astype({"batch_id": object}).groupby(["batch_id", "agreement_year"])
    found = groups.agg(
        items=("months_due", "size"), months_in_ledger=("months_in_ledger", "max"), months_due=("months_due", "max")
    )
    return found.reset_index()[columns]


def completion_total(done: Completion) -> Mapping[str, Any]:
    """Return the rate by amount of all agreements that have begun, in percent, and how many are done of those ended.

    Quantities of different varieties do not add up; agreed volume at the selected price does. `elapsed_percent` is the
    time gone by of the same agreements, weighed by the same amounts: what the rate is to be held against.
    """
    table = done.table
    begun = table[~table["state"].isin(["not_started", "no_data"])]
    both = begun[begun["agreed_yuan"].notna() & begun["actual_yuan"].notna()]
    agreed, actual = _sum(both["agreed_yuan"]) or ZERO, _sum(both["actual_yuan"]) or ZERO
    due = (
        _sum(
            pd.Series(
                [
                    Decimal(repr(float(gone))) * yuan
                    for gone, yuan in zip(both["elapsed"], both["agreed_yuan"], strict=True)
                ]
            )
        )
        or ZERO
    )
    ended = begun[begun["end_date"].dt.date <= done.as_of]
    return {
        "rate_percent": (100 * actual / agreed).quantize(Decimal("0.0001")) if agreed else None,
        "elapsed_percent": (100 * due / agreed).quantize(Decimal("0.0001")) if agreed else None,
        "agreed_yuan": agreed,
        "actual_yuan": actual,
        "ended": len(ended),
        "ended_done": int((ended["state"] == "done").sum()),
    }
