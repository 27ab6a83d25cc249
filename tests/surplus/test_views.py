"""What stands on a settlement: comparison, tornado, marginal values, volumes just missed, fairness, explanation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from tests.surplus.samples import C1, C2, item, only, settled
from vbp.errors import UsageError
from vbp.rules import load_profile
from vbp.surplus import settle
from vbp.surplus.compare import compare
from vbp.surplus.explain import explain
from vbp.surplus.fairness import calendar_years, fairness, gini, purchases_by_calendar_year
from vbp.surplus.sensitivity import just_missed, marginal_values, moved, tornado

NATIONAL = load_profile()


def test_two_profiles_are_set_side_by_side_on_the_same_items() -> None:
    result = compare(
        pd.DataFrame([C1, {**C2, "hospital_id": "H2"}, item(hospital_id="H3", pre_price_yuan=None)]),
        NATIONAL,
        load_profile("simple-volume"),
    )
    assert result.table["difference_yuan"].tolist() == [D("-37800.00"), D("83790.00"), None]
    assert result.difference_yuan == D("45990.00")
    assert ("settlement.non_selected", "all", "none") in result.switches
    assert "+45,990.00" in result.text("zh") and "45,990.00" in result.text("en") and result.assumptions("en")


def test_each_further_1000_yuan_of_non_selected_use_costs_315_yuan() -> None:
    table = marginal_values(settled(NATIONAL, C1))
    assert table[["ds_dn", "ds_dq0_yuan"]].iloc[0].tolist() == [D("-0.63"), D("3.15")]
    assert table["payout_per_1000_yuan_nonselected"].tolist() == [D("-315")]
    dearer = only(settled(NATIONAL, item(nonselected_amount_yuan="31000")))["retained_yuan"]
    assert dearer - only(settled(NATIONAL, C1))["retained_yuan"] == D("-315.00")
    assert len(marginal_values(settled(NATIONAL, item(score="59")))) == 0
    assert marginal_values(settled(load_profile("simple-volume"), C1))["ds_dn"].tolist() == [0]


def test_the_tornado_ranks_switches_and_inputs_by_their_swing() -> None:
    result = tornado(settled(NATIONAL, C1, C2, item(generic="z", actual_quantity_units="66500")))
    table = result.table.set_index("what")
    assert table["swing_yuan"].is_monotonic_decreasing
    price = table.loc["pre_price_yuan"]
    assert price["high_yuan"] == D("95130.00") and price["base_yuan"] == D("63630.00")
    assert table.loc["flooring", "high_yuan"] == D("121590.00") and table.loc["flooring", "high"] == "each_item"
    assert table.loc["completion_threshold", "low_yuan"] < table.loc["completion_threshold", "high_yuan"]
    assert "base_volume" not in table.index
    assert result.text("zh").startswith("影响最大的是完成认定线：") and "completion threshold" in result.text("en")
    assert "10%" in result.assumptions("en")[0]


def test_a_share_moved_up_stays_at_most_one() -> None:
    lines = moved(settled(NATIONAL, C1).lines, "insured_share", D("1.2"))
    assert lines.numbers["insured_share"].decimals() == [D(1)]


def test_agreed_volumes_just_missed_and_what_they_cost() -> None:
    settlement = settled(
        NATIONAL,
        C1,
        item(generic="near", actual_quantity_units="69000"),
        item(generic="far", actual_quantity_units="100"),
        {**C2, "actual_quantity_units": "69999"},
    )
    table = just_missed(settlement)
    assert table["generic"].tolist() == ["布洛芬", "near"]
    assert table["shortfall_units"].tolist() == [1, 1000]
    assert table["cost_yuan"].tolist() == [D("-57960.00"), D("121590.00")]
    assert just_missed(settled(NATIONAL, C1)).columns.tolist() == table.columns.tolist()


def dated(**changes: Any) -> dict[str, Any]:
    return item(tier="三级", end_date=date(2024, 6, 30), **changes)


def test_payouts_by_year_tier_hospital_and_the_pot_against_the_budget() -> None:
    rows = [
        dated(),
        dated(hospital_id="H2", nonselected_amount_yuan="150000"),
        dated(hospital_id="H3", cycle=2),
        item(hospital_id="H4", tier="一级", pre_price_yuan=None, end_date=date(2024, 6, 30)),
    ]
    result = fairness(settle(pd.DataFrame(rows), NATIONAL), fund_budget_yuan=D(10_000_000))
    year = result.by_year.iloc[0]
    assert (year["hospitals"], year["paid"], year["pending"], year["left_out"]) == (4, 2, 1, 1)
    assert year["retained_yuan"] == D("205380.00") == result.total_yuan
    assert year["retained_of_budget"] == D("205380") / D("630000")
    assert result.by_tier["retained_yuan"].tolist() == [None, D("205380.00")], "no row of the tier is settled: a gap"
    assert result.by_tier["per_hospital_yuan"].tolist() == [None, D("68460.00")]
    assert result.pot_of_fund == D("0.020538") and "2.0538%" in result.text("zh")
    assert result.by_calendar_year.to_dict("records") == [{"calendar_year": 2024, "retained_yuan": D("205380.00")}]


def test_payouts_are_set_against_the_budget_of_settled_years_alone() -> None:
    rows = [dated(), {**dated(agreement_year=2), "end_date": date(2025, 6, 30)}]
    result = fairness(settle(pd.DataFrame(rows), NATIONAL, date(2024, 12, 31)))
    tier = result.by_tier.iloc[0]
    assert (tier["rows"], tier["pending"]) == (2, 1)
    assert tier["retained_of_budget"] == D("121590") / D("315000")
    assert "38.60%" in result.text("zh") and "—" not in result.text("en"), "no budget of the fund: it is not spoken of"


def test_gini_is_zero_for_equal_and_known_for_unequal_payouts() -> None:
    assert gini([5, 5, 5]) == 0 and gini([0, 0]) is None
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)


def test_a_year_across_calendar_years_is_split_by_purchases_where_the_profile_says_so() -> None:
    months = pd.to_datetime(["2023-07-01", "2023-12-01", "2024-03-01", "2024-08-01"])
    panels = SimpleNamespace(
        progress=pd.DataFrame(
            {"hospital_id": "H1", "batch_id": "B1", "month": months, "amount_fen": [100, 200, 100, 9]}
        ),
        items=pd.DataFrame(
            {
                "hospital_id": ["H1"],
                "batch_id": ["B1"],
                "agreement_year": [1],
                "start_date": [pd.Timestamp("2023-07-01")],
                "end_date": [pd.Timestamp("2024-06-30")],
            }
        ),
    )
    purchases = purchases_by_calendar_year(panels)
    assert purchases["amount_fen"].tolist() == [300, 100]
    split = NATIONAL.with_switches(cross_year="split_by_amount")
    settlement = settle(pd.DataFrame([dated()]), split)
    assert calendar_years(settlement, purchases)["retained_yuan"].tolist() == [D("91192.50"), D("30397.50")]
    assert calendar_years(settle(pd.DataFrame([dated()]), NATIONAL), purchases)["retained_yuan"].tolist() == [
        D("121590.00")
    ]
    assert len(calendar_years(settled(NATIONAL, C1))) == 0


def ledger(hospital: str, batch: str, generic: str, year: int) -> pd.DataFrame:
    assert (hospital, batch, year) == ("H1", "B1", 1)
    return pd.DataFrame(
        {
            "month": pd.Timestamp("2023-05-01"),
            "product_id": ["P1", "P9"],
            "class": ["selected", "originator_dearer"],
            "quantity_milliunits": [70_000_000, 6_000_500],
            "amount_fen": [84_000_00, 30_000_00],
        }
    )


def test_an_explanation_reaches_the_ledgers_rows() -> None:
    settlement = settled(NATIONAL, {**C1, "pre_price_source": "ledger", "selected_price_source": "weighted"})
    text = explain(settlement, "H1", "B1", 1, "阿莫西林", ledger).text("zh")
    for part in (
        "2行采购",
        "中选：1行，70,000 折算单位，84,000.00 元",
        "2023-05  P9  非中选（原研，价高）  6,000.5 折算单位  30,000.00 元",
        "P0：台账",
        "P1：按本机构",
    ):
        assert part in text, part
    assert "2023-05 " not in explain(settlement, "H1", "B1", ledger=ledger).text("zh")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("H2", "B1"), "hospital"),
        (("H1", "B9"), "batch"),
        (("H1", "B1", 4), "agreement year"),
        (("H1", "B1", 1, "x"), "generic"),
    ],
)
def test_an_unknown_name_is_refused(words: tuple[Any, ...], kind: str) -> None:
    with pytest.raises(UsageError, match=f"unknown {kind}"):
        explain(settled(NATIONAL, C1), *words)


def test_a_withheld_row_is_explained_as_pending() -> None:
    text = explain(settled(NATIONAL, item(pre_price_yuan=None)), "H1", "B1").text("en")
    assert "not settled yet" in text and "NO_P0" in text and "= ?" in text
