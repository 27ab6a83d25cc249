"""The worked vectors C1–C9 of docs/rules.md §1.4, to the fen, and what stands around them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from tests.surplus.samples import C2, item, only, settled
from vbp.rules import load_profile

NATIONAL = load_profile("national-2020")


@pytest.mark.parametrize(
    ("spent", "expenditure", "net", "retained"),
    [
        ("30000", "71820", "243180", "121590"),
        ("600000", "430920", "-115920", "0"),
        ("150000", "147420", "167580", "83790"),
        ("0", "52920", "262080", "131040"),
    ],
    ids=["C1", "C2", "C3", "C4"],
)
def test_the_national_formula(spent: str, expenditure: str, net: str, retained: str) -> None:
    row = only(settled(NATIONAL, item(nonselected_amount_yuan=spent)))
    assert (row["budget_yuan"], row["expenditure_yuan"], row["net_yuan"]) == (D(315000), D(expenditure), D(net))
    assert row["base_yuan"] == max(D(net), D(0))
    assert row["retained_yuan"] == D(retained)
    assert str(row["retained_yuan"]).split(".")[1] in ("00",)


@pytest.mark.parametrize("spent", ["0", "30000", "999999", None])
def test_c5_the_simple_formula_ignores_non_selected_use(spent: str | None) -> None:
    row = only(settled(load_profile("simple-volume"), item(nonselected_amount_yuan=spent)))
    assert (row["net_yuan"], row["retained_yuan"], row["codes"]) == (D(167580), D(83790), ())


def test_c6_selected_purchases_beyond_the_agreed_volume_change_nothing() -> None:
    payouts = {
        only(settled(NATIONAL, item(actual_quantity_units=actual)))["retained_yuan"] for actual in ("70000", "200000")
    }
    assert payouts == {D("121590.00")}


@pytest.mark.parametrize("eligibility", ["each_item", "all_items", "batch_total"])
def test_c7_an_agreed_volume_not_completed_pays_nothing(eligibility: str) -> None:
    row = only(settled(NATIONAL.with_switches(eligibility=eligibility), item(actual_quantity_units="60000")))
    assert (str(row["retained_yuan"]), row["codes"]) == ("0.00", ("NOT_COMPLETED",))


def test_c8_netting_first_or_flooring_each_changes_the_answer_by_1_9() -> None:
    net = only(settled(NATIONAL, item(), C2))
    each = only(settled(NATIONAL.with_switches(flooring="each_item"), item(), C2))
    assert (net["base_yuan"], net["retained_yuan"]) == (D(127260), D(63630))
    assert (each["base_yuan"], each["retained_yuan"]) == (D(243180), D(121590))
    assert each["net_yuan"] == net["net_yuan"] == D(127260)


@pytest.mark.parametrize(
    ("score", "retained"),
    [
        ("59.99", "0"),
        ("60", "72954"),
        ("69.99", "72954"),
        ("70", "97272"),
        ("79.99", "97272"),
        ("80", "121590"),
        ("100", "121590"),
        ("0", "0"),
    ],
)
def test_c9_shenzhens_bands(score: str, retained: str) -> None:
    assert only(settled(load_profile("shenzhen-2024-draft"), item(score=score)))["retained_yuan"] == D(retained)


def test_one_incomplete_item_is_left_out_and_the_rest_is_settled() -> None:
    settlement = settled(NATIONAL, item(), item(generic="氯沙坦", actual_quantity_units="69999.9"))
    row = only(settlement)
    assert (row["budget_yuan"], row["retained_yuan"], row["codes"]) == (D(315000), D(121590), ("NOT_COMPLETED",))
    assert settlement.reasons_of(0)[0].items == ("氯沙坦",)
    assert settlement.reasons_of(0)[0].text("zh") == "未完成约定采购量：氯沙坦"


def test_under_batch_total_a_surplus_of_one_item_covers_another() -> None:
    items = (item(actual_quantity_units="80000"), item(generic="氯沙坦", actual_quantity_units="60000"))
    assert only(settled(NATIONAL.with_switches(eligibility="batch_total"), *items))["retained_yuan"] == D(243180)
    assert only(settled(NATIONAL.with_switches(eligibility="all_items"), *items))["retained_yuan"] == D(0)


def test_two_funds_are_settled_apart_and_added_and_completion_is_judged_once() -> None:
    both = (
        item(fund="employee", fund_ratio="0.80", insured_share="0.3"),
        item(fund="resident", fund_ratio="0.60", insured_share="0.65"),
    )
    batch_total = NATIONAL.with_switches(eligibility="batch_total")
    row = only(settled(NATIONAL, *both))
    assert row["budget_yuan"] == D(500000) * (D("0.24") + D("0.39"))
    assert row["retained_yuan"] == D("121590.00") == only(settled(batch_total, *both))["retained_yuan"]


def test_a_fund_in_deficit_does_not_eat_the_other_funds_surplus() -> None:
    items = (
        item(fund="employee", fund_ratio="0.9", insured_share="0.5"),
        item(fund="resident", fund_ratio="0.1", insured_share="0.5"),
        item(C2, fund="employee", fund_ratio="0.1", insured_share="0.5"),
        item(C2, fund="resident", fund_ratio="0.9", insured_share="0.5"),
    )
    apart, together = only(settled(NATIONAL, *items)), only(settled(NATIONAL.with_switches(funds="together"), *items))
    assert apart["net_yuan"] == together["net_yuan"]
    assert apart["base_yuan"] > together["base_yuan"] == together["net_yuan"]


def test_the_payout_is_rounded_once_half_up_and_sums_are_not() -> None:
    row = only(
        settled(
            NATIONAL,
            item(
                base_quantity_units="1",
                agreed_quantity_units="0",
                nonselected_amount_yuan="0",
                actual_quantity_units="0",
                pre_price_yuan="0.07",
                fund_ratio="1",
                insured_share="1",
            ),
        )
    )
    assert (row["base_yuan"], row["retained_yuan"]) == (D("0.07"), D("0.04"))
    many = [
        item(
            generic=f"g{n}",
            base_quantity_units="1",
            agreed_quantity_units="0",
            actual_quantity_units="0",
            nonselected_amount_yuan="0",
            pre_price_yuan="0.009",
            fund_ratio="1",
            insured_share="1",
        )
        for n in range(10)
    ]
    assert only(settled(NATIONAL, *many))["retained_yuan"] == D("0.05")


@pytest.mark.parametrize(("gap", "code"), [("pre_price_yuan", "NO_P0"), ("nonselected_amount_yuan", "NO_N")])
def test_an_item_without_p0_or_n_is_listed_and_withheld_never_zero(gap: str, code: str) -> None:
    settlement = settled(NATIONAL, item(), item(generic="缺数品种", **{gap: None}))
    row = only(settlement)
    assert row["retained_yuan"] is None and row["base_yuan"] is None and row["codes"] == (code,)
    assert settlement.reasons_of(0)[0].items == ("缺数品种",)
    rest = only(settled(NATIONAL.with_switches(missing_inputs="settle_rest"), item(), item(generic="x", **{gap: None})))
    assert rest["retained_yuan"] == D("121590.00") and rest["codes"] == (code,)


def test_a_gap_does_not_matter_where_nothing_is_due_anyway() -> None:
    below = only(settled(NATIONAL, item(pre_price_yuan=None, score="59")))
    assert (below["retained_yuan"], below["base_yuan"]) == (D("0.00"), None)
    assert below["codes"] == ("SCORE_BELOW", "NO_P0")


def test_no_score_pays_zero_and_says_so() -> None:
    row = only(settled(NATIONAL, item(score=None)))
    assert (row["retained_yuan"], row["ratio"], row["codes"]) == (D("0.00"), D(0), ("NO_SCORE",))


def test_years_that_have_not_ended_are_shown_and_not_paid() -> None:
    open_year = item(end_date=date(2024, 12, 31), actual_quantity_units="100", score=None)
    row = only(settled(NATIONAL, open_year, as_of=date(2024, 12, 30)))
    assert (row["retained_yuan"], row["budget_yuan"], row["codes"]) == (None, D(315000), ("YEAR_NOT_ENDED",))
    assert only(settled(NATIONAL, open_year, as_of=date(2024, 12, 31)))["codes"] == ("NOT_COMPLETED", "NO_SCORE")


def test_renewals_county_groups_and_other_categories_are_out_with_a_reason() -> None:
    assert only(settled(NATIONAL, item(cycle=2)))["codes"] == ("RENEWAL_EXCLUDED",)
    assert only(settled(NATIONAL.with_switches(renewal="all"), item(cycle=2)))["retained_yuan"] == D(121590)
    drugs = NATIONAL.with_switches(categories=["drug"])
    assert only(settled(drugs, item(category="consumable")))["codes"] == ("CATEGORY_EXCLUDED",)
    quanzhou = load_profile("quanzhou")
    assert only(settled(quanzhou, item(category="consumable")))["retained_yuan"] == D(121590)
    row = only(settled(quanzhou, item(county_group="安溪县医共体")))
    assert (row["retained_yuan"], row["codes"]) == (D("0.00"), ("COUNTY_GROUP",))


def test_a_county_group_that_completes_a_batch_in_total_has_completed_it_in_each_of_its_hospitals() -> None:
    # of one variety the group buys 140,000 of 140,000, of another, agreed in H2 alone, 60,000 of 70,000
    short = [
        item(county_group="G", actual_quantity_units="80000"),
        item(county_group="G", hospital_id="H2", actual_quantity_units="60000"),
        item(county_group="G", hospital_id="H2", generic="h", actual_quantity_units="60000"),
    ]
    enough = [*short[:2], item(county_group="G", hospital_id="H2", generic="h", actual_quantity_units="70000")]
    profile = NATIONAL.with_switches(eligibility="batch_total", completion_by="county_group")
    assert settled(profile, *short).table["codes"].tolist() == [("NOT_COMPLETED",), ("NOT_COMPLETED",)]
    assert settled(profile, *enough).table["codes"].tolist() == [(), ()]


def test_completion_by_county_group_pools_its_hospitals() -> None:
    rows = (
        item(county_group="G", actual_quantity_units="60000"),
        item(county_group="G", hospital_id="H2", actual_quantity_units="80000"),
        item(hospital_id="H3", actual_quantity_units="60000"),
    )
    by_group = settled(NATIONAL.with_switches(completion_by="county_group"), *rows).table["retained_yuan"].tolist()
    assert by_group == [D(121590), D(121590), D(0)]
    assert settled(NATIONAL, *rows).table["retained_yuan"].tolist() == [D(0), D(121590), D(0)]


def test_an_exempt_item_is_settled_though_incomplete() -> None:
    row = only(settled(NATIONAL, item(actual_quantity_units="0", exempt_reason="短缺药品")))
    assert (row["retained_yuan"], row["codes"]) == (D(121590), ("EXEMPT",))


@pytest.mark.parametrize(
    ("rule", "retained"), [("all", "121590"), ("leave_out_evaluated", "127890"), ("leave_out_cheaper", "124740")]
)
def test_non_selected_rules_leave_parts_of_n_out(rule: str, retained: str) -> None:
    one = item(nonselected_evaluated_yuan="20000", nonselected_cheaper_yuan="10000")
    assert only(settled(NATIONAL.with_switches(non_selected=rule), one))["retained_yuan"] == D(retained)


def test_the_share_under_payment_reform_counts_only_where_the_profile_says_so() -> None:
    one = item(excluded_share="0.25")
    plain, excluded = settled(NATIONAL, one), settled(NATIONAL.with_switches(payment_reform_exclusion=True), one)
    assert only(plain)["retained_yuan"] == D(121590) and only(excluded)["retained_yuan"] == D("91192.50")
    assert any("剔除" in note for note in plain.notes("zh"))


def test_hunan_takes_last_years_volume_and_falls_back_with_a_note() -> None:
    hunan = load_profile("hunan-2024")
    assert only(settled(hunan, item(last_year_quantity_units="90000")))["budget_yuan"] == D(283500)
    fallback = settled(hunan, item())
    assert only(fallback)["budget_yuan"] == D(315000) and any("上年" in note for note in fallback.notes("zh"))


def test_guangxi_scores_and_pays_each_spec_on_its_own() -> None:
    row = only(
        settled(
            load_profile("guangxi-2021"), item(spec="a"), item(C2, spec="b", score="59"), item(spec="c", score="30")
        )
    )
    assert (row["retained_yuan"], row["ratio"]) == (D(121590), None)
    assert set(row["codes"]) == {"SCORE_BELOW"}


def test_a_hospital_as_unit_nets_its_batches_and_shares_the_base_out() -> None:
    unit = NATIONAL.with_switches(unit="hospital")
    table = settled(unit, item(), item(C2, batch_id="B2"), item(batch_id="B3")).table
    assert table["retained_yuan"].tolist() == [D("92610.00"), D("0.00"), D("92610.00")]
    assert sum(table["base_yuan"]) == 2 * 243180 - 115920


def test_products_won_for_elsewhere_are_neutral_unless_the_profile_says_otherwise() -> None:
    one = item(elsewhere_amount_yuan="10000")
    assert only(settled(NATIONAL, one))["retained_yuan"] == D(121590)
    assert only(settled(NATIONAL.with_switches(elsewhere="non_selected"), one))["retained_yuan"] == D(118440)


def test_where_p1_comes_from_is_told() -> None:
    codes = only(
        settled(NATIONAL, item(selected_price_source="weighted"), item(generic="b", selected_price_source="main"))
    )["codes"]
    assert codes == ("P1_WEIGHTED", "P1_MAIN")


def test_years_outside_the_profiles_dates_are_noted() -> None:
    early, late = (settled(NATIONAL, item(end_date=date(year, 6, 30))) for year in (2019, 2023))
    assert "1行" in early.notes("zh")[0] and "2020-06-01" in early.notes("en")[0]
    assert late.notes("zh") == ()
