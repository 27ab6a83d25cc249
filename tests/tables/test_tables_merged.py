"""Cells merged down a column, as people lay out a table: words hold for every row, numbers for nobody knows which."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests import small_folder
from vbp.check import check
from vbp.tables import load, read_inputs

TITLE = [["采购明细"], [None, "单位：元"]]


def merged(path: Path, *ranges: str, **more: object) -> Path:
    """Write a workbook whose sheet `usage` has a title above and these ranges merged (only the first cell keeps its value)."""
    tables = {"hospitals": small_folder.HOSPITALS, "products": small_folder.PRODUCTS}
    path.mkdir(parents=True)
    (path / "city.yaml").write_text(small_folder.CITY, encoding="utf-8")
    book = openpyxl.load_workbook(
        small_folder.write_book(path / "book.xlsx", {**tables, "usage": [*TITLE, *small_folder.usage_rows()]})
    )
    for place in ranges:
        book["usage"].merge_cells(place)
    for cell, value in more.items():
        book["usage"][cell] = value
    book.save(path / "book.xlsx")
    return path


def test_merged_names_and_months_hold_for_every_row(tmp_path: Path) -> None:
    plain = read_inputs(merged(tmp_path / "plain"))["usage"]
    folder = merged(tmp_path / "in", "A4:A45", "A46:A87", *(f"B{row}:B{row + 2}" for row in range(4, 88, 3)))
    loaded = load(folder)
    assert not loaded.errors
    assert loaded.inputs["usage"].equals(plain)
    told = [problem for problem in loaded.problems if problem.rule == "merged_cells"]
    assert [(problem.level, problem.file, problem.column) for problem in told] == [
        ("warning", "book.xlsx[usage]", "hospital_id"),
        ("warning", "book.xlsx[usage]", "month"),
    ]
    assert "4–45, 46–87" in told[0].message and "and 25 more" in told[1].message


def test_a_merged_number_is_refused_with_its_row(tmp_path: Path) -> None:
    found = [problem for problem in load(merged(tmp_path / "in", "E4:E6")).errors if problem.rule == "merged_number"]
    assert [(problem.row, problem.column, problem.value) for problem in found] == [(4, "amount_yuan", "280.00")]
    assert "rows 4 to 6" in found[0].message


def test_a_note_merged_under_the_table_is_no_data(tmp_path: Path) -> None:
    folder = merged(tmp_path / "in", "A90:E93", A90="注：本表由系统导出")
    assert read_inputs(folder)["usage"].num_rows == 84


def test_cells_merged_across_a_row_are_left_as_they_are(tmp_path: Path) -> None:
    loaded = load(merged(tmp_path / "in", "A1:E1", "A88:D88", A88="合计", E88=1))
    assert loaded.inputs["usage"].num_rows == 84
    assert "merged_cells" not in {problem.rule for problem in loaded.problems}


@pytest.mark.parametrize("column", ["A", "C"])
def test_rows_without_a_hospital_or_product_repeat_nobody(tmp_path: Path, column: str) -> None:
    folder = merged(tmp_path / "in", **{f"{column}{row}": None for row in range(5, 88)})
    rules = [problem.rule for problem in check(folder).problems]
    assert "missing" in rules and "duplicate_row" not in rules and "repeated_key" not in rules
