"""Seeded draws of what is not known exactly: the weighted cut, a round's cut, ratios within bounds.

Every input has a stream of its own, seeded by (seed, name): adding an input does not alter the others' draws,
and the same seed gives the same figures.
"""
from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
DRAWS = 20_000
SEED = 20260101
LEVEL = 0.90


@dataclass(frozen=True)
class Predictive:
    """A predictive t distribution fitted to `n` values on a transformed scale.

    For n values x with mean m and standard deviation s, a further value is m + s·sqrt(1 + 1/n)·t(n−1)
    (normal model, flat prior on m and log s).
    """

    mean: float
    scale: float
    degrees: int

    @classmethod
    def fit(cls, values: Sequence[float] | Floats) -> Predictive:
        """Fit to at least three values on the transformed scale."""
        x = np.asarray(values, dtype=float)
        if x.size < 3:
            raise ValueError(f"a predictive distribution needs at least three values, got {x.size}")
        return cls(float(x.mean()), float(x.std(ddof=1) * np.sqrt(1 + 1 / x.size)), int(x.size - 1))

    def quantile(self, u: Floats, upper: float | Floats = np.inf) -> Floats:
        """Return quantiles at `u` of the distribution truncated to values below `upper`."""
        limit = stats.t.cdf((np.asarray(upper) - self.mean) / self.scale, self.degrees)
        return np.asarray(self.mean + self.scale * stats.t.ppf(u * limit, self.degrees))


def uniforms(name: str, seed: int = SEED, size: int = DRAWS) -> Floats:
    """Return the stream of uniform numbers of the input `name`."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())]).random(size)


def weighted_cut(mean_cut: float | Floats, ratio: Predictive, u: Floats) -> Floats:
    """Return draws of the spending-weighted cut d_w given the published mean cut d.

    log(d_w / d) follows the predictive distribution `ratio`; d_w < 1 (a price does not fall by more than all of it).
    """
    log_cut = np.log(mean_cut)
    return np.exp(log_cut + ratio.quantile(u, upper=-log_cut))


def logit(share: Floats) -> Floats:
    """Return log(p / (1 − p))."""
    return np.log(share) - np.log1p(-share)


def expit(value: Floats) -> Floats:
    """Return the inverse of `logit`."""
    return 1 / (1 + np.exp(-value))


def interval(draws: Floats, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (median, lower, upper) of the central interval."""
    tail = (1 - level) / 2
    middle, low, high = np.quantile(draws, [0.5, tail, 1 - tail])
    return float(middle), float(low), float(high)


def significant(value: float, digits: int = 3) -> Decimal:
    """Round to significant digits, once: an estimate is shown with no more digits than it has."""
    number = Decimal(repr(float(value)))
    if number.is_zero():
        return Decimal(0)
    rounded = round(number, digits - 1 - number.adjusted())
    return tidy(rounded)


def tidy(number: Decimal) -> Decimal:
    """Return the same number without an exponent and without trailing zeros after the point."""
    text = f"{number:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
