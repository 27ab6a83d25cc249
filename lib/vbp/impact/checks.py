"""Checks of a result as objects: pass, fail or inconclusive, with a sentence in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vbp.impact.classical import poisson
from vbp.impact.design import Design, Options, make_design
from vbp.impact.grid import Grid
from vbp.impact.inference import Fit, linked
from vbp.impact.kernel import Array, project
from vbp.impact.mixture import LEVEL_TILT, mixture, mixture_table
from vbp.impact.speak import effect
from vbp.impact.verdict import SHORTEST, SHORTEST_SIDE, show_p
from vbp.words import say

PERSISTENT = 0.75


@dataclass(frozen=True)
class Check:
    """One check: `name`, `verdict` (pass, fail, inconclusive), the phrase's key and its numbers."""

    name: str
    verdict: str
    reason: str
    values: dict[str, Any] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`."""
        comma = "、" if lang == "zh" else ", "
        told = {name: comma.join(value) if isinstance(value, tuple) else value for name, value in self.values.items()}
        return say(f"impact_check.{self.reason}", lang, **told)

    def as_json(self, lang: str = "en") -> dict[str, Any]:
        """Return name, verdict and sentences."""
        return {"name": self.name, "verdict": self.verdict, "text": self.text(lang), "text_zh": self.text("zh")}


@dataclass(frozen=True)
class Series:
    """One series with its grid and what was asked: what a check needs to fit again."""

    grid: Grid
    options: Options
    steps: np.ndarray
    values: Array
    exposure: Array | None
    family: str

    def design(self, options: Options | None = None) -> Design:
        """Return the design under other options."""
        return make_design(self.grid, options or self.options, self.steps)


def point_estimates(design: Design, series: Series) -> Array:
    """Return classical point estimates (k,) of a design, to compare variants of the model."""
    values = series.values[design.keep]
    exposure = None if series.exposure is None else series.exposure[design.keep]
    if series.family in ("poisson", "quasipoisson"):
        return poisson(design, values, exposure, quasi=False).beta
    return np.linalg.lstsq(design.matrix, linked(values, exposure, series.family), rcond=None)[0]


def length(series: Series, design: Design) -> Check:
    """Is the series long enough, and without gaps?"""
    gaps = series.grid.gaps(series.steps)
    before, after = int((~design.after).sum()), int(design.after.sum())
    numbers = {
        "points": before + after,
        "before": before,
        "after": after,
        "gaps": len(gaps),
        "list": ", ".join(str(gap) for gap in gaps[:6]) + (" …" if len(gaps) > 6 else ""),
    }
    if before + after < SHORTEST or min(before, after) < SHORTEST_SIDE:
        return Check("length_and_gaps", "fail", "length_fail", numbers)
    if gaps:
        return Check("length_and_gaps", "inconclusive", "length_gaps", numbers)
    if before + after < 36:
        return Check("length_and_gaps", "inconclusive", "length_short", numbers)
    return Check("length_and_gaps", "pass", "length_pass", numbers)


def autocorrelation(design: Design, fit: Fit) -> Check:
    """Are the residuals autocorrelated beyond what the inference used allows for?"""
    from statsmodels.stats.diagnostic import acorr_ljungbox

    residuals = fit.reference.residuals
    lags = max(1, min(10, residuals.size // 5))
    p_value = float(acorr_ljungbox(residuals, lags=[lags])["lb_pvalue"].iloc[0])
    numbers = {"p": show_p(p_value), "lags": lags, "persistence": f"{fit.persistence:.2f}".replace("-", "−")}
    allows = fit.covariance is None or fit.inference.split()[0] in ("prais-winsten", "gls-ar")
    if allows:
        high = fit.persistence >= PERSISTENT
        return Check(
            "residual_autocorrelation",
            "inconclusive" if high else "pass",
            "autocorrelation_high" if high else "autocorrelation_allowed",
            numbers,
        )
    if p_value < 0.05:
        return Check("residual_autocorrelation", "fail", "autocorrelation_fail", numbers)
    return Check("residual_autocorrelation", "pass", "autocorrelation_pass", numbers)


def _placebo_starts(first: int, last: int) -> list[int]:
    room = last - first + 1 - 2 * SHORTEST_SIDE
    if room < 0:
        return []
    return sorted({first + SHORTEST_SIDE + round(room * share) for share in (0.0, 0.5, 1.0)})


def placebo(series: Series, design: Design) -> Check:
    """Do dates before the policy, where nothing happened, show an "effect" too? (Bonferroni over the dates tried.)"""
    early = series.steps[design.keep] < design.starts[0]
    steps = series.steps[design.keep][early]
    starts = _placebo_starts(int(steps.min()), int(steps.max())) if steps.size else []
    if not starts or _unlogged(series):
        return Check("placebo_dates", "inconclusive", "placebo_none", {"needed": 2 * SHORTEST_SIDE})
    exposure = None if series.exposure is None else series.exposure[design.keep][early]
    values = linked(series.values[design.keep][early], exposure, "gaussian" if series.family == "gaussian" else "log")
    smallest = min(_placebo_p(steps, values, start) for start in starts)
    bound = min(1.0, smallest * len(starts))
    word = "fail" if bound < 0.05 else "pass"
    dates = tuple(str(series.grid.label(start)) for start in starts)
    return Check("placebo_dates", word, f"placebo_{word}", {"dates": dates, "count": len(starts), "p": show_p(bound)})


def _placebo_p(steps: np.ndarray, values: Array, start: int) -> float:
    after = (steps >= start).astype(float)
    matrix = np.column_stack([np.ones(steps.size), steps - start, after])
    table = mixture_table(project(matrix, steps, np.array([[0.0, 0.0, 1.0]])), 16, 8, np.array([LEVEL_TILT]))
    return float(mixture(table, values[:, None], interval=False).p_value[0, 0])


def _unlogged(series: Series) -> bool:
    return series.family != "gaussian" and bool(series.values.min() <= 0)


def curvature(series: Series, design: Design) -> Check:
    """Is the trend before the date straight? The counterfactual is its continuation."""
    early = series.steps[design.keep] < design.starts[0]
    steps = series.steps[design.keep][early]
    if steps.size < 12 or _unlogged(series):
        return Check("pre_trend", "inconclusive", "pre_trend_none", {"points": int(steps.size)})
    exposure = None if series.exposure is None else series.exposure[design.keep][early]
    values = linked(series.values[design.keep][early], exposure, "gaussian" if series.family == "gaussian" else "log")
    centred = steps - steps.mean()
    matrix = np.column_stack([np.ones(steps.size), centred, centred**2])
    table = mixture_table(project(matrix, steps, np.array([[0.0, 0.0, 1.0]])), 16, 8)
    p_value = float(mixture(table, values[:, None], interval=False).p_value[0, 0])
    return Check(
        "pre_trend",
        "fail" if p_value < 0.05 else "pass",
        "pre_trend_fail" if p_value < 0.05 else "pre_trend_pass",
        {"p": show_p(p_value)},
    )


def leave_one_out(series: Series, design: Design, fit: Fit) -> Check:
    """Does the level change hang on one point? Least squares again without each point in turn."""
    at = design.names.index("level")
    values = series.values[design.keep]
    exposure = None if series.exposure is None else series.exposure[design.keep]
    scale = "gaussian" if series.family == "gaussian" else "log"
    if scale == "log" and values.min() <= 0:
        return Check("leave_one_out", "inconclusive", "leave_one_out_none")
    logs = linked(values, exposure, scale)
    found = deleted(design.matrix, logs)[:, at]
    whole = float(np.linalg.lstsq(design.matrix, logs, rcond=None)[0][at])
    move = found[np.isfinite(found)] - whole
    worst = int(np.nanargmax(np.abs(found - whole)))
    error = float(fit.estimates.main.std_error[at, 0])
    numbers = {
        "low": effect(series.family, whole + move.min()),
        "high": effect(series.family, whole + move.max()),
        "whole": effect(series.family, whole),
        "time": series.grid.label(int(design.steps[worst])),
    }
    if whole != 0 and np.any(np.sign(whole + move) != np.sign(whole)):
        sure = abs(whole) > 2 * error
        return Check("leave_one_out", "fail" if sure else "inconclusive", "leave_one_out_fail", numbers)
    if np.abs(move).max() > error:
        return Check("leave_one_out", "inconclusive", "leave_one_out_move", numbers)
    return Check("leave_one_out", "pass", "leave_one_out_pass", numbers)


def deleted(matrix: Array, values: Array) -> Array:
    """Return least-squares coefficients (n, k) with each point left out, by the deletion formula.

    beta(−i) = beta − (X'X)^-1 x_i e_i / (1 − h_i); NaN where a point alone determines a coefficient (h_i = 1).
    """
    pseudo = np.linalg.pinv(matrix)
    beta = pseudo @ values
    hat = np.einsum("ij,ji->i", matrix, pseudo)
    residual = values - matrix @ beta
    gain = np.where(hat < 1 - 1e-9, residual / np.where(hat < 1 - 1e-9, 1 - hat, 1.0), np.nan)
    return beta - (pseudo * gain).T


def _compare(name: str, series: Series, design: Design, fit: Fit, other: Options, reason: str) -> Check:
    at = design.names.index("level")
    error = float(fit.estimates.main.std_error[at, 0])
    own = float(point_estimates(design, series)[at])
    try:
        changed = series.design(other)
        project(changed.matrix, changed.steps, np.eye(changed.matrix.shape[1]))
        value = float(point_estimates(changed, series)[changed.names.index("level")])
    except np.linalg.LinAlgError:
        return Check(name, "inconclusive", f"{reason}_none")
    ratio = abs(value - own) / error if error > 0 else np.inf
    word = "pass" if ratio <= 1 else "inconclusive" if ratio <= 2 else "fail"
    return Check(
        name,
        word,
        f"{reason}_{'pass' if word == 'pass' else 'move'}",
        {"own": effect(series.family, own), "other": effect(series.family, value), "ratio": f"{ratio:.1f}"},
    )


def seasonality(series: Series, design: Design, fit: Fit) -> Check:
    """Does the level change depend on how the seasons are modelled?"""
    options = series.options
    plain = not (options.harmonics or options.month_dummies or options.spring_festival)
    if plain and (series.grid.unit not in ("month", "number") or design.steps.size < 36 or options.period < 4):
        return Check("seasonality", "inconclusive", "season_none")
    changes = {"harmonics": 2} if plain else {"harmonics": 0, "month_dummies": False, "spring_festival": False}
    other = Options(**{**options.__dict__, **changes})
    return _compare("seasonality", series, design, fit, other, "season")


def excluded(series: Series, design: Design, fit: Fit) -> Check | None:
    """Does the level change depend on the windows left out? None where nothing was left out."""
    if bool(design.keep.all()):
        return None
    other = Options(**{**series.options.__dict__, "exclude": (), "anticipation": 0, "phase_in": 0})
    if _unlogged(series):
        return Check("excluded_windows", "inconclusive", "excluded_none")
    return _compare("excluded_windows", series, design, fit, other, "excluded")


def dispersion(fit: Fit) -> Check | None:
    """Do counts scatter more than Poisson allows? None for other families."""
    if fit.reference.dispersion is None:
        return None
    value = fit.reference.dispersion
    numbers = {"value": f"{value:.2f}"}
    if fit.family == "quasipoisson" or value <= 1.5:
        return Check("dispersion", "pass", "dispersion_pass", numbers)
    return Check("dispersion", "fail", "dispersion_fail", numbers)


def run_checks(series: Series, design: Design, fit: Fit) -> tuple[Check, ...]:
    """Return every check that applies to an interrupted time series."""
    made = [
        length(series, design),
        autocorrelation(design, fit),
        placebo(series, design),
        curvature(series, design),
        leave_one_out(series, design, fit),
        seasonality(series, design, fit),
        excluded(series, design, fit),
        dispersion(fit),
    ]
    return tuple(check for check in made if check is not None)
