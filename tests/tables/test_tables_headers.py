"""Headers as people lay them out: year and month apart, two rows with merged cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import small_folder
from tests.small_folder import usage_rows
from vbp.tables import load, read_inputs


def apart(year: Any = str, month: Any = int) -> list[list[Any]]:
    """The right usage with 年份 and 月份 in columns of their own."""
    rows: list[list[Any]] = [["医疗机构编码", "年份", "月份", "药品编码", "采购数量(盒)", "采购金额(元)"]]
    return rows + [[row[0], year(row[1][:4]), month(row[1][5:]), *row[2:]] for row in usage_rows()[1:]]


@pytest.mark.parametrize(
    ("year", "month"),
    [
        (str, int),
        (lambda text: text + "年", lambda text: f"{int(text)}月"),
        (lambda text: f"{text}.0", lambda text: f"{int(text)}.0"),
    ],
)
def test_year_and_month_apart_are_one_month(tmp_path: Path, year: Any, month: Any) -> None:
    right = read_inputs(small_folder.write(tmp_path / "right"))
    inputs = read_inputs(small_folder.write(tmp_path / "apart", usage=apart(year, month)))
    assert inputs.problems == () and inputs["usage"].equals(right["usage"])


def test_a_month_that_cannot_be_is_refused_and_one_without_a_year_says_what_to_do(tmp_path: Path) -> None:
    rows = apart()
    rows[3][2], rows[5][1] = 13, ""
    errors = load(small_folder.write(tmp_path / "a", usage=rows)).errors
    assert [(problem.row, problem.rule) for problem in errors] == [(4, "date"), (6, "date")]
    bare = [[row[0], row[1][5:] if row[1][:2] == "20" else row[1], *row[2:]] for row in usage_rows()]
    assert "年份" in load(small_folder.write(tmp_path / "b", usage=bare)).errors[0].message


UPPER = ["医疗机构编码", "采购月份", "药品编码", "采购情况", ""]


@pytest.mark.parametrize("lower", [["", "", "", "数量(盒)", "金额(元)"], ["", "", "", "采购数量", "采购金额"]])
@pytest.mark.parametrize("book", [True, False])
def test_a_header_of_two_rows_is_refused_with_one_message(tmp_path: Path, lower: list[str], book: bool) -> None:
    rows = [["某市采购明细"], UPPER, lower, *usage_rows()[1:]]
    folder = small_folder.write(tmp_path, usage=rows)
    if book:
        (folder / "usage.csv").unlink()
        small_folder.write_book(folder / "全部.xlsx", {"Sheet1": rows})
    errors = load(folder).errors
    assert [(problem.rule, problem.row, problem.table) for problem in errors] == [("two_row_header", 2, "usage")]
    assert "药品编码, " + lower[3] in errors[0].message


def test_a_header_that_lacks_a_column_is_no_header_of_two_rows(tmp_path: Path) -> None:
    loaded = load(small_folder.write(tmp_path, usage=[row[:4] for row in usage_rows()]))
    assert [problem.rule for problem in loaded.errors] == ["missing_column"]
