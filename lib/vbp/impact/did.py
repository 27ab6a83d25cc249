"""Difference-in-differences: means of four cells, two-way fixed effects, event study, imputation for several dates.

Inference is clustered by unit where both groups are large, and by permutation over units where either is small.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from vbp.errors import UsageError, unknown
from vbp.impact import permute
from vbp.impact.checks import Check
from vbp.impact.event import event_study, pre_trend
from vbp.impact.kernel import Array
from vbp.impact.panel import NEVER, Panel, demean, read_panel, residualise, time_inverse, two_way
from vbp.impact.verdict import show_p
from vbp.words import say

ESTIMATORS = ("auto", "cells", "two-way", "imputation")
INFERENCES = ("auto", "cluster", "permutation", "wild-cluster")
FEW = 12
"""Fewer treated or control units than this: permutation instead of clustered errors."""
Statistic = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class DidResult:
    """The result of a difference-in-differences.

    `std_error` is clustered by unit, or under permutation the standard deviation of the estimate over all assignments;
    `smallest_possible_p` is given under permutation; interval ends may be infinite where the design cannot reject.
    """

    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    smallest_possible_p: float | None
    estimator: str
    inference: str
    cells: pd.DataFrame
    event: pd.DataFrame
    treated_units: int
    control_units: int
    alternatives: dict[str, float]
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> str:
        """Return supported, inconclusive or not_assessable (the design cannot reach 5 %)."""
        if self.smallest_possible_p is not None and self.smallest_possible_p > 0.05:
            return "not_assessable"
        failed = any(check.name == "pre_trend" and check.verdict == "fail" for check in self.checks)
        return "supported" if self.p_value <= 0.05 and not failed else "inconclusive"

    @property
    def _way(self) -> str:
        first = self.inference.split()[0]
        return {"clustered": "cluster"}.get(first, first)

    @property
    def table(self) -> pd.DataFrame:
        """Return the cells: group, period, mean, std_error, n."""
        return self.cells

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return the keys of the assumptions (group `impact_assumption`)."""
        last = "did_permutation" if self.smallest_possible_p is not None else "did_cluster"
        return "did_parallel", "did_no_spillover", last

    def text(self, lang: str = "zh") -> str:
        """Return the result in words."""
        from vbp.impact.speak import number

        parts = [
            say(
                "impact_did.estimate",
                lang,
                estimate=number(self.estimate),
                p=show_p(self.p_value),
                inference=say(f"impact_did.{self._way}", lang),
            )
        ]
        if math.isfinite(self.ci_low) and math.isfinite(self.ci_high):
            parts.append(say("impact_did.interval", lang, low=number(self.ci_low), high=number(self.ci_high)))
        smallest = f"{self.smallest_possible_p:.3g}" if self.smallest_possible_p else ""
        parts.append(say(f"impact_did.{self.verdict}", lang, smallest=smallest))
        parts += [check.text(lang) for check in self.checks if check.verdict == "fail"]
        parts += [say(f"impact_assumption.{key}", lang) for key in self.assumptions]
        return ("" if lang == "zh" else " ").join(parts)

    def as_json(self) -> dict[str, Any]:
        """Return the document that `vbp did --json` prints."""
        document: dict[str, Any] = {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "p_value": self.p_value,
            "inference": self.inference,
            "estimator": self.estimator,
            "verdict": self.verdict,
            "cells": self.cells.to_dict("records"),
            "treated_units": self.treated_units,
            "control_units": self.control_units,
            "alternatives": self.alternatives,
            "event_study": self.event.to_dict("records"),
            "checks": [check.as_json() for check in self.checks],
            "text": {"zh": self.text("zh"), "en": self.text("en")},
        }
        if self.smallest_possible_p is not None:
            document["smallest_possible_p"] = self.smallest_possible_p
        return document


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


def _mean(values: Array) -> float:
    found = values[np.isfinite(values)]
    return float(found.mean()) if found.size else float("nan")


def _jackknife(panel: Panel) -> float:
    """Return the delete-one-unit standard error of the imputation estimator."""
    keep = np.ones(len(panel.units), dtype=bool)
    values = []
    for at in range(keep.size):
        keep[at] = False
        left = panel.only(keep)
        values.append(_mean(imputed(left, left.start)) if left.treated.any() else np.nan)
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
        return np.array([_mean(imputed(panel, row)) for row in rows]), made.smallest_p
    rng = np.random.default_rng(permute.SEED)
    _, counts = np.unique(panel.start, return_counts=True)
    possible = math.factorial(panel.start.size) // math.prod(math.factorial(int(count)) for count in counts)
    rows = [panel.start, *(rng.permutation(panel.start) for _ in range(draws))]
    return np.array([_mean(imputed(panel, row)) for row in rows]), 1 / min(possible, draws + 1)


@dataclass(frozen=True)
class _Answer:
    estimate: float
    error: float
    low: float
    high: float
    p: float
    smallest: float | None
    name: str


def _clustered(panel: Panel, estimator: str, estimate: float) -> _Answer:
    error = _jackknife(panel) if estimator == "imputation" else cluster_error(panel, estimator, estimate)
    df = len(panel.units) - 1
    half = float(stdtrit(df, 0.975)) * error
    p_value = max(float(2 * stdtr(df, -abs(estimate / error))), np.finfo(float).tiny) if error > 0 else 1.0
    name = "jackknife over units" if estimator == "imputation" else "clustered by unit"
    return _Answer(estimate, error, estimate - half, estimate + half, p_value, None, name)


def _permuted(panel: Panel, estimator: str) -> _Answer:
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
    return _Answer(
        float(estimates[0]),
        float(np.nanstd(estimates)),
        low,
        high,
        permute.p_value(estimates),
        smallest,
        f"permutation over {np.isfinite(estimates).sum()} assignments",
    )


def _wild(panel: Panel, estimate: float, draws: int = 9_999) -> _Answer:
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
    return _Answer(estimate, error, estimate - half, estimate + half, p_value, None, "wild cluster bootstrap by unit")


def estimate_by(panel: Panel, estimator: str) -> float:
    """Return the point estimate of an estimator by name."""
    if estimator == "imputation":
        return _mean(imputed(panel, panel.start))
    statistic = (cells_statistic if estimator == "cells" else two_way_statistic)(panel)
    return float(statistic(panel.treated[None, :].astype(float), panel.values)[0])


def _units_check(panel: Panel, smallest: float | None, possible: int) -> Check:
    numbers: dict[str, Any] = {
        "treated": int(panel.treated.sum()),
        "controls": int((~panel.treated).sum()),
        "incomplete": int((~panel.complete).sum()),
    }
    if smallest is not None and smallest > 0.05:
        return Check("units", "fail", "units_few", {"assignments": possible, "smallest": f"{smallest:.3g}"})
    if numbers["incomplete"]:
        return Check("units", "inconclusive", "units_gaps", numbers)
    return Check("units", "pass", "units_pass", numbers)


def _choose(panel: Panel, estimator: str, inference: str) -> tuple[str, str]:
    for kind, given, known in (("estimator", estimator, ESTIMATORS), ("inference", inference, INFERENCES)):
        if given not in known:
            raise UsageError(unknown(kind, given, known))
    several = np.unique(panel.start[panel.treated]).size > 1
    if estimator == "auto":
        estimator = "imputation" if several else "cells" if panel.times.size == 2 else "two-way"
    if several and estimator != "imputation":
        raise UsageError("several treatment dates need the imputation estimator (two-way effects mix early and late)")
    if inference == "auto":
        few = min(int(panel.treated.sum()), int((~panel.treated).sum())) < FEW
        inference = "permutation" if few else "cluster"
    if inference == "wild-cluster" and estimator != "two-way":
        raise UsageError("wild-cluster goes with the two-way estimator")
    return estimator, inference


def did(
    frame: pd.DataFrame,
    outcome: str,
    unit: str,
    time: str,
    treated: str,
    date: Any = None,
    *,
    cohort: str | None = None,
    estimator: str = "auto",
    inference: str = "auto",
    balanced: bool = False,
) -> DidResult:
    """Compare treated with untreated units before and after.

    Parameters
    ----------
    frame : one row a unit and time; empty values stay missing.
    treated : column of 1/0, `date` the common date; or `cohort`, a column with each unit's own date (empty: never).
    estimator : auto (cells for two times, two-way fixed effects for more, imputation for several dates) or a name.
    inference : auto (permutation where either group has fewer than 12 units, else clustered by unit) or a name.
    balanced : use units without a missing cell only.

    Raises
    ------
    InputError
        No treated or control unit, a date outside the data, values or flags that cannot be read (all listed).
    UsageError
        Unknown columns or names.
    """
    panel = read_panel(frame, outcome, unit, time, treated, date, cohort)
    panel = panel.only(panel.complete) if balanced else panel
    if not panel.treated.any() or panel.treated.all():
        from vbp.errors import InputError, Problem

        raise InputError(Problem("no treated or no control unit is complete; leave out balanced", rule="no_donors"))
    return compare(panel, estimator, inference)


def compare(panel: Panel, estimator: str = "auto", inference: str = "auto") -> DidResult:
    """Return the difference-in-differences of a panel that is read already; see `did`."""
    estimator, inference = _choose(panel, estimator, inference)
    estimate = estimate_by(panel, estimator)
    if inference == "permutation":
        answer = _permuted(panel, estimator)
    elif inference == "wild-cluster":
        answer = _wild(panel, estimate)
    else:
        answer = _clustered(panel, estimator, estimate)
    possible = math.comb(len(panel.units), int(panel.treated.sum()))
    several = np.unique(panel.start[panel.treated]).size > 1
    names = ["imputation"] if several else ["cells", "two-way", "imputation"]
    alternatives = {name: estimate_by(panel, name) for name in names if name != estimator}
    if not several and not panel.complete.all() and panel.only(panel.complete).treated.any():
        whole = panel.only(panel.complete)
        if not whole.treated.all():
            alternatives["balanced"] = estimate_by(whole, "cells")
    checks = (pre_trend(panel, inference), _units_check(panel, answer.smallest, possible))
    return DidResult(
        answer.estimate,
        answer.error,
        answer.low,
        answer.high,
        answer.p,
        answer.smallest,
        estimator,
        answer.name,
        cell_means(panel),
        event_study(panel, imputed(panel, panel.start) if several else None),
        int(panel.treated.sum()),
        int((~panel.treated).sum()),
        alternatives,
        checks,
    )
