"""From panels to items: sources of P0 and P1, N once per generic, fund rows by fullest key, indicators."""

from __future__ import annotations

import sys
from decimal import Decimal as D
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from tests.surplus import boring
from vbp.errors import InputError
from vbp.funds import match
from vbp.rules import load_profile
from vbp.surplus import settle
from vbp.surplus.indicators import indicators
from vbp.surplus.items import coverage_warnings, items_from_panels

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
from bench_surplus import FakeInputs, FakePanels

NATIONAL = load_profile()
ITEMS = pd.DataFrame(
    {
        "hospital_id": ["H1", "H1", "H2"],
        "batch_id": ["B1", "B2", "B1"],
        "generic": ["g", "h", "g"],
        "agreement_year": [1, 1, 2],
    }
)


class Tables(FakeInputs):
    """Small tables given by name."""

    def __init__(self, **tables: pd.DataFrame) -> None:
        self._tables = tables


def fund(*rows: dict[str, Any]) -> pd.DataFrame:
    names = ["hospital_id", "batch_id", "generic", "agreement_year", "fund", "share_basis"]
    return pd.DataFrame(
        [{**dict.fromkeys(names), "fund_ratio": D("0.7"), "insured_share": D("0.9"), **row} for row in rows]
    )


def test_the_row_with_most_filled_keys_wins() -> None:
    table = fund({}, {"hospital_id": "H1"}, {"hospital_id": "H1", "batch_id": "B2"}, {"agreement_year": 2})
    found = match(ITEMS, table, "volume")
    assert dict(zip(found.item.tolist(), found.row.tolist(), strict=True)) == {0: 1, 1: 2, 2: 3}


def test_a_tie_and_a_gap_are_errors_that_name_rows_and_item() -> None:
    with pytest.raises(InputError, match=r"rows 2, 3 of fund fit .*hospital_id H1.*equally well"):
        match(ITEMS, fund({"hospital_id": "H1"}, {"batch_id": "B1"}, {}), "volume")
    with pytest.raises(InputError, match="no row of fund"):
        match(ITEMS, fund({"hospital_id": "H1"}), "volume")


def test_named_funds_make_two_lines_and_the_basis_of_the_profile_is_taken() -> None:
    table = fund({"fund": "employee"}, {"fund": "resident"}, {"fund": "employee", "share_basis": "visits"})
    table = table.assign(insured_share=[D("0.4"), D("0.5"), D("0.9")])
    found = match(ITEMS, table.assign(share_basis=["volume", "volume", "visits"]), "volume")
    assert sorted(zip(found.item.tolist(), found.fund.tolist(), strict=True))[:2] == [(0, "employee"), (0, "resident")]
    assert 2 not in found.row and len(found.item) == 6


def small() -> FakePanels:
    return FakePanels(hospitals=4, generics=12, years=2, batches=2, seed=5)


def test_a_city_from_panels_equals_the_boring_way() -> None:
    panels = small()
    lines = items_from_panels(panels, FakeInputs(panels), NATIONAL)
    settlement = settle(lines, NATIONAL)
    groups: dict[int, list[dict[str, Any]]] = {}
    for row, record in zip(lines.row, lines.frame().to_dict("records"), strict=True):
        groups.setdefault(int(row), []).append(record)
    assert len(groups) == len(settlement.table) == 16
    for row, retained in enumerate(settlement.table["retained_yuan"]):
        assert boring.settle_row(groups[row], NATIONAL)["retained"] == retained


def test_integers_of_the_panels_become_the_right_units() -> None:
    panels = small()
    frame = items_from_panels(panels, FakeInputs(panels), NATIONAL).frame()
    first = panels.items.iloc[0]
    mine = frame[
        (frame["hospital_id"] == first["hospital_id"])
        & (frame["generic"] == first["generic"])
        & (frame["agreement_year"] == 1)
    ].iloc[0]
    assert mine["base_quantity_units"] == D(int(first["base_milliunits"])) / 1000
    assert mine["pre_price_yuan"] == D(int(first["p0_e10"])).scaleb(-10)
    assert mine["nonselected_amount_yuan"] == D(int(first["nonselected_fen"])) / 100
    assert (mine["pre_price_source"], mine["selected_price_source"]) == ("ledger", "single")


def agreed_by_product() -> FakePanels:
    """Two products agreed of one generic; N stands on the first, which is not completed."""
    panels = FakePanels(hospitals=1, generics=1, years=1, batches=1)
    table = pd.concat([panels.items, panels.items], ignore_index=True)
    table["product_id"] = pd.Categorical(["P1", "P2"])
    table["generic_first"] = [True, False]
    for name in [name for name in table if name.endswith("_fen")]:
        table[name] = 0
    table["nonselected_fen"] = [30_000_00, 0]
    table["base_milliunits"], table["agreed_milliunits"] = 100_000_000, 70_000_000
    table["actual_milliunits"] = [60_000_000, 70_000_000]
    table["p0_e10"], table["p1_e10"] = 5 * 10**10, 12 * 10**9
    panels.items = table
    return panels


def test_n_of_a_generic_counts_once_though_its_first_product_is_incomplete() -> None:
    tables = Tables(
        fund=fund({}),
        hospitals=pd.DataFrame({"hospital_id": ["H0000"], "name": ["甲"]}),
        assessments=pd.DataFrame(
            {"batch_id": ["B00"], "hospital_id": ["H0000"], "agreement_year": [1], "score": [D(90)]}
        ),
    )
    settlement = settle(items_from_panels(agreed_by_product(), tables, NATIONAL), NATIONAL)
    assert settlement.table["retained_yuan"].tolist() == [D("121590.00")]


def test_unknown_purchases_withhold_the_row_and_partial_years_warn() -> None:
    panels = FakePanels(hospitals=1, generics=2, years=1, batches=1)
    for name in ("actual_milliunits", "nonselected_fen"):
        panels.items[name] = panels.items[name].astype("Int64")
        panels.items.loc[0, name] = pd.NA
    panels.items["months_in_year"], panels.items["months_in_ledger"] = 12, [0, 7]
    tables = FakeInputs(panels)
    tables._tables["assessments"]["score"] = 90
    row = settle(items_from_panels(panels, tables, NATIONAL), NATIONAL).table.iloc[0]
    assert row["retained_yuan"] is None and "NO_N" in row["codes"]
    heard: list[str] = []
    coverage_warnings(panels, pd.Timestamp("2025-01-31").date(), heard.append)
    assert len(heard) == 1 and "7 of 12 months" in heard[0]


def test_county_groups_exempt_products_and_other_decimals_of_p0() -> None:
    panels = small()
    panels.prices["p0_ledger_e10"] = 12345678901
    inputs = FakeInputs(panels)
    inputs._tables["hospitals"]["county_group"] = ["G", None, None, None]
    inputs._tables["products"] = pd.DataFrame({"product_id": ["P"], "generic": ["品种0000"], "exempt_reason": ["短缺"]})
    profile = load_profile("quanzhou").with_switches(pre_price_decimals=2)
    settlement = settle(items_from_panels(panels, inputs, profile), profile)
    assert settlement.table[settlement.table["hospital_id"] == "H0000"]["codes"].map(
        lambda codes: codes[0]
    ).unique().tolist() == ["COUNTY_GROUP"]
    assert set(settlement.items["pre_price_yuan"]) == {D("1.23")}
    exempt = settlement.items[settlement.items["exempt_reason"].notna()]
    assert set(exempt["generic"]) == {"品种0000"} and exempt["complete"].all()


def indicator_inputs() -> tuple[Any, Any]:
    items = pd.DataFrame(
        {
            "hospital_id": ["H1", "H1"],
            "batch_id": ["B1", "B1"],
            "agreement_year": [1, 1],
            "actual_milliunits": [90, 30],
            "agreed_milliunits": [60, 40],
            "actual_fen": [600, 300],
            "nonselected_fen": [100, 0],
            "nonselected_milliunits": [30, 0],
            "start_date": pd.Timestamp("2023-01-01"),
            "end_date": pd.Timestamp("2023-12-31"),
        }
    )
    cells = pd.DataFrame({"hospital_id": "H1", "batch_id": "B1", "period": [0, 1], "amount_fen": [2000, 1000]})
    invoices = pd.DataFrame(
        {
            "hospital_id": "H1",
            "amount_yuan": [D("60"), D("40"), D("100")],
            "invoice_date": pd.to_datetime(["2023-02-01", "2023-03-01", "2022-03-01"]),
            "paid_date": pd.to_datetime(["2023-03-03", "2023-04-01", None]),
        }
    )
    scores = pd.DataFrame({"batch_id": ["B1"], "hospital_id": ["H1"], "agreement_year": [1], "score": [D(80)]})
    return SimpleNamespace(items=items, cells=cells), Tables(settlements=invoices, assessments=scores)


def test_indicators_stand_beside_the_entered_score() -> None:
    panels, inputs = indicator_inputs()
    row = indicators(panels, inputs, NATIONAL).iloc[0]
    assert (row["completion"], row["items_completed_share"], row["selected_share"]) == (D("1.2"), D("0.5"), D("0.8"))
    assert (row["non_selected_share"], row["paid_within_30_days"]) == (D("0.1"), D("0.6"))
    assert row["cost_growth"] == D("-0.5")
    assert (row["score_entered"], row["score_computed"]) == (D(80), None)


def test_a_profile_with_weights_computes_the_score() -> None:
    panels, inputs = indicator_inputs()
    document = NATIONAL.model_dump(by_alias=True)
    document["assessment"]["weights"] = {
        "completion": {"weight": 60, "full_at": 1, "none_at": 0},
        "non_selected_share": {"weight": 40, "full_at": 0, "none_at": "0.4"},
    }
    row = indicators(panels, inputs, type(NATIONAL).model_validate(document)).iloc[0]
    assert (row["score_computed"], row["score_difference"]) == (D("90.00"), D("10.00"))
    assert indicators(panels, Tables(), NATIONAL).iloc[0]["paid_within_30_days"] is None
