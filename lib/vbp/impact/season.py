"""Seasonal regressors: harmonics, month dummies, and Spring Festival days from the lunar calendar."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from vbp.impact.kernel import Array

FESTIVAL_DAYS = 7
"""Days counted from Lunar New Year's Day: the statutory holiday's usual length."""


@cache
def new_year(year: int) -> pd.Timestamp:
    """Return the date of Lunar New Year (春节) in a Gregorian year, 1900–2099, by the library `borax`."""
    from borax.calendars.lunardate import LunarDate

    return pd.Timestamp(LunarDate(year, 1, 1).to_solar_date())


def spring_festival_days(months: pd.DatetimeIndex, days: int = FESTIVAL_DAYS) -> Array:
    """Return for each month how many of the `days` days from Lunar New Year's Day fall into it.

    The festival moves between 21 January and 20 February, so month dummies cannot hold it.
    """
    counts = np.zeros(len(months))
    for at, month in enumerate(months):
        festival = pd.date_range(new_year(month.year), periods=days)
        counts[at] = ((festival.year == month.year) & (festival.month == month.month)).sum()
    return counts


def harmonics(time: Array, pairs: int, period: float) -> tuple[list[str], list[Array]]:
    """Return names and columns of `pairs` sine and cosine pairs: sin(2πk·time/period), cos(2πk·time/period)."""
    names, columns = [], []
    for k in range(1, pairs + 1):
        angle = 2 * np.pi * k * time / period
        names += [f"sin{k}", f"cos{k}"]
        # at k = period / 2 the sine is zero at every whole step
        columns += [np.sin(angle), np.cos(angle)]
    keep = [at for at, column in enumerate(columns) if np.abs(column).max(initial=0.0) > 1e-9]
    return [names[at] for at in keep], [columns[at] for at in keep]


def month_dummies(season: np.ndarray) -> tuple[list[str], list[Array]]:
    """Return dummies for every season present but the first: `month_2` … for months 2 to 12."""
    levels = np.unique(season)[1:]
    return [f"month_{level}" for level in levels], [(season == level).astype(float) for level in levels]
