"""The consequences of rules.md §1.2 for every profile, and the fast arithmetic against the boring one."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.surplus import boring
from tests.surplus.samples import C1, decimals, item, item_rows, only, settled
from vbp.rules import Profile, load_profile, profile_names
from vbp.surplus import settle

PROFILES = {name: load_profile(name) for name in profile_names()}
VARIANTS = {
    **PROFILES,
    **{
        f"national+{key}={value}": PROFILES["national-2020"].with_switches(**{key: value})
        for key, value in (
            ("flooring", "each_item"),
            ("eligibility", "all_items"),
            ("eligibility", "batch_total"),
            ("non_selected", "leave_out_evaluated"),
            ("non_selected", "leave_out_cheaper"),
            ("funds", "together"),
            ("unit", "generic"),
            ("payment_reform_exclusion", True),
            ("completion_threshold", "0.85"),
            ("base_volume", "last_year_actual"),
        )
    },
}
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
LONG = settings(QUICK, max_examples=150)
each_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


@pytest.mark.parametrize("profile", VARIANTS.values(), ids=VARIANTS)
@QUICK
@given(rows=item_rows())
def test_the_arithmetic_equals_the_boring_one(profile: Profile, rows: list[dict[str, Any]]) -> None:
    assert_equals_the_boring_way(profile, rows)


@pytest.mark.long
@pytest.mark.parametrize("profile", VARIANTS.values(), ids=VARIANTS)
@LONG
@given(rows=item_rows(most=30))
def test_the_arithmetic_equals_the_boring_one_at_length(profile: Profile, rows: list[dict[str, Any]]) -> None:
    assert_equals_the_boring_way(profile, rows)


def assert_equals_the_boring_way(profile: Profile, rows: list[dict[str, Any]]) -> None:
    table = settle(pd.DataFrame(rows), profile).table
    groups = defaultdict(list)
    for row in rows:
        groups[row["hospital_id"], row["batch_id"], row["agreement_year"]].append(row)
    assert len(table) == len(groups) > 0
    for row in table.to_dict("records"):
        plain = boring.settle_row(groups[row["hospital_id"], row["batch_id"], row["agreement_year"]], profile)
        assert row["retained_yuan"] == plain["retained"], (row, plain)
        if plain["base"] is not None:
            found = [Fraction(row[name]) for name in ("base_yuan", "budget_yuan", "expenditure_yuan")]
            assert found == [plain["base"], plain["budget"], plain["expenditure"]]


@each_profile
@QUICK
@given(more=decimals(0, 500000, 2), spent=decimals(0, 400000, 2))
def test_purchases_beyond_the_agreed_volume_do_not_matter(profile: Profile, more: Decimal, spent: Decimal) -> None:
    one = item(nonselected_amount_yuan=spent)
    exact, beyond = settled(profile, one), settled(profile, {**one, "actual_quantity_units": 70000 + more})
    assert only(exact) == only(beyond)


@each_profile
@QUICK
@given(demand=decimals(0, 90000, 2), agreed=decimals(0, 90000, 2), before=decimals(0, 90, 4), price=decimals(0, 90, 6))
def test_the_simple_formula_is_the_full_one_at_n_equal_to_the_rest(
    profile: Profile, demand: Decimal, agreed: Decimal, before: Decimal, price: Decimal
) -> None:
    agreed = min(agreed, demand)
    one = item(
        base_quantity_units=demand,
        agreed_quantity_units=agreed,
        actual_quantity_units=agreed,
        pre_price_yuan=before,
        selected_price_yuan=price,
        nonselected_amount_yuan=(demand - agreed) * before,
    )
    assert only(settled(profile, one))["net_yuan"] == agreed * (before - price) * Decimal("0.63")


@each_profile
@QUICK
@given(spent=decimals(0, 400000, 2), extra=decimals(0, 90000, 2), units=decimals(0, 90000, 2))
def test_marginal_values(profile: Profile, spent: Decimal, extra: Decimal, units: Decimal) -> None:
    weight = Decimal("0.63")
    start = only(settled(profile, item(nonselected_amount_yuan=spent)))["net_yuan"]
    dearer = only(settled(profile, item(nonselected_amount_yuan=spent + extra)))["net_yuan"]
    larger = only(settled(profile, item(nonselected_amount_yuan=spent, base_quantity_units=100000 + units)))["net_yuan"]
    simple = profile.settlement.non_selected == "none"
    assert dearer - start == (0 if simple else -weight * extra)
    assert larger - start == (0 if simple else weight * 5 * units)


@each_profile
@QUICK
@given(rows=item_rows())
def test_payouts_are_bounded_and_sum_to_the_total(profile: Profile, rows: list[dict[str, Any]]) -> None:
    settlement = settle(pd.DataFrame(rows), profile)
    known = settlement.table[settlement.table["retained_yuan"].notna()]
    assert settlement.total_yuan == sum(known["retained_yuan"], Decimal(0))
    for row in known.to_dict("records"):
        assert row["retained_yuan"] >= 0
        if row["base_yuan"] is not None:
            assert row["retained_yuan"] <= Decimal("0.5") * row["base_yuan"] + Decimal("0.005")
    assert [check.verdict for check in settlement.checks("zh")] == ["pass", "pass"]


@QUICK
@given(rows=item_rows(), data=st.data())
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    profile = PROFILES["national-2020"]
    pd.testing.assert_frame_equal(
        settle(pd.DataFrame(rows), profile).table, settle(pd.DataFrame(shuffled), profile).table
    )


@QUICK
@given(rows=item_rows(gaps=False))
def test_items_of_a_row_sum_to_its_budget_and_expenditure(rows: list[dict[str, Any]]) -> None:
    settlement = settle(pd.DataFrame(rows), PROFILES["national-2020"])
    counted = settlement.items[settlement.items["counted"].astype(bool)]
    for name in ("budget_yuan", "expenditure_yuan"):
        assert sum(counted[name], Decimal(0)) == sum(settlement.table[name])


def test_the_first_vector_is_reached_by_the_boring_way_too() -> None:
    assert boring.settle_row([C1], PROFILES["national-2020"])["retained"] == Decimal("121590.00")
