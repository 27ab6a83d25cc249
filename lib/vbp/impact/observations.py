"""A frame's columns as a series: numbers or gaps, times on a grid, values that the family can take; what is not so is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.impact.grid import Grid, read_times, refuse_repeats
from vbp.impact.kernel import Array


def numbers(frame: pd.DataFrame, column: str) -> Array:
    """Return a column as floats with NaN for empty cells; a text that is no number is an error, all of them listed."""
    text = frame[column].astype("object").where(frame[column].notna(), None)
    values = pd.to_numeric(text, errors="coerce").to_numpy(float)
    bad = [
        at
        for at, (raw, value) in enumerate(zip(text, values, strict=True))
        if np.isnan(value) and raw is not None and str(raw).strip().lower() not in ("", "na", "nan", ".")
    ]
    if bad:
        raise InputError(
            [
                Problem(
                    "not a number; leave the cell empty where the value is missing",
                    rule="number",
                    row=at + 2,
                    column=column,
                    value=str(text.iloc[at]),
                )
                for at in bad
            ]
        )
    return values


def require_columns(frame: pd.DataFrame, columns: list[str]) -> None:
    """Raise UsageError where a named column is not in the frame."""
    for column in columns:
        if column not in frame.columns:
            raise UsageError(unknown("column", column, [str(name) for name in frame.columns]))


def read_series(
    frame: pd.DataFrame, outcome: str, time: str, offset: str | None
) -> tuple[Grid, np.ndarray, Array, Array | None]:
    """Return grid, steps with data (sorted), values and exposure; rows without a value are gaps."""
    require_columns(frame, [outcome, time] + ([offset] if offset else []))
    frame = frame[frame[time].notna()].reset_index(drop=True)
    grid = read_times(frame[time], time)
    refuse_repeats(grid, time)
    values = numbers(frame, outcome)
    exposure = numbers(frame, offset) if offset else None
    there = np.isfinite(values) & (np.isfinite(exposure) if exposure is not None else True)
    if not there.any():
        raise InputError(Problem("every value is missing; nothing to fit", rule="all_missing", column=outcome))
    order = np.argsort(grid.steps[there], kind="stable")
    pick = np.flatnonzero(there)[order]
    return grid, grid.steps[pick], values[pick], None if exposure is None else exposure[pick]


def refuse_domain(
    grid: Grid, steps: np.ndarray, values: Array, exposure: Array | None, family: str, outcome: str
) -> None:
    """Raise an error that lists the values that a family cannot take: no logarithm, a negative count, no exposure."""
    bad = np.zeros(values.size, dtype=bool)
    why = "the log family needs values above 0; use gaussian, or quasipoisson for counts"
    if family == "log":
        bad = values <= 0
    elif family != "gaussian":
        bad, why = values < 0, "a count cannot be negative"
    if exposure is not None and np.any(exposure <= 0):
        bad, why = bad | (exposure <= 0), "the exposure must be above 0: its logarithm enters"
    if bad.any():
        raise InputError(
            [
                Problem(f"{why} (time {grid.label(int(step))})", rule="domain", column=outcome, value=f"{value:g}")
                for step, value in zip(steps[bad], values[bad], strict=True)
            ]
        )
