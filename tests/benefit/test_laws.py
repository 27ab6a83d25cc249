"""Reimbursement and payment standard against slow arithmetic: lines that add up, monotone in the cost, nobody below zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vbp.benefit import (
    Case,
    StandardRule,
    payment_standard,
    purchase_share,
    purchase_shares,
    reimburse,
    saving_by_payer,
)
from vbp.benefit.profile import BenefitProfile, Scheme, read_profile
from vbp.errors import InputError
from vbp.exact import half_up

D = Decimal
fen = st.integers(0, 5 * 10**7).map(lambda n: D(n).scaleb(-2))
ratios = st.integers(0, 100).map(lambda n: D(n) / 100)


def scheme(**layers: Any) -> Scheme:
    return Scheme.model_validate({"name_zh": "例", "name_en": "example", **layers})


def layer(deductible: str, *bands: tuple[str | None, str], **more: Any) -> dict[str, Any]:
    return {"deductible": deductible, "bands": [{"to": to, "ratio": ratio} for to, ratio in bands], **more}


THREE = scheme(
    basic=layer("1300", ("30000", "0.85"), ("40000", "0.90"), (None, "0.95"), cap="100000"),
    serious=layer("30000", ("50000", "0.6"), (None, "0.7"), bands_from="deductible"),
    aid=layer("0", (None, "0.5"), cap="20000"),
)


def test_the_published_case_of_rules_5() -> None:
    plain = scheme(basic=layer("1300", (None, "0.87")))
    got = reimburse(plain, Case(D(6000), D(5600)))
    assert (got.basic_yuan, got.patient_yuan) == (D(3741), D(2259))


@pytest.mark.parametrize(
    ("cost", "basic"),
    [
        ("1300", "0.00"),
        ("1300.01", "0.01"),
        ("30000", "24395.00"),
        ("30000.01", "24395.01"),
        ("40000", "33395.00"),
        ("110110.52", "99999.99"),
        ("110110.53", "100000.00"),
        ("500000", "100000.00"),
    ],
)
def test_basic_pay_at_the_edges_of_deductible_bands_and_cap(cost: str, basic: str) -> None:
    assert reimburse(THREE, Case(D(cost), D(cost))).basic_yuan == D(basic)


def slowly(cost: Fraction, deductible: int, bands: list[tuple[int | None, Fraction]], first: int) -> Fraction:
    """A layer once more: each yuan between two neighbouring edges is paid at the ratio of the band it lies in."""
    paid, low = Fraction(0), Fraction(0)
    for top, ratio in bands:
        high = cost if top is None else min(cost, Fraction(first + top))
        paid += max(high - max(low, Fraction(deductible)), Fraction(0)) * ratio
        low = high
    return paid


@settings(max_examples=150, deadline=None, derandomize=True)
@given(fen, fen, fen, ratios, st.booleans())
@example(D("0"), D("100.05"), D("0"), D("0.1"), False)
def test_three_layers_are_the_slow_sums_and_the_lines_add_up(a: D, b: D, rest: D, own: D, aided: bool) -> None:
    got = reimburse(THREE, Case(a + b + rest, a, b, own, aided))
    cost = Fraction(a) + Fraction(b) * (1 - Fraction(own))
    basic = min(
        slowly(cost, 1300, [(30000, Fraction(85, 100)), (40000, Fraction(9, 10)), (None, Fraction(95, 100))], 0),
        Fraction(100000),
    )
    assert abs(Fraction(got.basic_yuan) - basic) <= Fraction(1, 200)
    left = cost - Fraction(got.basic_yuan)
    serious = slowly(left, 30000, [(50000, Fraction(6, 10)), (None, Fraction(7, 10))], 30000)
    assert abs(Fraction(got.serious_yuan) - serious) <= Fraction(1, 200)
    aid = min((left - Fraction(got.serious_yuan)) / 2, Fraction(20000)) if aided else Fraction(0)
    assert abs(Fraction(got.aid_yuan) - aid) <= Fraction(1, 200)
    lines = got.table.set_index("line")["amount_yuan"]
    assert lines["out_of_catalogue"] + lines["own_share_first"] + lines["in_scope"] == lines["total"]
    assert lines["basic"] + lines["serious_illness"] + lines["medical_aid"] + lines["patient"] == lines["total"]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(fen, st.integers(0, 10**6))
def test_a_dearer_case_is_never_paid_less_and_never_more_than_the_rise(cost: D, more: int) -> None:
    rise = D(more).scaleb(-2)
    first, second = (reimburse(THREE, Case(own, own, aided=True)) for own in (cost, cost + rise))
    assert D(0) <= second.fund_yuan - first.fund_yuan + D("0.02") and second.fund_yuan - first.fund_yuan <= rise + D(
        "0.02"
    )
    assert second.basic_yuan >= first.basic_yuan


def test_an_unknown_rule_matters_only_where_the_case_needs_it() -> None:
    gap = scheme(basic=layer("1000", ("5000", "0.8"), (None, "unknown")), serious=layer("unknown", (None, "0.6")))
    below = reimburse(gap, Case(D(900), D(0)))
    assert below.fund_yuan == 0 and below.unknown == ()
    within = reimburse(gap, Case(D(5000), D(5000)))
    assert within.basic_yuan == D(3200) and within.serious_yuan is None and within.unknown == ("serious.deductible",)
    beyond = reimburse(gap, Case(D("5000.01"), D("5000.01")))
    assert beyond.basic_yuan is None and beyond.unknown == ("basic.bands[1].ratio",)
    assert beyond.table.set_index("line").loc["patient", "amount_yuan"] is None


def test_bands_that_end_before_the_cost_leave_the_rest_unknown_not_unpaid() -> None:
    short = scheme(basic=layer("0", ("10000", "0.8")))
    assert reimburse(short, Case(D(10000), D(10000))).basic_yuan == D(8000)
    assert reimburse(short, Case(D("10000.01"), D("10000.01"))).unknown == ("basic.bands[1]",)


@pytest.mark.parametrize(
    ("price", "standard", "case"),
    [
        ("0.99", "0.99", "cheaper"),
        ("1.00", "1.00", "selected"),
        ("1.01", "1.00", "within_twice"),
        ("1.9999", "1.00", "within_twice"),
        ("2.00", "1.40", "twice_or_more"),
        ("2.01", "1.407", "twice_or_more"),
        ("100", "70.0", "twice_or_more"),
    ],
)
def test_the_payment_standard_around_once_and_twice_the_selected_price(price: str, standard: str, case: str) -> None:
    assert payment_standard(D(price), D(1)) == (D(standard), case)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(1, 10**6), st.integers(1, 10**6), ratios)
def test_nobody_pays_below_zero_and_scaling_both_prices_scales_all(price: int, selected: int, ratio: D) -> None:
    share = purchase_share(D(price) / 100, D(selected) / 100, ratio)
    assert 0 <= share.fund_yuan <= share.price_yuan and share.fund_yuan + share.patient_yuan == share.price_yuan
    assert share.patient_yuan == max(share.price_yuan - share.standard_yuan, D(0)) + share.standard_yuan * (1 - ratio)
    ten = purchase_share(D(price) / 10, D(selected) / 10, ratio)
    assert (ten.case, ten.fund_yuan, ten.patient_yuan) == (share.case, 10 * share.fund_yuan, 10 * share.patient_yuan)


def test_a_standard_above_a_cheaper_price_pays_only_on_the_price() -> None:
    share = purchase_share(D("0.60"), D(1), D("0.7"), StandardRule(cheaper_at_own_price=False))
    assert (share.standard_yuan, share.fund_yuan, share.patient_yuan) == (D(1), D("0.420"), D("0.180"))


def purchases(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    names = ["price_yuan", "selected_price_yuan", "quantity_units", "fund_ratio"]
    return pd.DataFrame([[D(cell) for cell in row] for row in rows], columns=names)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**5), st.integers(1, 10**5), st.integers(1, 50), st.integers(0, 100)),
        min_size=1,
        max_size=8,
    )
)
@example([(159, 159, 1, 0), (140, 140, 1, 100), (145, 145, 1, 100)])
def test_purchases_are_shared_to_the_fen_without_a_negative_part(rows: list[tuple[int, int, int, int]]) -> None:
    frame = purchases(*((f"{p / 10000:.4f}", f"{s / 10000:.4f}", str(q), f"{r / 100:.2f}") for p, s, q, r in rows))
    got = purchase_shares(frame)
    assert (got["fund_yuan"] + got["patient_yuan"] == got["amount_yuan"]).all()
    exact = sum((Fraction(p) * q / 10000 for p, _, q, _ in rows), Fraction(0))
    assert abs(Fraction(sum(got["amount_yuan"], D(0))) - exact) <= Fraction(1, 200)
    funds = sum(
        (Fraction(purchase_share(D(p) / 10000, D(s) / 10000, D(r) / 100).fund_yuan) * q for p, s, q, r in rows),
        Fraction(0),
    )
    assert abs(Fraction(sum(got["fund_yuan"], D(0))) - funds) <= Fraction(1, 200)
    assert min(got["fund_yuan"]) >= 0 and min(got["patient_yuan"]) >= 0


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(-(10**9), 10**9), ratios, ratios)
def test_a_saving_is_split_without_a_fen_lost_and_a_loss_is_split_alike(amount: int, ratio: D, share: D) -> None:
    gain, loss = (saving_by_payer(D(sign * amount) / 1000, ratio, share) for sign in (1, -1))
    assert gain.fund_yuan + gain.patient_yuan == gain.saving_yuan == half_up(D(amount) / 1000)
    assert gain.fund_yuan == (D(amount) / 1000 * ratio * share).quantize(D("0.01"), ROUND_HALF_UP)
    assert (loss.fund_yuan, loss.patient_yuan) == (-gain.fund_yuan, -gain.patient_yuan)
    assert abs(gain.fund_yuan) <= abs(gain.saving_yuan)


PROFILE = """profile: x
name_zh: 某市
name_en: Some City
source: a document
effective_from: {date}
schemes:
  plain:
    name_zh: 例
    name_en: example
    basic: {{deductible: 1300, bands: [{{to: null, ratio: {ratio}}}]}}
"""


@pytest.mark.parametrize(
    ("date", "ratio", "column"),
    [
        ("2024-02-30", "0.87", None),
        ("2024-13-01", "0.87", None),
        ("2024-01-01", "87", "schemes.plain.basic.bands.0.ratio"),
        ("2024-01-01", ".nan", "schemes.plain.basic.bands.0.ratio"),
        ("someday", "0.87", "effective_from"),
    ],
)
def test_a_slip_in_a_profile_is_one_message_with_its_place(
    tmp_path: Any, date: str, ratio: str, column: str | None
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(PROFILE.format(date=date, ratio=ratio), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_profile(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    assert column is None or column in {(problem.column or "")[: len(column)] for problem in caught.value.problems}


def test_ratios_in_a_profile_are_the_decimals_that_were_written(tmp_path: Any) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(PROFILE.format(date="2024-01-01", ratio="0.1"), encoding="utf-8")
    profile = read_profile(path)
    assert isinstance(profile, BenefitProfile)
    assert profile.scheme("plain").basic.bands[0].ratio == D("0.1") != D(0.1)
