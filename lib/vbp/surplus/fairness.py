"""Payouts over time and between hospitals: years, batches, tiers, the pot against the fund's budget, calendar years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from vbp.exact import DEEP, half_up, share_out
from vbp.surplus.columns import ROW
from vbp.surplus.result import Settlement
from vbp.words import say


@dataclass(frozen=True)
class Fairness:
    """Tables of one city's payouts: `by_year` (batch × agreement year), `by_tier`, `by_hospital`, `by_calendar_year`.

    Amounts are of settled rows alone, None where a group has none; `pending` counts the others.
    `gini` is the Gini coefficient of payouts over hospitals (0 all equal), None where nothing was paid.
    """

    by_year: pd.DataFrame
    by_tier: pd.DataFrame
    by_hospital: pd.DataFrame
    by_calendar_year: pd.DataFrame
    gini: float | None
    total_yuan: Decimal
    fund_budget_yuan: Decimal | None

    @property
    def pot_of_fund(self) -> Decimal | None:
        """All payouts against the fund's budget, where that is known."""
        return self.total_yuan / self.fund_budget_yuan if self.fund_budget_yuan else None

    @property
    def table(self) -> pd.DataFrame:
        """The table by batch and agreement year."""
        return self.by_year

    def text(self, lang: str) -> str:
        """Return the pot against the budget and how it spreads, as one sentence."""
        budget = sum((value for value in self.by_year["budget_yuan"] if value is not None), Decimal(0))
        share = self.total_yuan / budget if budget else None
        fund = "—" if self.pot_of_fund is None else f"{self.pot_of_fund:.4%}"
        return say(
            "compare.fairness" if self.pot_of_fund is not None else "compare.fairness_no_fund",
            lang,
            fund=fund,
            total=f"{self.total_yuan:,}",
            hospitals=len(self.by_hospital),
            share="—" if share is None else f"{share:.2%}",
            gini="—" if self.gini is None else f"{self.gini:.3f}",
        )

    def assumptions(self, lang: str) -> tuple[str, ...]:
        """Return how unknown rows and calendar years are treated."""
        return (say("compare.fairness_how", lang),)


def fairness(
    settlement: Settlement, purchases: pd.DataFrame | None = None, fund_budget_yuan: Decimal | None = None
) -> Fairness:
    """Return how payouts spread over years, batches, tiers and hospitals.

    `purchases` (hospital_id, batch_id, agreement_year, calendar_year, amount_fen) splits agreement years that cross
    calendar years where the profile says `split_by_amount`; `fund_budget_yuan`: the fund's yearly budget, if known.
    """
    table = settlement.table.copy()
    begin = settlement.lines.row_starts
    table["tier"] = settlement.lines.text("tier")[begin]
    table["tier"] = table["tier"].map(lambda value: value or "—")
    by_hospital = _grouped(table, ["hospital_id", "tier"])
    paid = [float(value) for value in by_hospital["retained_yuan"] if value is not None]
    return Fairness(
        _grouped(table, ["batch_id", "agreement_year"]),
        _grouped(table, ["tier"]),
        by_hospital,
        calendar_years(settlement, purchases),
        gini(paid),
        settlement.total_yuan,
        fund_budget_yuan,
    )


def _grouped(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sum settled rows by keys, budget and base as well as payout; rows not settled are counted, not added as zero."""
    rows = []
    for values, part in table.groupby(keys, sort=True, dropna=False):
        done = part[part["retained_yuan"].notna()]
        known = list(done["retained_yuan"])
        budget, base, total = (_known_sum(done[name]) for name in ("budget_yuan", "base_yuan", "retained_yuan"))
        rows.append(
            {
                **dict(zip(keys, values, strict=True)),
                "hospitals": part["hospital_id"].nunique(),
                "rows": len(part),
                "paid": sum(value > 0 for value in known),
                "pending": len(part) - len(known),
                "left_out": sum("RENEWAL_EXCLUDED" in codes or "COUNTY_GROUP" in codes for codes in part["codes"]),
                "budget_yuan": budget,
                "base_yuan": base,
                "retained_yuan": total,
                "retained_of_budget": total / budget if budget and total is not None else None,
                "per_hospital_yuan": None if total is None else half_up(total / part["hospital_id"].nunique()),
            }
        )
    return pd.DataFrame(rows)


def _known_sum(values: Iterable[Any]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal("0.00")) if known else None


def gini(amounts: Sequence[float]) -> float | None:
    """Return the Gini coefficient of non-negative amounts: Σ(2i − n − 1)·x_i / (n·Σx), sorted; None if all are zero."""
    values = np.sort(np.asarray(amounts, dtype=float))
    total, size = values.sum(), len(values)
    if total <= 0:
        return None
    return float((2 * np.arange(1, size + 1) - size - 1) @ values / (size * total))


def calendar_years(settlement: Settlement, purchases: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return payouts by calendar year: the year in which the agreement year ends, or split by purchased amount.

    Empty where the items have no end dates. Split shares are rounded to the fen by largest remainder.
    """
    lines = settlement.lines
    if not lines.has("end_date"):
        return pd.DataFrame(columns=["calendar_year", "retained_yuan"])
    ends = pd.to_datetime(lines.facts["end_date"]).iloc[lines.row_starts].dt.year.to_numpy()
    split = settlement.profile.settlement.cross_year == "split_by_amount" and purchases is not None
    shares = _shares(purchases) if split and purchases is not None else {}
    sums: dict[int, Decimal] = {}
    for year, row in zip(ends, settlement.table.to_dict("records"), strict=True):
        if row["retained_yuan"] is None:
            continue
        parts = shares.get(tuple(row[name] for name in ROW)) or [(int(year), Decimal(1))]
        for calendar, amount in _split(row["retained_yuan"], parts):
            sums[calendar] = sums.get(calendar, Decimal("0.00")) + amount
    return pd.DataFrame(sorted(sums.items()), columns=["calendar_year", "retained_yuan"])


def _shares(purchases: pd.DataFrame) -> dict[tuple[Any, ...], list[tuple[int, Decimal]]]:
    shares: dict[tuple[Any, ...], list[tuple[int, Decimal]]] = {}
    for key, part in purchases.groupby(list(ROW), sort=False, observed=True):
        total = int(part["amount_fen"].sum())
        by_year = part.groupby("calendar_year")["amount_fen"].sum().sort_index()
        if total > 0:
            shares[key] = [(int(year), Decimal(int(by_year[year])) / total) for year in by_year.index.tolist()]
    return shares


def _split(amount: Decimal, parts: list[tuple[int, Decimal]]) -> list[tuple[int, Decimal]]:
    fen = share_out([DEEP.multiply(amount, share) for _, share in parts])
    return [(year, part) for (year, _), part in zip(parts, fen, strict=True)]


def purchases_by_calendar_year(panels: Any) -> pd.DataFrame:
    """Return selected purchases by calendar year inside each agreement year, from the panel `progress`."""
    years = panels.items.groupby(list(ROW), observed=True, as_index=False).agg(
        start_date=("start_date", "min"), end_date=("end_date", "max")
    )
    joined = panels.progress.merge(years, on=["hospital_id", "batch_id"], how="inner")
    middle = joined["month"] + pd.Timedelta(days=14)
    inside = joined[(middle >= joined["start_date"]) & (middle <= joined["end_date"])]
    return (
        inside.assign(calendar_year=inside["month"].dt.year)
        .groupby([*ROW, "calendar_year"], observed=True, as_index=False)["amount_fen"]
        .sum()
    )
