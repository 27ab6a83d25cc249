"""Time as steps on a regular grid: months, quarters, years, weeks, days, or a number's own step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError

_MONTH = re.compile(r"^\s*(\d{4})\s*(?:[-/.年])\s*(\d{1,2})\s*月?\s*$")
_DAY = re.compile(r"^\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?\s*$")
_COMPACT = re.compile(r"^(19|20)\d{2}(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class Grid:
    """A regular grid of time and where the rows stand on it.

    Attributes
    ----------
    unit : "month", "quarter", "year", "week", "day" or "number".
    steps : (n,) integer positions of the rows as given, 0 at the earliest.
    first : the earliest time (a Timestamp, or a number); `size`: numbers only, the step in the column's own unit.
    """

    unit: str
    steps: np.ndarray
    first: Any
    size: float = 1.0

    @property
    def origin(self) -> float:
        """`time` at step 0: a number's own value in steps, 0 for dates."""
        return float(self.first) / self.size if self.unit == "number" else 0.0

    def position(self, moment: str | float | pd.Timestamp) -> float:
        """Return where a moment stands on the grid; between two points a fraction.

        Raises
        ------
        UsageError
            Where the moment is not of the grid's type (a date for a numbered time, or the reverse).
        """
        if self.unit == "number":
            try:
                return (float(moment) - float(self.first)) / self.size
            except (TypeError, ValueError) as error:
                raise UsageError(f"{moment!r} is not a number, but the time column holds numbers") from error
        stamp = moment if isinstance(moment, pd.Timestamp) else as_date(str(moment))
        if stamp is None:
            raise UsageError(f"{moment!r} is not a date such as 2019-12 or 2019-12-25, but the time column holds dates")
        return _offset(self.unit, self.first, stamp)

    def label(self, step: int) -> str | float | int:
        """Return the time at a step as people write it: 2019-12, 2019-12-25, or the number."""
        if self.unit == "number":
            value = float(self.first) + step * self.size
            return int(value) if value == int(value) else value
        stamp = self.stamp(step)
        return f"{stamp:%Y-%m}" if self.unit == "month" else f"{stamp:%Y-%m-%d}"

    def stamp(self, step: int) -> pd.Timestamp:
        """Return the date at a step (dates only)."""
        months = {"month": 1, "quarter": 3, "year": 12}.get(self.unit)
        if months:
            return pd.Timestamp(self.first) + pd.DateOffset(months=months * step)
        return pd.Timestamp(self.first) + pd.Timedelta(days=step * (7 if self.unit == "week" else 1))

    def gaps(self, present: np.ndarray) -> list[str | float | int]:
        """Return the labels of steps between first and last that are not among `present` steps."""
        if present.size == 0:
            return []
        missing = np.setdiff1d(np.arange(present.min(), present.max() + 1), present)
        return [self.label(int(step)) for step in missing]


def as_date(text: str) -> pd.Timestamp | None:
    """Return the date of 2019-12, 201912, 2019-12-25 or 2019年12月; None where the text is no date."""
    if _COMPACT.match(text):
        text = f"{text[:4]}-{text[4:]}"
    found = _MONTH.match(text)
    parts = (*found.groups(), "1") if found else _DAY.match(text).groups() if _DAY.match(text) else None  # type: ignore[union-attr]
    if parts is None:
        return None
    try:
        year, month, day = (int(part) for part in parts)
        return pd.Timestamp(year=year, month=month, day=day)
    except ValueError:
        return None


def _months(stamp: pd.Timestamp) -> int:
    return stamp.year * 12 + stamp.month - 1


def _offset(unit: str, first: pd.Timestamp, stamp: pd.Timestamp) -> float:
    size = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if size is None:
        return (stamp - first).days / (7 if unit == "week" else 1)
    whole = _months(stamp) - _months(first)
    part = (min(stamp.day, 28) - min(first.day, 28)) / 31
    return (whole + part) / size


def _unit_of(stamps: pd.Series) -> str:
    days = sorted(set(stamps))
    ends = all(day.is_month_end for day in days)
    if len({day.day for day in days}) == 1 or ends:
        apart = np.gcd.reduce(np.diff([_months(day) for day in days])) if len(days) > 1 else 1
        if apart:
            return "year" if apart % 12 == 0 else "quarter" if apart % 3 == 0 else "month"
    between = np.gcd.reduce([(later - day).days for day, later in pairwise(days)])
    return "week" if between % 7 == 0 else "day"


def _of_dates(stamps: pd.Series) -> Grid:
    unit = _unit_of(stamps)
    first = stamps.min()
    if unit in ("month", "quarter", "year") and stamps.map(lambda day: day.is_month_end).all():
        stamps, first = stamps.map(lambda day: day.replace(day=1)), first.replace(day=1)
    steps = np.array([round(_offset(unit, first, stamp)) for stamp in stamps])
    return Grid(unit, steps, first)


def _step_size(levels: np.ndarray) -> float:
    """Return the grid's step: rounded decimals (2002.083, 2002.167) are fitted over the whole range."""
    if levels.size < 2:
        return 1.0
    apart, reach = np.diff(levels), float(levels[-1] - levels[0])
    fitted = [reach / max(1, round(reach / float(step))) for step in (apart.min(), np.median(apart))]
    errors = [np.abs((levels - levels[0]) / size - np.rint((levels - levels[0]) / size)).max() for size in fitted]
    return fitted[0] if errors[0] <= 0.05 else fitted[int(np.argmin(errors))]


def _of_numbers(values: np.ndarray, column: str) -> Grid:
    levels = np.unique(values)
    size = _step_size(levels)
    exact = (values - levels[0]) / size
    steps = np.rint(exact)
    if np.abs(exact - steps).max() > 0.05:
        raise InputError(
            Problem(
                f"the times are not on a regular grid (smallest step {size:g}); give a month, a date or a running number",
                rule="irregular_time",
                column=column,
            )
        )
    return Grid("number", steps.astype(int), levels[0], size)


def read_times(values: Sequence[Any] | pd.Series, column: str = "time") -> Grid:
    """Return the grid of a time column of dates, months (2019-12, 201912, 2019年12月) or numbers.

    Raises
    ------
    InputError
        A value that is no time (all are listed), times off a regular grid, or a time that stands twice.
    """
    series = pd.Series(list(values), dtype="object")
    if series.empty:
        raise InputError(Problem("no rows", rule="empty", column=column))
    text = series.map(lambda value: "" if pd.isna(value) else str(value).strip())
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.notna().all() and not text.map(lambda value: bool(_COMPACT.match(value))).all():
        grid = _of_numbers(numbers.to_numpy(float), column)
    else:
        stamps = series.map(lambda value: value if isinstance(value, pd.Timestamp) else as_date(str(value).strip()))
        bad = [at for at, stamp in enumerate(stamps) if stamp is None or pd.isna(stamp)]
        if bad:
            raise InputError(
                [
                    Problem(
                        "not a time; write 2019-12, 2019-12-25 or a number",
                        rule="time",
                        row=at + 2,
                        column=column,
                        value=text[at],
                    )
                    for at in bad
                ]
            )
        grid = _of_dates(stamps)
    return grid


def refuse_repeats(grid: Grid, column: str) -> None:
    """Raise InputError where a time stands twice, naming every such row (row 2 is the first data row)."""
    seen, problems = set(), []
    for at, step in enumerate(grid.steps):
        if step in seen:
            problems.append(
                Problem(
                    "this time stands twice; one row a time is needed (add the rows up first)",
                    rule="duplicate",
                    row=at + 2,
                    column=column,
                    value=str(grid.label(int(step))),
                )
            )
        seen.add(step)
    if problems:
        raise InputError(problems)
