"""A price per pack seldom divides evenly into units: what whole packs cost is exact all the same, and so is the payout."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from pathlib import Path

import pytest

from tests import small_folder
from tests.statement.office import needs_office, recalculated
from vbp.cli import main
from vbp.completion import completion
from vbp.ledger import build
from vbp.savings import savings
from vbp.surplus.result import rounded
from vbp.tables import read_inputs

HEADER = small_folder.SETTLING["agreements"][0]
AWARDS = small_folder.SETTLING["awards"][0]


def folder(path: Path, agreed: str, price: str = "12.34", pack: int = 7, spent: str = "59.00", awards=()) -> Path:
    """One hospital agrees on `agreed` of 100,000 units at 5 yuan before; packs of 7 at 12.34; 59 yuan beside the winner."""
    products = [list(row) for row in small_folder.PRODUCTS]
    products[1][5] = pack
    usage = [
        small_folder.usage_rows()[0],
        *(["H001", f"2024-{month:02d}", "P1", 1000, "12340.00"] for month in range(1, 13)),
        ["H001", "2024-03", "P2", 1, spent],
    ]
    return small_folder.write_settling(
        path,
        products=products,
        usage=usage,
        varieties=[
            [*small_folder.SETTLING["varieties"][0], "pre_price_yuan_per_unit"],
            ["N1", "甲片", "片", "国家", "药品", 1, 5],
        ],
        awards=[AWARDS, ["N1", "P1", "2024-01-01", price, "main", "2024-12-31"], *awards],
        agreements=[HEADER, ["N1", "H001", "甲片", 1, "2024-01-01", "2024-12-31", 100_000, agreed]],
        assessments=small_folder.SETTLING["assessments"][:2],
    )


def document(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    with pytest.raises(SystemExit) as stop:
        main([*map(str, words), "--json"])
    assert not stop.value.code
    return json.loads(capsys.readouterr().out)


CASES = {
    # (500,000 − 12,340 − 59)·0.63·0.5 = 153,594.315, a tie: 1,000 packs cost 12,340.00 and not 12,340.0000003
    "whole packs": ("7000", {}, "153594.32"),
    # 7,001 units of 12.34/7 each: 12,341.762857…; (500,000 − 12,341.762857… − 59)·0.315 = 153,593.7596…
    "a broken pack": ("7001", {}, "153593.76"),
    # ten million packs: (500,000,000 − 123,400,000 − 1)·0.315 = 118,628,999.685; ten decimals of a price are off by 0.002 yuan
    "a large volume": ("70000000", {"spent": "1.00"}, "118628999.69"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_payout_is_that_of_exact_fractions(tmp_path, capsys, case):
    agreed, options, due = CASES[case]
    made = folder(tmp_path / "in", agreed, **options)
    if case == "a large volume":
        rows = list(csv.reader(io.StringIO((made / "agreements.csv").read_text(encoding="utf-8"))))
        rows[1][-2] = "100000000"
        (made / "agreements.csv").write_text(small_folder.text(rows), encoding="utf-8")
        usage = (made / "usage.csv").read_text(encoding="utf-8").replace("1000,12340.00", "1000000,12340000.00")
        (made / "usage.csv").write_text(usage, encoding="utf-8")
    (row,) = document(capsys, "surplus", made, "--as-of", "2024-12-31")["rows"]
    assert row["retained_yuan"] == due


@needs_office
def test_the_statement_says_the_same_at_a_tie(tmp_path, capsys):
    made = folder(tmp_path / "in", "7000")
    with pytest.raises(SystemExit):
        main(["statement", str(made), "--as-of", "2024-12-31", "--out", str(tmp_path / "s.xlsx")])
    (book,) = recalculated([tmp_path / "s.xlsx"], tmp_path / "out")
    assert [book["汇总"][f"{column}5"].value for column in "JKL"] == [153594.32, 153594.32, "一致"]


def test_two_broken_packs_that_make_a_whole_one_cost_what_it_costs(tmp_path, capsys):
    # two products, 6 and 1 units beyond whole packs: together 12,340.00 again
    more = [["N1", "P2", "2024-01-01", "12.34", "main", "2024-12-31"]]
    made = folder(tmp_path / "in", "0", awards=more)
    products = (made / "products.csv").read_text(encoding="utf-8").replace(",14,乙厂", ",7,乙厂")
    (made / "products.csv").write_text(products + "P4,甲片,药品,片剂,5mg,7,丁厂\n", encoding="utf-8")
    usage = (made / "usage.csv").read_text(encoding="utf-8").replace("P2,1,59.00", "P4,1,59.00")
    (made / "usage.csv").write_text(usage + "H001,2024-04,P2,9000,111060.00\n", encoding="utf-8")
    header = [*HEADER[:3], "product_id", *HEADER[3:]]
    rows = [
        ["N1", "H001", "甲片", "P1", 1, "2024-01-01", "2024-12-31", 60_000, 3_001],
        ["N1", "H001", "甲片", "P2", 1, "2024-01-01", "2024-12-31", 40_000, 3_999],
    ]
    (made / "agreements.csv").write_text(small_folder.text([header, *rows]), encoding="utf-8")
    (row,) = document(capsys, "surplus", made, "--as-of", "2024-12-31")["rows"]
    assert row["retained_yuan"] == "153594.32"


def test_agreed_amounts_of_completion_round_half_up(tmp_path):
    # 1,476.484 units at 1.25 yuan: 1,845.605
    panels = build(read_inputs(folder(tmp_path / "in", "1476.484", price="35", pack=28)))
    table = completion(panels).table
    assert [str(value) for value in table["agreed_yuan"]] == ["1845.61"]


def test_the_official_saving_counts_whole_packs_exactly(tmp_path):
    # 7,000 units at 5.00085 less 12.34/7: 35,005.95 − 12,340.00, and half a fen more by 0.0000 of the price alone
    made = folder(tmp_path / "in", "7000.5")
    inputs = read_inputs(made)
    found = savings(build(inputs), inputs.frame("products")).totals["official"]
    exact = Fraction("7000.5") * (5 - Fraction("12.34") / 7)
    assert abs(Fraction(found) - exact) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("paid", "rule", "due"),
    [
        (153594_3149999996, "half_up", "153594.32"),
        (153594_3149999996, "half_even", "153594.32"),
        (153594_3249999996, "half_even", "153594.32"),
        (153594_3199999996, "down", "153594.32"),
        (153594_3149999000, "half_up", "153594.31"),
    ],
)
def test_what_divided_prices_leave_below_a_tie_is_taken_off_before_rounding(paid, rule, due):
    assert str(rounded(paid, 10**10, rule, quotients=True)) == due
