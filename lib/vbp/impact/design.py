"""The design of an interrupted time series: which columns, which points, and what each term means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.impact.grid import Grid
from vbp.impact.kernel import Array
from vbp.impact.mixture import LEVEL_TILT, TILT
from vbp.impact.season import harmonics, month_dummies, spring_festival_days

EFFECTS = ("level", "level+slope")
WINDOWS = ("drop", "model")


@dataclass(frozen=True)
class Options:
    """What the analyst asks for.

    Attributes
    ----------
    dates : one or several known dates, of the type of the time column.
    effect : "level" or "level+slope" at each date.
    harmonics, period : pairs of sine and cosine, and the season's length in steps.
    month_dummies, spring_festival : seasonal regressors; the festival needs monthly dates.
    anticipation, phase_in : points just before and from each date that are left out (`windows="drop"`) or get a term
        of their own (`windows="model"`: stockpiling, run-down of stock).
    exclude : windows "2020-01:2020-04" (both ends included) left out of the fit.
    """

    dates: tuple[Any, ...]
    effect: str = "level+slope"
    harmonics: int = 0
    period: float = 12
    month_dummies: bool = False
    spring_festival: bool = False
    anticipation: int = 0
    phase_in: int = 0
    windows: str = "drop"
    exclude: tuple[str, ...] = ()

    def checked(self) -> Options:
        """Return the options, or raise UsageError naming the first that cannot be."""
        for kind, given, known in (("effect", self.effect, EFFECTS), ("windows", self.windows, WINDOWS)):
            if given not in known:
                raise UsageError(unknown(kind, given, known))
        if not self.dates:
            raise UsageError("a date of the policy is needed")
        if min(self.harmonics, self.anticipation, self.phase_in) < 0 or self.period <= 1:
            raise UsageError("harmonics, anticipation and phase-in are counts from 0, the period is above 1")
        if self.harmonics * 2 > self.period:
            raise UsageError(f"{self.harmonics} pairs of harmonics do not fit a period of {self.period:g}")
        return self


@dataclass(frozen=True)
class Design:
    """Columns at the points of the fit, and where time is counted from.

    `matrix` (n, k) holds time counted from the first date (numerically safe); `reported` (k, k) leads from its
    coefficients to the reported terms, whose intercept is at time 0 of the user's own numbering.
    """

    steps: np.ndarray
    names: tuple[str, ...]
    matrix: Array
    reported: Array
    effect_columns: tuple[int, ...]
    starts: tuple[int, ...]
    keep: np.ndarray = field(repr=False)
    all_steps: np.ndarray = field(repr=False)
    all_matrix: Array = field(repr=False)
    left_out: tuple[str | float | int, ...] = ()

    @property
    def after(self) -> np.ndarray:
        """Which points of the fit (n,) lie at or after the first date."""
        return self.steps >= self.starts[0]

    @property
    def cumulative(self) -> Array:
        """Coefficients' weights (k,) in the expected cumulative effect: the effect columns' sums over the points."""
        weights = np.zeros(len(self.names))
        columns = list(self.effect_columns)
        weights[columns] = self.matrix[self.after][:, columns].sum(axis=0)
        return weights

    @property
    def contrasts(self) -> Array:
        """The reported terms and, last, the expected cumulative effect: (k + 1, k)."""
        return np.vstack([self.reported, self.cumulative])

    @property
    def tilt(self) -> tuple[float, ...]:
        """The mixture's prior exponent for each contrast: ½ for levels, 1 for what grows with time."""
        return (*(LEVEL_TILT if name.startswith("level") else TILT for name in self.names), TILT)

    @property
    def baseline(self) -> Array:
        """The design without the policy (n, k): effect columns at zero."""
        return self.without_policy(self.matrix)

    def without_policy(self, matrix: Array) -> Array:
        """Return rows of the design with the effect columns at zero."""
        without = matrix.copy()
        without[:, list(self.effect_columns)] = 0.0
        return without

    def key(self) -> bytes:
        """Return what identifies the design: series with one key share one decomposition."""
        return self.steps.tobytes() + self.matrix.tobytes() + "|".join(self.names).encode()


def start_step(grid: Grid, date: Any, present: np.ndarray) -> int:
    """Return the first point of the data at or after `date`.

    Raises
    ------
    InputError
        Where the date lies before the second or after the last point: nothing to compare.
    """
    position = grid.position(date)
    later = present[present >= position - 1e-9]
    if later.size == 0 or position <= present.min() + 1e-9:
        raise InputError(
            Problem(
                f"the date {date} lies outside the data ({grid.label(int(present.min()))} to "
                f"{grid.label(int(present.max()))}); points before and after it are needed",
                rule="date_outside",
                value=str(date),
            )
        )
    return int(later.min())


def window(grid: Grid, text: str) -> tuple[float, float]:
    """Return the ends of a window "from:to" as positions on the grid, both included."""
    parts = text.split(":")
    if len(parts) != 2:
        raise UsageError(f"an excluded window reads FROM:TO, such as 2020-01:2020-04, not {text!r}")
    low, high = (grid.position(part.strip()) for part in parts)
    if low > high:
        raise UsageError(f"the excluded window {text!r} ends before it starts")
    return low, high


def _dropped(grid: Grid, options: Options, steps: np.ndarray, starts: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(steps.size, dtype=bool)
    for text in options.exclude:
        low, high = window(grid, text)
        out |= (steps >= low - 1e-9) & (steps <= high + 1e-9)
    if options.windows == "drop":
        for start in starts:
            out |= (steps >= start - options.anticipation) & (steps < start + options.phase_in)
    return out


def _effects(options: Options, steps: np.ndarray, starts: tuple[int, ...]) -> dict[str, Array]:
    columns: dict[str, Array] = {}
    for number, start in enumerate(starts, 1):
        tail = "" if number == 1 else f"_{number}"
        after = (steps >= start).astype(float)
        columns[f"level{tail}"] = after
        if options.effect == "level+slope":
            columns[f"slope{tail}"] = after * (steps - start)
        if options.windows == "model":
            if options.anticipation:
                columns[f"anticipation{tail}"] = ((steps < start) & (steps >= start - options.anticipation)) * 1.0
            if options.phase_in:
                columns[f"phase_in{tail}"] = ((steps >= start) & (steps < start + options.phase_in)) * 1.0
    return columns


def _seasons(grid: Grid, options: Options, steps: np.ndarray) -> dict[str, Array]:
    names, columns = harmonics(steps + grid.origin, options.harmonics, options.period)
    dated = grid.unit == "month"
    if options.month_dummies:
        season = np.array([grid.stamp(int(s)).month for s in steps]) if dated else steps % round(options.period) + 1
        more_names, more = month_dummies(season)
        names, columns = names + more_names, columns + more
    if options.spring_festival:
        if not dated:
            raise UsageError("the Spring Festival regressor needs a time column of months (2019-12)")
        days = spring_festival_days(pd.DatetimeIndex([grid.stamp(int(step)) for step in steps]))
        names, columns = [*names, "spring_festival_days"], [*columns, days]
    return dict(zip(names, columns, strict=True))


def make_design(grid: Grid, options: Options, present: np.ndarray) -> Design:
    """Return the design at the points `present` (sorted integer steps that have data).

    Raises
    ------
    InputError, UsageError
        A date outside the data, a window that cannot be read, or a regressor that the time column cannot give.
    """
    starts = tuple(sorted({start_step(grid, date, present) for date in options.checked().dates}))
    keep = ~_dropped(grid, options, present, starts)
    centre = starts[0]
    columns = {"intercept": np.ones(present.size), "time": (present - centre).astype(float)}
    effects = _effects(options, present, starts)
    columns |= effects | _seasons(grid, options, present)
    # a term whose points are all left out (an anticipation window inside an excluded one) is not in the model
    columns = {name: column for name, column in columns.items() if np.any(column[keep] != 0)}
    names = tuple(columns)
    reported = np.eye(len(names))
    reported[0, 1] = -(centre + grid.origin)
    matrix = np.column_stack(list(columns.values()))
    return Design(
        present[keep],
        names,
        matrix[keep],
        reported,
        tuple(at for at, name in enumerate(names) if name in effects),
        starts,
        keep,
        present,
        matrix,
        tuple(grid.label(int(step)) for step in present[~keep]),
    )
