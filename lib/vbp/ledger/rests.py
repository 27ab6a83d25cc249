"""What ten decimals leave of a price per unit: a price per pack seldom divides evenly into units.

P1 = `p1_e10` · 10^-10 + `p1_rest_e18` · 10^-18 yuan, so that what whole packs cost is exact to the fen at any volume.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vbp.exact import rounded_ratio
from vbp.ledger.reference import Reference
from vbp.ledger.units import E10

if TYPE_CHECKING:
    import pandas as pd

REST = 10**8
"""10^-18 yuan in 10^-10 yuan."""
STEPS = 10**8
"""The scale of `Products.exact`."""
MICRO = 10**6
_HALF = 10**4


def award_rests(reference: Reference) -> np.ndarray:
    """Return for each award its exact price per unit less the ten decimals that stand in the panels, in 10^-18 yuan."""
    packs = reference.products.exact[reference.awards.product].tolist()
    return np.array(
        [_rest(price, pack) for price, pack in zip(reference.awards.price.tolist(), packs, strict=True)], dtype=np.int64
    )


def _rest(price_micro: int, pack: int) -> int:
    if not pack:
        return 0
    over = price_micro * (E10 // MICRO) * STEPS
    return rounded_ratio((over - rounded_ratio(over, pack) * pack) * REST, pack)


def weighted_rest(e10: int, parts: Any, quantity: int) -> int:
    """Return the rest of a mean price whose ten decimals are `e10`.

    `parts` are sums of quantity × price, as high and low halves of ten decimals (10^6 apart) and of rests (10^4 apart).
    """
    high, low, rest_high, rest_low = parts
    whole = (high * MICRO + low) * REST + rest_high * _HALF + rest_low
    return rounded_ratio(whole - e10 * REST * quantity, quantity)


def halves(rests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rests in two halves, so that sums of quantity × rest stay within 64 bits."""
    return rests // _HALF, rests % _HALF


def rest_of(items: pd.DataFrame) -> np.ndarray:
    """Return the rests of the panel `items`; zeros where the panel has none."""
    if "p1_rest_e18" not in items:
        return np.zeros(len(items), dtype=np.int64)
    return np.asarray(items["p1_rest_e18"].fillna(0).to_numpy(dtype=np.int64))
