"""Cuts and doses: simple and weighted apart, baselines never mixed, gaps listed."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest

from vbp.prices import award_cuts, city_ddds, cuts, did, per_ddd
from vbp.prices.ddd import ddd_cost_change

COLUMNS = ["batch_id", "pre_price_yuan", "post_price_yuan", "quantity_units", "baseline"]


def items(*rows):
    return pd.DataFrame(
        [(b, *(None if x is None else Decimal(x) for x in r), base) for b, *r, base in rows], columns=COLUMNS
    )


def test_simple_and_weighted_cut_of_the_worked_example():
    row = cuts(items(("b", "10", "1", "1000", "p0"), ("b", "2", "1.6", "9000", "p0"))).table.iloc[0]
    assert row["simple_cut_percent"] == 55 and row["weighted_cut_percent"] == 45 and row["saving_yuan"] == 12600


def test_published_cut_of_lenvatinib():
    row = cuts(items(("7", "108", "18", None, "published"))).table.iloc[0]
    assert round(row["simple_cut_percent"], 2) == Decimal("83.33")
    assert row["weighted_cut_percent"] is None and row["saving_yuan"] is None, "nothing bought is a gap, no zero"


def test_baselines_are_never_averaged_together():
    table = cuts(
        items(("b", "10", "5", "1", "p0"), ("b", "20", "5", "1", "cap"), ("c", "8", "2", "4", "p0")), ["batch_id"]
    ).table
    assert table[["batch_id", "baseline", "simple_cut_percent"]].values.tolist() == [
        ["b", "cap", 75],
        ["b", "p0", 50],
        ["c", "p0", 75],
    ]


def test_missing_zero_and_negative_prices_are_left_out_with_their_reason():
    result = cuts(
        items(
            ("b", None, "5", "1", "p0"),
            ("b", "0", "5", "1", "p0"),
            ("b", "10", "-1", "1", "p0"),
            ("b", "10", "4", "1", "p0"),
        )
    )
    assert result.table["items"].tolist() == [1] and result.table["simple_cut_percent"].tolist() == [60]
    assert result.left_out["reason"].tolist() == [
        "no_price_before",
        "price_before_not_positive",
        "price_after_not_positive",
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_words_name_the_baseline(lang):
    text = cuts(items(("b", "10", "5", "1", "cap"))).text(lang)
    assert "50.0%" in text and ("最高有效申报价" in text if lang == "zh" else "cap" in text)


def test_p0_is_the_weighted_mean_of_the_rules():
    # C11: 7.80/4.50/2.00 with 20k/60k/20k is 4.66; a weighted cut from these to 4.66 is nothing
    table = cuts(
        items(
            ("b", "7.80", "4.66", "20000", "p0"),
            ("b", "4.50", "4.66", "60000", "p0"),
            ("b", "2.00", "4.66", "20000", "p0"),
        )
    ).table
    assert table["weighted_cut_percent"][0] == 0


def doses(*rows):
    return pd.DataFrame(
        [(p, g, Decimal(q), Decimal(a), None if d is None else Decimal(d)) for p, g, q, a, d in rows],
        columns=["product_id", "generic", "quantity_units", "amount_yuan", "ddd_units"],
    )


def test_ddds_and_cost_per_ddd():
    result = per_ddd(doses(("p", "A", "300", "60", "2"), ("q", "A", "100", "40", "1"), ("r", "B", "10", "5", "0.5")))
    assert result.table[["ddds", "ddd_cost_yuan"]].values.tolist() == [[250, Decimal("0.4")], [20, Decimal("0.25")]]
    assert result.missing.empty and result.missing_share == 0


def test_missing_ddd_is_reported_with_its_share_never_zero():
    result = per_ddd(doses(("p", "A", "300", "60", "2"), ("q", "A", "100", "30", None), ("r", "B", "10", "10", "0")))
    assert result.table["generic"].tolist() == ["A"] and result.table["ddds"].tolist() == [150]
    assert result.missing["product_id"].tolist() == ["q", "r"] and result.missing_share == 0.4


def test_did_per_thousand_and_day():
    assert did(Decimal(730000), 1_000_000, 365) == 2


def test_published_change_of_cost_per_ddd():
    assert round(ddd_cost_change(Decimal("0.7648"), Decimal("-0.4543")), 4) == Decimal("-0.6908")
    # Zhao 2022: 134.3 → 318.3 million DDD, 1,623.41 → 490.43 million yuan: 12.09 → 1.541 (−87.3 %)
    assert round(Decimal("490.43") / Decimal("318.3"), 3) == Decimal("1.541")
    assert round(
        ddd_cost_change(Decimal("318.3") / Decimal("134.3") - 1, Decimal("490.43") / Decimal("1623.41") - 1), 3
    ) == Decimal("-0.873")


def test_ddds_of_a_city_in_minimum_units():
    use = pd.DataFrame(
        {
            "product_id": ["p", "p", "q"],
            "quantity_milliunits": [4_000_000, 2_000_000, 5_000],
            "amount_fen": [9_000, 3_000, 700],
        }
    )
    products = pd.DataFrame(
        {
            "product_id": ["p", "q"],
            "generic": ["A", "B"],
            "ddd_units": [Decimal(2), None],
            "spec_factor": [Decimal(2), 1],
        }
    )
    result = city_ddds(SimpleNamespace(product_month=use), products)
    # 6,000 converted units are 3,000 of double strength, 1,500 DDDs
    assert result.table[["generic", "ddds", "ddd_cost_yuan"]].values.tolist() == [["A", 1500, Decimal("0.08")]]
    assert result.missing["amount_yuan"].tolist() == [Decimal("7.00")]


def test_award_cuts_name_every_baseline_and_list_a_missing_p0():
    awards = pd.DataFrame(
        {
            "batch_id": "B",
            "product_id": ["w", "x"],
            "generic": ["A", "C"],
            "supply_role": "main",
            "start_date": pd.Timestamp("2022-01-01"),
            "pre_price_yuan": [Decimal(30), None],
            "price_cap_yuan": [Decimal(40), None],
            "pack_milliunits": 10_000,
            "p1_e10": 10**10,
        }
    )
    prices = pd.DataFrame(
        {
            "batch_id": "B",
            "generic": ["A", "C"],
            "p0_e10": [4 * 10**10, None],
            "p0_source": ["ledger", "none"],
            "p0_basis": None,
        }
    )
    selected = pd.DataFrame({"batch_id": ["B"], "product_id": ["w"], "quantity_milliunits": [5_000]})
    result = award_cuts(SimpleNamespace(awards=awards, prices=prices, selected=selected))
    found = result.table.set_index("baseline")["simple_cut_percent"].round(4).to_dict()
    assert {k: float(v) for k, v in found.items()} == {
        "p0": 75.0,
        "cap": 75.0,
        "own_last_price": pytest.approx(66.6667),
    }
    assert result.left_out["generic"].tolist() == ["C"]
    assert result.table["saving_yuan"].tolist() == [15, 10, 15]
