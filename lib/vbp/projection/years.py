"""Simulated first years of a batch: what its hospitals would use, block by block, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vbp.projection.evidence import (
    EFFECTS,
    PRIOR_GENERIC_SD,
    PRIOR_HOSPITAL_SD,
    PRIOR_NONSELECTED,
    Evidence,
)

BLOCK = 2_000_000
"""Draws × items held at once (16 MB an array)."""
MOST = {"share": 20.0, "growth": float(np.log(10))}
"""Bounds of a draw: with one earlier batch the t distribution has a single degree of freedom and no mean."""


@dataclass(frozen=True)
class Years:
    """Draws × items: units of the winners, fen spent on the others, fen paid for the winners."""

    selected: np.ndarray
    nonselected_fen: np.ndarray
    paid_fen: np.ndarray


def years(items: pd.DataFrame, shown: Evidence, draws: int, rng: np.random.Generator) -> Iterator[Years]:
    """Yield `draws` simulated years of `items` (`hospital_id, generic, previous, p0, p1`) in blocks.

    Of an item: total = previous · exp(growth), winners = total · logistic(share), each effect the sum of a batch's
    (t distribution), a generic's and a residual (both from earlier batches, at random) and the hospital's own.
    """
    generics, code = np.unique(items["generic"].to_numpy(dtype=str), return_inverse=True)
    known = shown.hospitals.reindex(items["hospital_id"].to_numpy()).fillna(0.0)
    previous, p0, p1 = (items[name].to_numpy(dtype=float) for name in ("previous", "p0", "p1"))
    step = max(BLOCK // len(items), 1)
    for first in range(0, draws, step):
        count = min(step, draws - first)
        effects, others, paid = _pool(shown, (count, len(generics)), code, rng)
        for name in EFFECTS:
            location, scale, df = shown.batch_effect(name)
            batch = location + scale * rng.standard_t(df, size=(count, 1))
            own = known[name].to_numpy() if name in known else 0.0
            effects[name] = np.clip(batch + effects[name] + own, -MOST[name], MOST[name])
        total = previous * np.exp(effects["growth"])
        selected = total / (1 + np.exp(-effects["share"]))
        yield Years(selected, others[:, code] * p0 * (total - selected), paid[:, code] * p1 * selected)


def _pool(
    shown: Evidence, shape: tuple[int, int], code: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return generic effect + residual of share and growth by item; price of the others and paid by generic."""
    wide = (shape[0], len(code))
    if shown.count:
        pick, rest = rng.integers(0, len(shown.generics), size=shape), rng.integers(0, len(shown.residuals), size=wide)
        generic = {name: shown.generics[name].to_numpy()[pick] for name in (*EFFECTS, "nonselected", "paid")}
        effects = {name: generic[name][:, code] + shown.residuals[name].to_numpy()[rest] for name in EFFECTS}
        return effects, generic["nonselected"], generic["paid"]
    effects = {
        name: rng.normal(0, PRIOR_GENERIC_SD[name], shape)[:, code] + rng.normal(0, PRIOR_HOSPITAL_SD[name], wide)
        for name in EFFECTS
    }
    return effects, rng.uniform(*PRIOR_NONSELECTED, size=shape), np.ones(shape)
