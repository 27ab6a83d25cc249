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
from vbp.tables.place import Place, read_place
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


def test_the_list_of_problems_is_bilingual_and_an_unknown_column_is_marked_at_its_header(tmp_path: Path) -> None:
    rows = [[*row, "" if place else "备注"] for place, row in enumerate(small_folder.usage_rows())]
    rows[4][4] = "abc"
    assert vbp("check", small_folder.write(tmp_path / "in", usage=rows), "--annotate", tmp_path / "copy.xlsx") == 1
    book = openpyxl.load_workbook(tmp_path / "copy.xlsx")
    first = [cell.value for cell in book.worksheets[0][2]]
    assert first[:6] == ["必须更正 error", "usage.csv", 5, "amount_yuan", "abc", "数值无法识别"]
    assert book["usage.csv"]["F1"].comment is not None and book["usage.csv"]["A1"].comment is None


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
        assert [cell.value for cell in book[name][2]][: len(heads)] == heads
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
    assert any("vbp check" in str(cell.value) for cell in book.worksheets[0]["A"])
    assert book["usage"].column_dimensions["A"].number_format == "@"


def fill_city(path: Path, **values: object) -> None:
    book = openpyxl.load_workbook(path)
    for row in book["city"].iter_rows(min_row=2):
        name = str(row[0].value).split()[-1]
        row[1].value = values.get(name, row[1].value)
    book.save(path)


def test_the_sheet_city_says_whose_data_it_is_without_a_city_yaml(tmp_path: Path) -> None:
    path = write_template(tmp_path / "in" / "t.xlsx")
    place, problems = read_place(tmp_path / "in")
    assert place is None and "sheet city" in problems[0].message and "city.yaml" in problems[0].message
    fill_city(
        path,
        name_zh="云溪市",
        name_en="Yunxi",
        province="某某省",
        population="5,000,000",
        insured=4.5e6,
        synthetic="是",
    )
    assert read_place(tmp_path / "in") == (
        Place("云溪市", "Yunxi", "某某省", "national-2020", 5_000_000, 4_500_000, True),
        [],
    )
    (tmp_path / "in" / "city.yaml").write_text(small_folder.CITY, encoding="utf-8")
    place, _ = read_place(tmp_path / "in")
    assert place is not None and place.name_zh == "演示市", "city.yaml goes before the sheet"


def test_mistakes_in_the_sheet_city_are_named_with_their_row(tmp_path: Path) -> None:
    path = write_template(tmp_path / "in" / "t.xlsx")
    fill_city(path, name_zh="云溪市", province="某某省", population="五百万", synthetic="也许")
    place, problems = read_place(tmp_path / "in")
    assert place is None
    assert [(problem.file, problem.row, problem.column, problem.value) for problem in problems] == [
        ("t.xlsx[city]", None, "name_en", None),
        ("t.xlsx[city]", 6, "population", "五百万"),
        ("t.xlsx[city]", 8, "synthetic", "也许"),
    ]


def test_the_template_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vbp("template", tmp_path / "yunxi" / "yunxi.xlsx") == 0
    assert f"vbp check {tmp_path / 'yunxi'}" in capsys.readouterr().out


def test_a_workbook_named_instead_of_its_folder_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_template(tmp_path / "yunxi.xlsx")
    assert vbp("check", tmp_path / "yunxi.xlsx") == 1
    assert "data/inputs/yunxi/" in capsys.readouterr().out
    assert vbp("check", tmp_path / "yunxi") == 1


def test_a_deleted_example_row_is_no_row_left_out(tmp_path: Path) -> None:
    path = write_template(tmp_path / "in" / "t.xlsx")
    book = openpyxl.load_workbook(path)
    for cell in book["hospitals"][3]:
        cell.value = None
    book["hospitals"].append(["H001", "第一医院", "三级", None, "公立"])
    book["hospitals"].append([])
    book["hospitals"].append([None])
    book["hospitals"].cell(6, 1).value = "H002"
    for column, value in ((2, "第二医院"), (3, "二级"), (5, "公立")):
        book["hospitals"].cell(6, column).value = value
    book.save(path)
    said = [
        problem.message for problem in load(tmp_path / "in", ["hospitals"]).problems if problem.rule == "rows_left_out"
    ]
    assert said == ["rows left out because they are no data: 1 blank"], (
        "the gap between rows counts, the one above does not"
    )


def test_the_template_is_not_written_over_a_file(tmp_path: Path) -> None:
    assert vbp("template", tmp_path / "t.xlsx") == 0
    assert vbp("template", tmp_path / "t.xlsx") == 1
    assert vbp("template", tmp_path / "t.xlsx", "--replace") == 0
    assert vbp("template", tmp_path / "t.csv") == 2
