"""Assessment indicators that the data can give, beside the score that was entered (考核指标).

Per hospital × batch × agreement year: completion by quantity, share of items completed, share of selected use by
quantity, share of non-selected purchases by amount, share of invoices paid within 30 days by amount, growth of the
cost of the batch's generics against the year before. What the data cannot give stays empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from vbp.rules import Profile
from vbp.surplus.columns import ROW
from vbp.surplus.lines import records

PAID_WITHIN_DAYS = 30
SCORE_STEP = Decimal("0.01")


def indicators(panels: Any, inputs: Any, profile: Profile) -> pd.DataFrame:
    """Return the indicators per hospital × batch × agreement year, the entered and the computed score beside.

    Columns: keys, `completion, items_completed_share, selected_share, non_selected_share, paid_within_30_days,
    cost_growth` (shares 0–1, Decimal, None where unknown), `score_entered`, `score_computed` (where the profile
    states weights and every indicator it weighs is known), `score_difference`.
    """
    items = panels.items
    table = _of_items(items)
    table["paid_within_30_days"] = _paid(table, inputs)
    table["cost_growth"] = _growth(table, panels.cells)
    entered = _entered(inputs)
    table["score_entered"] = [entered.get((row.batch_id, row.hospital_id, row.agreement_year)) for row in _rows(table)]
    table["score_computed"] = pd.Series([score_of(row, profile) for row in records(table)], dtype=object)
    table["score_difference"] = pd.Series(
        [
            None if given is None or made is None else made - Decimal(str(given))
            for given, made in zip(table["score_entered"], table["score_computed"], strict=True)
        ],
        dtype=object,
    )
    return table.drop(columns=["start_date", "end_date"])


def score_of(row: dict[str, Any], profile: Profile) -> Decimal | None:
    """Return the weighted score of a row's indicators, to two decimals; None without weights or with a gap."""
    weights = profile.assessment.weights
    if not weights or any(row.get(name) is None for name in weights):
        return None
    points = sum((indicator.points(row[name]) for name, indicator in weights.items()), Decimal(0))
    return points.quantize(SCORE_STEP, ROUND_HALF_UP)


def _of_items(items: pd.DataFrame) -> pd.DataFrame:
    done = items["actual_milliunits"] >= items["agreed_milliunits"]
    work = items.assign(done=done.fillna(False).astype(int), one=1)
    sums = work.groupby(list(ROW), observed=True, as_index=False).agg(
        actual=("actual_milliunits", "sum"),
        agreed=("agreed_milliunits", "sum"),
        done=("done", "sum"),
        items=("one", "sum"),
        selected=("actual_fen", "sum"),
        other=("nonselected_fen", "sum"),
        other_units=("nonselected_milliunits", "sum"),
        start_date=("start_date", "min"),
        end_date=("end_date", "max"),
    )
    sums[["hospital_id", "batch_id"]] = sums[["hospital_id", "batch_id"]].astype(str).astype(object)
    out = sums[[*ROW, "start_date", "end_date"]].copy()
    pairs = {"completion": ("actual", "agreed"), "items_completed_share": ("done", "items")}
    for name, (top, bottom) in pairs.items():
        out[name] = _shares(sums[top], sums[bottom])
    out["selected_share"] = _shares(sums["actual"], sums["actual"] + sums["other_units"])
    out["non_selected_share"] = _shares(sums["other"], sums["selected"] + sums["other"])
    return out


def _shares(top: pd.Series[Any], bottom: pd.Series[Any]) -> pd.Series[Any]:
    values = [
        None if pd.isna(below) or pd.isna(above) or int(below) == 0 else Decimal(int(above)) / int(below)
        for above, below in zip(top, bottom, strict=True)
    ]
    return pd.Series(values, index=top.index, dtype=object)


def _paid(table: pd.DataFrame, inputs: Any) -> pd.Series[Any]:
    """Return the share of the hospital's invoices of that agreement year paid within 30 days, by amount.

    An invoice not paid yet counts as late; an invoice names no batch, so all of the hospital's in the year count.
    """
    nothing = pd.Series([None] * len(table), dtype=object)
    if not inputs.has("settlements"):
        return nothing
    invoices = inputs.frame("settlements")
    invoices = invoices.assign(fen=[int(Decimal(str(value)) * 100) for value in invoices["amount_yuan"]])
    days = (pd.to_datetime(invoices["paid_date"]) - pd.to_datetime(invoices["invoice_date"])).dt.days
    invoices["prompt"] = invoices["fen"].where(days <= PAID_WITHIN_DAYS, 0)
    dated = dict(iter(invoices.groupby("hospital_id", observed=True)))
    shares = []
    for row in _rows(table):
        mine = dated.get(row.hospital_id)
        inside = None if mine is None else mine[mine["invoice_date"].between(row.start_date, row.end_date)]
        total = 0 if inside is None else int(inside["fen"].sum())
        shares.append(Decimal(int(inside["prompt"].sum())) / total if inside is not None and total else None)
    return pd.Series(shares, dtype=object)


def _growth(table: pd.DataFrame, cells: pd.DataFrame) -> pd.Series[Any]:
    """Return the growth of the cost of the batch's generics against the period before (0 is the year before)."""
    sums = cells.groupby(["hospital_id", "batch_id", "period"], observed=True)["amount_fen"].sum().reset_index()
    spent = {(str(row.hospital_id), str(row.batch_id), int(row.period)): int(row.amount_fen) for row in _rows(sums)}
    growth = []
    for row in _rows(table):
        key = (row.hospital_id, row.batch_id)
        before, now = spent.get((*key, row.agreement_year - 1)), spent.get((*key, row.agreement_year))
        growth.append(Decimal(now - before) / before if before and now is not None else None)
    return pd.Series(growth, dtype=object)


def _entered(inputs: Any) -> dict[tuple[str, str, int], Any]:
    if not inputs.has("assessments") or "score" not in inputs.frame("assessments"):
        return {}
    frame = inputs.frame("assessments")
    if "product_id" in frame:
        frame = frame[frame["product_id"].isna()]
    frame = frame[frame["score"].notna()]
    return {(str(row.batch_id), str(row.hospital_id), int(row.agreement_year)): row.score for row in _rows(frame)}


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Return the rows as named tuples (typed Any: their fields are the columns)."""
    return iter(table.itertuples())
