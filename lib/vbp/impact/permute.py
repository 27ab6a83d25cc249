"""Permutation inference over units: which assignments of the treatment are possible, p-value, and inverted interval.

With few treated units the unit of randomness is the unit: clustered errors with one treated of 30 reject 72 % of true
nulls. The actual assignment is always counted, so p is at least 1 / assignments and never 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vbp.impact.kernel import Array

EXACT, SAMPLED, SEED = 20_000, 9_999, 20_181_207
TIE = 1e-10


@dataclass(frozen=True)
class Assignments:
    """Indicators (C, N) of treated units, the actual one first; `exact` when all are listed; `possible` in all."""

    rows: Array
    exact: bool
    possible: int

    @property
    def smallest_p(self) -> float:
        """Return the smallest p-value that can come out."""
        return 1 / self.rows.shape[0]


def assignments(treated: np.ndarray, most: int = EXACT, sampled: int = SAMPLED) -> Assignments:
    """Return all assignments of as many treated units among N, or a random sample where there are more than `most`."""
    size, count = treated.size, int(treated.sum())
    possible = math.comb(size, count)
    actual = treated.astype(float)
    if possible <= most:
        chosen = np.array(list(itertools.combinations(range(size), count)))
        rows = np.zeros((possible, size))
        rows[np.arange(possible)[:, None], chosen] = 1.0
        own = int(np.flatnonzero((rows == actual).all(axis=1))[0])
        rows[[0, own]] = rows[[own, 0]]
        return Assignments(rows, True, possible)
    rng = np.random.default_rng(SEED)
    rows = np.stack([actual, *(rng.permuted(actual) for _ in range(sampled))])
    return Assignments(rows, False, possible)


def p_value(estimates: Array) -> float:
    """Return the share of estimates (C,) at least as far from zero as the first, which is the actual one."""
    estimates = estimates[np.isfinite(estimates)]
    size = np.abs(estimates)
    return float((size >= size[0] * (1 - TIE)).mean())


def inverted_interval(estimates: Array, pull: Array, alpha: float = 0.05) -> tuple[float, float]:
    """Return the effects that the permutation does not reject at `alpha`; infinite where it cannot reject at all.

    Parameters
    ----------
    estimates : (C,) of the data; `pull` (C,): the same statistic of the actual treatment indicator, so that under an
        effect `b` each estimate moves by −b × pull.
    """
    fine = np.isfinite(estimates) & np.isfinite(pull)
    estimates, pull = estimates[fine], pull[fine]

    def kept(effect: float) -> bool:
        return p_value(estimates - effect * pull) > alpha

    if estimates.size * alpha < 1:
        return -math.inf, math.inf
    spread = float(np.std(estimates - estimates[0] * pull)) or abs(float(estimates[0])) or 1.0
    return _end(kept, float(estimates[0]), -spread), _end(kept, float(estimates[0]), spread)


def _end(kept: Callable[[float], bool], inside: float, step: float) -> float:
    outside = inside + step
    for _ in range(40):
        if not kept(outside):
            break
        inside, outside, step = outside, outside + 2 * step, 2 * step
    else:
        return math.copysign(math.inf, step)
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(middle) else (inside, middle)
    return inside
