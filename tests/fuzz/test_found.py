"""Each case is a defect that the fuzzer found, kept small: first it failed, then it was mended."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fuzz import chain, content, reader, writing
from tests.fuzz.judge import differences
from tests.fuzz.writing import Folder
from vbp.check import check

D = Decimal


@pytest.fixture
def meaning() -> content.Content:
    """A right city with a nationally usual profile, and assessments."""
    cities = (content.make(random.Random(f"found {number}")) for number in range(100))
    made = next(city for city in cities if city.tables.get("assessments"))
    made.city["rule_profile"] = "national-2020"
    return made


def outcome_of(folder: Folder, path: Path) -> chain.Outcome:
    folder.write(path)
    return chain.run(path)


def test_a_profile_that_scores_each_item_takes_assessments_without_products(meaning, tmp_path):
    meaning.city["rule_profile"] = "guangxi-2021"
    assert "product_id" not in content.COLUMNS["assessments"]
    outcome = outcome_of(writing.folder_of(meaning), tmp_path / "in")
    assert outcome.defects == [] and outcome.errors == []
    assert differences(meaning, outcome) is None
    assert outcome.totals["payout"] > 0


@pytest.mark.parametrize(
    ("column", "cell"), [("fund_ratio", "0x1F"), ("insured_share", "0.5abc"), ("fund_ratio", "0.5片")]
)
def test_letters_behind_a_ratio_are_refused_not_read_as_its_first_digits(meaning, tmp_path, column, cell):
    folder = writing.folder_of(meaning)
    folder.sheets["fund"].replaced[0, column] = cell
    refused = outcome_of(folder, tmp_path / "in").errors
    assert ("fund.csv", 2, column) in [(problem.file, problem.row, problem.column) for problem in refused]


@pytest.mark.parametrize(
    ("table", "column", "cell", "accepted"),
    [
        ("products", "units_per_pack", "28片", True),
        ("products", "units_per_pack", "28x", False),
        ("assessments", "score", "85分", True),
        ("assessments", "score", "85优", False),
        ("agreements", "agreement_year", "1年", True),
        ("agreements", "agreement_year", "1z", False),
    ],
)
def test_a_number_may_carry_its_own_unit_and_no_other_word(meaning, tmp_path, table, column, cell, accepted):
    meaning.tables.setdefault("assessments", [content._score(random.Random(1), "B1", "H001")])
    folder = writing.folder_of(meaning)
    folder.sheets[table].replaced[0, column] = cell
    refused = [problem for problem in outcome_of(folder, tmp_path / "in").errors if problem.rule == "number"]
    assert (refused == []) == accepted


def test_a_refused_code_among_the_known_ones_is_no_defect(meaning, tmp_path):
    folder = writing.folder_of(meaning)
    folder.sheets["products"].replaced[0, "product_id"] = "1.23E+17"
    outcome = outcome_of(folder, tmp_path / "in")
    assert outcome.defects == []
    assert ("products.csv", 2, "product_id") in [
        (problem.file, problem.row, problem.column) for problem in outcome.errors
    ]


def test_two_fund_rows_for_all_are_refused_by_the_check_already(meaning, tmp_path):
    row = {**dict.fromkeys(meaning.tables["fund"][0]), "fund_ratio": D("0.7"), "insured_share": D("0.4")}
    meaning.tables["fund"] = [row, dict(row)]
    outcome = outcome_of(writing.folder_of(meaning), tmp_path / "in")
    assert [(problem.file, problem.row, problem.rule) for problem in outcome.problems if problem.level == "error"] == [
        ("fund.csv", 3, "duplicate_key")
    ]
    message = outcome.errors[0].message
    assert "holds for all, as fund.csv row 2 does" in message and "hospital_id, batch_id" in message


def test_a_key_that_stands_twice_is_named_by_its_filled_cells_alone(meaning, tmp_path):
    row = {
        **dict.fromkeys(meaning.tables["fund"][0]),
        "hospital_id": "H002",
        "fund_ratio": D("0.7"),
        "insured_share": D("0.4"),
    }
    meaning.tables["fund"] = [row, dict(row), {**row, "hospital_id": None, "batch_id": "B1"}]
    outcome = outcome_of(writing.folder_of(meaning), tmp_path / "in")
    told = [problem for problem in outcome.problems if problem.rule == "duplicate_key"]
    assert [(problem.row, problem.value) for problem in told] == [(3, "H002")]
    assert "the key (hospital_id) stands already in fund.csv row 2" in told[0].message


def test_opposite_signs_are_told_with_what_is_right(meaning, tmp_path):
    meaning.tables["usage"][0]["amount_yuan"] *= -1
    told = [problem.message for problem in outcome_of(writing.folder_of(meaning), tmp_path / "in").errors]
    assert "a purchase has both above zero, a return both below" in told[0]


@pytest.mark.parametrize(
    ("table", "column"), [("products", "spec_factor"), ("usage", "amount_yuan"), ("fund", "fund_ratio")]
)
def test_a_number_that_ends_at_its_point_is_refused_on_the_fast_way_too(meaning, tmp_path, table, column):
    meaning.tables[table][0][column] = meaning.tables[table][0][column] or D("1")
    folder = writing.folder_of(meaning)
    folder.sheets[table].replaced[0, column] = "5."
    errors = outcome_of(folder, tmp_path / "in").errors
    assert (f"{table}.csv", 2, column) in [(problem.file, problem.row, problem.column) for problem in errors]


def test_a_key_that_stands_twice_in_city_yaml_is_refused(meaning, tmp_path):
    folder = writing.folder_of(meaning)
    folder.city += "name_zh: 另一市\n".encode()
    assert ("city.yaml", 5) in [(problem.file, problem.row) for problem in outcome_of(folder, tmp_path / "in").errors]


@pytest.mark.parametrize(
    ("table", "column"), [("awards", "batch_id"), ("varieties", "batch_id"), ("products", "product_id")]
)
def test_a_damaged_code_in_any_table_stops_no_other_rule(meaning, tmp_path, table, column):
    folder = writing.folder_of(meaning)
    folder.sheets[table].replaced[0, column] = "#REF!"
    outcome = outcome_of(folder, tmp_path / "in")
    assert outcome.defects == []
    assert (f"{table}.csv", 2, column) in [(problem.file, problem.row, problem.column) for problem in outcome.errors]


def test_invisible_characters_behind_a_number_are_no_unit(meaning, tmp_path):
    folder = writing.folder_of(meaning)
    folder.sheets["usage"].spell["amount_yuan"] = lambda value: f"\u00a0{value}\u200b"
    outcome = outcome_of(folder, tmp_path / "in")
    assert outcome.errors == []
    assert differences(meaning, outcome) is None


@pytest.mark.parametrize("column", ["amount_yuan", "quantity_packs"])
@pytest.mark.parametrize("rows", [1, 200])
@pytest.mark.parametrize("value", [10**9, 10**10 - 1, 10**10, 10**13, 10**15])
def test_huge_numbers_are_added_exactly_or_refused_never_wrapped(meaning, tmp_path, column, rows, value):
    for row in meaning.tables["usage"][:rows]:
        row[column] = D(value)
    outcome = outcome_of(writing.folder_of(meaning), tmp_path / "in")
    assert outcome.defects == []
    if value >= 10**10:
        assert [problem.row for problem in outcome.errors if problem.column == column and problem.file == "usage.csv"]
    if outcome.errors:
        assert all(problem.table == "usage" for problem in outcome.errors)
    else:
        assert differences(meaning, outcome) is None


def test_a_profile_that_city_yaml_misspells_is_a_fault_of_the_file(meaning, tmp_path):
    meaning.city["rule_profile"] = "nowhere"
    outcome = outcome_of(writing.folder_of(meaning), tmp_path / "in")
    assert outcome.defects == []
    assert {(problem.file, problem.column) for problem in outcome.errors} == {("city.yaml", "rule_profile")}


def test_a_path_in_city_yaml_is_no_profile(meaning, tmp_path):
    (tmp_path / "own.yaml").write_text("name: own\n", encoding="utf-8")
    meaning.city["rule_profile"] = str(tmp_path / "own.yaml")
    outcome = outcome_of(writing.folder_of(meaning), tmp_path / "in")
    assert outcome.defects == []
    assert {problem.rule for problem in outcome.errors} == {"rule_profile"}


def test_the_fourth_decimal_of_an_agreed_volume_is_rounded_not_cut(meaning, tmp_path):
    for row in meaning.tables["agreements"]:
        row["agreed_quantity_units"] = row["base_quantity_units"] = D("1234.5678")
    outcome = outcome_of(writing.folder_of(meaning), tmp_path / "in")
    assert outcome.errors == []
    assert outcome.totals["items.agreed"] == 1234568 * len(meaning.tables["agreements"])
    assert differences(meaning, outcome) is None


def test_a_workbook_whose_packed_bytes_are_spoilt_is_refused_by_name(meaning, tmp_path):
    """Every tenth byte inverted in turn: zlib, the archive's sums or the reader complain, never a traceback."""
    folder = writing.folder_of(meaning)
    folder.book = True
    folder.write(tmp_path / "right")
    data = (tmp_path / "right" / "inputs.xlsx").read_bytes()
    refused = 0
    for place in range(40, len(data), max(len(data) // 25, 1)):
        spoilt = bytearray(data)
        spoilt[place] ^= 0xFF
        folder.damage = lambda _, spoilt=spoilt: bytes(spoilt)
        folder.write(tmp_path / str(place))
        checked = check(tmp_path / str(place))
        errors = [problem for problem in checked.problems if problem.level == "error"]
        refused += any(problem.file == "inputs.xlsx" for problem in errors)
        assert {problem.file for problem in errors} == {"inputs.xlsx"}, "a table that cannot be read is not missing"
    assert refused > 15


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("text", "plain text: rename it to usage.csv"),
        ("html", "a web page (HTML)"),
        ("xlsx", "a new workbook (xlsx): rename it to usage.xlsx"),
        ("ole", "cannot be opened"),
    ],
)
def test_a_file_that_is_called_xls_and_is_none_says_what_it_is(meaning, tmp_path, inside, told):
    folder = writing.folder_of(meaning)
    folder.sheets["usage"].suffix, folder.sheets["usage"].inside = ".xls", inside
    errors = outcome_of(folder, tmp_path / "in").errors
    named = [problem for problem in errors if problem.file == "usage.xls"]
    assert told in named[0].message
    assert "Cfb" not in named[0].message or inside == "ole"


def test_parquet_rows_count_from_one_where_a_row_stands_twice(meaning, tmp_path):
    rows = meaning.tables["usage"]
    rows.append(dict(rows[0]))
    folder = writing.folder_of(meaning)
    folder.sheets["usage"].suffix = ".parquet"
    outcome = outcome_of(folder, tmp_path / "in")
    assert ("usage.parquet", len(rows)) in [(problem.file, problem.row) for problem in outcome.problems]


def test_the_plain_reader_takes_the_month_of_a_ledger_by_days_from_its_day():
    sheet = writing.Sheet("usage", [], ["hospital_id", "date", "product_id", "quantity_packs", "amount_yuan"])
    row = reader.read(sheet, b"hospital_id,date,product_id,quantity_packs,amount_yuan\nH001,2023-03-09,P1,5,60.00\n")[0]
    assert row["month"] == dt.date(2023, 3, 1)
