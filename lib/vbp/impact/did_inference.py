"""How sure an estimate is: errors clustered by unit, permutation over units, the wild cluster bootstrap."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from vbp.impact import permute
from vbp.impact.did_estimators import cells_statistic, imputed, mean_of, two_way_statistic
from vbp.impact.kernel import Array
from vbp.impact.panel import NEVER, Panel, demean, residualise, time_inverse


def _jackknife(panel: Panel) -> float:
    """Return the delete-one-unit standard error of the imputation estimator."""
    keep = np.ones(len(panel.units), dtype=bool)
    values = []
    for at in range(keep.size):
        keep[at] = False
        left = panel.only(keep)
        values.append(mean_of(imputed(left, left.start)) if left.treated.any() else np.nan)
        keep[at] = True
    found = np.array(values)[np.isfinite(values)]
    return float(np.sqrt((found.size - 1) / found.size * ((found - found.mean()) ** 2).sum()))


def cluster_error(panel: Panel, estimator: str, estimate: float) -> float:
    """Return the standard error clustered by unit, with the usual factor G/(G−1)·(N−1)/(N−k)."""
    seen = panel.seen
    moves = np.where(seen, panel.treated[:, None] * panel.post[None, :], 0.0).astype(float)
    if estimator == "cells":
        columns = np.stack(
            [
                np.ones_like(moves),
                np.broadcast_to(panel.treated[:, None], moves.shape) * 1.0,
                np.broadcast_to(panel.post, moves.shape) * 1.0,
                moves,
            ],
            axis=2,
        )[seen]
        residual = panel.values[seen] - columns @ np.linalg.lstsq(columns, panel.values[seen], rcond=None)[0]
        influence = np.linalg.pinv(columns)[3] * residual
        scores = np.bincount(np.nonzero(seen)[0], influence, len(panel.units))
        parameters = 4
    else:
        within = residualise(seen, moves)
        scale = (within**2).sum()
        residual = residualise(seen, panel.values) - estimate * within
        # unit effects are nested in the clusters and do not count (as reghdfe and xtreg)
        scores, parameters = (within * residual).sum(axis=1) / scale, panel.times.size + 1
    groups, points = len(panel.units), int(seen.sum())
    factor = groups / (groups - 1) * (points - 1) / max(1, points - parameters)
    return float(np.sqrt(factor * (scores**2).sum()))


def _imputation_permuted(panel: Panel, draws: int = 999) -> tuple[Array, float]:
    """Return estimates under permuted starts, the actual first, and the smallest possible p."""
    if np.unique(panel.start[panel.treated]).size == 1:
        made = permute.assignments(panel.treated, 2_000, draws)
        first = panel.start.min()
        rows = [np.where(row > 0, first, NEVER) for row in made.rows]
        return np.array([mean_of(imputed(panel, row)) for row in rows]), made.smallest_p
    rng = np.random.default_rng(permute.SEED)
    _, counts = np.unique(panel.start, return_counts=True)
    possible = math.factorial(panel.start.size) // math.prod(math.factorial(int(count)) for count in counts)
    rows = [panel.start, *(rng.permutation(panel.start) for _ in range(draws))]
    return np.array([mean_of(imputed(panel, row)) for row in rows]), 1 / min(possible, draws + 1)


@dataclass(frozen=True)
class Answer:
    """An estimate with its error, 95 % interval, p-value, the smallest p that the design allows, and how it was inferred."""

    estimate: float
    error: float
    low: float
    high: float
    p: float
    smallest: float | None
    name: str


def clustered(panel: Panel, estimator: str, estimate: float) -> Answer:
    """Return an estimate with its error clustered by unit (of the imputation estimator: a jackknife over units)."""
    error = _jackknife(panel) if estimator == "imputation" else cluster_error(panel, estimator, estimate)
    df = len(panel.units) - 1
    half = float(stdtrit(df, 0.975)) * error
    p_value = max(float(2 * stdtr(df, -abs(estimate / error))), np.finfo(float).tiny) if error > 0 else 1.0
    name = "jackknife over units" if estimator == "imputation" else "clustered by unit"
    return Answer(estimate, error, estimate - half, estimate + half, p_value, None, name)


def permuted(panel: Panel, estimator: str) -> Answer:
    """Return the estimate against those of all other assignments of treatment to units, or of a drawn sample of them."""
    if estimator == "imputation":
        estimates, smallest = _imputation_permuted(panel)
        others = estimates[1:]
        low, high = (float(estimates[0] - np.nanquantile(others, q)) for q in (0.975, 0.025))
        if smallest > 0.05:
            low, high = -math.inf, math.inf
    else:
        statistic = (cells_statistic if estimator == "cells" else two_way_statistic)(panel)
        made = permute.assignments(panel.treated)
        estimates, smallest = statistic(made.rows, panel.values), made.smallest_p
        pull = statistic(made.rows, np.where(panel.seen, panel.treated[:, None] * panel.post[None, :] * 1.0, np.nan))
        low, high = permute.inverted_interval(estimates, pull)
    return Answer(
        float(estimates[0]),
        float(np.nanstd(estimates)),
        low,
        high,
        permute.p_value(estimates),
        smallest,
        f"permutation over {np.isfinite(estimates).sum()} assignments",
    )


def wild_cluster(panel: Panel, estimate: float, draws: int = 9_999) -> Answer:
    """Wild cluster bootstrap of the two-way estimator, effect restricted to zero, Rademacher signs by unit."""
    seen = panel.seen
    moves = residualise(seen, np.where(seen, panel.treated[:, None] * panel.post[None, :], 0.0).astype(float))
    restricted = residualise(seen, panel.values)
    scale, inverse = (moves**2).sum(), time_inverse(seen)
    signs = np.random.default_rng(permute.SEED).choice([-1.0, 1.0], (draws, seen.shape[0]))
    own = (moves * demean(seen, restricted)).sum(axis=1)
    betas = signs @ own / scale
    times = (signs @ demean(seen, restricted)) @ inverse
    scores = signs * own - times @ moves.T - betas[:, None] * (moves**2).sum(axis=1)
    ratio = betas / np.sqrt((scores**2).sum(axis=1) / scale**2)
    residual = restricted - estimate * moves
    actual = estimate / np.sqrt(((moves * residual).sum(axis=1) ** 2).sum() / scale**2)
    p_value = float((1 + (np.abs(ratio) >= abs(actual) * (1 - 1e-10)).sum()) / (draws + 1))
    error = cluster_error(panel, "two-way", estimate)
    half = float(np.quantile(np.abs(ratio), 0.95)) * error
    return Answer(estimate, error, estimate - half, estimate + half, p_value, None, "wild cluster bootstrap by unit")
