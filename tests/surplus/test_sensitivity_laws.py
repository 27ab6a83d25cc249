"""What moves a payout, against settling once more with the one thing moved."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.surplus.samples import C1, C2, item, only, settled
from vbp.rules import Profile, load_profile
from vbp.surplus import settle
from vbp.surplus.compare import compare
from vbp.surplus.fairness import calendar_years, fairness, gini
from vbp.surplus.sensitivity import INPUTS, SWITCHES, just_missed, marginal_values, tornado

NATIONAL = load_profile()
BOTH = [item(last_year_quantity_units="90000"), {**C2, "last_year_quantity_units": None}]
"""One item with a surplus of 243,180 yuan and last year's volume, one with a deficit of 115,920 without."""


def switched(**switches: Any) -> Profile:
    return NATIONAL.with_switches(**switches)


def total(profile: Profile, *items: dict[str, Any]) -> D:
    return settled(profile, *items).total_yuan


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"flooring": "each_item"},
        {"unit": "generic"},
        {"unit": "spec"},
        {"base_volume": "last_year_actual"},
        {"base_volume": "last_year_actual", "flooring": "each_item"},
        {"non_selected": "none"},
        {"funds": "together"},
        {"unit": "hospital"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("value", "column", "step"),
    [
        ("payout_per_1000_yuan_nonselected", "nonselected_amount_yuan", 1000),
        ("payout_per_1000_units_reported", "base_quantity_units", 1000),
    ],
)
def test_a_marginal_value_is_what_settling_once_more_shows(
    switches: dict[str, Any], value: str, column: str, step: int
) -> None:
    profile = switched(**switches)
    table = marginal_values(settled(profile, *BOTH)).set_index("generic")
    assert set(table.index) == {C1["generic"], C2["generic"]}
    for place, own in enumerate(BOTH):
        moved = [dict(row) for row in BOTH]
        moved[place][column] = str(D(own[column]) + step)
        assert table.loc[own["generic"], value] == total(profile, *moved) - total(profile, *BOTH), own["generic"]


@pytest.mark.parametrize(("fund", "price"), [("employee", "5.00"), ("resident", "5.00")])
def test_marginal_values_of_two_funds_are_each_their_own(fund: str, price: str) -> None:
    rows = [
        item(fund="employee", fund_ratio="0.8", insured_share="0.5"),
        item(fund="resident", fund_ratio="0.6", insured_share="0.4"),
    ]
    table = marginal_values(settled(NATIONAL, *rows)).set_index("fund")
    weight = {"employee": D("0.40"), "resident": D("0.24")}[fund]
    assert table.loc[fund, "ds_dn"] == -weight and table.loc[fund, "ds_dq0_yuan"] == weight * D(price)


@pytest.mark.parametrize(
    ("eligibility", "missed"), [("each_item", ["short"]), ("all_items", ["short"]), ("batch_total", ["short"])]
)
def test_an_item_that_reached_its_volume_is_never_among_those_that_missed_it(
    eligibility: str, missed: list[str]
) -> None:
    rows = [
        item(generic="over", actual_quantity_units="75000"),
        item(generic="just", actual_quantity_units="70000"),
        item(generic="short", actual_quantity_units="64000"),
        item(generic="far", actual_quantity_units="600"),
    ]
    table = just_missed(settled(switched(eligibility=eligibility), *rows))
    assert table["generic"].tolist() == missed
    assert table["shortfall_units"].tolist() == [6000] and table["completion"].iloc[0] == D(64000) / 70000


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 80_000), min_size=1, max_size=5), st.sampled_from(["0.9", "1.0", "1.1"]))
def test_the_cost_of_a_miss_is_the_payout_with_it_bought_less_the_payout_now(bought: list[int], threshold: str) -> None:
    rows = [
        item(
            generic=f"g{place}", actual_quantity_units=str(units), nonselected_amount_yuan=str(30_000 + 170_000 * place)
        )
        for place, units in enumerate(bought)
    ]
    profile = switched(completion_threshold=threshold)
    table = just_missed(settled(profile, *rows))
    needed = D(threshold) * 70_000
    assert set(table["generic"]) == {
        row["generic"] for row in rows if needed * D("0.9") <= D(row["actual_quantity_units"]) < needed
    }
    for found in table.to_dict("records"):
        after = [
            {**row, "actual_quantity_units": str(needed)} if row["generic"] == found["generic"] else row for row in rows
        ]
        assert found["cost_yuan"] == total(profile, *after) - total(profile, *rows)
        assert found["actual_units"] + found["shortfall_units"] == found["needed_units"] == needed


def test_a_tornado_row_is_the_total_under_that_switch_or_input() -> None:
    rows = [C1, C2, item(generic="z", actual_quantity_units="66500", cycle=2)]
    table = tornado(settled(NATIONAL, *rows), swing=D("0.2")).table
    inputs, turned = table[table["kind"] == "input"], table[table["kind"] == "switch"]
    assert set(inputs["what"]) == set(INPUTS) and set(turned["what"]) <= set(SWITCHES) and len(turned) >= 6
    for row in inputs.to_dict("records"):
        for factor, value in ((D("0.8"), row["low_yuan"]), (D("1.2"), row["high_yuan"])):
            top = {"fund_ratio": D(1), "insured_share": D(1), "score": D(100)}.get(row["what"])
            moved = [{**own, row["what"]: str(min(D(own[row["what"]]) * factor, top or D("1e9")))} for own in rows]
            assert total(NATIONAL, *moved) == value, row["what"]
    for row in turned.to_dict("records"):
        for setting, value in ((row["low"], row["low_yuan"]), (row["high"], row["high_yuan"])):
            found = next(
                known
                for known in [*SWITCHES[row["what"]], getattr(NATIONAL.settlement, row["what"])]
                if str(known) == setting
            )
            assert total(switched(**{row["what"]: found}), *rows) == value, row["what"]


def test_comparing_a_profile_with_itself_shows_no_difference_and_no_switch() -> None:
    result = compare(pd.DataFrame([C1, C2, item(hospital_id="H2")]), NATIONAL, NATIONAL)
    assert result.switches == () and result.difference_yuan == 0 and result.table["difference_yuan"].tolist() == [0, 0]


def test_comparing_the_other_way_round_changes_only_the_sign() -> None:
    items, other = pd.DataFrame([C1, C2, item(hospital_id="H2", score="65")]), load_profile("simple-volume")
    there, back = compare(items, NATIONAL, other), compare(items, other, NATIONAL)
    assert there.difference_yuan == -back.difference_yuan != 0
    assert there.table["difference_yuan"].tolist() == [-value for value in back.table["difference_yuan"]]


def dated(hospital: str, spent: str, year: int = 2024) -> dict[str, Any]:
    return item(hospital_id=hospital, tier="三级", end_date=date(year, 6, 30), nonselected_amount_yuan=spent)


def test_a_mean_payout_per_hospital_is_rounded_half_up() -> None:
    # 121,590.00 and 121,589.97: their mean is 121,589.985
    rows = [dated("H1", "30000"), dated("H2", "30000.10"), dated("H3", "600000"), dated("H4", "600000")]
    table = fairness(settled(NATIONAL, *rows[:2])).by_tier
    assert table["retained_yuan"].tolist() == [D("243179.97")]
    assert table["per_hospital_yuan"].tolist() == [D("121589.99")]
    quarter = fairness(settled(NATIONAL, *rows)).by_tier
    assert quarter["per_hospital_yuan"].tolist() == [(D("243179.97") / 4).quantize(D("0.01"), ROUND_HALF_UP)]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=4).filter(any), st.integers(30_000, 31_000))
def test_a_payout_split_over_calendar_years_is_conserved_and_never_below_zero(amounts: list[int], spent: int) -> None:
    purchases = pd.DataFrame(
        {
            "hospital_id": "H1",
            "batch_id": "B1",
            "agreement_year": 1,
            "calendar_year": range(2021, 2021 + len(amounts)),
            "amount_fen": amounts,
        }
    )
    settlement = settled(switched(cross_year="split_by_amount"), dated("H1", str(spent)))
    paid = calendar_years(settlement, purchases).set_index("calendar_year")["retained_yuan"]
    due = only(settlement)["retained_yuan"]
    assert sum(paid, D(0)) == due and min(paid) >= 0
    for year, amount in enumerate(amounts, 2021):
        if amount:
            assert abs(Fraction(paid[year]) - Fraction(due) * amount / sum(amounts)) < Fraction(1, 100)


def test_half_a_fen_of_a_calendar_year_goes_up_not_to_the_even_fen() -> None:
    purchases = pd.DataFrame(
        {
            "hospital_id": "H1",
            "batch_id": "B1",
            "agreement_year": 1,
            "calendar_year": [2023, 2024],
            "amount_fen": [50, 50],
        }
    )
    settlement = settled(switched(cross_year="split_by_amount"), dated("H1", "30000.10"))
    assert only(settlement)["retained_yuan"] == D("121589.97")
    assert calendar_years(settlement, purchases)["retained_yuan"].tolist() == [D("60794.99"), D("60794.98")]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_the_gini_coefficient_is_half_the_relative_mean_difference(amounts: list[int]) -> None:
    size, whole = len(amounts), sum(amounts)
    slow = Fraction(sum(abs(a - b) for a in amounts for b in amounts), 2 * size * whole)
    assert gini(amounts) == pytest.approx(float(slow), abs=1e-12)
    assert gini([10 * amount for amount in amounts]) == pytest.approx(gini(amounts), abs=1e-12)
    assert gini(amounts * 2) == pytest.approx(gini(amounts), abs=1e-12)


def test_as_of_moves_a_year_from_open_to_paid_on_its_last_day() -> None:
    table = pd.DataFrame([dated("H1", "30000", year) for year in (2023, 2024)]).assign(agreement_year=[1, 2])
    days = [date(2023, 6, 29), date(2023, 6, 30), date(2024, 6, 29), date(2024, 6, 30)]
    totals = [settle(table, NATIONAL, day).total_yuan for day in days]
    assert totals == [0, D("121590.00"), D("121590.00"), D("243180.00")]
    assert all(later >= earlier for earlier, later in pairwise(totals))
