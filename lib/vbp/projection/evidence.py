"""What earlier batches teach: how much was used in the first year and which share of it went to the winners.

For each hospital × generic of batch b, year 1 against the year before: growth = log of all quantity over that of the
year before; share = logit of the winners' part of it. Share and growth apart keep the winners within what is used at
all. Both are split into batch + generic + hospital + residual; few batches, so the spread of the batch effect is met with
a t distribution, and without any batch with a prior. By generic: n = price of the non-selected / P0; c = paid / (P1 ·
selected quantity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from vbp.ledger import Panels

EFFECTS = ("share", "growth")
PRIOR_MEAN = {"share": float(np.log(3)), "growth": float(np.log(1.05))}
"""Winners take three quarters of the use (the agreed share of most rounds is 50-80 %), and use grows by 5 %."""
PRIOR_BATCH_SD = {"share": 0.9, "growth": 0.12}
PRIOR_GENERIC_SD = {"share": 0.6, "growth": 0.12}
PRIOR_HOSPITAL_SD = {"share": 0.8, "growth": 0.20}
PRIOR_DF = 3
PRIOR_NONSELECTED = (0.6, 1.4)
INSIDE = 0.01
"""A share of 0 or 1 counts as this much inside, a use of nothing as this part of the year before: for the logarithms."""
YEAR, LEAST_MONTHS = 12, 6
"""Months of the year before: a use seen in fewer than twelve is taken to twelve, in fewer than six it says too little."""
ROUNDS = 20
"""Generic and hospital means are taken in turn: twenty times is far beyond what the third decimal needs."""


@dataclass(frozen=True)
class Evidence:
    """Effects of earlier batches: logits of the winners' share, natural logarithms of growth.

    `batches`: `batch_id, generics, share, growth`; `generics`: `batch_id, generic, share, growth` (what is left of the
    batch), `nonselected, paid`; `hospitals` by hospital_id: `share, growth`, persistent and shrunk; `residuals`: what is
    left by hospital × generic, a pool.
    """

    batches: pd.DataFrame
    generics: pd.DataFrame
    hospitals: pd.DataFrame
    residuals: pd.DataFrame

    @property
    def count(self) -> int:
        """Return the number of earlier batches with a complete first year."""
        return len(self.batches)

    def batch_effect(self, name: str) -> tuple[float, float, int]:
        """Return location, scale and degrees of freedom of the t distribution of a new batch's effect (share, growth).

        With B ≥ 3 batches: mean, s·√(1 + 1/B), B − 1. With one or two the prior's spread counts as one batch more.
        """
        effects = self.batches[name].to_numpy(dtype=float)
        if not len(effects):
            return PRIOR_MEAN[name], PRIOR_BATCH_SD[name], PRIOR_DF
        prior = 1 if len(effects) < 3 else 0
        squares = prior * PRIOR_BATCH_SD[name] ** 2 + float(((effects - effects.mean()) ** 2).sum())
        df = prior + len(effects) - 1
        return float(effects.mean()), float(np.sqrt(squares / df * (1 + 1 / len(effects)))), df


def first_years(panels: Panels) -> pd.DataFrame:
    """Return hospital × batch × generic sums of the first agreement year, exact integers as floats.

    Columns: `hospital_id, batch_id, generic, previous, actual, actual_fen, nonselected, nonselected_fen, base, agreed`,
    `p0, p1` (fen per unit), `months_in_ledger, months_in_year, months_before`. Several products of a generic are added up.
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
            months_before=items["months_before"].to_numpy(),
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
            months_before=("months_before", "min"),
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
    """Return what the batches with a complete first year and a whole year before it show; renewals and `leave_out` stay out."""
    rows = first_years(panels)
    renewals = set(panels.prices.loc[(panels.prices["cycle"].fillna(1) > 1).to_numpy(), "batch_id"].astype(object))
    complete = rows.groupby("batch_id")[["months_in_ledger", "months_in_year", "months_before"]].transform("min")
    whole = (complete["months_in_ledger"] >= complete["months_in_year"]) & (complete["months_before"] >= YEAR)
    kept = whole & ~rows["batch_id"].isin(renewals | {leave_out})
    rows = rows[kept & (rows["previous"] > 0) & rows["p0"].notna() & rows["p1"].notna()]
    used = rows["actual"] + rows["nonselected"]
    share = (rows["actual"] / used.where(used > 0)).fillna(0.5).clip(INSIDE, 1 - INSIDE)
    rows = rows.assign(share=np.log(share / (1 - share)), growth=np.log((used / rows["previous"]).clip(lower=INSIDE)))
    generics = _prices(rows)
    rows = rows.merge(generics[["batch_id", "generic"]], on=["batch_id", "generic"])
    means, hospitals, residuals = (
        pd.DataFrame(part) for part in zip(*(_split(rows, name) for name in EFFECTS), strict=True)
    )
    return _collected(generics, means.T, hospitals.T, residuals.T)


def _split(rows: pd.DataFrame, name: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return the means by batch × generic, the hospitals' effects shrunk by their reliability, and the residuals."""
    own, by = rows[name], [rows["batch_id"], rows["generic"]]
    at_hospital = pd.Series(0.0, index=rows.index)
    effect = pd.Series(dtype=float)
    for _ in range(ROUNDS):
        mean = (own - at_hospital).groupby(by).transform("mean")
        effect = _shrunk(own - mean, rows["hospital_id"])
        at_hospital = rows["hospital_id"].map(effect).astype(float)
    means = (own - at_hospital).groupby(by).mean().rename(name)
    return means, effect.rename(name), (own - mean - at_hospital).rename(name)


def _shrunk(left: pd.Series, hospital: pd.Series) -> pd.Series:
    """Return each hospital's mean × between / (between + within / n), variances by the method of moments."""
    by = left.groupby(hospital)
    means, size = by.mean(), by.size()
    within = float((left - by.transform("mean")).pow(2).sum() / max(len(left) - by.ngroups, 1))
    between = max(float(means.var(ddof=1)) - within * float((1 / size).mean()), 0.0) if by.ngroups > 1 else 0.0
    return means * between / (between + within / size) if between else means * 0.0


def _collected(
    generics: pd.DataFrame, means: pd.DataFrame, hospitals: pd.DataFrame, residuals: pd.DataFrame
) -> Evidence:
    """Return the evidence: a batch's effect is the mean over its generics, a generic's what is left (n − 1 for n)."""
    generics = generics.set_index(["batch_id", "generic"]).join(means).reset_index()
    by = generics.groupby("batch_id")
    batches = by.agg(generics=("generic", "size"), share=("share", "mean"), growth=("growth", "mean")).reset_index()
    size = by["generic"].transform("size")
    inflate = np.sqrt(size / (size - 1).clip(lower=1))
    for name in EFFECTS:
        generics[name] = (generics[name] - by[name].transform("mean")) * inflate
    return Evidence(batches, generics, hospitals, residuals.reset_index(drop=True))


def _prices(rows: pd.DataFrame) -> pd.DataFrame:
    """Return by batch × generic what the others cost against P0 and what was paid against P1 (1 where none was bought)."""
    names = ["previous", "actual", "actual_fen", "nonselected", "nonselected_fen", "p0_value", "p1_value"]
    values = rows.assign(p0_value=rows["p0"] * rows["previous"], p1_value=rows["p1"] * rows["actual"])
    sums = values.groupby(["batch_id", "generic"], sort=True)[names].sum()
    sums = sums[(sums["actual"] > 0) & (sums["p0_value"] > 0)].reset_index()
    p0 = sums["p0_value"] / sums["previous"]
    other = (sums["nonselected_fen"] / sums["nonselected"].where(sums["nonselected"] > 0) / p0).fillna(1.0)
    paid = sums["actual_fen"] / sums["p1_value"]
    return sums[["batch_id", "generic"]].assign(nonselected=other, paid=paid)
