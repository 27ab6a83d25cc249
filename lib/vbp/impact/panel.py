"""A panel of units over time for difference-in-differences, and the algebra of two-way fixed effects on it.

Everything rests on unit × time arrays: effects of units are taken out by demeaning over observed times, effects of
times by one small T × T system. So any assignment of the treatment to units costs two matrix products, and the
permutation over thousands of assignments recomputes the very estimator, also where cells are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem
from vbp.impact.grid import Grid, read_times
from vbp.impact.kernel import Array


@dataclass(frozen=True)
class Panel:
    """Units × times; missing cells are NaN.

    Attributes
    ----------
    units : names (N,); `times`: integer steps (T,), sorted; `values` (N, T).
    treated : (N,) bool; `start` (N,): the first treated step of a unit, or a large number for never.
    """

    units: tuple[Any, ...]
    grid: Grid
    times: np.ndarray
    values: Array
    treated: np.ndarray
    start: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """Return which cells are observed (N, T)."""
        return np.isfinite(self.values)

    @property
    def post(self) -> np.ndarray:
        """Return which times (T,) lie at or after the earliest start."""
        return self.times >= self.start.min()

    @property
    def complete(self) -> np.ndarray:
        """Return which units (N,) have every cell."""
        return np.asarray(self.seen.all(axis=1))

    def only(self, units: np.ndarray) -> Panel:
        """Return the panel of the chosen units (N,) bool."""
        return Panel(
            tuple(name for name, keep in zip(self.units, units, strict=True) if keep),
            self.grid,
            self.times,
            self.values[units],
            self.treated[units],
            self.start[units],
        )


NEVER = 10**9


def _flag(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a yes/no column as bool; 1/0, true/false, yes/no, 是/否."""
    known = {
        "1": True,
        "0": False,
        "1.0": True,
        "0.0": False,
        "true": True,
        "false": False,
        "yes": True,
        "no": False,
        "是": True,
        "否": False,
    }
    text = frame[column].map(lambda value: "" if pd.isna(value) else str(value).strip().lower())
    bad = [at for at, value in enumerate(text) if value not in known]
    if bad:
        raise InputError(
            [
                Problem("treated must be 1 or 0 (是/否)", rule="flag", row=at + 2, column=column, value=text.iloc[at])
                for at in bad
            ]
        )
    return text.map(known).to_numpy(bool)


def _dates(frame: pd.DataFrame, column: str, grid: Grid) -> np.ndarray:
    """Return the first treated step of each row; an empty cell is never."""
    text = frame[column]
    return np.array(
        [
            NEVER
            if pd.isna(value) or not str(value).strip()
            else int(np.ceil(grid.position(value if isinstance(value, pd.Timestamp) else str(value)) - 1e-9))
            for value in text
        ]
    )


def read_panel(
    frame: pd.DataFrame, outcome: str, unit: str, time: str, treated: str, date: Any | None, cohort: str | None = None
) -> Panel:
    """Return the panel of a long frame.

    Parameters
    ----------
    treated : column of 1/0; a unit counts as treated when any of its rows says so.
    date : the common date of the treated units; `cohort`: instead, a column with each unit's own date (empty: never).

    Raises
    ------
    InputError
        A unit × time that stands twice, values that are no numbers, no treated or no control unit, a date outside.
    """
    from vbp.impact.observations import numbers, require_columns

    require_columns(frame, [outcome, unit, time] + ([cohort] if cohort else [treated]))
    frame = frame[frame[time].notna() & frame[unit].notna()].reset_index(drop=True)
    grid = read_times(frame[time], time)
    steps, values = grid.steps, numbers(frame, outcome)
    frame = _told_apart(frame, unit, None if cohort else treated, steps)
    _refuse_twice(frame, unit, grid, steps, time)
    if cohort:
        row_start = _dates(frame, cohort, grid)
    else:
        first = int(np.ceil(grid.position(date if date is not None else "") - 1e-9))
        row_start = np.where(_flag(frame, treated), first, NEVER)
    codes, units = pd.factorize(frame[unit])
    times = np.unique(steps)
    table = np.full((len(units), times.size), np.nan)
    table[codes, np.searchsorted(times, steps)] = values
    start = np.full(len(units), NEVER)
    np.minimum.at(start, codes, row_start)
    return _checked(Panel(tuple(units), grid, times, table, start < NEVER, start), outcome)


def _told_apart(frame: pd.DataFrame, unit: str, treated: str | None, steps: np.ndarray) -> pd.DataFrame:
    """Tell apart two units that share a name, one treated and one not (sheet 407 of Card and Krueger)."""
    if treated is None:
        return frame
    twice = pd.DataFrame({"unit": frame[unit], "step": steps}).duplicated(keep=False)
    shared = frame[unit].isin(frame.loc[twice.to_numpy(), unit])
    flag = _flag(frame, treated)
    apart = [
        f"{name} ({'treated' if is_treated else 'control'})" if both else name
        for name, is_treated, both in zip(frame[unit], flag, shared, strict=True)
    ]
    return frame.assign(**{unit: apart})


def _refuse_twice(frame: pd.DataFrame, unit: str, grid: Grid, steps: np.ndarray, time: str) -> None:
    twice = pd.DataFrame({"unit": frame[unit], "step": steps}).duplicated()
    if twice.any():
        raise InputError(
            [
                Problem(
                    "this unit and time stand twice",
                    rule="duplicate",
                    row=int(at) + 2,
                    column=time,
                    value=f"{frame[unit].iloc[at]}, {grid.label(int(steps[at]))}",
                )
                for at in np.flatnonzero(twice.to_numpy())
            ]
        )


def _checked(panel: Panel, outcome: str) -> Panel:
    """Drop units without any value; refuse a panel without treated, controls, or times on both sides."""
    panel = panel.only(np.asarray(panel.seen.any(axis=1)))
    if not panel.units:
        raise InputError(Problem("every value is missing; nothing to compare", rule="all_missing", column=outcome))
    if not panel.treated.any():
        raise InputError(Problem("no treated unit has any value", rule="no_treated"))
    if panel.treated.all():
        raise InputError(
            Problem("no control unit (donor) has any value; a comparison needs units never treated", rule="no_donors")
        )
    if panel.post.all() or not panel.post.any():
        first, last = (panel.grid.label(int(step)) for step in (panel.times[0], panel.times[-1]))
        raise InputError(
            Problem(
                f"the date lies outside the data ({first} to {last}); times before and after it are needed",
                rule="date_outside",
            )
        )
    if np.nanmax(panel.values) == np.nanmin(panel.values):
        raise InputError(
            Problem("the outcome is constant; there is no change to assess", rule="constant", column=outcome)
        )
    return panel


@dataclass(frozen=True)
class TwoWay:
    """Two-way fixed effects prepared once: g (N,) and h (N, N) give any assignment's estimate.

    For an indicator b of treated units, estimate = b'g / b'h b: Frisch–Waugh with D = b × post.
    """

    g: Array
    h: Array

    def estimates(self, assignments: Array) -> Array:
        """Return the estimates (C,) of assignments (C, N) of 0/1."""
        below = ((assignments @ self.h) * assignments).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(below > 1e-9, (assignments @ self.g) / below, np.nan)


def demean(seen: np.ndarray, columns: Array) -> Array:
    """Take unit means over observed times out of (N, T) columns; missing cells are 0."""
    filled = np.where(seen, columns, 0.0)
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    return np.where(seen, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)


def time_inverse(seen: np.ndarray) -> Array:
    """Return the pseudo-inverse (T, T) of the time effects' normal matrix after unit effects are out."""
    mask = seen.astype(float)
    count = np.maximum(mask.sum(axis=1, keepdims=True), 1)
    return np.linalg.pinv(np.diag(mask.sum(axis=0)) - (mask / count).T @ mask, hermitian=True)


def two_way(panel: Panel, post: np.ndarray) -> TwoWay:
    """Return the prepared two-way fixed effects of a common date (`post` (T,) bool)."""
    seen = panel.seen
    moves = demean(seen, np.broadcast_to(post.astype(float), seen.shape))
    values = demean(seen, panel.values)
    inverse = time_inverse(seen)
    g = (moves * values).sum(axis=1) - moves @ inverse @ values.sum(axis=0)
    h = np.diag((moves**2).sum(axis=1)) - moves @ inverse @ moves.T
    return TwoWay(g, h)


def residualise(seen: np.ndarray, columns: Array) -> Array:
    """Take unit and time effects out of one (N, T) array of observed cells; missing cells are 0."""
    within = demean(seen, columns)
    effects = time_inverse(seen) @ within.sum(axis=0)
    return within - demean(seen, np.broadcast_to(effects, seen.shape))
