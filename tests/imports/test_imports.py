"""Known exports become tables; the sums are those of the files; what is unknown is refused with the nearest names."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pytest

from tests import small_folder
from vbp.check import check
from vbp.errors import InputError, UsageError
from vbp.imports import Pack, import_files, names, parse, read_profile
from vbp.tables import read_inputs

PILOT = [
    ["4+7城市药品集中采购中选结果"],
    [
        "药品通用名",
        "原规格包装",
        "原采购价格",
        "原价格(元/片、支)",
        "中选规格包装",
        "计价单位",
        "中选价格(元/盒)",
        "中选价格(元/片、支)",
        "降价幅度(%)",
    ],
    ["演示甲片", "20mg*7片/盒", 38.22, 5.46, "20mg*7片/板*4板/盒", "片", 28, 1.0, 81.68],
    ["演示乙注射剂", "500mg/瓶", 1000, 1000, "500mg/瓶", "支", "810.00", 810, 19],
]
PLATFORM = [
    [
        "医疗机构名称",
        "医院级别",
        "订单日期",
        "药品编码",
        "通用名",
        "剂型",
        "规格",
        "包装规格",
        "生产企业",
        "采购数量（盒）",
        "采购金额（万元）",
        "订单状态",
    ],
    [
        "第一医院",
        "三级",
        "2024/3/5",
        "00123",
        "甲片",
        "片剂",
        "20mg",
        "20mg*7片/板*4板/盒",
        "甲厂",
        "1,000",
        "2.8",
        "已完成",
    ],
    [
        "第一医院",
        "三级",
        "2024/3/9",
        "00123",
        "甲片",
        "片剂",
        "20mg",
        "20mg*7片/板*4板/盒",
        "甲厂",
        500,
        "1.4",
        "已取消",
    ],
    [
        "第二医院",
        "二级",
        "2024/4/1",
        "00123",
        "甲片",
        "片剂",
        "20mg",
        "20mg*7片/板*4板/盒",
        "甲厂",
        10,
        "0.028",
        "已完成",
    ],
]


@pytest.mark.parametrize(
    ("text", "pack"),
    [
        ("20mg*7片/板*4板/盒", Pack("20mg", 28, "片")),
        ("20mg×14片", Pack("20mg", 14, "片")),
        ("500mg/瓶", Pack("500mg", 1, "瓶")),
        ("5ml:0.1g*1支/盒", Pack("5ml:0.1g", 1, "支")),
        ("（0.15g×7片）/盒", Pack("0.15g", 7, "片")),
        ("75mg*7s", Pack("75mg", 7, "片")),
        ("10mg*14片/板*2板/盒", Pack("10mg", 28, "片")),
        ("０．５ｍｇ＊７片／盒", Pack("0.5mg", 7, "片")),
        ("100mg*10支/盒", Pack("100mg", 10, "支")),
        ("150mg*12粒*2板/盒", Pack("150mg", 24, "粒")),
    ],
)
def test_strength_and_pack_are_read_from_texts(text: str, pack: Pack) -> None:
    assert parse(text) == pack


@pytest.mark.parametrize(
    "text", ["1g", "一盒", "20mg*片", "20mg*7个月*x", "", "7片*20mg", "20mg*0片", "20mg*7片/板*4条/盒"]
)
def test_texts_without_a_clear_pack_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_the_shipped_profiles_are_sound() -> None:
    assert set(names()) >= {"platform-cn", "result-4+7", "nhs-epd"}
    for name in names():
        assert read_profile(name).tables


def test_the_pilots_result_table(tmp_path: Path) -> None:
    path = small_folder.write_book(tmp_path / "中选结果.xlsx", {"Sheet1": PILOT})
    done = import_files([path], "result-4+7", tmp_path / "out", {"start_date": "2019-03-20", "end_date": "2020-03-19"})
    assert dict(done.tables) == {"varieties": 2, "products": 2, "awards": 2}
    assert done.totals["new_price"] == Decimal(838)
    inputs = read_inputs(tmp_path / "out", only=["products", "awards", "varieties"])
    assert inputs["products"]["units_per_pack"].to_pylist() == [28, 1]
    assert inputs["products"]["strength"].to_pylist() == ["20mg", "500mg"]
    assert inputs["awards"]["selected_price_yuan"].to_pylist() == [Decimal("28.000000"), Decimal("810.000000")]
    assert inputs["awards"]["start_date"][0].as_py().isoformat() == "2019-03-20"
    assert inputs["varieties"]["pre_price_yuan_per_unit"].to_pylist() == [Decimal("5.460000"), Decimal("1000.000000")]


def test_a_platform_export(tmp_path: Path) -> None:
    path = tmp_path / "导出.csv"
    path.write_bytes(small_folder.text(PLATFORM).encode("gbk"))
    done = import_files([path], "platform-cn", tmp_path / "out")
    assert done.totals["packs"] == Decimal(1010) and done.totals["amount"] == Decimal("28280.00")
    assert any(problem.rule == "rows_left_out" for problem in done.problems)
    checked = check(tmp_path / "out")
    assert [problem for problem in checked.problems if problem.level == "error"] == []
    assert checked.inputs["products"]["product_id"].to_pylist() == ["00123"]
    assert checked.inputs["products"]["units_per_pack"].to_pylist() == [28]
    assert checked.inputs["hospitals"]["tier"].to_pylist() == ["tertiary", "secondary"]
    record = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert record["files"][0]["name"] == "导出.csv" and len(record["files"][0]["sha256"]) == 64


def test_an_unknown_header_is_refused_with_the_nearest_name_and_nothing_is_written(tmp_path: Path) -> None:
    rows = [list(row) for row in PLATFORM]
    rows[0][5] = "药品剂型式"
    path = tmp_path / "导出.csv"
    path.write_text(small_folder.text(rows), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        import_files([path], "platform-cn", tmp_path / "out")
    assert "剂型" in str(caught.value) and caught.value.problems[0].row == 1
    assert not (tmp_path / "out").exists()


def test_an_unreadable_pack_is_an_error_with_its_row(tmp_path: Path) -> None:
    rows = [list(row) for row in PLATFORM]
    rows[3][7] = "一大盒"
    path = tmp_path / "导出.csv"
    path.write_text(small_folder.text(rows), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        import_files([path], "platform-cn", tmp_path / "out")
    assert [(problem.row, problem.rule) for problem in caught.value.problems if problem.level == "error"] == [
        (4, "pack_text")
    ]


def test_an_unknown_profile_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean nhs-epd"):
        import_files([tmp_path / "x.csv"], "nhs-epb", tmp_path / "out")


def test_standing_tables_are_not_written_over(tmp_path: Path) -> None:
    path = small_folder.write_book(tmp_path / "a.xlsx", {"Sheet1": PILOT})
    import_files([path], "result-4+7", tmp_path / "out")
    with pytest.raises(InputError, match="--replace"):
        import_files([path], "result-4+7", tmp_path / "out")
    import_files([path], "result-4+7", tmp_path / "out", replace=True)


@pytest.mark.reference
def test_two_months_of_english_prescribing_come_in_whole(tmp_path: Path, reference: Path) -> None:
    files = sorted((reference / "nhs").glob("epd_*.csv"))
    rows = [row for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]
    assert len(files) == 2 and len(rows) == 20_250
    done = import_files(files, "nhs-epd", tmp_path / "england")
    own = {"items": "ITEMS", "quantity": "TOTAL_QUANTITY", "nic": "NIC", "actual_cost": "ACTUAL_COST"}
    assert done.rows_read == len(rows)
    assert dict(done.totals) == {name: sum(Decimal(row[header]) for row in rows) for name, header in own.items()}
    checked = check(tmp_path / "england")
    usage = checked.inputs["usage"]
    assert checked.ok and usage.num_rows == len(rows)
    assert pc.sum(usage["items"]).as_py() == done.totals["items"]
    assert pc.sum(usage["quantity_units"]).as_py() == done.totals["quantity"]
    assert pc.sum(usage["amount_yuan"]).as_py() == done.totals["nic"]
    assert set(checked.inputs["hospitals"]["hospital_id"].to_pylist()) == {row["PRACTICE_CODE"] for row in rows}
    assert set(checked.inputs["products"]["generic"].to_pylist()) == {row["BNF_CODE"][:9] for row in rows}


def platform(tmp_path: Path, *units: str, column: str = "单位", name: str = "导出.csv") -> Path:
    """The export with 采购数量 in the unit that a column of its own says."""
    rows = [list(row) for row in PLATFORM]
    rows[0][9] = "采购数量"
    for row, unit in zip(rows, (column, *units), strict=True):
        row.append(unit)
    path = tmp_path / name
    path.write_text(small_folder.text(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("column", ["单位", "包装单位", "计价单位"])
def test_the_unit_beside_the_quantity_is_honoured(tmp_path: Path, column: str) -> None:
    done = import_files([platform(tmp_path, "盒", "盒", "片", column=column)], "platform-cn", tmp_path / "out")
    usage = read_inputs(tmp_path / "out")["usage"]
    assert usage["quantity_units"].to_pylist() == [Decimal(28_000), Decimal(10)]
    assert done.totals["units"] == Decimal(28_010) and not done.totals["packs"]
    assert {problem.rule for problem in done.problems} == {"rows_left_out", "units_mixed"}


def test_files_in_packs_and_in_units_are_joined_on_one_basis(tmp_path: Path) -> None:
    files = [platform(tmp_path, "盒", "盒", "盒", name="一.csv"), platform(tmp_path, "片", "片", "片", name="二.csv")]
    import_files(files, "platform-cn", tmp_path / "out")
    usage = read_inputs(tmp_path / "out")["usage"]
    assert usage["quantity_units"].to_pylist() == [Decimal(28_000), Decimal(280), Decimal(1000), Decimal(10)]


def test_an_unknown_unit_is_refused_with_row_and_value(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        import_files([platform(tmp_path, "盒", "盒", "箱")], "platform-cn", tmp_path / "out")
    assert [(p.row, p.value, p.rule) for p in caught.value.problems if p.level == "error"] == [
        (4, "箱", "unknown_row_unit")
    ]
    assert not (tmp_path / "out").exists()


def pilot(tmp_path: Path, row: int, column: int, value: object) -> Path:
    rows = [list(one) for one in PILOT]
    rows[row][column] = value
    return small_folder.write_book(tmp_path / "结果.xlsx", {"Sheet1": rows})


@pytest.mark.parametrize(
    ("column", "value", "rule", "both"),
    [
        (8, 71.68, "cut_differs", ("81.68", "71.68")),
        (7, 1.2, "unit_price_differs", ("1.0000", "1.2")),
        (4, "20mg*7片/板*2板/盒", "unit_price_differs", ("2.0000", "says 1")),
        (8, 0.8168, "cut_differs", ("fraction", "0.8168")),
        (2, 40, "unit_price_differs", ("5.7143", "5.46")),
    ],
)
def test_what_the_table_says_twice_must_agree(
    tmp_path: Path, column: int, value: object, rule: str, both: tuple[str, str]
) -> None:
    done = import_files([pilot(tmp_path, 2, column, value)], "result-4+7", tmp_path / "out")
    [problem] = [problem for problem in done.problems if problem.row == 3 and problem.rule == rule]
    assert problem.level == "warning" and all(text in problem.message for text in both)


def test_a_table_that_agrees_within_rounding_says_nothing(tmp_path: Path) -> None:
    path = pilot(tmp_path, 2, 8, 81.7)
    done = import_files([path], "result-4+7", tmp_path / "out", {"start_date": "2019-03-20", "end_date": "2020-03-19"})
    assert done.problems == (), "5.46 and 1.0 are rounded themselves: 81.7 is no contradiction"
    rows = [list(one) for one in PILOT]
    rows[2][8], rows[3][8] = 82, 19
    path = small_folder.write_book(tmp_path / "整数.xlsx", {"Sheet1": rows})
    assert import_files([path], "result-4+7", tmp_path / "two").problems[-1].rule == "assumed"
    settings = {"start_date": "2019-03-20", "end_date": "2020-03-19"}
    assert import_files([path], "result-4+7", tmp_path / "three", settings).problems == ()
