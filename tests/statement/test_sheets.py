"""What an official sees before any recalculation: marks, text, protection, page set-up, large cities, notices."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from tests.statement.test_workbook import NATIONAL, city
from vbp.statement import Heading, book, notice, write_notices, write_statement
from vbp.surplus import settle

SETTLED = settle(city(4), NATIONAL)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_statement(SETTLED, tmp_path_factory.mktemp("s") / "s.xlsx", Heading("示范市", True, ("x.csv",)))[0]


def test_synthetic_data_is_marked_on_every_sheet_and_page(path: Path) -> None:
    for sheet in load_workbook(path).worksheets:
        assert "演示数据" in sheet["A1"].value and "演示数据" in sheet.oddHeader.center.text


def test_every_amount_is_a_formula_and_names_like_formulas_are_text(path: Path) -> None:
    sheet = load_workbook(path).worksheets[1]
    names = [cell for cell in sheet["D"] if cell.value == "=1+1 阿司匹林"]
    assert names and all(cell.data_type == "s" and cell.quotePrefix for cell in names)
    heads = {cell.value: cell.column_letter for row in sheet.iter_rows(max_row=12) for cell in row if cell.value}
    line = names[0].row
    for head in ("预算B", "支出E", "结余S", "单元基数", "权重r·s·(1−x)"):
        assert str(sheet[f"{heads[head]}{line}"].value).startswith("=")


def test_inputs_are_open_formulas_are_locked_and_there_is_no_password(path: Path) -> None:
    sheet = load_workbook(path).worksheets[1]
    line = next(cell.row for cell in sheet["D"] if cell.value == "=1+1 阿司匹林")
    assert sheet.protection.sheet and sheet.protection.password is None
    assert not sheet[f"J{line}"].protection.locked and sheet[f"Z{line}"].protection.locked


def test_pages_have_frozen_panes_print_areas_numbers_and_fonts(path: Path) -> None:
    for sheet in load_workbook(path).worksheets:
        assert sheet.freeze_panes and "&P" in sheet.oddFooter.center.text and sheet["A2"].font.name == "宋体"
    assert load_workbook(path)["汇总"].print_area


def test_the_same_settlement_gives_the_same_cells(path: Path, tmp_path: Path) -> None:
    again = write_statement(SETTLED, tmp_path / "t.xlsx", Heading("示范市", True, ("x.csv",)))[0]
    for left, right in zip(load_workbook(path).worksheets, load_workbook(again).worksheets, strict=True):
        assert list(left.iter_rows(values_only=True)) == list(right.iter_rows(values_only=True))


def test_a_large_city_gets_one_file_per_hospital_and_a_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "LARGEST_HOSPITALS", 3)
    files = write_statement(SETTLED, tmp_path / "big.xlsx")
    assert [file.name for file in files] == ["big.xlsx", *(f"{n:03d}_H{n - 1:02d}.xlsx" for n in range(1, 5))]
    assert load_workbook(files[0])["汇总"].max_row == 4 + len(SETTLED.table) + 1
    assert not list(tmp_path.glob(".*"))


def test_a_failure_leaves_the_last_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = write_statement(SETTLED, tmp_path / "s.xlsx")[0]
    before = out.read_bytes()

    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(book, "write_hospital", fails)
    with pytest.raises(OSError, match="disk full"):
        write_statement(SETTLED, out)
    assert out.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["s.xlsx"]


def test_names_with_control_and_sheet_characters_do_not_break_the_book(tmp_path: Path) -> None:
    frame = city(2).assign(hospital_name="'[甲:乙]*?/\\\x01\x0b 医院" + "长" * 40)
    path = write_statement(settle(frame, NATIONAL), tmp_path / "s.xlsx")[0]
    assert len(load_workbook(path).sheetnames[1]) <= 31


@pytest.mark.parametrize(("lang", "word"), [("zh", "核算告知书"), ("en", "Notice of retained surplus")])
def test_the_notice_names_hospital_total_and_reasons_and_escapes(lang: str, word: str) -> None:
    frame = city(1).assign(hospital_name="<b>甲</b>医院")
    settlement = settle(frame, NATIONAL)
    page = notice(settlement, "H00", lang, Heading("示范市", True))
    assert word in page and "演示数据" in page and "<b>甲" not in page and "&lt;b&gt;甲" in page
    assert f"{settlement.total_yuan:,.2f}" in page and "=1+1 阿司匹林" in page


def test_notices_are_written_for_every_hospital_in_both_languages(tmp_path: Path) -> None:
    pages = write_notices(SETTLED, tmp_path / "n")
    assert len(pages) == 8 and all("示范H0" in page.read_text(encoding="utf-8") for page in pages)
    unknown = settle(pd.DataFrame(city(5)), NATIONAL)
    assert "暂未核定" in notice(unknown, "H04", "zh")
