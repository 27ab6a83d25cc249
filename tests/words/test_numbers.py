"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vbp.words import count, money, percent, qualified, value_label


@pytest.mark.parametrize(
    "yuan, zh, en",
    [
        (1_124_000_000, "11.24亿元", "1.124 bn yuan"),
        (37_428_500, "3,742.85万元", "37.429 m yuan"),
        (4000, "4,000元", "4,000 yuan"),
        (0, "0元", "0 yuan"),
        (844_700, "84.47万元", "844.7 k yuan"),
        (-1_080_000, "−108万元", "−1.08 m yuan"),
        (99_999_999_999, "1,000亿元", "100 bn yuan"),
        (None, "—", "—"),
        (float("nan"), "—", "—"),
    ],
)
def test_money_has_the_readers_units(yuan, zh, en):
    assert money(yuan, "zh") == zh
    assert money(yuan, "en") == en


def test_halves_round_up_as_offices_do():
    assert percent(Decimal("65.565")) == "65.57%"
    assert percent(Decimal("2.5"), 0) == "3%"


def test_counts_and_units():
    assert count(7_255_000, "zh") == "725.5万"
    assert count(18_655, "en") == "18,655"
    assert value_label(Decimal(494), "variety", "zh") == "494个品种"
    assert value_label(Decimal(1), "variety", "en") == "1 variety"
    assert qualified(Decimal("65.57"), "percent", "about", "zh") == "约65.57%"
    assert qualified(None, "yuan", "damaged", "en") == "digits lost"
