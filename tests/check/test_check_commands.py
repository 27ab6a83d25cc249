"""The verbs check, template and import as a user types them; the annotated copy and the template read back."""
from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tests import small_folder
from vbp.cli import main
from vbp.schema import TABLES
from vbp.tables import load
from vbp.template import header_of, write_template


def vbp(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return int(stop.value.code or 0)


def spoilt(folder: Path) -> Path:
    rows = small_folder.usage_rows()
    rows[4][4] = "=cmd|' /C calc'!A0"
    return small_folder.write(folder, usage=rows)


def test_check_says_ok_and_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vbp("check", small_folder.write(tmp_path)) == 0
    shown = capsys.readouterr()
    assert "检查通过" in shown.out and "Check passed" in shown.out and shown.err == ""


def test_check_lists_and_exits_1_and_json_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vbp("check", spoilt(tmp_path)) == 1
    assert "usage.csv, row 5, column amount_yuan [=cmd|' /C calc'!A0]" in capsys.readouterr().out
    assert vbp("check", tmp_path, "--json") == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_wrong_usage_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = small_folder.write(tmp_path)
    assert vbp("check", folder, "--annotate", tmp_path / "out.csv") == 2
    assert vbp("import", folder / "usage.csv", "--profile", "platform", "--out", tmp_path / "x") == 2
    assert "platform-cn" in capsys.readouterr().err
    assert (
        vbp("import", folder / "usage.csv", "--profile", "nhs-epd", "--out", tmp_path / "x", "--set", "nothing=1") == 2
    )


def test_the_annotated_copy_marks_the_cell_and_formulas_stay_text(tmp_path: Path) -> None:
    out = tmp_path / "copy.xlsx"
    assert vbp("check", spoilt(tmp_path / "in"), "--annotate", out) == 1
    book = openpyxl.load_workbook(out)
    cell = book["usage.csv"]["E5"]
    assert cell.value.startswith("=cmd") and cell.data_type == "s"
    assert cell.fill.start_color.rgb.endswith("FFC7CE") and "number" in cell.comment.text
    assert book["usage.csv"]["A5"].value == "H001" and book["usage.csv"]["A5"].comment is None
    assert book.worksheets[0].max_row >= 2


def test_the_annotated_copy_of_a_workbook_keeps_its_rows(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path / "in")
    (folder / "usage.csv").unlink()
    rows = [["采购明细"], [], *small_folder.usage_rows()]
    rows[5][1] = "2024-13"
    small_folder.write_book(folder / "usage.xlsx", {"三月": rows})
    assert vbp("check", folder, "--annotate", tmp_path / "copy.xlsx") == 1
    sheet = next(sheet for sheet in openpyxl.load_workbook(tmp_path / "copy.xlsx").worksheets if "usage" in sheet.title)
    assert sheet["B6"].comment is not None and sheet["B6"].value == "2024-13"


def test_control_characters_reach_the_copy_as_text(tmp_path: Path) -> None:
    folder = small_folder.write(
        tmp_path / "in",
        hospitals=[small_folder.HOSPITALS[0], ["H001", "<b>\x07", "九级", "公立"], ["H002", "二", "二级", "公立"]],
    )
    assert vbp("check", folder, "--annotate", tmp_path / "copy.xlsx") == 0
    assert openpyxl.load_workbook(tmp_path / "copy.xlsx")["hospitals.csv"]["B2"].value in ("<b>\x07", "<b>_x0007_")


def test_the_template_reads_back_and_its_examples_are_ignored(tmp_path: Path) -> None:
    path = write_template(tmp_path / "in" / "填报.xlsx")
    (tmp_path / "in" / "city.yaml").write_text(small_folder.CITY, encoding="utf-8")
    book = openpyxl.load_workbook(path)
    assert set(TABLES) <= set(book.sheetnames)
    for name, rows in (
        ("hospitals", small_folder.HOSPITALS),
        ("products", small_folder.PRODUCTS),
        ("usage", small_folder.usage_rows()),
    ):
        heads = [header_of(column) for column in TABLES[name].columns]
        assert [cell.value for cell in book[name][2]][:len(heads)] == heads
        for number, row in enumerate(rows[1:], 4):
            for column, value in zip(rows[0], row, strict=True):
                book[name].cell(number, TABLES[name].column_names.index(column) + 1).value = value
    book.save(path)
    loaded = load(tmp_path / "in")
    assert loaded.problems == []
    assert {name: table.num_rows for name, table in loaded.inputs.tables.items()} == {
        "hospitals": 2,
        "products": 3,
        "usage": 84,
    }


def test_the_template_has_drop_downs_notes_and_a_comment_per_column(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx"))
    assert "药品" in book["products"].data_validations.dataValidation[0].formula1
    assert all(cell.comment for cell in book["usage"][2] if cell.value)
    assert any("city.yaml" in str(cell.value) for cell in book.worksheets[0]["A"])
    assert book["usage"].column_dimensions["A"].number_format == "@"


def test_the_template_is_not_written_over_a_file(tmp_path: Path) -> None:
    assert vbp("template", tmp_path / "t.xlsx") == 0
    assert vbp("template", tmp_path / "t.xlsx") == 1
    assert vbp("template", tmp_path / "t.xlsx", "--replace") == 0
    assert vbp("template", tmp_path / "t.csv") == 2
