"""What earlier batches teach: first-year quantity of winners against the year before, by batch, generic and hospital.

For batch b and generic g, over hospitals with agreements: G = log(Σ selected quantity in year 1 / Σ quantity of the
year before); growth = (selected + non-selected quantity) / quantity before; n = price of the non-selected / P0; c =
paid / (P1 · selected quantity). A batch effect is the mean of G over its generics; few batches, so its spread is met
with a t distribution, and without any with a prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from vbp.ledger import Panels

PRIOR_MEAN = float(np.log(0.75))
"""Winners take three quarters of last year's quantity: the agreed share of most rounds (50-80 %)."""
PRIOR_BATCH_SD, PRIOR_GENERIC_SD, PRIOR_HOSPITAL_SD = 0.35, 0.40, 0.50
PRIOR_DF = 3
PRIOR_GROWTH = (0.8, 1.4)
PRIOR_NONSELECTED = (0.6, 1.4)
NO_LESS = 0.02
"""Share of the quantity that stays with non-selected products at least."""
NO_USE = 0.01
"""A hospital that bought none of the winners counts as one hundredth, so that its logarithm exists."""


@dataclass(frozen=True)
class Evidence:
    """Effects of earlier batches, natural logarithms.

    `batches`: `batch_id, generics, effect`; `generics`: `batch_id, generic, residual, growth, nonselected, paid`;
    `hospital_effect`: persistent effect by hospital, shrunk; `hospital_residuals`: what is left, as a pool.
    """

    batches: pd.DataFrame
    generics: pd.DataFrame
    hospital_effect: pd.Series
    hospital_residuals: np.ndarray

    @property
    def count(self) -> int:
        """Return the number of earlier batches with a complete first year."""
        return len(self.batches)

    def batch_effect(self) -> tuple[float, float, int]:
        """Return location, scale and degrees of freedom of the t distribution of a new batch's effect.

        With B ≥ 3 batches: mean, s·√(1 + 1/B), B − 1. With one or two the prior's spread counts as one batch more.
        """
        effects = self.batches["effect"].to_numpy(dtype=float)
        if not len(effects):
            return PRIOR_MEAN, PRIOR_BATCH_SD, PRIOR_DF
        prior = 1 if len(effects) < 3 else 0
        squares = prior * PRIOR_BATCH_SD**2 + float(((effects - effects.mean()) ** 2).sum())
        df = prior + len(effects) - 1
        return float(effects.mean()), float(np.sqrt(squares / df * (1 + 1 / len(effects)))), df


def first_years(panels: Panels) -> pd.DataFrame:
    """Return hospital × batch × generic sums of the first agreement year, exact integers as floats.

    Columns: `hospital_id, batch_id, generic, previous, actual, actual_fen, nonselected, nonselected_fen, base, agreed`,
    `p0, p1` (fen per unit), `months_in_ledger, months_in_year`. Several products of a generic are added up.
    """
    items = panels.items[(panels.items["agreement_year"] == 1).to_numpy()]
    keys = ["hospital_id", "batch_id", "generic"]
    rows = (
        items[keys]
        .astype(object)
        .assign(
            previous=_units(items["previous_milliunits"]),
            actual=_units(items["actual_milliunits"]),
            base=_units(items["base_milliunits"]),
            agreed=_units(items["agreed_milliunits"]),
            actual_fen=_float(items["actual_fen"]),
            nonselected=_units(items["nonselected_milliunits"]),
            nonselected_fen=_float(items["nonselected_fen"]),
            p0=_float(items["p0_e10"]) / 1e8,
            p1=_float(items["p1_e10"]) / 1e8,
            months_in_ledger=items["months_in_ledger"].to_numpy(),
            months_in_year=items["months_in_year"].to_numpy(),
        )
    )
    rows["agreed_value"] = rows["agreed"] * rows["p1"]
    sums = (
        rows.groupby(keys, sort=True)
        .agg(
            previous=("previous", "first"),
            actual=("actual", "sum"),
            base=("base", "sum"),
            agreed=("agreed", "sum"),
            actual_fen=("actual_fen", "sum"),
            nonselected=("nonselected", "sum"),
            nonselected_fen=("nonselected_fen", "sum"),
            p0=("p0", "first"),
            p1=("p1", "mean"),
            agreed_value=("agreed_value", "sum"),
            months_in_ledger=("months_in_ledger", "min"),
            months_in_year=("months_in_year", "max"),
        )
        .reset_index()
    )
    # a mean price weighted by what was agreed of each product, where that is more than one
    sums["p1"] = np.where(
        sums["agreed"] > 0, sums["agreed_value"] / sums["agreed"].where(sums["agreed"] > 0), sums["p1"]
    )
    return sums.drop(columns="agreed_value")


def _float(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=float, na_value=np.nan)


def _units(column: pd.Series) -> np.ndarray:
    return _float(column) / 1000


def evidence(panels: Panels, leave_out: str | None = None) -> Evidence:
    """Return what the batches with a complete first year show; renewals and `leave_out` stay out."""
    rows = first_years(panels)
    renewals = set(panels.prices.loc[(panels.prices["cycle"].fillna(1) > 1).to_numpy(), "batch_id"].astype(object))
    complete = rows.groupby("batch_id")[["months_in_ledger", "months_in_year"]].transform("min")
    kept = (complete["months_in_ledger"] >= complete["months_in_year"]) & ~rows["batch_id"].isin(renewals | {leave_out})
    rows = rows[kept & (rows["previous"] > 0) & rows["p0"].notna() & rows["p1"].notna()]
    generics = _generics(rows)
    batches = (
        generics.groupby("batch_id").agg(generics=("log_ratio", "size"), effect=("log_ratio", "mean")).reset_index()
    )
    centred = generics["log_ratio"] - generics.groupby("batch_id")["log_ratio"].transform("mean")
    size = generics.groupby("batch_id")["log_ratio"].transform("size")
    generics["residual"] = centred * np.sqrt(size / (size - 1).clip(lower=1))
    effect, residuals = _hospitals(rows, generics)
    return Evidence(batches, generics, effect, residuals)


def _generics(rows: pd.DataFrame) -> pd.DataFrame:
    names = ["previous", "actual", "actual_fen", "nonselected", "nonselected_fen", "p0_value", "p1_value"]
    values = rows.assign(p0_value=rows["p0"] * rows["previous"], p1_value=rows["p1"] * rows["actual"])
    sums = values.groupby(["batch_id", "generic"], sort=True)[names].sum()
    sums = sums[(sums["actual"] > 0) & (sums["p0_value"] > 0)].reset_index()
    p0 = sums["p0_value"] / sums["previous"]
    other = (sums["nonselected_fen"] / sums["nonselected"].where(sums["nonselected"] > 0) / p0).fillna(1.0)
    return pd.DataFrame(
        {
            "batch_id": sums["batch_id"],
            "generic": sums["generic"],
            "log_ratio": np.log(sums["actual"] / sums["previous"]),
            "growth": (sums["actual"] + sums["nonselected"]) / sums["previous"],
            "nonselected": other,
            "paid": sums["actual_fen"] / sums["p1_value"],
        }
    )


def _hospitals(rows: pd.DataFrame, generics: pd.DataFrame) -> tuple[pd.Series, np.ndarray]:
    """Return persistent hospital effects, shrunk by their reliability, and the pool of what is left."""
    merged = rows.merge(generics[["batch_id", "generic", "log_ratio"]], on=["batch_id", "generic"])
    if merged.empty:
        return pd.Series(dtype=float), np.array([])
    own = np.log(merged["actual"] / merged["previous"] + NO_USE) - merged["log_ratio"]
    by = own.groupby(merged["hospital_id"])
    within = float(own.sub(by.transform("mean")).pow(2).sum() / max(len(own) - by.ngroups, 1))
    means = by.mean()
    between = max(float(means.var(ddof=1)) - within * float((1 / by.size()).mean()), 0.0) if by.ngroups > 1 else 0.0
    effect = means * between / (between + within / by.size()) if between else means * 0
    return effect, (own - merged["hospital_id"].map(effect)).to_numpy()
