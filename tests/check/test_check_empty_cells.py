"""An empty or strange cell in any table is a problem on the list, never the end of the check."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests import small_folder
from tests.small_folder import MONTHS
from vbp.check import Checked, check
from vbp.schema import TABLES

PERIOD = ["2023-06-01", "2024-05-31"]
WHOLE: dict[str, list[list[Any]]] = {
    "hospitals": small_folder.HOSPITALS,
    "products": small_folder.PRODUCTS,
    "usage": [
        ["hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"],
        *(
            [hospital, month, product, 10, price]
            for hospital in ("H001", "H00Z")
            for month in MONTHS
            for product, price in (("P1", "280.00"), ("P2", "200.00"), ("P9", "30.00"))
        ),
    ],
    "varieties": [
        ["batch_id", "generic", "unit_name", "level", "category", "cycle", "renewal_of"],
        ["N1", "甲片", "片", "国家", "药品", 1, ""],
        ["N2", "乙注射液", "支", "国家", "药品", 2, "N0"],
    ],
    "awards": [
        ["batch_id", "product_id", "start_date", "selected_price_yuan", "supply_role", "end_date"],
        ["N1", "P1", PERIOD[0], "28", "main", PERIOD[1]],
        ["N1", "P2", PERIOD[0], "20", "main", PERIOD[1]],
        ["N2", "P3", PERIOD[0], "90", "main", PERIOD[1]],
        ["N3", "P3", PERIOD[0], "90", "main", PERIOD[1]],
    ],
    "agreements": [
        [
            "batch_id",
            "hospital_id",
            "generic",
            "product_id",
            "agreement_year",
            "start_date",
            "end_date",
            "base_quantity_units",
            "agreed_quantity_units",
        ],
        ["N1", "H001", "甲片", "", 1, *PERIOD, 1000, 800],
        ["N2", "H001", "乙注射液", "P3", 1, *PERIOD, 1000, 800],
    ],
    "assessments": [
        ["batch_id", "hospital_id", "agreement_year", "score"],
        ["N1", "H001", 1, 90],
        ["N9", "H00X", 1, 80],
    ],
    "fund": [
        ["hospital_id", "batch_id", "fund", "fund_ratio", "insured_share"],
        ["", "", "职工", "0.7", "0.5"],
        ["", "", "居民", "0.6", "0.4"],
        ["H001", "", "职工", "0.7", "0.5"],
    ],
    "batch_usage": [
        ["hospital_id", "batch_id", "period_start", "period_end", "amount_yuan", "amount_basis"],
        ["H001", "N1", "2022-01-01", "2022-12-31", "1000", "before"],
        ["H009", "N1", "2022-01-01", "2022-12-31", "1000", "before"],
    ],
    "settlements": [
        ["hospital_id", "supplier", "invoice_id", "invoice_date", "paid_date", "amount_yuan", "direct"],
        ["H001", "S", "1", "2023-01-05", "2023-02-01", "10", "是"],
        ["H003", "S", "2", "2023-01-05", "", "10", "否"],
    ],
    "stock": [
        ["hospital_id", "month", "product_id", "opening_units", "in_units", "out_units", "closing_units"],
        ["H001", "2023-05", "P1", 10, 280, 200, 90],
        ["H001", "2023-06", "P1", 90, 280, 200, 170],
    ],
}
"""A folder that has something for every rule to say, and every cell that a key needs."""
KEYS = [
    (table, column)
    for table, rows in WHOLE.items()
    for column in rows[0]
    if column in TABLES[table].key and TABLES[table].column(column).required
]
NUMBERS = [
    (table, column) for table, rows in WHOLE.items() for column in rows[0] if TABLES[table].column(column).numeric
]


def spoilt(folder: Path, table: str, column: str, value: object, rows: slice = slice(1, 2)) -> Checked:
    """Check the whole folder with `value` in some rows of one column."""
    tables = copy.deepcopy(WHOLE)
    place = tables[table][0].index(column)
    for row in tables[table][rows]:
        row[place] = value
    done = check(small_folder.write(folder, tables))
    assert done.text() and done.as_json()["issues"]
    return done


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_an_empty_key_is_named_at_its_row_and_the_other_rules_still_speak(
    tmp_path: Path, table: str, column: str
) -> None:
    done = spoilt(tmp_path, table, column, "")
    assert (f"{table}.csv", 2, column) in [(p.file, p.row, p.column) for p in done.problems if p.rule == "missing"]
    assert "unknown_hospital" in {p.rule for p in done.problems}, "what other tables have wrong must still be listed"


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_a_key_column_without_a_single_value_is_named_too(tmp_path: Path, table: str, column: str) -> None:
    done = spoilt(tmp_path, table, column, "", slice(1, None))
    assert not done.ok
    assert {p.rule for p in done.problems if p.table == table and p.column == column and p.level == "error"} & {
        "missing",
        "missing_column",
        "empty_column",
    }


@pytest.mark.parametrize(("table", "column"), NUMBERS)
def test_a_word_in_a_column_of_numbers_is_one_error_with_its_value(tmp_path: Path, table: str, column: str) -> None:
    done = spoilt(tmp_path, table, column, "三千")
    said = [(p.row, p.value) for p in done.problems if p.table == table and p.column == column and p.level == "error"]
    assert said.count((2, "三千")) == 1


def test_an_unknown_id_is_not_likened_to_an_empty_cell(tmp_path: Path) -> None:
    done = spoilt(tmp_path, "products", "product_id", "", slice(1, 2))
    said = next(p.message for p in done.problems if p.rule == "unknown_product" and p.value == "P9")
    assert "did you mean" not in said and "leading zeros" not in said and "add it to products" in said


def test_two_batches_of_one_start_are_found_beside_an_award_without_a_batch(tmp_path: Path) -> None:
    done = spoilt(tmp_path, "awards", "batch_id", "")
    said = [p.message for p in done.problems if p.rule == "two_batches"]
    assert len(said) == 1 and "N2 and N3" in said[0]
