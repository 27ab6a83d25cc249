"""Exact columns: any decimals in, the same out; sums of wide products equal Python's own."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.surplus import scaled

FINITE = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
QUICK = settings(max_examples=40, deadline=None, derandomize=True)


@QUICK
@given(values=st.lists(st.one_of(st.none(), FINITE), min_size=1, max_size=30))
def test_decimals_survive_the_round_trip(values: list[Decimal | None]) -> None:
    assert scaled.of_values(values).decimals() == values


@QUICK
@given(left=st.lists(FINITE, min_size=1, max_size=20), right=FINITE)
def test_products_and_differences_are_exact(left: list[Decimal], right: Decimal) -> None:
    from decimal import localcontext

    a, b = scaled.of_values(left), scaled.of_values([right] * len(left))
    with localcontext() as context:
        context.prec = 100
        assert a.product(b).decimals() == [value * right for value in left]
        assert a.minus(b).decimals() == [value - right for value in left]


@pytest.mark.parametrize("width", [10, 31, 45, 61])
@pytest.mark.parametrize("negative", [False, True])
def test_sums_of_wide_products_equal_pythons(width: int, negative: bool) -> None:
    random = np.random.default_rng(width)
    low = -(1 << width) + 1 if negative else 0
    left, right = (random.integers(low, 1 << width, 5000) for _ in range(2))
    begin = np.array([0, 1, 900, 2500])
    plain = [
        sum(int(a) * int(b) for a, b in zip(left[i:j], right[i:j], strict=True))
        for i, j in zip(begin, [*begin[1:], 5000], strict=True)
    ]
    assert scaled.group_dot(left, right, begin).tolist() == plain
    assert scaled.group_sum(left, begin).tolist() == [
        int(sum(map(int, left[i:j]))) for i, j in zip(begin, [*begin[1:], 5000], strict=True)
    ]


def test_unknown_values_stay_unknown_and_floats_are_read_as_printed() -> None:
    assert scaled.of_values([0.1, float("nan"), None, 3]).decimals() == [Decimal("0.1"), None, None, Decimal(3)]
    with pytest.raises(ValueError, match="finite"):
        scaled.of_values([Decimal("Infinity")])


def test_decimal_text_is_exact_with_at_least_two_places() -> None:
    assert [str(scaled.decimal(*pair, 2)) for pair in ((31500000, 4), (5, 0), (-123456, 5), (0, 9))] == [
        "3150.00",
        "5.00",
        "-1.23456",
        "0.00",
    ]
