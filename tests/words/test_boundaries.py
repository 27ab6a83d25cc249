"""Numbers at the edges of their units, half-way cases, gaps and minus signs; labels of scopes, periods and lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbp.errors import UsageError
from vbp.words import (
    baseline_label,
    count,
    listed,
    money,
    percent,
    period_label,
    qualified,
    ratio,
    scope_label,
    value_label,
)
from vbp.words.fields import field_label, field_text
from vbp.words.phrases import say
from vbp.words.said import Said

AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, places=3, allow_nan=False)
SIZES = {"亿元": 10**8, "万元": 10**4, "元": 1, " bn yuan": 10**9, " m yuan": 10**6, " k yuan": 10**3, " yuan": 1}


@pytest.mark.parametrize(
    ("yuan", "zh", "en"),
    [
        ("9950", "9,950元", "9,950 yuan"),
        ("99500000", "9,950万元", "99.5 m yuan"),
        ("9999.994", "9,999.99元", "9,999.994 yuan"),
        ("9999.995", "1万元", "9,999.995 yuan"),
        ("9999.999", "1万元", "9,999.999 yuan"),
        ("10000", "1万元", "10,000 yuan"),
        ("99999.99", "10万元", "99,999.99 yuan"),
        ("100000", "10万元", "100 k yuan"),
        ("99999999.4", "1亿元", "100 m yuan"),
        ("99994999", "9,999.5万元", "99.995 m yuan"),
        ("99999999.5", "1亿元", "100 m yuan"),
        ("999999.6", "100万元", "1 m yuan"),
        ("999999999.6", "10亿元", "1 bn yuan"),
        ("-9999.995", "−1万元", "−9,999.995 yuan"),
        ("-99999999.5", "−1亿元", "−100 m yuan"),
        ("0.004", "0元", "0.004 yuan"),
        ("0.005", "0.01元", "0.005 yuan"),
        ("-0.004", "0元", "−0.004 yuan"),
        ("1e15", "10,000,000亿元", "1,000,000 bn yuan"),
    ],
)
def test_money_takes_the_unit_that_its_rounded_value_has(yuan, zh, en):
    assert money(Decimal(yuan), "zh") == zh
    assert money(Decimal(yuan), "en") == en


def read(text: str) -> tuple[Decimal, Decimal]:
    """Return what a printed amount says, and half a step of its last digit."""
    unit = next(unit for unit in SIZES if text.endswith(unit))
    digits = text.removesuffix(unit).replace(",", "").replace("−", "-")
    return Decimal(digits) * SIZES[unit], Decimal(SIZES[unit])


@given(AMOUNTS)
def test_printed_money_is_never_further_off_than_half_its_last_digit(yuan):
    for lang, places in (("zh", 2), ("en", 3)):
        said, size = read(money(yuan, lang))
        assert abs(said - yuan) <= size * Decimal(1).scaleb(-places) / 2
        assert (said < 0) == (yuan < 0) or said == 0


@given(AMOUNTS)
def test_a_printed_amount_never_needs_the_next_unit(yuan):
    text = money(yuan, "zh")
    said, size = read(text)
    assert size == 10**8 or abs(said) < 10**4 * size


@given(AMOUNTS)
def test_an_amount_and_its_opposite_differ_by_the_sign_alone(yuan):
    for lang in ("zh", "en"):
        there, back = money(yuan, lang), money(-yuan, lang)
        assert there.lstrip("−") == back.lstrip("−")


@pytest.mark.parametrize("gap", [None, float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_a_gap_is_a_dash_and_never_a_zero(gap):
    assert money(gap, "zh") == money(gap, "en") == count(gap, "zh") == percent(gap) == ratio(gap) == "—"


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        ("0.125", 2, "0.13%"),
        ("2.675", 2, "2.68%"),
        ("-2.675", 2, "−2.68%"),
        ("-0.004", 2, "0.00%"),
        ("99.995", 2, "100.00%"),
        ("65.50", 2, "65.50%"),
        ("87.04", 1, "87.0%"),
        ("1234.5", 0, "1,235%"),
    ],
)
def test_per_cent_rounds_half_away_from_zero(value, places, shown):
    assert percent(Decimal(value), places) == shown
    assert percent(float(value), places) == shown  # a float is taken as it is written, not as it is stored


def test_a_published_per_cent_has_the_digits_it_was_published_with():
    assert [percent(Decimal(value)) for value in ("65.57", "65.50", "48", "0")] == ["65.57%", "65.5%", "48%", "0%"]


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.5, "50.0%"), (Decimal("0.12345"), "12.3%"), (0.0005, "0.1%"), (1.6034, "160.3%"), (0, "0.0%")],
)
def test_a_share_is_shown_in_per_cent(share, shown):
    assert ratio(share) == shown


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "0", "0"),
        (99_999, "99,999", "99,999"),
        (100_000, "10万", "100 k"),
        (121_580, "12.16万", "121.58 k"),
        (7_255_000, "725.5万", "7.255 m"),
        (-5, "−5", "−5"),
        (-200_000, "−20万", "−200 k"),
        (1.005, "1.01", "1.01"),
    ],
)
def test_counts_are_plain_up_to_a_hundred_thousand(value, zh, en):
    assert (count(value, "zh"), count(value, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        ("1", "variety", "1个品种", "1 variety"),
        ("2", "variety", "2个品种", "2 varieties"),
        ("4.45", "percentage_point", "4.45个百分点", "4.45 percentage points"),
        ("-1", "percentage_point", "−1个百分点", "−1 percentage points"),
        ("1021.67", "yuan_per_case", "1,021.67元/人次", "1,021.67 yuan per admission"),
        ("67.6", "percent", "67.6%", "67.6%"),
        ("3", "no_such_unit", "3 no_such_unit", "3 no_such_unit"),
    ],
)
def test_a_value_stands_with_its_unit(value, unit, zh, en):
    assert value_label(Decimal(value), unit, "zh") == zh
    assert value_label(Decimal(value), unit, "en") == en


def test_a_qualifier_stands_with_the_value_it_qualifies():
    assert qualified(Decimal("1124000000"), "yuan", "about", "zh") == "约11.24亿元"
    assert qualified(Decimal("50"), "percent", "more_than", "en") == "more than 50%"
    assert "0" not in qualified(None, "yuan", "damaged", "zh")


@pytest.mark.parametrize(
    ("start", "end", "zh", "en"),
    [
        (date(2023, 1, 1), date(2023, 12, 21), "2023-01-01至2023-12-21", "2023-01-01 – 2023-12-21"),
        (date(2023, 11, 30), date(2023, 11, 30), "2023-11-30", "2023-11-30"),
        (None, date(2023, 12, 21), "截至2023-12-21", "until 2023-12-21"),
        (date(2023, 1, 1), None, "自2023-01-01起", "since 2023-01-01"),
        (None, None, "—", "—"),
    ],
)
def test_a_period_is_told_by_the_ends_it_has(start, end, zh, en):
    assert period_label(start, end, "zh") == zh
    assert period_label(start, end, "en") == en


def test_scopes_and_baselines_are_words_and_unknown_ones_stay_as_written():
    assert scope_label("city:employee", "zh") == "全市职工医保"
    assert " · " in scope_label("rounds:cumulative/drug", "zh")
    assert baseline_label("", "zh") == "—"
    assert baseline_label("highest_valid_bid", "en") == "highest valid bid"
    assert baseline_label("本省上年均价", "zh") == baseline_label("本省上年均价", "en") == "本省上年均价"
    assert listed(["甲", "乙"], "zh") == "甲、乙" and listed(["a", "b"], "en") == "a, b"


def test_a_sentence_kept_by_its_key_is_said_later_in_either_language():
    said = Said("card.until", {"day": "2024-12-31"})
    assert "2024-12-31" in said.text("zh") != said.text("en") == str(said)
    with pytest.raises(UsageError, match="known: zh, en"):
        say("card.until", "fr", day="2024-12-31")
    with pytest.raises(KeyError):
        say("card.no_such_phrase", "zh")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("rate", 1.0, "100.0%"),
        ("rate", Decimal("0.0005"), "0.1%"),
        ("rate", -0.0001, "0.0%"),
        ("p_value", 0.0005, "< 0.001"),
        ("p_value", 0.001, "0.001"),
        ("p_value", 1, "1.000"),
        ("retained_yuan", Decimal("0.005"), "0.01"),
        ("retained_yuan", Decimal("-0.005"), "-0.01"),
        ("retained_yuan", 99_999_999.995, "100,000,000.00"),
        ("average_cut_percent", Decimal("65.575"), "65.58"),
        ("agreed_quantity_units", Decimal("0.0005"), "0.001"),
        ("month", pd.Timestamp("2024-02-01"), "2024-02"),
        ("month", "2024-02", "2024-02"),
        ("level", float("inf"), "—"),
        ("items", 0, "0"),
        ("paid", np.bool_(False), "否"),
        ("name", "", ""),
        ("codes", [], ""),
        ("selected_price_yuan", Decimal("0.00005"), "0.0001"),
    ],
)
def test_a_cell_at_the_edge_of_its_unit(name, value, shown):
    assert field_text(name, value, "zh") == shown


def test_every_named_column_differs_in_both_languages_and_has_no_name_of_the_code():
    from vbp.words.phrases import table

    fields = [key.split(".", 1)[1] for key in table() if key.startswith("field.")]
    assert len(fields) > 40
    for name in fields:
        assert field_label(name, "zh") != name
        assert "_" not in field_label(name, "en")
