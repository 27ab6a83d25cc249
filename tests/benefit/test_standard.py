"""The payment standard and who pays."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbp.benefit import StandardRule, payment_standard, purchase_share, purchase_shares, saving_by_payer
from vbp.errors import InputError

price = st.decimals("0.01", "9999", places=2)
ratio = st.decimals("0", "1", places=4)


@pytest.mark.parametrize(
    ("own", "selected", "standard", "case"),
    [
        ("1.20", "1.20", "1.20", "selected"),
        ("2.40", "1.20", "1.68", "twice_or_more"),
        ("2.39", "1.20", "1.20", "within_twice"),
        ("10", "4", "7", "twice_or_more"),
        ("0.80", "1.20", "0.80", "cheaper"),
        ("100", "1", "70", "twice_or_more"),
    ],
)
def test_payment_standard_by_case(own, selected, standard, case):
    assert payment_standard(Decimal(own), Decimal(selected)) == (Decimal(standard), case)


def test_worked_patient_cost():
    share = purchase_share(Decimal(10), Decimal(4), Decimal("0.70"))
    assert (share.standard_yuan, share.patient_yuan, share.fund_yuan) == (7, Decimal("5.10"), Decimal("4.90"))


@given(price, price, ratio)
def test_patient_cost_is_the_formula_and_parts_sum(own, selected, r):
    share = purchase_share(own, selected, r)
    standard = share.standard_yuan
    assert share.fund_yuan + share.patient_yuan == own
    assert share.patient_yuan == max(own - standard, Decimal(0)) + standard * (1 - r)
    rounded = share.rounded()
    assert rounded.fund_yuan + rounded.patient_yuan == own


def test_switches_change_the_standard():
    rule = StandardRule(multiple=Decimal(3), reduction=Decimal("0.4"), cheaper_at_own_price=False)
    assert payment_standard(Decimal(5), Decimal(2), rule) == (2, "within_twice")
    assert payment_standard(Decimal(6), Decimal(2), rule) == (Decimal("3.6"), "twice_or_more")
    # the fund never pays more than its ratio of the price itself
    assert purchase_share(Decimal(1), Decimal(2), Decimal(1), rule).patient_yuan == 0


@pytest.mark.parametrize(
    ("own", "selected", "r"), [("0", "1", "0.5"), ("1", "-1", "0.5"), ("1", "1", "1.01"), ("1", "1", "-0.1")]
)
def test_impossible_prices_and_ratios_are_refused(own, selected, r):
    with pytest.raises(InputError):
        purchase_share(Decimal(own), Decimal(selected), Decimal(r))


def test_purchases_add_up_to_the_fen():
    frame = pd.DataFrame(
        {
            "price_yuan": [Decimal("0.333")] * 3,
            "selected_price_yuan": [Decimal("0.333")] * 3,
            "quantity_units": [Decimal("1")] * 3,
            "fund_ratio": [Decimal("0.5")] * 3,
        }
    )
    got = purchase_shares(frame)
    assert got["amount_yuan"].sum() == Decimal("1.00") and got["fund_yuan"].sum() == Decimal("0.50")
    assert (got["fund_yuan"] + got["patient_yuan"] == got["amount_yuan"]).all()
    assert set(got["case"]) == {"selected"}


def test_saving_is_split_by_ratio_and_insured_share():
    split = saving_by_payer(Decimal("1000.01"), Decimal("0.7"), Decimal("0.9"))
    assert (split.fund_yuan, split.patient_yuan, split.saving_yuan) == (
        Decimal("630.01"),
        Decimal("370.00"),
        Decimal("1000.01"),
    )
    assert "70" in split.assumptions[0].text("en") and split.text("zh")
    with pytest.raises(InputError):
        saving_by_payer(Decimal(1), Decimal("70"))
