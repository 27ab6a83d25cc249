"""Noise, monthly frames and designs that the impact tests share, each with its seed."""

from __future__ import annotations

import numpy as np
import pandas as pd


def ar1(n: int, rho: float, seed: int, series: int = 1) -> np.ndarray:
    """Stationary AR(1) noise (n, series) with unit innovations."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal((n, series))
    out[0] /= np.sqrt(1 - rho**2)
    for t in range(1, n):
        out[t] += rho * out[t - 1]
    return out


def monthly(values: np.ndarray, first: str = "2018-01", name: str = "value") -> pd.DataFrame:
    """A frame of months and values."""
    months = pd.period_range(first, periods=len(values), freq="M").astype(str)
    return pd.DataFrame({"month": months, name: values})


def setup(n: int = 30, start: int = 15, gaps: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, a level-and-slope design and its contrasts level, slope, cumulative."""
    steps = np.array([t for t in range(n) if t not in gaps])
    after = (steps >= start).astype(float)
    design = np.column_stack([np.ones(steps.size), steps - start, after, after * (steps - start)])
    m = after.sum()
    contrasts = np.array([[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, m, (after * (steps - start)).sum()]], dtype=float)
    return steps, design, contrasts
