"""Bilateral index formulas on matched products: prices and quantities of two periods in, one ratio out.

Every function takes four float arrays of one length, `p0, q0` of the base and `p1, q1` of the other period, all above
zero. A quantity index is the same formula with prices and quantities exchanged. Source: Balk (2008), Price and Quantity
Index Numbers; PPI Manual (IMF 2004), chapters 15-17.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Array = np.ndarray
Formula = Callable[[Array, Array, Array, Array], float]


def log_mean(a: Array | float, b: Array | float) -> Array:
    """Return the logarithmic mean L(a, b) = (a − b) / ln(a / b), with L(a, a) = a; stable where a is near b."""
    first, second = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    step = (first - second) / second
    same, near = step == 0, np.abs(step) < 0.5
    # log1p keeps the digits where a is near b, the plain logarithm where they are far apart
    logs = np.where(near, np.log1p(np.where(same | ~near, 1.0, step)), np.log(first / second))
    return np.where(same, first, (first - second) / np.where(same, 1.0, logs))


def _weighted_log(weights: Array, p0: Array, p1: Array) -> float:
    return float(np.exp(np.sum(weights * np.log(p1 / p0))))


def _shares(p: Array, q: Array) -> Array:
    value = p * q
    return value / value.sum()


def laspeyres(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return Σ p1·q0 / Σ p0·q0: today's prices of the base period's basket (拉氏)."""
    return float(np.sum(p1 * q0) / np.sum(p0 * q0))


def paasche(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return Σ p1·q1 / Σ p0·q1: today's basket at both prices (派氏)."""
    return float(np.sum(p1 * q1) / np.sum(p0 * q1))


def fisher(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return the geometric mean of Laspeyres and Paasche (费雪)."""
    return float(np.sqrt(laspeyres(p0, q0, p1, q1) * paasche(p0, q0, p1, q1)))


def tornqvist(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return exp Σ ½(s0 + s1)·ln(p1 / p0), s the shares of spending (汤氏)."""
    return _weighted_log((_shares(p0, q0) + _shares(p1, q1)) / 2, p0, p1)


def walsh(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return Σ p1·√(q0·q1) / Σ p0·√(q0·q1)."""
    middle = np.sqrt(q0 * q1)
    return float(np.sum(p1 * middle) / np.sum(p0 * middle))


def marshall_edgeworth(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return Σ p1·(q0 + q1) / Σ p0·(q0 + q1)."""
    return float(np.sum(p1 * (q0 + q1)) / np.sum(p0 * (q0 + q1)))


def vartia1(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return Vartia I (LMDI-I): exp Σ L(v1, v0)/L(V1, V0)·ln(p1 / p0); price × quantity is the value ratio exactly."""
    v0, v1 = p0 * q0, p1 * q1
    return _weighted_log(log_mean(v1, v0) / log_mean(v1.sum(), v0.sum()), p0, p1)


def sato_vartia(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return Sato-Vartia (Vartia II): as Vartia I with weights L(s1, s0) scaled to add up to one."""
    weights = log_mean(_shares(p1, q1), _shares(p0, q0))
    return _weighted_log(weights / weights.sum(), p0, p1)


def geometric_laspeyres(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return exp Σ s0·ln(p1 / p0): the base period's shares as weights."""
    return _weighted_log(_shares(p0, q0), p0, p1)


def geometric_paasche(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return exp Σ s1·ln(p1 / p0): the other period's shares as weights."""
    return _weighted_log(_shares(p1, q1), p0, p1)


def jevons(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return the geometric mean of the price ratios, without weights."""
    return _weighted_log(np.full(len(p0), 1 / len(p0)), p0, p1)


def carli(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return the arithmetic mean of the price ratios, without weights: 1 − Carli is the "average cut" of a notice."""
    return float(np.mean(p1 / p0))


def dutot(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
    """Return the ratio of the mean prices; depends on the unit in which each product is priced."""
    return float(np.mean(p1) / np.mean(p0))


WEIGHTED: Mapping[str, Formula] = {
    "laspeyres": laspeyres,
    "paasche": paasche,
    "fisher": fisher,
    "tornqvist": tornqvist,
    "walsh": walsh,
    "marshall_edgeworth": marshall_edgeworth,
    "vartia1": vartia1,
    "sato_vartia": sato_vartia,
    "geometric_laspeyres": geometric_laspeyres,
    "geometric_paasche": geometric_paasche,
}
PRICE_FORMULAS: Mapping[str, Formula] = {**WEIGHTED, "jevons": jevons, "carli": carli, "dutot": dutot}
"""Every price index by the name used in the JSON."""


def _exchanged(formula: Formula) -> Formula:
    def quantity(p0: Array, q0: Array, p1: Array, q1: Array) -> float:
        """Return the quantity index: the formula with prices and quantities exchanged."""
        return formula(q0, p0, q1, p1)

    return quantity


QUANTITY_FORMULAS: Mapping[str, Formula] = {name: _exchanged(formula) for name, formula in WEIGHTED.items()}
"""Quantity indices; the unweighted formulas are left out: a plain mean over tablets and vials means nothing."""
