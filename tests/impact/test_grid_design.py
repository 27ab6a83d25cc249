"""Times on a grid, seasonal regressors, and the columns of a design."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbp.errors import InputError, UsageError
from vbp.impact.design import Options, make_design, window
from vbp.impact.grid import as_date, read_times
from vbp.impact.season import harmonics, month_dummies, new_year, spring_festival_days


@pytest.mark.parametrize(
    ("values", "unit", "steps"),
    [
        (["2019-11", "2019-12", "2020-02"], "month", [0, 1, 3]),
        (["201911", "201912", "202002"], "month", [0, 1, 3]),
        (["2019年11月", "2019年12月", "2020年2月"], "month", [0, 1, 3]),
        (["2019-11-30", "2019-12-31", "2020-02-29"], "month", [0, 1, 3]),
        (["2019-01-01", "2019-04-01", "2019-10-01"], "quarter", [0, 1, 3]),
        (["2015-01-01", "2016-01-01", "2019-01-01"], "year", [0, 1, 4]),
        (["2020-01-06", "2020-01-13", "2020-01-27"], "week", [0, 1, 3]),
        (["2020-01-06", "2020-01-07", "2020-01-10"], "day", [0, 1, 4]),
        ([3, 1, 2, 7], "number", [2, 0, 1, 6]),
        (["2002.0", "2002.5", "2004.0"], "number", [0, 1, 4]),
        ([round(2002 + m / 12, 3) for m in range(60)], "number", list(range(60))),
        ([0, 2, 4, 5, 6, 8], "number", [0, 2, 4, 5, 6, 8]),
    ],
)
def test_times_of_many_kinds_become_steps(values, unit, steps):
    grid = read_times(values)
    assert grid.unit == unit and list(grid.steps) == steps


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2019-12", "2019-12-01"),
        ("2019/12/25", "2019-12-25"),
        ("2019.12", "2019-12-01"),
        ("2019年12月25日", "2019-12-25"),
        ("201912", "2019-12-01"),
        ("2019-13", None),
        ("2019-02-30", None),
        ("12/2019", None),
        ("", None),
    ],
)
def test_dates_as_people_write_them(text, date):
    assert as_date(text) == (pd.Timestamp(date) if date else None)


@given(st.integers(0, 400), st.integers(1, 12))
def test_labels_and_positions_are_inverse(step, month):
    grid = read_times([f"2001-{month:02d}", f"2001-{month % 12 + 1:02d}" if month < 12 else "2002-01"])
    assert grid.position(str(grid.label(step))) == step


def test_a_date_inside_a_month_lies_between_two_months():
    grid = read_times(["2019-11", "2019-12", "2020-01"])
    assert 1 < grid.position("2019-12-25") < 2 and grid.position("2019-12-01") == 1


def test_gaps_are_named_not_filled():
    grid = read_times(["2019-11", "2020-02", "2020-03"])
    assert grid.gaps(grid.steps) == ["2019-12", "2020-01"]


def test_times_that_are_none_are_all_listed():
    with pytest.raises(InputError) as error:
        read_times(["2019-11", "soon", "2019-12", "later"])
    assert [(problem.row, problem.value) for problem in error.value.problems] == [(3, "soon"), (5, "later")]
    with pytest.raises(InputError, match="regular grid"):
        read_times([0.0, 1.0, 1.37, 5.0])
    with pytest.raises(InputError, match="no rows"):
        read_times([])


def test_a_date_must_be_of_the_times_type():
    with pytest.raises(UsageError, match="not a number"):
        read_times([1, 2, 3]).position("2019-12")
    with pytest.raises(UsageError, match="not a date"):
        read_times(["2019-11", "2019-12"]).position("7")


@pytest.mark.parametrize(
    ("year", "date"),
    [
        (2019, "2019-02-05"),
        (2020, "2020-01-25"),
        (2021, "2021-02-12"),
        (2023, "2023-01-22"),
        (2024, "2024-02-10"),
        (2025, "2025-01-29"),
    ],
)
def test_lunar_new_year_is_the_published_date(year, date):
    assert new_year(year) == pd.Timestamp(date)


def test_festival_days_fall_into_january_and_february():
    months = pd.DatetimeIndex(["2020-01-01", "2020-02-01", "2025-01-01", "2025-02-01", "2019-02-01", "2019-06-01"])
    assert list(spring_festival_days(months)) == [7, 0, 3, 4, 7, 0]
    year = pd.date_range("2001-01-01", "2030-12-01", freq="MS")
    assert spring_festival_days(year).sum() == 7 * 30


def test_harmonics_leave_out_the_sine_that_is_zero_everywhere():
    names, columns = harmonics(np.arange(24.0), 6, 12)
    assert names[-1] == "cos6" and "sin6" not in names and len(columns) == 11
    assert columns[0] == pytest.approx(np.sin(2 * np.pi * np.arange(24) / 12))


def test_month_dummies_leave_out_the_first():
    names, columns = month_dummies(np.tile(np.arange(1, 13), 2))
    assert names == [f"month_{m}" for m in range(2, 13)]
    assert np.array(columns).sum() == 22


def test_design_is_what_the_terms_say():
    grid = read_times(range(1, 31))
    design = make_design(grid, Options(dates=(11,)), np.arange(30))
    beta = np.array([5.0, 0.5, -2.0, 0.1])
    y = design.matrix @ beta
    t = np.arange(1, 31)
    intercept, slope_before, level, slope = design.reported @ beta
    expected = intercept + slope_before * t + (t >= 11) * (level + slope * (t - 11))
    assert y == pytest.approx(expected)
    assert design.cumulative @ beta == pytest.approx(((t >= 11) * (level + slope * (t - 11))).sum())
    assert design.tilt == (1.0, 1.0, 0.5, 1.0, 1.0)


def test_designs_with_the_same_key_are_the_same():
    grid, longer = read_times(range(30)), read_times(range(31))
    one = make_design(grid, Options(dates=(11,)), np.arange(30))
    same = make_design(grid, Options(dates=(10.5,)), np.arange(30))
    other = make_design(longer, Options(dates=(11,)), np.arange(31))
    assert one.key() == same.key() != other.key()


@pytest.mark.parametrize(
    "options",
    [{"harmonics": -1}, {"harmonics": 7}, {"windows": "skip"}, {"effect": "ramp"}, {"dates": ()}, {"period": 1}],
)
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(UsageError):
        Options(**{"dates": (1,), **options}).checked()


def test_windows_read_both_ends_and_complain():
    grid = read_times(["2019-11", "2019-12", "2020-01"])
    assert window(grid, "2019-12:2020-01") == (1, 2)
    for bad in ("2019-12", "2020-01:2019-12", "x:y"):
        with pytest.raises(UsageError):
            window(grid, bad)


def test_spring_festival_needs_months():
    with pytest.raises(UsageError, match="months"):
        make_design(read_times(range(30)), Options(dates=(11,), spring_festival=True), np.arange(30))
