"""Project a batch's first year: official and realised saving, completion and payout, each with an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.funds import COMMON, Terms
from vbp.projection.evidence import LEAST_MONTHS, YEAR, Evidence, evidence, first_years
from vbp.projection.payout import by_hospital, fund_factors, payouts
from vbp.projection.years import years
from vbp.words import MISSING, money, say
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.ledger import Panels

DRAWS = 2000
QUANTITIES = ("official", "realised", "completion", "payout")


@dataclass(frozen=True)
class Projection:
    """The first year of one batch, estimated: median and 90 % interval.

    `table`: `quantity, unit, estimate, low, high` for official, realised (yuan), completion (rate by quantity), payout
    (yuan; missing where no fund table). `hospitals`: per hospital the median completion, the chance that all its items
    complete, and the payout with interval. `left_out`: items without P0, P1 or last year's use.
    """

    batch_id: str
    table: pd.DataFrame
    hospitals: pd.DataFrame
    left_out: pd.DataFrame
    evidence: Evidence
    assumptions: tuple[Said, ...]

    def interval(self, quantity: str) -> tuple[float, float, float]:
        """Return estimate, low, high of a quantity."""
        row = self.table[self.table["quantity"] == quantity].to_dict("records")[0]
        return float(row["estimate"]), float(row["low"]), float(row["high"])

    def shown(self, lang: str) -> pd.DataFrame:
        """Return the table in words: each quantity's median and interval with its unit."""
        names = {"estimate": "estimate", "interval_low": "low", "interval_high": "high"}
        rows = [
            {"quantity": row["quantity"], **{own: _said(row[name], row["unit"], lang) for own, name in names.items()}}
            for row in self.table.to_dict("records")
        ]
        return pd.DataFrame(rows)

    def text(self, lang: str, name: str = "") -> str:
        """Return the projection in one sentence, with its intervals; `name` is what the batch is called."""
        values: dict[str, str] = {"batch": name or self.batch_id, "batches": str(self.evidence.count)}
        for row in self.table.to_dict("records"):
            for name in ("estimate", "low", "high"):
                values[f"{row['quantity']}_{name}"] = _said(row[name], row["unit"], lang)
        return say("projection.sentence", lang, **values)

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {
            "batch_id": self.batch_id,
            "mark": "estimated",
            "interval": 0.9,
            "earlier_batches": self.evidence.count,
            "quantities": [_money(row) for row in self.table.to_dict("records")],
            "hospitals": self.hospitals.to_dict("records"),
            "left_out": self.left_out.to_dict("records"),
            "assumptions": [{"zh": said.text("zh"), "en": said.text("en")} for said in self.assumptions],
        }


def _said(value: float, unit: str, lang: str) -> str:
    if value != value:
        return MISSING
    return money(value, lang) if unit == "yuan" else f"{value:.1%}"


def _money(row: Mapping[Any, Any]) -> dict[str, Any]:
    names = ("estimate", "low", "high")
    return {
        **row,
        **{name: Decimal(f"{row[name]:.2f}") for name in names if row["unit"] == "yuan" and row[name] == row[name]},
    }


def announced(panels: Panels) -> list[str]:
    """Return the batches whose first agreement year begins after the ledger's end."""
    last = pd.Timestamp(panels.product_month["month"].max()) + pd.offsets.MonthEnd(0)
    starts = panels.prices.groupby("batch_id", observed=True)["start_date"].min()
    return sorted(str(batch) for batch, start in starts.items() if start > last)


def project(
    panels: Panels,
    batch: str | None = None,
    fund: pd.DataFrame | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    hide: bool = False,
    terms: Terms = COMMON,
) -> Projection:
    """Return the projection of a batch's first year.

    Parameters
    ----------
    panels
        The ledger's panels; agreements of the batch give agreed volume, the year before its use.
    batch
        The batch; default the one announced. `hide`: a batch that has run, projected as if it had not (back-test).
    fund
        The inputs' table `fund`, for the payout; without it the payout stays unknown.
    terms
        What the rule profile says of `fund`: which rows count, whether `excluded_share` is taken out.
    draws, seed
        Size and seed of the simulation: the same seed gives the same result.
    """
    known = sorted(set(panels.prices["batch_id"].astype(object)))
    waiting = announced(panels)
    if batch is None and len(waiting) != 1:
        raise InputError(
            Problem(
                f"announced batches: {', '.join(waiting) or 'none'}; name one with --batch",
                rule="no_batch",
                table="awards",
            )
        )
    batch = waiting[0] if batch is None else batch
    if batch not in known:
        raise UsageError(unknown("batch", batch, known))
    if batch not in waiting and not hide:
        raise UsageError(
            f"batch {batch} has begun; its results are in `vbp savings` (announced: {', '.join(waiting) or 'none'})"
        )
    items, left_out, official = _items(panels, batch)
    shown = evidence(panels, leave_out=batch)
    rng = np.random.default_rng(seed)
    factor = fund_factors(items, fund, terms)
    seen = int(items["months_before"].min())
    return _result(batch, left_out, shown, _simulated(items, shown, factor, draws, rng), official, seen)


def _items(panels: Panels, batch: str) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Return the batch's items of year 1 that can be projected, those left out with the reason, the official saving.

    The official saving (yuan) needs P0, P1 and agreed volume only: items without use in the year before count there.
    """
    rows = first_years(panels)
    rows = _whole_year(rows[rows["batch_id"] == batch].reset_index(drop=True))
    if rows.empty:
        text = f"no agreements of batch {batch}; a projection needs the agreed volume (约定采购量)"
        raise InputError(Problem(text, rule="table_missing", table="agreements"))
    rules = [rows["p0"].isna(), rows["p1"].isna(), ~(rows["previous"] > 0)]
    reason = np.select(rules, ["NO_P0", "NO_P1", "NO_USE_BEFORE"], default="")
    left_out = rows.loc[reason != "", ["hospital_id", "generic"]].assign(reason=reason[reason != ""])
    kept = rows[reason == ""].reset_index(drop=True)
    if kept.empty:
        raise InputError(Problem(f"no item of batch {batch} has P0, P1 and use in the year before", rule="no_items"))
    official = float(((rows["p0"] - rows["p1"]) * rows["agreed"]).sum()) / 100
    return kept, left_out.reset_index(drop=True), official


def _whole_year(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the items with the use of twelve months before: seen in part it is taken to twelve, in too few it is no use at all."""
    months = rows["months_before"].to_numpy(dtype=float)
    scaled: pd.Series = rows["previous"] * YEAR / np.where(months > 0, months, np.nan)
    return rows.assign(previous=scaled.where(months >= LEAST_MONTHS))


@dataclass(frozen=True)
class _Draws:
    """Sums of simulated years. By draw: saving realised (yuan), units of winners. Draws × hospitals (of `names`, with
    their `items` and `agreed` units): units, whether every item completes, payout in yuan (None: no fund table)."""

    realised: np.ndarray
    names: np.ndarray
    items: np.ndarray
    agreed: np.ndarray
    selected: np.ndarray
    complete: np.ndarray
    pay: np.ndarray | None


def _simulated(
    items: pd.DataFrame, shown: Evidence, factor: np.ndarray, draws: int, rng: np.random.Generator
) -> _Draws:
    """Return the sums of the simulated years, block by block."""
    names, code = np.unique(items["hospital_id"].to_numpy(dtype=str), return_inverse=True)
    p0, agreed = (items[name].to_numpy(dtype=float) for name in ("p0", "agreed"))
    realised, selected, complete, pay = [], [], [], []
    for block in years(items, shown, draws, rng):
        realised.append((p0 * block.selected - block.paid_fen).sum(axis=1) / 100)
        selected.append(by_hospital(block.selected, code))
        complete.append(by_hospital((block.selected < agreed).astype(np.int64), code) == 0)
        if not np.isnan(factor).any():
            pay.append(payouts(items, block.selected, block.nonselected_fen, factor, code) / 100)
    return _Draws(
        np.concatenate(realised),
        names,
        np.bincount(code),
        np.bincount(code, weights=agreed),
        np.concatenate(selected),
        np.concatenate(complete),
        np.concatenate(pay) if pay else None,
    )


def _result(
    batch: str, left_out: pd.DataFrame, shown: Evidence, drawn: _Draws, official: float, seen: int
) -> Projection:
    total = drawn.agreed.sum()
    rate = drawn.selected.sum(axis=1) / total if total else np.full(len(drawn.realised), np.nan)
    paid = np.full(len(drawn.realised), np.nan) if drawn.pay is None else drawn.pay.sum(axis=1)
    rows = [
        ("official", "yuan", official, official, official),
        ("realised", "yuan", *_interval(drawn.realised)),
        ("completion", "rate", *_interval(rate)),
        ("payout", "yuan", *_interval(paid)),
    ]
    table = pd.DataFrame(rows, columns=["quantity", "unit", "estimate", "low", "high"])
    said = [
        Said("projection.assume_evidence", {"batches": shown.count})
        if shown.count
        else Said("projection.assume_prior"),
        *([Said("projection.assume_part_year", {"months": seen})] if seen < YEAR else []),
        Said("projection.assume_payout"),
        Said("projection.assume_official"),
    ]
    return Projection(batch, table, _hospitals(drawn), left_out, shown, tuple(said))


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return median, 5 % and 95 %; NaN where unknown."""
    if np.isnan(values).any():
        return (float("nan"),) * 3
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return float(middle), float(low), float(high)


def _hospitals(drawn: _Draws) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(drawn.names):
        agreed, selected = drawn.agreed[place], drawn.selected[:, place]
        rate = selected / agreed if agreed else np.full(len(selected), np.nan)
        pay = None if drawn.pay is None else _interval(drawn.pay[:, place])
        rows.append(
            {
                "hospital_id": name,
                "items": int(drawn.items[place]),
                **dict(zip(("completion", "completion_low", "completion_high"), _interval(rate), strict=True)),
                "chance_all_complete": float(drawn.complete[:, place].mean()),
                **{
                    f"payout_{key}yuan": None if pay is None else Decimal(f"{value:.2f}")
                    for key, value in zip(("", "low_", "high_"), pay or (0.0,) * 3, strict=True)
                },
            }
        )
    return pd.DataFrame(rows)
