"""batches.csv and prices.csv: words, numbers, what is unverified, and agreement with the reference they carry."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal

import pytest

LEVELS = {"national", "inter_provincial", "provincial", "municipal", "municipal_alliance", "hospital_alliance"}
BASELINES = {
    "lowest_2017_price_of_pilot_cities",
    "lowest_2018_price_of_alliance",
    "highest_valid_bid",
    "same_product_2019",
    "previous_selected_price",
    "unknown",
}
NUMBERS = (
    "rounds",
    "varieties",
    "products_selected",
    "companies_selected",
    "companies_bidding",
    "products_bidding",
    "average_cut_percent",
    "max_cut_percent",
    "pre_market_yuan",
    "annual_saving_yuan",
)
# our column: the reference's column, and what one of its units is in ours
CARRIED = {
    "bid_date": "bid_date",
    "varieties": "varieties",
    "products_selected": "products_selected",
    "companies_selected": "companies_selected",
    "companies_bidding": "companies_bidding",
    "products_bidding": "products_bidding",
    "average_cut_percent": "avg_price_cut_pct",
    "cycle": "cycle",
    "confidence": "confidence",
}


def by_id(batches):
    return {row["batch_id"]: row for row in batches}


def carried(batches):
    return [row for row in batches if row["city"] == ""]


@pytest.fixture()
def national(reference):
    with (reference / "vbp" / "national_batches.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_ids_are_unique_slugs_and_references_resolve(batches, sources, cities):
    assert len(by_id(batches)) == len(batches) == 32
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in by_id(batches))
    assert {row["source_id"] for row in batches} <= set(sources)
    assert {row["city"] for row in batches} <= set(cities) | {""}
    assert {part for row in batches for part in row["total_of"].split(";") if part} <= set(by_id(batches))


def test_words_come_from_the_vocabularies(batches):
    assert {row["category"] for row in batches} <= {"drug", "consumable", "reagent"}
    assert {row["status"] for row in batches} <= {"reported", "expected", "target", "proposed"}
    assert {row["confidence"] for row in batches} == {"published", "weak"}
    assert {row["circular"] for row in batches} == {"yes", "no", ""}
    assert {row["pre_market_basis"] for row in batches} == {"published", "computed", ""}
    assert {row["level"] for row in batches} == LEVELS


def test_numbers_are_plain_and_open_ended_ones_say_so(batches):
    for row in batches:
        for column in NUMBERS:
            assert re.fullmatch(r"(\d+(\.\d+)?)?", row[column]), (row["batch_id"], column)
        assert bool(row["max_cut_percent"]) == bool(row["max_cut_qualifier"])
    assert {row["batch_id"] for row in batches if row["max_cut_qualifier"] == "more_than"} == {
        "national-drug-6-insulin",
        "national-drug-10",
    }


def test_every_average_cut_has_a_baseline_and_no_other_row_has_one(batches):
    for row in batches:
        assert bool(row["average_cut_percent"]) == bool(row["cut_baseline"]) == bool(row["cut_qualifier"]), row[
            "batch_id"
        ]
    assert {row["cut_baseline"] for row in batches} - {""} == BASELINES


def test_dates_are_iso_days_or_months_and_say_which(batches):
    pattern = {"day": r"\d{4}-\d{2}-\d{2}", "month": r"\d{4}-\d{2}", "": ""}
    for row in batches:
        assert re.fullmatch(pattern[row["bid_date_precision"]], row["bid_date"]), row["batch_id"]
        for column in ("start_date", "start_date_last"):
            assert re.fullmatch(r"(\d{4}-\d{2}(-\d{2})?)?", row[column]), row["batch_id"]
        assert not row["start_date"] or row["start_date"][:7] >= row["bid_date"][:7]


def test_unverified_cells_name_columns_that_are_filled_or_unknown(batches):
    for row in batches:
        named = [cell for cell in row["unverified_cells"].split(";") if cell]
        assert set(named) <= set(row), row["batch_id"]
        assert all(row[cell] or cell in {"cycle", "bid_date"} for cell in named), row["batch_id"]


def test_rounds_that_are_evidence_give_the_known_ratios_of_weighted_cut_to_published_mean(batches):
    known = {
        "national-drug-6-insulin": "1.103",
        "national-consumable-joint": "0.976",
        "national-drug-4": "0.939",
        "national-drug-5": "0.828",
        "national-consumable-stent-1": "0.843",
    }
    evidence = {row["batch_id"]: row for row in batches if row["circular"] == "no"}
    assert set(evidence) == set(known)
    for key, row in evidence.items():
        weighted = Decimal(row["annual_saving_yuan"]) / Decimal(row["pre_market_yuan"])
        assert round(weighted / Decimal(row["average_cut_percent"]) * 100, 3) == Decimal(known[key])


def test_circular_rounds_are_market_times_cut(batches):
    circular = [row for row in batches if row["circular"] == "yes"]
    assert len(circular) == 4
    for row in circular:
        implied = Decimal(row["pre_market_yuan"]) * Decimal(row["average_cut_percent"]) / 100
        assert abs(implied / Decimal(row["annual_saving_yuan"]) - 1) < Decimal("0.03")
    assert not [row for row in batches if row["circular"] and not row["pre_market_yuan"]]


def test_local_rounds_agree_with_facts(batches, facts):
    for batch, scope in (
        ("quanzhou-municipal-consumable-4", "rounds:municipal_4"),
        ("jiujiang-municipal-alliance-2024", "rounds:municipal_alliance_2024"),
        ("jiujiang-hospital-alliance-2024", "rounds:hospital_alliance_2024"),
    ):
        row = by_id(batches)[batch]
        for column, metric in (
            ("average_cut_percent", "average_price_cut"),
            ("varieties", "procured_consumable_varieties"),
            ("products_selected", "selected_products"),
        ):
            found = [f for f in facts if (f["city"], f["metric"], f["scope"]) == (row["city"], metric, scope)]
            assert [f["value"] for f in found] == ([row[column]] if row[column] else []), (batch, column)
            assert all(f["status"] == row["status"] for f in found)


@pytest.mark.reference
def test_every_reference_round_is_carried_cell_by_cell(batches, national):
    rows = carried(batches)
    assert len(rows) == len(national) == 25
    for ours, theirs in zip(rows, national, strict=True):
        assert {c: ours[c] for c in CARRIED} == {c: theirs[r] for c, r in CARRIED.items()}
        assert (
            ours["max_cut_percent"] + ("+" if ours["max_cut_qualifier"] == "more_than" else "") == theirs["max_cut_pct"]
        )
        for column, source in (
            ("pre_market_yuan", "pre_price_market_bn_cny"),
            ("annual_saving_yuan", "annual_saving_bn_cny"),
        ):
            if theirs[source]:
                assert Decimal(ours[column]) == Decimal(theirs[source]) * 10**9
            else:
                assert ours[column] == "" or ours["pre_market_basis"] == "computed"
        first = ours["start_date"] + ("/" + ours["start_date_last"][5:] if ours["start_date_last"] else "")
        assert first == theirs["start_date"]


@pytest.mark.reference
def test_every_cell_the_reference_marks_unverified_stays_marked(batches, national):
    names = {
        "bid_date": "bid_date",
        "bid day": "bid_date",
        "cycle": "cycle",
        "start_date": "start_date",
        "varieties": "varieties",
        "pre_price_market": "pre_market_yuan",
        "pct is our": "average_cut_percent",
    }
    marked = 0
    for ours, theirs in zip(carried(batches), national, strict=True):
        words = theirs["unverified_cells"]
        if not words:
            assert ours["unverified_cells"] == ""
            continue
        marked += 1
        assert words in ours["note"]
        clear = re.sub(r"\([^)]*\)|(?<=cycle) from.*", "", words)
        wanted = {column for word, column in names.items() if word in clear} or {"bid_date", "varieties"}
        assert set(ours["unverified_cells"].split(";")) == wanted, ours["batch_id"]
    assert marked > 10


def test_prices_are_positive_resolve_and_say_their_basis(prices, batches, sources):
    assert len({row["price_id"] for row in prices}) == len(prices) == 34
    assert {row["source_id"] for row in prices} <= set(sources)
    assert {row["batch_id"] for row in prices} <= set(by_id(batches)) | {""}
    for row in prices:
        low, high = Decimal(row["selected_price_low_yuan"]), Decimal(row["selected_price_high_yuan"])
        assert 0 < low <= high
        assert bool(row["pre_price_yuan"]) == bool(row["pre_price_basis"])
        assert not row["pre_price_yuan"] or Decimal(row["pre_price_yuan"]) > high
        assert re.search("[一-鿿]", row["product_zh"]) and row["price_unit"]
    assert Counter(bool(row["batch_id"]) for row in prices) == {True: 31, False: 3}


def test_stated_cuts_of_products_follow_from_both_prices(prices):
    rows = [row for row in prices if row["stated_cut_kind"] == "product" and row["pre_price_yuan"]]
    assert len(rows) >= 5
    for row in rows:
        cut = 100 * (1 - Decimal(row["selected_price_low_yuan"]) / Decimal(row["pre_price_yuan"]))
        # the stents' published cut is 93, their two printed prices give 94.6: another basis
        tolerance = 2 if row["batch_id"] == "national-consumable-stent-1" else Decimal("0.5")
        assert abs(cut - Decimal(row["stated_cut_percent"])) < tolerance, row["price_id"]


@pytest.mark.reference
def test_every_reference_price_is_carried(prices, reference):
    with (reference / "vbp" / "product_prices.csv").open(encoding="utf-8", newline="") as handle:
        theirs = list(csv.DictReader(handle))
    assert len(theirs) == len(prices)
    for ours, row in zip(prices, theirs, strict=True):
        low, high = ours["selected_price_low_yuan"], ours["selected_price_high_yuan"]
        assert (low if low == high else f"{low}-{high}") == row["selected_price_cny"]
        assert ours["pre_price_yuan"] == row["pre_price_cny"]
        assert ours["product_en"] == row["product"]
        assert row["stated_cut_pct"].startswith(ours["stated_cut_percent"])
