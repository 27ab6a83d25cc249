"""Synthetic control: a weighted mean of donors that follows the treated unit before the date (Abadie 2010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from vbp.errors import InputError, Problem
from vbp.impact.checks import Check
from vbp.impact.kernel import Array
from vbp.impact.panel import Panel, read_panel

FITS = 0.5
"""Root mean square error before the date, over the unit's own standard deviation there, up to which a fit passes."""


@dataclass(frozen=True)
class SyntheticResult:
    """Weights by donor, the path (`time, observed, synthetic, gap`), the mean gap after the date, and its placement.

    `p_value` is the rank of the treated unit's ratio of root mean square gaps (after / before) among all units, itself
    counted: at least 1 / units, never 0.
    """

    weights: pd.Series
    path: pd.DataFrame
    estimate: float
    ratio: float
    p_value: float
    smallest_possible_p: float
    placebo_ratios: pd.Series
    checks: tuple[Check, ...]

    @property
    def table(self) -> pd.DataFrame:
        """Return the path."""
        return self.path

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return the keys of the assumptions (group `impact_assumption`)."""
        return "did_no_spillover", "did_permutation"

    def text(self, lang: str = "zh") -> str:
        """Return the result in words."""
        from vbp.impact.speak import number
        from vbp.impact.verdict import show_p
        from vbp.words import say

        word = (
            "not_assessable"
            if self.smallest_possible_p > 0.05
            else ("supported" if self.p_value <= 0.05 and self.checks[0].verdict == "pass" else "inconclusive")
        )
        name = {"zh": "合成对照，置换检验", "en": "synthetic control, permutation over units"}[lang]
        parts = [
            say("impact_did.estimate", lang, estimate=number(self.estimate), inference=name, p=show_p(self.p_value)),
            say(f"impact_did.{word}", lang, smallest=f"{self.smallest_possible_p:.3g}"),
            self.checks[0].text(lang),
        ]
        return ("" if lang == "zh" else " ").join(parts)


def simplex_weights(target: Array, donors: Array) -> Array:
    """Return weights (J,) ≥ 0 with sum 1 that bring donors (J, T) nearest to target (T,) in least squares.

    Non-negative least squares with the sum as one heavy row; the sum is then exact to about 1e-8 and set to 1.
    """
    scale = float(np.abs(donors).max()) or 1.0
    heavy = 1e4
    matrix = np.vstack([donors.T / scale, np.full(donors.shape[0], heavy)])
    found, _ = nnls(matrix, np.append(target / scale, heavy), maxiter=50 * donors.shape[0])
    total = found.sum()
    return found / total if total > 0 else np.full(donors.shape[0], 1 / donors.shape[0])


def _gap(target: Array, donors: Array, early: np.ndarray) -> tuple[Array, Array]:
    weights = simplex_weights(target[early], donors[:, early])
    return weights, target - weights @ donors


def _ratio(gap: Array, early: np.ndarray) -> float:
    before, after = np.sqrt((gap[early] ** 2).mean()), np.sqrt((gap[~early] ** 2).mean())
    return float(after / before) if before > 0 else float("inf") if after > 0 else 0.0


def synthetic_control(
    frame: pd.DataFrame, outcome: str, unit: str, time: str, treated: str, date: Any
) -> SyntheticResult:
    """Return the synthetic control of the treated unit (several: their mean) from complete donors.

    Raises
    ------
    InputError
        Fewer than two complete donors, a treated unit with gaps, or what `did` refuses.
    """
    panel = read_panel(frame, outcome, unit, time, treated, date)
    return fit_synthetic(panel)


def fit_synthetic(panel: Panel) -> SyntheticResult:
    """Return the synthetic control of a panel that is read already; see `synthetic_control`."""
    if not panel.complete[panel.treated].all():
        raise InputError(
            Problem("the treated unit has missing values; synthetic control needs a complete series", rule="gaps")
        )
    panel = panel.only(panel.complete)
    donors, early = panel.values[~panel.treated], ~panel.post
    if donors.shape[0] < 2:
        raise InputError(Problem(f"{donors.shape[0]} complete donors; at least 2 are needed", rule="no_donors"))
    target = panel.values[panel.treated].mean(axis=0)
    weights, gap = _gap(target, donors, early)
    own = _ratio(gap, early)
    ratios = []
    for at in range(donors.shape[0]):
        # the treated unit is no donor of a placebo: its effect would leak into the comparison
        ratios.append(_ratio(_gap(donors[at], np.delete(donors, at, axis=0), early)[1], early))
    names = [name for name, is_treated in zip(panel.units, panel.treated, strict=True) if not is_treated]
    counted = np.array([own, *ratios])
    return SyntheticResult(
        pd.Series(weights, index=names, name="weight"),
        _path(panel, target, gap),
        float(gap[~early].mean()),
        own,
        float((counted >= own * (1 - 1e-10)).mean()),
        1 / counted.size,
        pd.Series(ratios, index=names, name="ratio"),
        (_fit_check(target, gap, early),),
    )


def _path(panel: Panel, target: Array, gap: Array) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": [panel.grid.label(int(step)) for step in panel.times],
            "observed": target,
            "synthetic": target - gap,
            "gap": gap,
        }
    )


def _fit_check(target: Array, gap: Array, early: np.ndarray) -> Check:
    spread = float(target[early].std())
    error = float(np.sqrt((gap[early] ** 2).mean()))
    share = error / spread if spread > 0 else 0.0 if error == 0 else float("inf")
    good = share <= FITS
    return Check(
        "donors_fit", "pass" if good else "fail", "donors_pass" if good else "donors_fail", {"share": f"{share:.0%}"}
    )
