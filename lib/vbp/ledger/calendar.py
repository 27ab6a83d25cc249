"""Which agreement year a month belongs to: the period that covers most of its days, the later one in a tie."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

OUT = -1
"""Period code of months in no agreement year and not in the year before the start."""
Years = tuple[tuple[int, int, int], ...]
"""Agreement years as (number, first day, last day), days counted from 1970-01-01."""


def day_number(day: dt.date) -> int:
    """Return a date as days from 1970-01-01."""
    return (day - dt.date(1970, 1, 1)).days


def as_date(number: int) -> dt.date:
    """Return the date of a day number."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(number))


def shifted(number: int, months: int) -> int:
    """Return the day so many months later (or earlier), the 29th–31st cut to the end of a shorter month."""
    day = as_date(number)
    index = day.year * 12 + day.month - 1 + months
    first = dt.date(index // 12, index % 12 + 1, 1)
    last = (dt.date((index + 1) // 12, (index + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return day_number(first.replace(day=min(day.day, last)))


def month_starts(first: int, last: int) -> np.ndarray:
    """Return the first days of the months from `first` to `last` and of the month after (day numbers).

    `first` and `last` are months counted from 1970-01.
    """
    months = np.arange(first, last + 2).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def month_of(days: np.ndarray) -> np.ndarray:
    """Return the months (from 1970-01) of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def completed(years: Years, start: int, end: int) -> Years:
    """Return agreement years without holes after the last: twelve months each, to the end of the run.

    With no agreement at all the years run from `start`, the first award's, to `end`.
    """
    known = sorted(years)
    number, begin = (known[-1][0] + 1, known[-1][2] + 1) if known else (1, start)
    while begin <= end:
        stop = min(shifted(begin, 12) - 1, end)
        known.append((number, begin, stop))
        number, begin = number + 1, stop + 1
    return tuple(known)


@dataclass(frozen=True)
class Periods:
    """For each month of the ledger: its period, whether it is split, and the period's first month (an index)."""

    period: np.ndarray
    split: np.ndarray
    first: np.ndarray


def periods(years: Years, start: int, starts: np.ndarray) -> Periods:
    """Return each month's period under a calendar of agreement years.

    Parameters
    ----------
    years
        Agreement years; where two overlap the later number holds the day.
    start
        First day of the run; the twelve months before it are period 0.
    starts
        First days of the ledger's months, and of the month after (`month_starts`).
    """
    first_day, days = int(starts[0]), np.full(int(starts[-1] - starts[0]), OUT, dtype=np.int16)
    before = min([start, *(begin for number, begin, _ in years if number == 1)])
    for number, begin, end in ((0, shifted(before, -12), before - 1), *sorted(years)):
        days[max(begin - first_day, 0) : max(end + 1 - first_day, 0)] = number
    lowest, highest = (
        np.minimum.reduceat(days, starts[:-1] - first_day),
        np.maximum.reduceat(days, starts[:-1] - first_day),
    )
    period, split = lowest.copy(), lowest != highest
    for month in np.flatnonzero(split):
        period[month] = most_days(days[starts[month] - first_day : starts[month + 1] - first_day])
    return Periods(period, split, _first_months(period))


def most_days(days: np.ndarray) -> int:
    """Return the value on most of the days; in a tie the one that comes last."""
    values, counts = np.unique(days, return_counts=True)
    best = values[counts == counts.max()]
    return int(next(value for value in days[::-1] if value in best))


def _first_months(period: np.ndarray) -> np.ndarray:
    """Return for each month the index of the first month with the same period."""
    _, first, back = np.unique(period, return_index=True, return_inverse=True)
    return first[back].astype(np.int64)
