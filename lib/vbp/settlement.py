"""Settlement of purchases (回款): how soon hospitals pay suppliers, and how much the fund pays directly (直接结算)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem
from vbp.words import say
from vbp.words.said import Said

DUE_DAYS = 30
"""Days within which an invoice is to be paid (30-day rule)."""
CUTS = ("hospital_id", "supplier", "month")


@dataclass(frozen=True)
class Settlement:
    """Punctuality of payment: `total` (one row), `by_hospital`, `by_supplier`, `by_month` (of the invoice).

    Columns: `invoices, amount_yuan, not_due` (younger than 30 days and unpaid: judged neither way), `unpaid` (due and
    unpaid), `on_time_share_amount, on_time_share_count` (of what is due), `median_days, p90_days` (paid invoices),
    `direct_share_amount` (of all). Gaps are NaN where nothing is due or paid.
    """

    total: pd.DataFrame
    by_hospital_id: pd.DataFrame
    by_supplier: pd.DataFrame
    by_month: pd.DataFrame
    as_of: dt.date
    assumptions: tuple[Said, ...]

    @property
    def table(self) -> pd.DataFrame:
        """Return the table by hospital."""
        return self.by_hospital_id

    def text(self, lang: str) -> str:
        """Return the totals in one sentence."""
        row = self.total.iloc[0]
        shown = {
            name: "—" if np.isnan(row[name]) else f"{row[name]:.1%}"
            for name in ("on_time_share_amount", "on_time_share_count", "direct_share_amount")
        }
        days = {name: "—" if np.isnan(row[name]) else f"{row[name]:g}" for name in ("median_days", "p90_days")}
        return say(
            "settlement.sentence",
            lang,
            invoices=int(row["invoices"]),
            unpaid=int(row["unpaid"]),
            as_of=self.as_of,
            **shown,
            **days,
        )


def settlement(frame: pd.DataFrame, as_of: dt.date | None = None, due_days: int = DUE_DAYS) -> Settlement:
    """Return how soon the invoices of `settlements` were paid.

    Parameters
    ----------
    frame
        `hospital_id, supplier, invoice_id, invoice_date, paid_date` (missing: unpaid), `amount_yuan`,
        `direct`.
    as_of
        The day of judgement; default the last date in the table. Payments after it count as unpaid, invoices after it
        do not count.
    due_days
        Days within which payment is on time.
    """
    rows = frame.assign(invoice=pd.to_datetime(frame["invoice_date"]), paid=pd.to_datetime(frame["paid_date"]))
    if rows.empty:
        raise InputError(Problem("no invoices", rule="empty", table="settlements"))
    if rows["invoice"].isna().any():
        raise InputError(
            Problem("an invoice has no date", rule="missing_value", table="settlements", column="invoice_date")
        )
    last = max(value for value in (rows["invoice"].max(), rows["paid"].max()) if value is not pd.NaT)
    day = pd.Timestamp(as_of) if as_of else last
    rows = _judged(rows[rows["invoice"] <= day], day, due_days)
    if rows.empty:
        raise InputError(Problem(f"no invoice up to {day.date()}", rule="empty", table="settlements"))
    by = {name: _summary(rows, [name]) for name in CUTS}
    total = _summary(rows.assign(all="all"), ["all"]).drop(columns="all")
    assumptions = (
        Said("settlement.assume_due", {"days": due_days, "as_of": day.date()}),
        Said("settlement.assume_days"),
    )
    return Settlement(total, by["hospital_id"], by["supplier"], by["month"], day.date(), assumptions)


def _judged(rows: pd.DataFrame, day: pd.Timestamp, due_days: int) -> pd.DataFrame:
    """Return the rows with days to payment, whether due, whether on time, and amounts in fen."""
    days = (rows["paid"].where(rows["paid"] <= day) - rows["invoice"]).dt.days
    due = days.notna() | ((day - rows["invoice"]).dt.days > due_days)
    fen = pd.Series([int(Decimal(amount).scaleb(2)) for amount in rows["amount_yuan"]], index=rows.index, dtype="int64")
    on_time = days.le(due_days) & days.notna()
    direct = rows["direct"].eq(True) if "direct" in rows else pd.Series(False, index=rows.index)
    return rows.assign(
        month=rows["invoice"].dt.strftime("%Y-%m"),
        days=days,
        fen=fen,
        due=due,
        due_fen=fen.where(due, 0),
        on_time=on_time,
        on_time_fen=fen.where(on_time, 0),
        direct_fen=fen.where(direct, 0),
        unpaid=due & days.isna(),
        not_due=~due,
    )


def _summary(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    groups = rows.groupby(by, sort=True, observed=True)
    sums = groups[["fen", "due", "due_fen", "on_time", "on_time_fen", "direct_fen", "unpaid", "not_due"]].sum()
    median, ninety = (groups["days"].quantile(share) for share in (0.5, 0.9))
    with np.errstate(divide="ignore", invalid="ignore"):
        table = pd.DataFrame(
            {
                "invoices": groups.size(),
                "amount_yuan": [Decimal(int(fen)).scaleb(-2) for fen in sums["fen"]],
                "not_due": sums["not_due"].astype(int),
                "unpaid": sums["unpaid"].astype(int),
                "on_time_share_amount": sums["on_time_fen"].to_numpy(float) / sums["due_fen"].to_numpy(float),
                "on_time_share_count": sums["on_time"].to_numpy(float) / sums["due"].to_numpy(float),
                "median_days": median,
                "p90_days": ninety,
                "direct_share_amount": sums["direct_fen"].to_numpy(float) / sums["fen"].to_numpy(float),
            }
        )
    return table.replace([np.inf, -np.inf], np.nan).reset_index()
