"""`--json` is one document with the keys that the contract fixes, `--csv` parses, and both say what the library says."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from vbp.facts import Fact, load_published
from vbp.surplus import Settlement

SURPLUS_ROW = {
    "hospital_id", "batch_id", "agreement_year", "budget_yuan", "expenditure_yuan", "net_yuan", "base_yuan", "ratio",
    "retained_yuan", "reasons",
}  # fmt: skip
CODES = {
    "NOT_COMPLETED", "SCORE_BELOW", "NO_SCORE", "BASE_NOT_POSITIVE", "RENEWAL_EXCLUDED", "COUNTY_GROUP", "YEAR_NOT_ENDED", "NO_P0", "NO_N",
    "P1_WEIGHTED", "P1_MAIN", "EXEMPT",
}  # fmt: skip
FORMULAS = {
    "laspeyres", "paasche", "fisher", "tornqvist", "walsh", "marshall_edgeworth", "vartia1", "sato_vartia", "jevons", "carli", "dutot",
}  # fmt: skip
MONEY = re.compile(r"-?\d+(\.\d+)?")


def money_is_text(value: object, key: str = "") -> int:
    """Assert that every amount anywhere in a document is a decimal string (or null), and return how many there are."""
    if isinstance(value, dict):
        return sum(money_is_text(item, name) for name, item in value.items())
    if isinstance(value, list):
        return sum(money_is_text(item, key) for item in value)
    if not key.endswith("_yuan") or value is None:
        return 0
    assert isinstance(value, str) and MONEY.fullmatch(value), (key, value)
    return 1


@pytest.fixture
def document(call):
    """Call a verb with --json: one document on standard output, nothing else, no float where JSON has none."""

    def called(*words: object) -> dict:
        code, out, _ = call(*words, "--json")
        assert code == 0
        assert "NaN" not in out and "Infinity" not in out
        found, end = json.JSONDecoder().raw_decode(out)
        assert out[end:] == "\n"
        return found

    return called


@pytest.fixture
def table(call):
    """Call a verb with --csv and read it back as text."""

    def called(*words: object) -> pd.DataFrame:
        code, out, _ = call(*words, "--csv")
        assert code == 0
        found = pd.read_csv(io.StringIO(out), dtype=str, keep_default_na=False)
        assert len(found) > 0 and not found.columns.duplicated().any()
        return found

    return called


def total(column) -> Decimal:
    return sum((Decimal(value) for value in column if value not in ("", None)), Decimal(0))


def test_surplus_has_the_fixed_keys_and_its_total_is_the_sum_of_rounded_rows(document, demo_folder, demo_city):
    found = document("surplus", demo_folder)
    assert {"profile", "rows", "total_retained_yuan"} <= set(found)
    assert found["rows"] and all(set(row) >= SURPLUS_ROW for row in found["rows"])
    assert money_is_text(found) > 100
    assert Decimal(found["total_retained_yuan"]) == total(row["retained_yuan"] for row in found["rows"])
    assert Decimal(found["total_retained_yuan"]) == demo_city.surplus.total_yuan > 0
    reasons = [reason for row in found["rows"] for reason in row["reasons"]]
    assert {reason["code"] for reason in reasons} <= CODES and len({reason["code"] for reason in reasons}) >= 5
    assert all({"code", "text"} <= set(reason) for reason in reasons)
    assert all(re.fullmatch(r"-?\d+\.\d\d", row["retained_yuan"]) for row in found["rows"] if row["retained_yuan"])
    unknown = [row for row in found["rows"] if row["retained_yuan"] is None]
    assert unknown and all(row["reasons"] for row in unknown)


def test_surplus_nets_budget_and_expenditure_and_floors_the_base(document, demo_folder):
    for row in document("surplus", demo_folder)["rows"]:
        if row["net_yuan"] is None:
            continue
        assert Decimal(row["net_yuan"]) == Decimal(row["budget_yuan"]) - Decimal(row["expenditure_yuan"])
        assert Decimal(row["base_yuan"]) == max(Decimal(row["net_yuan"]), 0)


def test_the_csv_of_surplus_adds_up_to_its_document(document, table, demo_folder):
    found, rows = document("surplus", demo_folder), table("surplus", demo_folder)
    assert len(rows) == len(found["rows"])
    for name in ("budget_yuan", "expenditure_yuan", "base_yuan", "retained_yuan"):
        assert total(rows[name]) == total(row[name] for row in found["rows"]) != 0
    assert list(rows["codes"]) == [" ".join(reason["code"] for reason in row["reasons"]) for row in found["rows"]]


@pytest.mark.parametrize("by", ["generic", "hospital", "batch", "month", "year"])
def test_every_cut_of_savings_adds_up_to_the_same_totals(table, demo_folder, demo_city, by):
    rows = table("savings", demo_folder, "--by", by)
    totals = demo_city.savings.totals
    assert rows[{"hospital": "hospital_id", "batch": "batch_id", "year": "agreement_year"}.get(by, by)].is_unique
    for kind in ("official", "realised", "potential"):
        assert total(rows[f"{kind}_yuan"]) == totals[kind] != 0
    assert total(rows["potential_lawful_yuan"]) + total(rows["potential_beyond_yuan"]) == totals["potential"]


def test_savings_as_a_document_holds_the_cut_the_totals_and_a_decomposition_that_adds_up(
    document, demo_folder, demo_city
):
    found = document("savings", demo_folder, "--by", "batch")
    assert found["synthetic"] is True and found["name_zh"] == "示范市"
    assert money_is_text(found) > 50
    assert {name: Decimal(value) for name, value in found["totals"].items()} == dict(demo_city.savings.totals)
    batches = found["decomposition"]["batches"]
    parts = ("price", "volume", "structure_selected", "structure_originator", "structure_product", "new", "lost")
    assert len(batches) == len(demo_city.spending_change.table) > 3
    for row in batches:
        assert sum(Decimal(row[f"{part}_yuan"]) for part in parts) == Decimal(row["change_yuan"])
    for batch in found["decomposition"]["factors"].values():
        ratio = batch.pop("value_ratio")
        assert np.prod(list(batch.values())) == pytest.approx(ratio, rel=1e-9)


def test_completion_says_the_same_as_document_as_csv_and_in_the_library(document, table, demo_folder, demo_city):
    found, rows = document("completion", demo_folder), table("completion", demo_folder)
    done = demo_city.completion.table
    assert sum(found["states"].values()) == len(rows) == len(done) > 100
    assert found["states"]["done"] == (rows["state"] == "done").sum() == (done["state"] == "done").sum() > 0
    assert found["as_of"] == demo_city.completion.as_of.isoformat()
    for name in ("agreed_yuan", "actual_yuan"):
        assert total(rows[name]) == sum(value for value in done[name] if value is not None) != 0


def test_completion_at_an_earlier_day_counts_no_later_purchase(document, demo_folder):
    early, late = document("completion", demo_folder, "--as-of", "2022-06-30"), document("completion", demo_folder)
    assert early["as_of"] == "2022-06-30" < late["as_of"]
    assert early["states"]["not_started"] > late["states"]["not_started"]
    assert early["states"]["done"] < late["states"]["done"]


def test_the_projection_names_its_interval_and_its_hospitals(document, table, demo_folder):
    found, rows = document("project", demo_folder), table("project", demo_folder)
    assert found["mark"] == "estimated" and found["interval"] == 0.9
    assert found["earlier_batches"] >= 3
    quantities = {row["quantity"]: row for row in found["quantities"]}
    assert set(quantities) == {"official", "realised", "completion", "payout"}
    for name, row in quantities.items():
        ends = [Decimal(str(row[end])) for end in ("low", "estimate", "high")]
        assert ends == sorted(ends), name
    # signed agreements at known prices: nothing is estimated in the official saving
    assert quantities["official"]["low"] == quantities["official"]["high"]
    hospitals = {row["hospital_id"]: row["payout_yuan"] for row in found["hospitals"]}
    assert dict(zip(rows["hospital_id"], rows["payout_yuan"], strict=True)) == hospitals
    for low, middle, high in zip(rows["payout_low_yuan"], rows["payout_yuan"], rows["payout_high_yuan"], strict=True):
        assert Decimal(low) <= Decimal(middle) <= Decimal(high)


def test_the_scan_ranks_every_series_once_and_the_csv_has_them_all(document, table, demo_folder, demo_city):
    found = document("scan", demo_folder, "--measure", "price")
    rows = table("scan", demo_folder, "--measure", "price")
    series = demo_city.scan.table[demo_city.scan.table["measure"] == "price"]
    assert found["series"] == len(found["rows"]) == len(rows) == len(series) > 20
    assert 0 < found["discoveries"] <= len(series)
    known = {row["generic"]: row["level"] for row in found["rows"] if row["level"] is not None}
    own = series.dropna(subset=["level"]).set_index("generic")["level"]
    assert known == pytest.approx(dict(own), rel=1e-9) and len(known) > 20
    assert [row["rank"] for row in found["rows"]] == list(range(1, len(rows) + 1))
    assert not rows.duplicated(["city", "generic", "measure"]).any()
    assert {row["level_verdict"] for row in found["rows"]} <= {
        "supported", "inconclusive", "no_material_effect", "not_assessable",
    }  # fmt: skip


@pytest.fixture
def basket(tmp_path):
    path = tmp_path / "basket.csv"
    path.write_text(
        "period,product_id,price,quantity\n"
        "1,A,10,100\n1,B,4,50\n1,C,2.5,80\n2,A,5,150\n2,B,4.4,40\n2,C,2,120\n3,A,4,180\n3,B,5,30\n3,C,2,150\n",
        encoding="utf-8",
    )
    return path


def test_indices_have_the_fixed_keys_and_the_values_of_a_hand_calculation(document, basket):
    found = document("index", basket)
    assert {"base", "indices", "chained", "quantity", "value_ratio"} <= set(found)
    assert set(found["indices"]) >= FORMULAS
    prices, quantities = np.array([[10, 4, 2.5], [5, 4.4, 2]]), np.array([[100, 50, 80], [150, 40, 120]])
    laspeyres = prices[1] @ quantities[0] / (prices[0] @ quantities[0])
    paasche = prices[1] @ quantities[1] / (prices[0] @ quantities[1])
    at_two = {name: values["2"] for name, values in found["indices"].items()}
    assert at_two["laspeyres"] == pytest.approx(laspeyres, rel=1e-12)
    assert at_two["paasche"] == pytest.approx(paasche, rel=1e-12)
    assert at_two["fisher"] == pytest.approx((laspeyres * paasche) ** 0.5, rel=1e-12)
    assert at_two["jevons"] == pytest.approx((0.5 * 1.1 * 0.8) ** (1 / 3), rel=1e-12)
    assert at_two["carli"] == pytest.approx((0.5 + 1.1 + 0.8) / 3, rel=1e-12)
    assert at_two["dutot"] == pytest.approx((5 + 4.4 + 2) / 16.5, rel=1e-12)
    value = prices[1] @ quantities[1] / (prices[0] @ quantities[0])
    assert found["value_ratio"]["2"] == pytest.approx(value, rel=1e-12)
    assert at_two["fisher"] * found["quantity"]["fisher"]["2"] == pytest.approx(value, rel=1e-12)


def test_another_base_turns_the_indices_around(document, basket):
    forth, back = document("index", basket), document("index", basket, "--base", "2")
    assert back["base"] == "2"
    for name in ("fisher", "tornqvist", "jevons"):  # these pass the time reversal test
        assert forth["indices"][name]["2"] * back["indices"][name]["1"] == pytest.approx(1, rel=1e-12)


def test_indices_as_csv_are_those_of_the_document(document, table, basket):
    found, rows = document("index", basket), table("index", basket)
    flat = {Decimal(f"{float(cell):.10f}") for column in rows.columns for cell in rows[column] if cell.count(".") == 1}
    for name in ("laspeyres", "fisher"):
        assert Decimal(f"{found['indices'][name]['3']:.10f}") in flat


@pytest.fixture
def series(tmp_path):
    rng = np.random.default_rng(7)
    months = pd.period_range("2018-01", periods=60, freq="M").astype(str)
    level = np.where(np.arange(60) >= 36, -30.0, 0.0)
    frame = pd.DataFrame({"month": months, "spending": (100 + level + rng.normal(0, 2, 60)).round(3)})
    frame.to_csv(tmp_path / "series.csv", index=False)
    return tmp_path / "series.csv"


def test_an_interrupted_series_has_the_fixed_keys_and_finds_the_planted_fall(document, series):
    found = document("its", series, "--outcome", "spending", "--time", "month", "--date", "2021-01")
    assert {"terms", "inference", "counterfactual", "cumulative", "checks"} <= set(found)
    terms = {term["name"]: term for term in found["terms"]}
    assert {"intercept", "time", "level", "slope"} <= set(terms)
    keys = {"name", "estimate", "std_error", "ci_low", "ci_high", "p_value", "verdict"}
    assert all(set(term) >= keys for term in terms.values())
    assert terms["level"]["ci_low"] < -30 < terms["level"]["ci_high"] < 0
    assert terms["level"]["verdict"] == "supported"
    assert [set(point) >= {"time", "observed", "fitted", "counterfactual"} for point in found["counterfactual"]] == [
        True
    ] * 60
    assert all({"name", "verdict", "text"} <= set(check) for check in found["checks"])
    assert found["inference"]


def test_a_poisson_series_gives_a_rate_ratio_with_its_interval(document, tmp_path):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"t": range(1, 49), "people": 1000})
    frame["n"] = rng.poisson(np.where(frame["t"] >= 25, 60.0, 120.0))
    frame.to_csv(tmp_path / "counts.csv", index=False)
    found = document(
        "its", tmp_path / "counts.csv", "--outcome", "n", "--time", "t", "--date", "25", "--family", "poisson", "--offset", "people"
    )  # fmt: skip
    ratio = found["rate_ratio"]["level"]
    assert ratio["ci_low"] < 0.5 < ratio["ci_high"] and 0.45 < ratio["estimate"] < 0.55
    assert found["inference"] == "model (poisson)" and "dispersion" in found


def test_differences_have_the_fixed_keys_and_equal_the_cells(document, tmp_path):
    rows = [(u, t, int(u < 2), 10.0 * u + t - (5 if u < 2 and t >= 4 else 0)) for u in range(8) for t in range(8)]
    pd.DataFrame(rows, columns=["u", "t", "x", "y"]).to_csv(tmp_path / "did.csv", index=False)
    found = document(
        "did", tmp_path / "did.csv", "--outcome", "y", "--unit", "u", "--time", "t", "--treated", "x", "--date", "4"
    )
    assert {"estimate", "std_error", "p_value", "inference", "cells"} <= set(found)
    assert found["estimate"] == pytest.approx(-5, abs=1e-9)
    assert 0 < found["smallest_possible_p"] <= found["p_value"] <= 1


def test_an_estimate_from_a_folder_keeps_each_interval_in_order(document, demo_folder):
    found = document("estimate", demo_folder)
    rows = [row for row in found["estimates"] if row["point"] is not None]
    assert len(rows) > 5 and found["assumptions"]
    for row in rows:
        assert Decimal(row["low"]) <= Decimal(row["point"]) <= Decimal(row["high"])
        assert row["mark"] == "synthetic"


def test_the_published_figures_are_those_of_the_library_in_both_forms(document, table):
    published = load_published()
    found, rows = document("facts"), table("facts")
    assert len(found["facts"]) == len(rows) == len(published.facts) > 150
    assert list(rows.columns) == list(Fact.model_fields)
    known = [str(fact.value) for fact in published.facts if fact.value is not None]
    assert [value for value in rows["value"] if value] == known
    assert [fact["value"] for fact in found["facts"] if fact["value"] is not None] == known
    assert {source["source_id"] for source in found["sources"]} == {fact.source_id for fact in published.facts}


def test_a_check_is_one_document_with_rows_of_every_table(document, demo_folder, demo_city):
    found = document("check", demo_folder)
    assert found["ok"] is True
    assert {name: part["rows"] for name, part in found["tables"].items()} == {
        name: table.num_rows for name, table in demo_city.inputs.tables.items()
    }
    keys = {"level", "table", "file", "row", "column", "rule", "value", "message"}
    assert found["issues"] and all(set(issue) >= keys for issue in found["issues"])
    assert {issue["level"] for issue in found["issues"]} == {"warning"}


def test_an_items_file_settles_as_its_rows_say_by_hand(document, tmp_path):
    path = tmp_path / "items.csv"
    path.write_text(
        "hospital_id,batch_id,agreement_year,generic,base_quantity_units,pre_price_yuan,agreed_quantity_units,"
        "selected_price_yuan,actual_quantity_units,nonselected_amount_yuan,fund_ratio,insured_share,score\n"
        "H1,B1,1,甲,1000,10,700,3,720,900,0.8,0.5,90\n",
        encoding="utf-8",
    )
    found = document("surplus", "--items", path)
    row = found["rows"][0]
    assert Decimal(row["budget_yuan"]) == Decimal(1000) * 10 * Decimal("0.4")
    assert Decimal(row["expenditure_yuan"]) == (Decimal(700) * 3 + 900) * Decimal("0.4")
    assert row["retained_yuan"] == found["total_retained_yuan"] == "1400.00"


def test_settlements_own_json_equals_what_the_verb_prints(document, demo_folder, demo_city):
    assert isinstance(demo_city.surplus, Settlement)
    from vbp.cli.output import plain

    found = document("surplus", demo_folder)
    assert found.pop("synthetic") is True
    assert found == plain(demo_city.surplus.as_json())
