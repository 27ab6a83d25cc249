"""Exact money: half up, largest remainder, and the fine integers beside exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.errors import InputError
from vbp.exact import fen, half_up, rounded_ratio, share_out, share_out_integers, yuan
from vbp.fine import Fine

decimals = st.decimals("-1e9", "1e9", places=6)
prices, quantities = st.integers(-(10**15), 10**15), st.integers(-(10**9), 10**9)


@pytest.mark.parametrize(
    ("value", "shown"), [("0.125", "0.13"), ("-0.125", "-0.13"), ("2.675", "2.68"), ("0.1249999", "0.12")]
)
def test_half_up_is_away_from_zero(value, shown):
    assert half_up(Decimal(value)) == Decimal(shown)
    assert fen(Decimal(value)) == int(Decimal(shown) * 100) and yuan(fen(Decimal(value))) == Decimal(shown)


@settings(max_examples=80, deadline=None)
@given(st.lists(decimals, max_size=30))
def test_shared_out_rows_add_up_and_move_less_than_a_fen(values):
    got = share_out(values)
    assert sum(got, Decimal(0)) == half_up(sum(values, Decimal(0)))
    assert all(abs(a - b) < Decimal("0.01") for a, b in zip(got, values, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=30), st.integers(1, 10**6))
def test_integers_share_out_like_decimals(values, scale):
    got = share_out_integers(values, scale)
    assert int(got.sum()) == rounded_ratio(sum(values), scale)
    assert all(abs(Fraction(int(a)) - Fraction(b, scale)) < 1 for a, b in zip(got, values, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(prices, quantities, st.integers(0, 3)), min_size=1, max_size=30))
def test_fine_amounts_are_exact(rows):
    price, quantity, codes = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    fine = Fine.product(price, quantity)
    exact = [p * q for p, q, _ in rows]
    assert fine.total() == sum(exact)
    sums = fine.grouped(codes, 4)
    assert [int(h) * 10**6 + int(low) for h, low in zip(sums.high, sums.low, strict=True)] == [
        sum(e for e, (_, _, c) in zip(exact, rows, strict=True) if c == group) for group in range(4)
    ]
    assert fine.plus(fine).minus(fine).total() == sum(exact)
    assert sum(fine.to_yuan(), Decimal(0)) == fine.total_yuan() == Decimal(rounded_ratio(sum(exact), 10**11)).scaleb(-2)
    assert fine.floored().total() == sum(max(e, 0) for e in exact)


def test_an_impossible_product_is_refused_not_wrapped():
    with pytest.raises(InputError, match="900 billion"):
        Fine.product(np.array([10**17]), np.array([10**10]))


def test_shares_of_an_amount():
    fine = Fine.fen(np.array([100, 100, 100]))
    assert fine.shared(np.array([0.0, 0.25, 1.0])).to_fen().tolist() == [0, 25, 100]
