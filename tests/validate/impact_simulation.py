"""Simulated series without and with an effect: sizes, power and coverage of the default inference.

A cell is a noise process × design (n, break, harmonics). Each cell has its own seed, so that a subset of cells gives
the numbers of the whole table. Coverage of a 95 % interval is 1 − size: zero lies outside the interval exactly where
p < .05 (tested), and adding an effect moves estimate and interval alike.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vbp.impact import kenward, mixture
from vbp.impact.kernel import Array, project

CONTRASTS = ("level", "slope", "cumulative")
CORE = ("ar0", "ar.2", "ar.4", "ar.6", "ar.8", "ar2(.5,.3)", "ar2(.6,-.3)", "ma.5", "ar.8+noise", "t4", "skewed")
BEYOND = ("ar.9", "random walk", "local level")
ORACLE_SHIFT = 2.8015852  # standard errors of the oracle at which its two-sided 5 % z test has power .80


@dataclass(frozen=True)
class Cell:
    """One cell: noise process, points, share of points before the break, pairs of harmonics of period 12."""

    process: str
    n: int
    share: float
    harmonics: int

    @property
    def start(self) -> int:
        return round(self.n * self.share)

    @property
    def seed(self) -> int:
        return zlib.crc32(f"{self.process}|{self.n}|{self.share:.4f}|{self.harmonics}".encode())


def cells(processes: Iterable[str] = CORE + BEYOND, lengths: Iterable[int] = (24, 36, 48, 60)) -> Iterator[Cell]:
    """Every cell of the issue's table."""
    for process, n, share, harmonics in itertools.product(processes, lengths, (1 / 3, 1 / 2, 2 / 3), (0, 2)):
        yield Cell(process, n, share, harmonics)


def design(cell: Cell) -> tuple[Array, Array]:
    """The design (n, k), written out independently of the library, and the contrasts (3, k)."""
    t = np.arange(cell.n)
    after = (t >= cell.start).astype(float)
    columns = [np.ones(cell.n), t - cell.start, after, after * (t - cell.start)]
    for k in range(1, cell.harmonics + 1):
        columns += [np.sin(2 * np.pi * k * t / 12), np.cos(2 * np.pi * k * t / 12)]
    m = cell.n - cell.start
    contrasts = np.zeros((3, len(columns)))
    contrasts[0, 2] = contrasts[1, 3] = 1
    contrasts[2, 2:4] = m, m * (m - 1) / 2
    return np.column_stack(columns), contrasts


def _ar(rho: float, shocks: Array) -> Array:
    out = np.empty_like(shocks)
    out[0] = shocks[0] / np.sqrt(1 - rho**2)
    for t in range(1, len(shocks)):
        out[t] = rho * out[t - 1] + shocks[t]
    return out


def _ar2(phi1: float, phi2: float, shocks: Array) -> Array:
    out = np.zeros_like(shocks)
    for t in range(len(shocks)):
        out[t] = shocks[t] + (phi1 * out[t - 1] if t else 0) + (phi2 * out[t - 2] if t > 1 else 0)
    return out[100:]


def noise(process: str, n: int, series: int, rng: np.random.Generator) -> Array:
    """Noise (n, series) of a process; scale does not matter to any method here."""
    shocks = rng.standard_normal((n, series))
    if process.startswith("ar2("):
        phi = [float(part) for part in process[4:-1].split(",")]
        return _ar2(phi[0], phi[1], rng.standard_normal((n + 100, series)))
    if process == "ma.5":
        more = rng.standard_normal((n + 1, series))
        return more[1:] + 0.5 * more[:-1]
    if process == "ar.8+noise":
        return _ar(0.8, shocks) * np.sqrt(1 - 0.64) + rng.standard_normal((n, series))
    if process == "t4":
        return _ar(0.6, rng.standard_t(4, (n, series)))
    if process == "skewed":
        return _ar2(0.4, 0.0, rng.exponential(1, (n + 100, series)) - 1)
    if process == "random walk":
        return np.cumsum(shocks, axis=0)
    if process == "local level":
        return np.cumsum(np.sqrt(0.1) * shocks, axis=0) + rng.standard_normal((n, series))
    return _ar(float(process[2:]), shocks)


def oracle_error(cell: Cell) -> Array | None:
    """Standard errors (3,) of the contrasts by GLS with the true AR(1) correlation; None for other processes."""
    if cell.process not in ("ar0", "ar.4", "ar.8"):
        return None
    matrix, contrasts = design(cell)
    rho = float(cell.process[2:])
    t = np.arange(cell.n)
    inverse = np.linalg.inv(rho ** np.abs(np.subtract.outer(t, t)) / (1 - rho**2))
    return np.sqrt(np.diag(contrasts @ np.linalg.inv(matrix.T @ inverse @ matrix) @ contrasts.T))


def p_values(cell: Cell, series: int) -> dict[str, Array]:
    """p-values (3, series) of mixture and Kenward–Roger without an effect, and with the oracle's 80 % effect."""
    matrix, contrasts = design(cell)
    projection = project(matrix, np.arange(cell.n), contrasts)
    mix = mixture.mixture_table(projection, tilt=np.array([mixture.LEVEL_TILT, mixture.TILT, mixture.TILT]))
    kr = kenward.kenward_table(projection)
    values = noise(cell.process, cell.n, series, np.random.default_rng(cell.seed))
    error = oracle_error(cell)
    found = {name: [] for name in ("mixture", "kr", "mixture_power", "kr_power")}
    for start in range(0, series, mixture.CHUNK):
        part = values[:, start : start + mixture.CHUNK]
        batch = mixture._batch(mix, part)
        found["mixture"].append(_mixture_p(batch, np.zeros(3)))
        fit = kenward.kenward(kr, part)
        found["kr"].append(fit.p_value)
        if error is not None:
            # an effect moves every node's estimate by itself and leaves the residuals alone
            shift = ORACLE_SHIFT * error
            found["mixture_power"].append(_mixture_p(batch, shift))
            half = (fit.high - fit.low) / 2
            found["kr_power"].append(np.where(np.abs(fit.estimate + shift[:, None]) > half, 0.0, 1.0))
    return {name: np.concatenate(parts, axis=1) for name, parts in found.items() if parts}


def _mixture_p(batch: mixture._Batch, effect: Array) -> Array:
    """The mixture's p-values (3, N) with an effect (3,) added to each contrast by itself."""
    out = np.empty((3, batch.ols.shape[1]))
    for rows, pairs in batch.by_tilt():
        out[rows] = mixture._p_value(replace(pairs, centre=pairs.centre + effect[rows][:, None]))
    return out


def measure(cell: Cell, series: int) -> list[dict[str, object]]:
    """One row a contrast: rejection rates at 5 % (size, both tests, power of each)."""
    p = p_values(cell, series)
    rows = []
    for at, contrast in enumerate(CONTRASTS):
        reject = {name: value[at] < 0.05 for name, value in p.items()}
        row = {
            "process": cell.process,
            "n": cell.n,
            "break": f"{cell.share:.2f}",
            "harmonics": cell.harmonics,
            "contrast": contrast,
            "series": series,
            "size": reject["mixture"].mean(),
            "kr": reject["kr"].mean(),
            "both": (reject["mixture"] & reject["kr"]).mean(),
            "size_01": (p["mixture"][at] < 0.01).mean(),
        }
        if "kr_power" in reject:
            row |= {
                "power": reject["mixture_power"].mean(),
                "kr_power": reject["kr_power"].mean(),
                "both_power": (reject["mixture_power"] & reject["kr_power"]).mean(),
            }
        rows.append(row)
    return rows


def table(chosen: Iterable[Cell], series: int) -> pd.DataFrame:
    """The rows of every chosen cell."""
    return pd.DataFrame([row for cell in chosen for row in measure(cell, series)])
