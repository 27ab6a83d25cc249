"""published_results.csv: each printed number recomputed from the other printed numbers beside it."""

from __future__ import annotations

import csv
import gzip
import math
import re
from pathlib import Path

import pytest


def quotient(i):
    return i["numerator"] / i["denominator"]


RECIPES = {
    "unit_cost_change": lambda i: (
        100 * ((1 + i["spending_change_percent"] / 100) / (1 + i["volume_change_percent"] / 100) - 1)
    ),
    "unit_cost_change_from_amounts": lambda i: (
        100 * ((i["spending_after"] / i["spending_before"]) / (i["volume_after"] / i["volume_before"]) - 1)
    ),
    "product": lambda i: math.prod(i.values()),
    "product_change": lambda i: 100 * (math.prod(i.values()) - 1),
    "quotient": quotient,
    "exp_change": lambda i: 100 * (math.exp(i["coefficient"]) - 1),
    "market_times_cut": lambda i: i["market_yuan"] * i["cut_percent"] / 100,
    "sum": lambda i: sum(i.values()),
    "share": lambda i: 100 * i["part"] / i["whole"],
    "price_cut": lambda i: 100 * (1 - i["selected_price_yuan"] / i["pre_price_yuan"]),
    "quantity_times_price_drop": lambda i: i["quantity_pieces"] * (i["pre_price_yuan"] - i["selected_price_yuan"]),
}


def inputs(row):
    return {key: float(value) for key, value in (pair.split("=") for pair in row["inputs"].split(";"))}


def test_ids_are_unique_and_sources_resolve(results, sources):
    assert len({row["result_id"] for row in results}) == len(results) >= 20
    assert {row["source_id"] for row in results} <= set(sources)
    assert {row["recipe"] for row in results} == set(RECIPES)


def test_printed_text_holds_the_printed_number(results):
    for row in results:
        number = float(row["printed"])
        ways = (
            (f"{number / 1e9:g}", f"{number / 1e4:.2f}", f"{number:,.0f}")
            if row["unit"] == "yuan"
            else (row["printed"],)
        )
        assert any(way in row["printed_text"] for way in ways), row["result_id"]


def test_every_row_speaks_both_languages(results):
    for row in results:
        for zh, en in (
            ("publication_zh", "publication"),
            ("quantity_zh", "quantity_en"),
            ("formula_zh", "formula_en"),
            ("note_zh", "note_en"),
        ):
            assert bool(row[zh]) == bool(row[en]), (row["result_id"], zh)
            assert not re.search("[\u4e00-\u9fff]", row[en]), (row["result_id"], en)
            assert not re.search("[\u4e00-\u9fff][,;:]", row[zh]), (row["result_id"], zh)


def test_product_cuts_are_those_of_the_price_table(results, prices):
    pairs = {(row["pre_price_yuan"], row["selected_price_low_yuan"]): row["stated_cut_percent"] for row in prices}
    own = [row for row in results if row["recipe"] == "price_cut"]
    assert len(own) == 6
    for row in own:
        given = dict(pair.split("=") for pair in row["inputs"].split(";"))
        assert pairs[given["pre_price_yuan"], given["selected_price_yuan"]] == row["printed"], row["result_id"]


def test_each_row_follows_or_does_not_as_it_says(results):
    for row in results:
        off = abs(RECIPES[row["recipe"]](inputs(row)) - float(row["printed"]))
        assert (off <= float(row["tolerance"])) == (row["follows"] == "yes"), (row["result_id"], off)


def test_those_that_do_not_follow_are_named_with_the_reason(results):
    off = {row["result_id"]: (row["note_zh"], row["note_en"]) for row in results if row["follows"] == "no"}
    assert set(off) == {"official-insulin-saving", "official-stent-saving", "product-stent-cut"}
    assert all("不符" in zh and " not " in en for zh, en in off.values())


def test_inputs_of_cumulative_varieties_are_the_rounds_own(results, batches):
    varieties = {row["batch_id"]: row["varieties"] for row in batches}
    seen = 0
    for row in results:
        for key, value in inputs(row).items():
            if row["result_id"].startswith("official-cumulative") and key.startswith("batch_"):
                name = "national-drug-" + key.removeprefix("batch_").replace("6", "6-insulin")
                assert float(varieties[name]) == value
                seen += 1
    assert seen == 8


@pytest.mark.reference
def test_every_reference_result_is_carried(results, reference):
    with (reference / "vbp" / "published_results.csv").open(encoding="utf-8", newline="") as handle:
        theirs = list(csv.DictReader(handle))
    heads = {row["publication"].split("(")[0].strip()[:13] for row in theirs}
    ours = {row["publication"] for row in results}
    assert len(theirs) == 10
    assert all(any(name.startswith(head[:8]) for name in ours) for head in heads)


@pytest.mark.reference
@pytest.mark.parametrize("name", ["price6", "quantity6"])
def test_index_tables_are_byte_for_byte_the_references(reference, name):
    ours = Path(__file__).resolve().parents[2] / "data" / "reference" / f"index_{name}.csv"
    assert ours.read_bytes() == (reference / "index" / f"{name}.csv").read_bytes()


@pytest.mark.reference
def test_the_restaurants_are_byte_for_byte_the_authors(reference):
    ours = Path(__file__).resolve().parents[2] / "data" / "reference" / "did" / "public.dat.gz"
    assert gzip.decompress(ours.read_bytes()) == (reference / "did" / "public.dat").read_bytes()
