"""The demonstration's months: days, agreement years, seasons and the Spring Festival."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

FIRST = np.datetime64("2020-01", "M")
FESTIVAL_DAYS = 7
"""Days of the Spring Festival, from New Year's Eve to the sixth day of the first lunar month."""


@dataclass(frozen=True)
class Calendar:
    """The ledger's months, from January 2020 on."""

    months: int

    @cached_property
    def starts(self) -> np.ndarray:
        """First days of the months (datetime64[D], length `months`)."""
        return np.arange(FIRST, FIRST + self.months).astype("datetime64[D]")

    @property
    def end(self) -> date:
        """The last day of the last month."""
        return (FIRST + self.months).astype("datetime64[D]").astype(date) - timedelta(days=1)

    def index(self, day: date) -> int:
        """Return the position of the month that holds `day` (may lie outside the ledger)."""
        return (day.year - 2020) * 12 + day.month - 1

    def fraction(self, day: date) -> float:
        """Return the share of `day`'s month that lies on or after `day`: 1 for the first of a month."""
        length = _month_length(day)
        return (length - day.day + 1) / length

    def belongs(self, day: date) -> int:
        """Return the first month that belongs to a year starting on `day`: most days decide, a tie goes to it."""
        return self.index(day) + (0 if self.fraction(day) >= 0.5 else 1)

    @cached_property
    def festival(self) -> np.ndarray:
        """Spring Festival days in each month (New Year's Eve and the six days after it)."""
        from borax.calendars.lunardate import LunarDate

        days = np.zeros(self.months)
        for year in range(2020, self.end.year + 1):
            eve = LunarDate(year, 1, 1).to_solar_date() - timedelta(days=1)
            for offset in range(FESTIVAL_DAYS):
                at = self.index(eve + timedelta(days=offset))
                if 0 <= at < self.months:
                    days[at] += 1
        return days


def _month_length(day: date) -> int:
    month = np.datetime64(day, "M")
    return int(((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int))


def years_later(day: date, years: int) -> date:
    """Return the same day `years` later (29 February becomes 28)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
