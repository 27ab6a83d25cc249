"""The demonstration's calendar and columns against slow counts of days and digits."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal as D

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.demo import arrays
from vbp.demo.calendar import Calendar, years_later

CALENDAR = Calendar(60)
few = settings(max_examples=60, deadline=None, derandomize=True)


def days_of(month: int) -> list[date]:
    """Every day of the ledger's month."""
    first = date(2020 + month // 12, month % 12 + 1, 1)
    return [day for offset in range(31) if (day := first + timedelta(offset)).month == first.month]


@pytest.mark.parametrize("month", [0, 1, 3, 11, 13, 14, 49, 59])
def test_a_month_belongs_to_the_year_that_covers_most_of_its_days_and_on_a_tie_to_the_later(month: int) -> None:
    days = days_of(month)
    for start in days:
        later = sum(day >= start for day in days)
        earlier = len(days) - later
        assert CALENDAR.belongs(start) == (month if later >= earlier else month + 1), start
        assert CALENDAR.index(start) == month and CALENDAR.fraction(start) == pytest.approx(later / len(days))


def test_the_ledger_ends_on_the_last_day_of_its_last_month() -> None:
    for months in (1, 2, 12, 14, 26, 60):
        calendar = Calendar(months)
        assert calendar.end == days_of(months - 1)[-1] and len(calendar.starts) == months == len(calendar.festival)
        assert calendar.starts[-1].astype(date) == days_of(months - 1)[0]


def test_every_year_has_seven_days_of_the_spring_festival_in_january_or_february() -> None:
    days = CALENDAR.festival.reshape(5, 12)
    assert (days.sum(axis=1) == 7).all() and (days[:, 2:] == 0).all()


@few
@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.integers(0, 9), st.integers(0, 9))
def test_years_later_keeps_the_day_and_adds_up_except_for_the_29th_of_february(day: date, one: int, more: int) -> None:
    there = years_later(day, one)
    assert (there.year, there.month) == (day.year + one, day.month) and there.day in (day.day, 28)
    assert years_later(day, 0) == day
    if (day.month, day.day) != (2, 29):
        assert years_later(there, more) == years_later(day, one + more) and there.day == day.day


def test_a_year_from_the_29th_of_february_ends_on_the_28th() -> None:
    assert years_later(date(2024, 2, 29), 1) == date(2025, 2, 28) and years_later(date(2024, 2, 29), 4) == date(
        2028, 2, 29
    )


@few
@given(
    st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=8),
    st.sampled_from([arrays.MONEY, arrays.PRICE, arrays.QUANTITY]),
    st.data(),
)
def test_whole_numbers_become_the_decimals_they_stand_for_with_their_sign_and_gaps(
    values: list[int], kind: tuple[int, int], data: st.DataObject
) -> None:
    gaps = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    wanted = [D(value).scaleb(-kind[1]) for value in values]
    assert arrays.decimals(np.array(values), kind).to_pylist() == wanted
    assert arrays.decimals(np.array(values), kind, gaps).to_pylist() == [
        None if gap else value for value, gap in zip(wanted, gaps, strict=True)
    ]


@few
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8))
def test_fen_as_money_and_as_a_price_are_the_same_yuan(fen: list[int]) -> None:
    money, price = arrays.money(np.array(fen)).to_pylist(), arrays.price(np.array(fen)).to_pylist()
    assert money == price == [D(value) / 100 for value in fen]


def test_each_part_has_a_stream_of_its_own_that_another_part_does_not_disturb() -> None:
    first = arrays.stream(7, "usage").random(5)
    arrays.stream(7, "stock").random(1000)
    assert (arrays.stream(7, "usage").random(5) == first).all()
    assert (
        not (arrays.stream(8, "usage").random(5) == first).any()
        and not (arrays.stream(7, "stock").random(5) == first).any()
    )


def test_missing_days_become_gaps_and_never_a_day() -> None:
    days = np.array(["2024-02-29", "NaT"], dtype="datetime64[D]")
    assert arrays.dates(days).to_pylist() == [date(2024, 2, 29), None]
    assert arrays.scaled(np.array([0.125, np.nan]), arrays.QUANTITY, np.array([False, True])).to_pylist() == [
        D("0.1250"),
        None,
    ]
    assert arrays.pick(["a", None], np.array([1, 0, 0])).to_pylist() == [None, "a", "a"]
