"""Fine amounts and shares to the fen against Python's own integers and fractions: cuts, groups, order, scale, limits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.errors import InputError
from vbp.exact import exact_sum, fen, half_up, rounded_ratio, share_out, share_out_integers, yuan
from vbp.fine import FEN, STEP, TRACE, Fine

few = settings(max_examples=60, deadline=None, derandomize=True)
amounts = st.lists(st.integers(-(10**20), 10**20), min_size=1, max_size=20)
WHOLE_FEN = FEN * STEP
"""10^-13 yuan in a fen."""


def exactly(column: Fine) -> list[int]:
    return [int(high) * STEP + int(low) for high, low in zip(column.high, column.low, strict=True)]


@few
@given(amounts)
def test_a_column_holds_what_was_put_in_and_its_lows_stay_in_range(values: list[int]) -> None:
    column = Fine.exactly(values)
    assert exactly(column) == values and column.total() == sum(values)
    assert ((column.low >= 0) & (column.low < STEP)).all()


@few
@given(amounts, st.integers(1, 5), st.data())
def test_groups_add_up_over_every_cut_and_splitting_a_row_changes_nothing(
    values: list[int], groups: int, data: st.DataObject
) -> None:
    codes = np.array(data.draw(st.lists(st.integers(0, groups - 1), min_size=len(values), max_size=len(values))))
    whole = Fine.exactly(values).grouped(codes, groups)
    assert sum(exactly(whole)) == sum(values)
    parts = [value // 3 for value in values] + [value - value // 3 for value in values]
    assert exactly(Fine.exactly(parts).grouped(np.concatenate([codes, codes]), groups)) == exactly(whole)
    order = np.array(data.draw(st.permutations(range(len(values)))))
    assert exactly(Fine.exactly([values[place] for place in order]).grouped(codes[order], groups)) == exactly(whole)


@few
@given(amounts)
def test_a_return_cancels_its_purchase_and_floors_and_masks_part_the_whole(values: list[int]) -> None:
    column = Fine.exactly(values)
    nothing = column.minus(column)
    assert exactly(nothing) == [0] * len(values) and exactly(column.plus(nothing)) == values
    below = Fine.exactly([-value for value in values]).floored()
    assert [up - down for up, down in zip(exactly(column.floored()), exactly(below), strict=True)] == values
    mask = np.arange(len(values)) % 2 == 0
    assert column.where(mask).total() + column.where(~mask).total() == sum(values)


@few
@given(amounts, st.data())
def test_the_fen_of_the_rows_are_those_of_the_total_and_no_row_moves_by_a_fen(
    values: list[int], data: st.DataObject
) -> None:
    column = Fine.exactly(values)
    got = column.to_fen().tolist()
    assert sum(got) == rounded_ratio(sum(values), WHOLE_FEN) == fen(column.total_yuan())
    assert all(abs(Fraction(value, WHOLE_FEN) - part) < 1 for value, part in zip(values, got, strict=True))
    order = data.draw(st.permutations(range(len(values))))
    if len({value % WHOLE_FEN for value in values}) == len(values):
        assert Fine.exactly([values[place] for place in order]).to_fen().tolist() == [got[place] for place in order]


def test_rows_with_the_largest_rest_get_the_fen_and_the_earlier_one_on_a_tie() -> None:
    third = WHOLE_FEN // 3
    assert Fine.exactly([third, third, third + 2]).to_fen().tolist() == [0, 0, 1]
    assert Fine.exactly([WHOLE_FEN // 2] * 2).to_fen().tolist() == [1, 0]
    assert Fine.exactly([-(WHOLE_FEN // 2)] * 2).to_fen().tolist() == [0, -1]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (WHOLE_FEN // 2, "0.01"),
        (WHOLE_FEN // 2 - TRACE, "0.00"),
        (WHOLE_FEN // 2 - 1, "0.01"),  # no more than a divided price leaves
        (-WHOLE_FEN // 2, "-0.01"),
        (-WHOLE_FEN // 2 + TRACE, "0.00"),
        (12345 * WHOLE_FEN, "123.45"),
    ],
)
def test_half_a_fen_goes_away_from_zero_once(amount: int, shown: str) -> None:
    assert Fine.exactly([amount]).total_yuan() == Decimal(shown)
    assert Fine.exactly([amount - 7, 7]).total_yuan() == Decimal(shown)


def test_sums_of_the_largest_amounts_do_not_wrap() -> None:
    top = 9 * 10**18 * STEP // 10
    column = Fine.exactly([top] * 9 + [-top] * 4)
    assert column.total() == 5 * top
    codes = np.array([0] * 9 + [1] * 4)
    assert exactly(column.grouped(codes, 3)) == [9 * top, -4 * top, 0]


@pytest.mark.parametrize(
    ("price", "quantity", "fits"),
    [
        (9 * 10**18, 10**6, True),
        (9 * 10**18, 10**6 + 1, False),
        (1, 9 * 10**12, True),
        (1, 9 * 10**12 + 1, False),
        (-9 * 10**18, 10**6, True),
    ],
)
def test_products_are_exact_up_to_the_limit_and_refused_beyond(price: int, quantity: int, fits: bool) -> None:
    if fits:
        assert Fine.product([price], [quantity]).total() == price * quantity
    else:
        with pytest.raises(InputError, match="900 billion"):
            Fine.product([price], [quantity])


def test_an_empty_column_has_no_rows_and_sums_to_nothing() -> None:
    empty = Fine.product([], [])
    assert len(empty) == 0 and empty.total() == 0 and empty.to_yuan() == [] and empty.total_yuan() == 0
    assert exactly(empty.grouped(np.zeros(0, dtype=np.int64), 2)) == [0, 0]


@few
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=12), st.integers(0, 100))
def test_a_share_and_the_rest_are_the_whole_to_a_ten_millionth(values: list[int], percent: int) -> None:
    column = Fine.exactly([value * STEP for value in values])
    share = np.full(len(values), percent / 100)
    for own, one, other in zip(values, exactly(column.shared(share)), exactly(column.shared(1 - share)), strict=True):
        assert abs(one + other - own * STEP) <= STEP and abs(
            Fraction(one, STEP) - Fraction(own * percent, 100)
        ) <= Fraction(1, 2)
    assert exactly(column.shared(np.ones(len(values)))) == [value * STEP for value in values]


@few
@given(st.lists(st.decimals("-1e7", "1e7", places=5), min_size=1, max_size=15), st.integers(0, 4), st.data())
def test_shares_at_any_number_of_places_add_up_whatever_the_order(
    values: list[Decimal], places: int, data: st.DataObject
) -> None:
    got = share_out(values, places)
    assert sum(got, Decimal(0)) == half_up(sum(values, Decimal(0)), places)
    assert all(-part.as_tuple().exponent == places for part in got)
    order = data.draw(st.permutations(range(len(values))))
    assert (
        sorted(share_out([values[place] for place in order], places)) == sorted(got)
        or len(set(values)) < len(values)
        or len({value % Decimal(1).scaleb(-places) for value in values}) < len(values)
    )
    assert share_out([10 * value for value in values], places - 1) == [10 * part for part in got]


@few
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=15), st.integers(1, 10**4))
def test_integers_and_decimals_share_out_alike(values: list[int], scale: int) -> None:
    whole = share_out_integers([value * 10**4 for value in values], scale * 10**4).tolist()
    assert whole == share_out_integers(values, scale).tolist()
    if scale in (1, 10, 100, 1000, 10**4):
        assert whole == [int(part) for part in share_out([Decimal(value) / scale for value in values], 0)]


@few
@given(st.integers(-(10**30), 10**30), st.integers(-(10**12), 10**12).filter(bool))
def test_a_rounded_ratio_is_the_nearest_whole_number_and_its_sign_is_free(top: int, bottom: int) -> None:
    got = rounded_ratio(top, bottom)
    assert abs(Fraction(top, bottom) - got) <= Fraction(1, 2)
    assert rounded_ratio(-top, bottom) == rounded_ratio(top, -bottom) == -got
    if abs(Fraction(top, bottom) - got) == Fraction(1, 2):
        assert abs(got) > abs(Fraction(top, bottom))


def test_sums_beyond_int64_and_money_both_ways() -> None:
    edge = [2**63 - 1, 2**63 - 1, -(2**63), 2**63 - 1]
    assert exact_sum(edge) == sum(edge)
    assert share_out([]) == [] and [yuan(fen(Decimal(text))) for text in ("0", "-0.01", "90071992547409.93")] == [
        Decimal("0.00"),
        Decimal("-0.01"),
        Decimal("90071992547409.93"),
    ]


def test_a_price_that_does_not_divide_leaves_a_tie_a_tie_in_the_total():
    """20 yuan a pack of 3 units: 3,015,000 units cost 20,100,000 yuan, which a price per unit of 18 decimals misses by a trace."""
    quantity = [3_015_000_000]
    spent = Fine.product([66_666_666_667], quantity, [-33_333_333])
    saved = Fine.product([100_000_010_000], quantity).minus(spent)
    assert saved.total() != 10_050_003_015 * 10**10, "the trace is there"
    assert saved.total_yuan() == Decimal("10050003.02")
    assert saved.to_yuan() == [Decimal("10050003.02")]
