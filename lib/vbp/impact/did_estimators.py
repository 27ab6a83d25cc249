"""The point estimates: means of four cells, two-way fixed effects, imputation for several dates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from vbp.impact.kernel import Array
from vbp.impact.panel import Panel, demean, time_inverse, two_way

Statistic = Callable[[Array, Array], Array]
"""An estimate as a function of assignments (C, N) and values (N, T)."""


def cell_means(panel: Panel) -> pd.DataFrame:
    """Return mean, standard error (of independent cells) and count of each group × period."""
    rows = []
    for group, members in (("control", ~panel.treated), ("treated", panel.treated)):
        for period, times in (("before", ~panel.post), ("after", panel.post)):
            values = panel.values[np.ix_(members, times)]
            values = values[np.isfinite(values)]
            error = values.std(ddof=1) / np.sqrt(values.size) if values.size > 1 else np.nan
            rows.append(
                {
                    "group": group,
                    "period": period,
                    "mean": float(values.mean()) if values.size else np.nan,
                    "std_error": float(error),
                    "n": int(values.size),
                }
            )
    return pd.DataFrame(rows)


def cells_statistic(panel: Panel) -> Statistic:
    """Return the difference of the four cells' means as a function of assignments (C, N) and values (N, T)."""
    seen, post = panel.seen.astype(float), panel.post

    def mean(assigned: Array, filled: Array, times: np.ndarray) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((assigned @ filled[:, times].sum(axis=1)) / (assigned @ seen[:, times].sum(axis=1)))

    def statistic(assigned: Array, values: Array) -> Array:
        filled = np.where(panel.seen, values, 0.0)
        change = [mean(side, filled, post) - mean(side, filled, ~post) for side in (assigned, 1 - assigned)]
        return change[0] - change[1]

    return statistic


def two_way_statistic(panel: Panel) -> Statistic:
    """Return the two-way fixed-effects estimate as a function of assignments and values."""
    prepared = two_way(panel, panel.post)
    moves = demean(panel.seen, np.broadcast_to(panel.post.astype(float), panel.seen.shape))
    inverse = time_inverse(panel.seen)

    def statistic(assigned: Array, values: Array) -> Array:
        within = demean(panel.seen, values)
        g = (moves * within).sum(axis=1) - moves @ inverse @ within.sum(axis=0)
        return type(prepared)(g, prepared.h).estimates(assigned)

    return statistic


def imputed(panel: Panel, start: np.ndarray) -> Array:
    """Return y − Y(0) at treated cells (N, T), NaN elsewhere, under the starts (N,) (Borusyak, Jaravel, Spiess).

    Unit and time effects come from untreated cells only; a time or unit without such a cell stays NaN.
    """
    seen = panel.seen
    clean = seen & (panel.times < start[:, None])
    within = demean(clean, panel.values)
    effects = time_inverse(clean) @ within.sum(axis=0)
    count = clean.sum(axis=1)
    level = np.where(clean, panel.values - effects, 0.0).sum(axis=1) / np.maximum(count, 1)
    untreated = np.where(count > 0, level, np.nan)[:, None] + np.where(clean.any(axis=0), effects, np.nan)
    return np.where(seen & ~clean, panel.values - untreated, np.nan)


def mean_of(values: Array) -> float:
    """Return the mean of the values that are there, NaN where there is none."""
    found = values[np.isfinite(values)]
    return float(found.mean()) if found.size else float("nan")


def estimate_by(panel: Panel, estimator: str) -> float:
    """Return the point estimate of an estimator by name."""
    if estimator == "imputation":
        return mean_of(imputed(panel, panel.start))
    statistic = (cells_statistic if estimator == "cells" else two_way_statistic)(panel)
    return float(statistic(panel.treated[None, :].astype(float), panel.values)[0])
