"""Messages say what to write: each mistake below was made by a newcomer, and mended by the message alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import small_folder
from tests.small_folder import HOSPITALS, PRODUCTS, Rows, usage_rows
from vbp.check import check

VARIETIES: Rows = [
    ["batch_id", "generic", "unit_name", "level", "category", "cycle"],
    ["B1", "苯磺酸甲片", "片", "国家", "药品", 1],
    ["B1", "乙注射液", "支", "国家", "药品", 1],
]
AGREEMENTS: list[list[object]] = [
    [
        "batch_id",
        "hospital_id",
        "generic",
        "agreement_year",
        "start_date",
        "end_date",
        "base_quantity_units",
        "agreed_quantity_units",
    ],
    ["B1", "H001", "乙注射液", 1, "2024-01-01", "2024-12-31", 240000, 168000],
]
FUND: list[list[object]] = [["hospital_id", "fund_ratio", "insured_share"], ["H001", 0.7, 0.9]]


def with_cell(rows: Rows, row: int, column: int, value: object) -> list[list[object]]:
    made = [list(one) for one in rows]
    made[row][column] = value
    return made


def said(folder: Path, rule: str) -> list[tuple[str | None, str | None, str]]:
    return [
        (problem.column, problem.value, problem.message) for problem in check(folder).problems if problem.rule == rule
    ]


def tables(**changed: Rows) -> dict[str, Rows]:
    return {"varieties": VARIETIES, "agreements": AGREEMENTS, "fund": FUND, **changed}


CASES: dict[str, tuple[Callable[[], dict[str, Rows]], str, str | None, str | None, str]] = {
    "a share in per cent": (
        lambda: tables(fund=with_cell(FUND, 1, 1, 75)), "range", "fund_ratio", "75", "write 0.75 (or 75%)"),
    "a variety under a shorter name": (
        lambda: tables(agreements=with_cell(AGREEMENTS, 1, 2, "甲片")), "unknown_variety", "generic", "甲片",
        "did you mean 苯磺酸甲片?"),
    "a batch that is not there": (
        lambda: tables(agreements=with_cell(AGREEMENTS, 1, 0, "B2")), "unknown_variety", "batch_id", "B2", "did you mean B1?"),
    "a number with 万": (
        lambda: tables(agreements=with_cell(AGREEMENTS, 1, 6, "24万")), "number", "base_quantity_units", "24万",
        "write the number in full (1万 is 10,000)"),
    "a header that counts cartons": (
        lambda: tables(usage=with_cell(usage_rows(), 0, 3, "采购数量(箱)")), "unknown_unit", "quantity_packs", "采购数量(箱)",
        "convert them to 盒 first"),
    "a dash for a quantity": (
        lambda: tables(usage=with_cell(usage_rows(), 3, 3, "-")), "missing", "quantity_packs", None,
        "a dash counts as empty"),
    "a tier of two words": (
        lambda: tables(hospitals=with_cell(HOSPITALS, 1, 2, "二级乙")), "unknown_word", "tier", "二级乙", "三级, 二级, 一级, 未定级"),
    "a hospital that is not listed": (
        lambda: tables(usage=with_cell(usage_rows(), 3, 0, "X9")), "unknown_hospital", "hospital_id", "X9",
        "add it to hospitals, or mend it here and in the rows below"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda name: name.replace(" ", "-"))
def test_a_message_says_what_to_write(tmp_path: Path, case: str) -> None:
    make, rule, column, value, words = CASES[case]
    found = said(small_folder.write(tmp_path, **make()), rule)
    assert [(one, two) for one, two, _ in found] == [(column, value)]
    assert words in found[0][2]


def test_a_pack_size_left_empty_makes_no_price_odd(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path, products=with_cell(PRODUCTS, 1, 5, None))
    assert said(folder, "missing") and said(folder, "price_outlier") == []
