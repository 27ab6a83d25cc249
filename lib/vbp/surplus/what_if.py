"""A settlement under other rules and prices: what the notebook's sliders show, and the same function at fixed positions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from vbp.surplus.result import Settlement, settle
from vbp.surplus.sensitivity import moved

HIGHEST = 0.5
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"highest_ratio": 0.3},
    {"threshold": 0.9},
    {"nonselected": "none"},
    {"change": -0.1},
)
"""Positions that are shown beside the sliders, each moving one of them."""


def payout(
    settlement: Settlement,
    *,
    highest_ratio: float = HIGHEST,
    threshold: float | None = None,
    nonselected: str | None = None,
    change: float = 0.0,
) -> Decimal:
    """Return the city's payout with other rules and prices before: what the sliders show; as settled where none is moved.

    Parameters
    ----------
    highest_ratio
        The most that any band of scores retains (0–0.5).
    threshold
        Completion from which an item counts (1 is the whole agreed volume); None: the profile's own.
    nonselected
        Rule for non-selected spending (`all` deducts it, `none` does not); None: the profile's own.
    change
        Relative change of the price before (−0.1 is ten percent less).
    """
    own = settlement.profile
    switches = {"completion_threshold": None if threshold is None else str(threshold), "non_selected": nonselected}
    profile = own.with_switches(**{name: value for name, value in switches.items() if value is not None})
    most = Decimal(str(highest_ratio))
    bands: list[tuple[object, object, object]] = [
        (band.lowest, band.highest, min(band.ratio, most)) for band in own.assessment.bands
    ]
    lines = moved(settlement.lines, "pre_price_yuan", 1 + Decimal(str(change)))
    return settle(lines, profile.with_bands(bands), settlement.as_of).total_yuan
