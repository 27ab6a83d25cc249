"""Event study of a difference-in-differences, and the test of parallel trends before the date."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from vbp.impact import permute
from vbp.impact.checks import Check
from vbp.impact.kernel import Array
from vbp.impact.panel import NEVER, Panel, residualise
from vbp.impact.verdict import show_p

LARGEST = 4_000_000
"""Cells × coefficients up to which clustered errors of every coefficient are computed."""


def event_study(panel: Panel, effects: Array | None = None) -> pd.DataFrame:
    """Return effects by time since the start: relative_time, estimate, std_error, ci_low, ci_high, units.

    Parameters
    ----------
    effects : imputed effects (N, T) where units start at several dates: their means by relative time; without them
        two-way fixed effects with the last time before the date as reference, errors clustered by unit.
    """
    if effects is not None:
        return _imputed_by_time(panel, effects)
    reference = int(np.flatnonzero(~panel.post)[-1])
    others = [at for at in range(panel.times.size) if at != reference]
    seen = panel.seen
    columns = []
    for at in others:
        column = np.zeros(seen.shape)
        column[:, at] = panel.treated
        columns.append(residualise(seen, np.where(seen, column, 0.0)))
    design = np.stack(columns, axis=2)
    values = residualise(seen, panel.values)
    flat = design.reshape(-1, len(others))
    bread = np.linalg.pinv(flat.T @ flat, hermitian=True)
    beta = bread @ (flat.T @ values.ravel())
    error = _clustered(design, values, beta, bread) if flat.size <= LARGEST else np.full(beta.size, np.nan)
    return _frame(panel, others, beta, error)


def _clustered(design: Array, values: Array, beta: Array, bread: Array) -> Array:
    scores = np.einsum("ntk,nt->nk", design, values - design @ beta)
    groups = design.shape[0]
    middle = scores.T @ scores * groups / (groups - 1)
    return np.sqrt(np.maximum(np.diag(bread @ middle @ bread), 0.0))


def _frame(panel: Panel, others: list[int], beta: Array, error: Array) -> pd.DataFrame:
    start = int(panel.times[panel.post][0])
    half = float(stdtrit(len(panel.units) - 1, 0.975)) * error
    return pd.DataFrame(
        {
            "relative_time": [int(panel.times[at]) - start for at in others],
            "estimate": beta,
            "std_error": error,
            "ci_low": beta - half,
            "ci_high": beta + half,
            "units": [int(np.isfinite(panel.values[panel.treated, at]).sum()) for at in others],
        }
    )


def _imputed_by_time(panel: Panel, effects: Array) -> pd.DataFrame:
    since = np.where((panel.start < NEVER)[:, None], panel.times - panel.start[:, None], -1)
    rows = []
    for relative in np.unique(since[np.isfinite(effects)]):
        values = effects[np.isfinite(effects) & (since == relative)]
        error = values.std(ddof=1) / np.sqrt(values.size) if values.size > 1 else np.nan
        half = 1.96 * error
        rows.append(
            {
                "relative_time": int(relative),
                "estimate": float(values.mean()),
                "std_error": float(error),
                "ci_low": float(values.mean() - half),
                "ci_high": float(values.mean() + half),
                "units": int(values.size),
            }
        )
    return pd.DataFrame(rows, columns=["relative_time", "estimate", "std_error", "ci_low", "ci_high", "units"])


def unit_slopes(panel: Panel) -> Array:
    """Return each unit's own linear trend before the earliest date (N,); NaN with fewer than two values."""
    early = ~panel.post
    seen, times = panel.seen[:, early], panel.times[early].astype(float)
    values = np.where(seen, panel.values[:, early], 0.0)
    count = np.maximum(seen.sum(axis=1), 1)
    centred = np.where(seen, times - (seen * times).sum(axis=1, keepdims=True) / count[:, None], 0.0)
    spread = (centred**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, (centred * values).sum(axis=1) / spread, np.nan)


def pre_trend(panel: Panel, inference: str) -> Check:
    """Test whether treated and control units had the same linear trend before the earliest date.

    One number a unit, its own slope: Welch's test where groups are large, permutation over units where they are not.
    """
    slopes = unit_slopes(panel)
    known = np.isfinite(slopes)
    treated, slopes = panel.treated[known], slopes[known]
    if not treated.any() or treated.all() or slopes.size < 3:
        return Check("pre_trend", "inconclusive", "parallel_none")
    if inference == "permutation":
        return _permuted_trend(treated, slopes)
    one, two = slopes[treated], slopes[~treated]
    part = [side.var(ddof=1) / side.size for side in (one, two)]
    if sum(part) <= 0:
        return Check("pre_trend", "pass", "parallel_pass", {"p": "1.000"})
    df = sum(part) ** 2 / sum(p**2 / (side.size - 1) for p, side in zip(part, (one, two), strict=True))
    p_value = float(2 * stdtr(df, -abs(one.mean() - two.mean()) / np.sqrt(sum(part))))
    return _trend_verdict(p_value)


def _permuted_trend(treated: np.ndarray, slopes: Array) -> Check:
    made = permute.assignments(treated)
    means = made.rows @ slopes / made.rows.sum(axis=1)
    rest = (1 - made.rows) @ slopes / (1 - made.rows).sum(axis=1)
    if made.smallest_p > 0.05:
        return Check("pre_trend", "inconclusive", "parallel_coarse", {"smallest": f"{made.smallest_p:.3g}"})
    return _trend_verdict(permute.p_value(means - rest))


def _trend_verdict(p_value: float) -> Check:
    fails = p_value < 0.05
    return Check(
        "pre_trend", "fail" if fails else "pass", "parallel_fail" if fails else "parallel_pass", {"p": show_p(p_value)}
    )
