"""What the report draws from: sums that must hold, a slow recomputation beside them, and names as figures show them."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from vbp import charts
from vbp.charts.names import label, scale, short, unique
from vbp.city import open_city
from vbp.results import tables

COMPUTED = (
    "price_drops", "price_volume", "completion_bullet", "share_area", "decomposition_waterfall", "savings_heatmap", "saving_by_payer",
    "surplus_sankey", "payouts_by_hospital", "payout_tornado", "counterfactual", "scan_multiples", "payments_on_time", "projection_fan",
)  # fmt: skip


def test_the_matrix_of_savings_adds_up_to_the_total_and_leaves_blanks(city):
    matrix = tables.savings_matrix(city.panels)
    cells = [value for value in matrix.to_numpy().ravel() if value is not None]
    assert 0 < len(cells) < matrix.size
    assert sum(cells) == city.savings.totals["realised"]


def test_the_flow_of_surplus_loses_nothing(city):
    flow = tables.surplus_flow(city.surplus)
    assert flow["budget"] > flow["surplus"] > flow["hospitals"] > 0
    assert flow["budget"] == flow["spent"] + flow["surplus"]
    assert flow["surplus"] == flow["hospitals"] + flow["fund"]
    assert (
        flow["hospitals"] == city.surplus.total_yuan == sum(tables.surplus_by_hospital(city.surplus)["retained_yuan"])
    )


def test_the_waterfall_leaves_renewals_out_and_adds_up(city):
    batches, sums = tables.first_cycle_change(city.spending_change, city.panels)
    assert batches
    assert "DEMO-N1R" not in batches
    assert sum(sums[part] for part in tables.PARTS) == sums["change"]


def test_price_and_volume_changes_equal_a_slow_recomputation(city):
    table = tables.price_volume(city.panels)
    assert len(table) > 10
    row = table.iloc[0]
    usage = city.inputs.frame("usage").merge(city.inputs.frame("products"), on="product_id")
    usage = usage[usage["generic"] == row["generic"]]
    usage["units"] = usage["quantity_packs"] * usage["units_per_pack"] * usage["spec_factor"].fillna(1)
    prices = city.panels.prices
    run = prices[(prices["batch_id"] == row["batch_id"]) & (prices["generic"] == row["generic"])].iloc[0]
    year = pd.DateOffset(years=1)
    end = min(run["end_date"], usage["month"].max() + pd.offsets.MonthEnd(0))
    before = usage[(usage["month"] >= run["start_date"] - year) & (usage["month"] < run["start_date"])]
    after = usage[(usage["month"] <= end) & (usage["month"] > end - year)]
    first, last = (float(part["amount_yuan"].sum() / part["units"].sum()) for part in (before, after))
    assert len(before) > 10
    assert row["price_percent"] == pytest.approx(100 * (last / first - 1), rel=1e-6)


def test_completion_counts_only_agreements_that_have_begun(city):
    total = tables.completion_total(city.completion)
    states = city.completion.table["state"]
    assert total["ended"] < (~states.isin(["not_started"])).sum()
    assert total["ended_done"] <= total["ended"]
    assert total["rate_percent"] == (100 * total["actual_yuan"] / total["agreed_yuan"]).quantize(Decimal("0.0001"))


@pytest.mark.parametrize("name", COMPUTED)
def test_a_place_without_a_ledger_has_no_computed_figure(name):
    assert getattr(charts, name)(open_city("quanzhou"), "zh") is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\n b\x00\tc", "a b c"),
        ("药" * 30, "药" * 24 + "…"),
        ("دواء", "\u2068دواء\u2069"),
        ("evil\u202egnp", "evilgnp"),
        ("", ""),
    ],
)
def test_a_name_is_short_and_turns_no_line(name, shown):
    assert short(name) == shown


def test_labels_are_inert_and_differ_where_names_do():
    assert label("<b>&") == "&lt;b&gt;&amp;"
    assert len(set(unique(["药" * 30 + "甲", "药" * 30 + "乙"]))) == 2


@pytest.mark.parametrize(
    ("values", "lang", "factor"), [([99_999_999], "zh", 1e4), ([1e8], "zh", 1e8), ([-5e6], "en", 1e6), ([], "en", 1e3)]
)
def test_amounts_choose_their_unit(values, lang, factor):
    assert scale(values, lang)[0] == factor
