"""Price-ratio rules: the published and worked vectors, consistency, and reasons where no conversion is possible."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbp.errors import InputError
from vbp.exact import half_up
from vbp.prices import Spec, content_ratio, convert, pack_ratio

times = st.decimals("0.001", "1000", places=3).filter(lambda x: x > 0)


def spec(strength, pieces, form="tablet"):
    return Spec.of(strength, pieces, form)


@pytest.mark.parametrize(
    ("ratio", "times", "printed"),
    [
        (pack_ratio, Decimal(28) / 7, "3.8025"),
        (pack_ratio, Decimal(7) / 14, "0.512821"),
        (pack_ratio, Decimal(28) / 30, "0.935688"),
        (content_ratio, Decimal(20) / 10, "1.7"),
        (content_ratio, 1, "1"),
        (pack_ratio, 2, "1.95"),
    ],
)
def test_ratios_of_the_rules(ratio, times, printed):
    assert half_up(ratio(times), 6) == Decimal(printed)


@pytest.mark.parametrize(
    ("price", "one", "other", "printed", "rule"),
    [
        ("8.72", ("10mg", 24), ("10mg", 48), "17.00", "pack"),
        ("9.80", ("10mg", 7), ("20mg", 28), "63.35", "content+pack"),
        ("5.00", ("0.5g", 10), ("500mg", 10), "5.00", "same"),
        ("0.10", ("5mg", 1), ("5mg", 2), "0.20", "pack"),
        ("10", ("1mg", 7), ("2mg", 7), "17.00", "content"),
    ],
)
def test_prices_carried_over(price, one, other, printed, rule):
    got = convert(Decimal(price), spec(*one), spec(*other))
    assert (got.price_yuan, got.rule, got.reason) == (Decimal(printed), rule, None)


@given(times, times)
def test_ratios_are_consistent(x, y):
    for ratio in (content_ratio, pack_ratio):
        assert abs(ratio(x) * ratio(1 / x) - 1) < Decimal("1e-20")
        assert abs(ratio(x) * ratio(y) / ratio(x * y) - 1) < Decimal("1e-20")


@pytest.mark.parametrize(
    ("price", "one", "other", "word"),
    [
        ("0", ("1mg", 1), ("2mg", 1), "zero or negative"),
        ("-3", ("1mg", 1), ("2mg", 1), "zero or negative"),
        ("1", ("80mg/5mg", 7), ("80mg", 7), "several parts"),
        ("1", ("100万单位", 1), ("1g", 1), "do not compare"),
        ("1", ("1mg", 1, "tablet"), ("1mg", 1, "injection"), "forms differ"),
        ("1", ("1mg", 0), ("1mg", 1), "pack count"),
        ("1", ("0mg", 1), ("1mg", 1), "content is zero"),
    ],
)
def test_no_conversion_without_a_reason(price, one, other, word):
    got = convert(Decimal(price), spec(*one), spec(*other))
    assert got.price_yuan is None and got.rule == "none" and word in got.reason


@pytest.mark.parametrize(
    ("text", "content", "unit"),
    [
        ("10mg", "10", "mg"),
        ("0.5g", "500", "mg"),
        ("250μg", "0.25", "mg"),
        (" 100万单位 ", "1000000", "iu"),
        ("400IU", "400", "iu"),
        ("5ml:1g", None, None),
        ("", None, None),
        (None, None, None),
        ("1.2.3mg", None, None),
        ("10片", None, None),
    ],
)
def test_strengths_are_read(text, content, unit):
    got = Spec.of(text, 1)
    assert (got.content, got.unit) == (None if content is None else Decimal(content), unit)


def test_ratio_of_nothing_is_refused():
    with pytest.raises(InputError, match="above zero"):
        pack_ratio(0)
