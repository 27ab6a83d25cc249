"""A folder read: encodings, layouts, totals, sheets, parts, and every message with its file and row."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests import small_folder
from tests.small_folder import usage_rows
from vbp.errors import InputError
from vbp.tables import Loaded, csvfile, load, read_inputs
from vbp.tables.headers import recognise

RIGHT_AMOUNT = sum(Decimal(str(row[4])) for row in usage_rows()[1:])


def amount(loaded: Loaded) -> Decimal:
    return pc.sum(loaded.inputs["usage"]["amount_yuan"]).as_py()


def rules(loaded: Loaded, level: str = "error") -> list[str]:
    return [problem.rule for problem in loaded.problems if problem.level == level]


def find(loaded: Loaded, rule: str):
    return next(problem for problem in loaded.problems if problem.rule == rule)


def test_a_right_folder_is_read_without_a_word(tmp_path: Path) -> None:
    inputs = read_inputs(small_folder.write(tmp_path / "泉 州"))
    assert inputs.problems == ()
    assert inputs.slug == "泉 州" and inputs.place.name_zh == "演示市"
    assert inputs["usage"].num_rows == 84
    kinds = {
        name: str(kind) for name, kind in zip(inputs["usage"].column_names, inputs["usage"].schema.types, strict=True)
    }
    assert kinds == {
        "hospital_id": "string",
        "month": "date32[day]",
        "product_id": "string",
        "quantity_packs": "decimal128(18, 4)",
        "amount_yuan": "decimal128(18, 2)",
    }
    assert inputs.frame("products")["units_per_pack"].tolist() == [28, 14, 1]
    assert inputs.frame("usage")["month"].dtype.kind == "M"
    assert inputs.at("usage", 0) == ("usage.csv", 2) and inputs.at("usage", 83) == ("usage.csv", 85)


def test_provenance_names_every_raw_file(tmp_path: Path) -> None:
    import hashlib

    folder = small_folder.write(tmp_path)
    records = {record.table: record for record in read_inputs(folder).provenance}
    assert set(records) == {"hospitals", "products", "usage"}
    raw = (folder / "usage.csv").read_bytes()
    usage = records["usage"]
    assert (usage.sha256, usage.size, usage.encoding, usage.rows_read) == (
        hashlib.sha256(raw).hexdigest(),
        len(raw),
        "utf-8",
        84,
    )


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gbk", "gbk"), ("utf-16", "utf-16")]
)
def test_encodings_are_told_apart(tmp_path: Path, encoding: str, found: str) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "hospitals.csv").write_bytes(small_folder.text(small_folder.HOSPITALS).encode(encoding))
    inputs = read_inputs(folder)
    assert inputs["hospitals"]["name"].to_pylist() == ["第一医院", "第二医院"]
    assert {record.encoding for record in inputs.provenance if record.table == "hospitals"} == {found}


def test_gb18030_beyond_gbk_is_read_and_named(tmp_path: Path) -> None:
    folder = small_folder.write(
        tmp_path,
        hospitals=[small_folder.HOSPITALS[0], ["H001", "𠮷医院", "三级", "公立"], ["H002", "二", "二级", "公立"]],
    )
    path = folder / "hospitals.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    inputs = read_inputs(folder)
    assert inputs["hospitals"]["name"][0].as_py() == "𠮷医院"
    assert "gb18030" in {record.encoding for record in inputs.provenance}


def test_bytes_of_no_encoding_are_refused_with_the_row(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "hospitals.csv").write_bytes(b"hospital_id,name,tier,ownership\nH001,\xff\xff\xff,a,b\n")
    problem = find(load(folder), "encoding")
    assert (problem.file, problem.row) == ("hospitals.csv", 2)


def test_bytes_that_mean_two_things_are_said(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "hospitals.csv").write_bytes("hospital_id,name,tier,ownership\nH001,é,3,1\nH002,x,2,1\n".encode())
    assert "encoding_unsure" in rules(load(folder), "warning")


@pytest.mark.parametrize("cell", ["0x10", "0X1F", "-0x10", '"0x10"'])
def test_a_number_in_base_sixteen_is_refused_however_the_file_is_read(tmp_path: Path, cell: str) -> None:
    usage = small_folder.text(small_folder.usage_rows()).replace("H001,2023-01,P1,10,", f"H001,2023-01,P1,{cell},", 1)
    folder = small_folder.write(tmp_path)
    (folder / "usage.csv").write_text(usage, encoding="utf-8")
    problem = find(load(folder), "number")
    assert (problem.row, problem.column) == (2, "quantity_packs")


@pytest.mark.parametrize("name", ["医院", "H1医院", "一院"])
def test_a_short_name_in_gbk_is_not_read_as_letters_of_another_script(tmp_path: Path, name: str) -> None:
    folder = small_folder.write(tmp_path)
    text = f"hospital_id,name,tier,ownership\nH001,{name},3,1\nH002,x,2,1\n"
    (folder / "hospitals.csv").write_bytes(text.encode("gbk"))
    loaded = load(folder)
    assert loaded.inputs["hospitals"]["name"].to_pylist() == [name, "x"]
    assert loaded.inputs.provenance[0].encoding == "gbk"


def test_letters_that_drug_names_use_stay_utf8_although_gbk_is_possible(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    products = small_folder.text(small_folder.PRODUCTS[:1]) + "P1,a,drug,tablet,5μg×2 ±1°,28,é\n"
    (folder / "products.csv").write_text(products, encoding="utf-8")
    assert load(folder).inputs["products"]["strength"].to_pylist() == ["5μg×2 ±1°"]


def chinese_sheet() -> list[list[object]]:
    """What a hospital pharmacist has: title rows, units in the header, blank rows and columns, 小计 and 合计, a
    note."""
    return [
        ["某医院2024年采购明细表"],
        [None, "单位：万元"],
        [],
        ["序号", None, "医疗机构编码", "年月", "药品编码", "采购数量（盒）", "采购金额（万元）"],
        [1, None, "H001", "2024年3月", "P1", 100, 0.28],
        [2, None, "H001", 202404, "P2", "1,000", "4.2"],
        ["小计", None, None, None, None, 1100, 4.48],
        [3, None, "H002", dt.date(2024, 3, 1), "P3", "５", 0.05],
        [],
        [4, None, "H002", 45383, "P3", 1, 0.01],
        ["合计", None, None, None, None, 1106, 4.54],
        ["注：本表由系统导出"],
    ]


def test_a_pharmacists_workbook_is_read_and_what_is_dropped_is_said(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "usage.csv").unlink()
    small_folder.write_book(folder / "采购明细.xlsx", {"Sheet1": chinese_sheet()})
    inputs = read_inputs(folder)
    assert inputs["usage"]["amount_yuan"].to_pylist() == [
        Decimal("2800.00"),
        Decimal("42000.00"),
        Decimal("500.00"),
        Decimal("100.00"),
    ]
    assert inputs["usage"]["month"].to_pylist() == [
        dt.date(2024, 3, 1),
        dt.date(2024, 4, 1),
        dt.date(2024, 3, 1),
        dt.date(2024, 4, 1),
    ]
    assert [inputs.at("usage", place)[1] for place in range(4)] == [5, 6, 8, 10]
    record = next(record for record in inputs.provenance if record.table == "usage")
    assert dict(record.dropped) == {"total": 1, "subtotal": 1, "note": 1, "blank": 1, "title": 3}
    assert {problem.rule for problem in inputs.problems} == {"rows_left_out", "unknown_column"}


def test_a_total_that_is_not_the_sum_is_said(tmp_path: Path) -> None:
    rows = [*usage_rows(), ["合计", None, None, None, RIGHT_AMOUNT + 1]]
    loaded = load(small_folder.write(tmp_path, usage=rows))
    problem = find(loaded, "total_differs")
    assert (problem.row, problem.column) == (86, "amount_yuan")
    assert amount(loaded) == RIGHT_AMOUNT and "difference 1" in problem.message


def test_a_hospital_called_total_is_no_total_row(tmp_path: Path) -> None:
    hospitals = [small_folder.HOSPITALS[0], ["H001", "合计", "三级", "公立"], ["H002", "小计", "二级", "公立"]]
    assert read_inputs(small_folder.write(tmp_path, hospitals=hospitals))["hospitals"].num_rows == 2


def test_all_errors_come_at_once_with_file_row_and_column(tmp_path: Path) -> None:
    rows = usage_rows()
    rows[3][4], rows[7][1], rows[9][2], rows[11][3] = "abc", "2024-13", "1.2E+17", None
    with pytest.raises(InputError) as caught:
        read_inputs(small_folder.write(tmp_path, usage=rows))
    found = {(problem.row, problem.column, problem.rule) for problem in caught.value.problems}
    assert found == {
        (4, "amount_yuan", "number"),
        (8, "month", "date"),
        (10, "product_id", "damaged_code"),
        (12, "quantity_packs", "missing"),
    }
    assert {problem.file for problem in caught.value.problems} == {"usage.csv"}


def test_warnings_stand_in_problems_and_unknown_columns_are_kept_out(tmp_path: Path) -> None:
    rows = [[*row, "x"] for row in usage_rows()]
    rows[0][-1] = "采购数目"
    inputs = read_inputs(small_folder.write(tmp_path, usage=rows))
    assert [problem.rule for problem in inputs.problems] == ["unknown_column"]
    assert "quantity_packs" in inputs.problems[0].message and "采购数目" not in inputs["usage"].column_names


def test_many_unknown_columns_are_counted_not_listed(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    head, rest = (folder / "usage.csv").read_text(encoding="utf-8").split("\n", 1)
    extra = "".join(f",x{number}" for number in range(500))
    (folder / "usage.csv").write_text(head + extra + "\n" + rest.replace("\n", "," * 500 + "\n"), encoding="utf-8")
    told = [problem for problem in load(folder).problems if problem.rule == "unknown_column"]
    assert len(told) == 21 and "and 480 more" in told[-1].message


def test_a_missing_column_is_named_with_what_was_found(tmp_path: Path) -> None:
    problem = find(load(small_folder.write(tmp_path, usage=[row[:4] for row in usage_rows()])), "missing_column")
    assert problem.column == "amount_yuan" and "金额" in problem.message and "quantity_packs" in problem.message


def test_two_columns_for_one_are_refused(tmp_path: Path) -> None:
    rows = [[*row, row[4]] for row in usage_rows()]
    rows[0][-1] = "采购金额(元)"
    assert "duplicate_column" in rules(load(small_folder.write(tmp_path, usage=rows)))


def test_a_repeated_key_is_an_error_that_names_the_first_row(tmp_path: Path) -> None:
    problem = find(
        load(small_folder.write(tmp_path, products=[*small_folder.PRODUCTS, small_folder.PRODUCTS[1]])), "duplicate_key"
    )
    assert problem.row == 5 and "row 2" in problem.message


def test_an_unquoted_thousands_comma_is_refused(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    path = folder / "usage.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("H001,2023-01,P1,10,280.00", "H001,2023-01,P1,10,1,280.00"),
        encoding="utf-8",
    )
    problem = find(load(folder), "too_many_cells")
    assert (problem.file, problem.row) == ("usage.csv", 2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", ";"),
        lambda text: "\n".join('"' + line.replace(",", '","') + '"' for line in text.splitlines()) + "\n",
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.rstrip("\n") + "\n\n\n",
    ],
)
def test_every_layout_of_a_csv_gives_the_same_table(tmp_path: Path, spoil) -> None:
    right = load(small_folder.write(tmp_path / "right")).inputs["usage"]
    folder = small_folder.write(tmp_path / "other")
    text = (folder / "usage.csv").read_text(encoding="utf-8")
    (folder / "usage.csv").write_bytes(spoil(text).encode())
    loaded = load(folder)
    assert not loaded.errors and loaded.inputs["usage"].equals(right)


def test_fast_and_careful_readers_agree(tmp_path: Path) -> None:
    data = small_folder.text(usage_rows()).encode()
    from vbp.schema import TABLES

    text = csvfile.text_of("usage.csv", data, "utf-8")
    heading = recognise(text.first[0], TABLES["usage"], 1)
    fast, careful = csvfile.fast(text, heading), csvfile.careful(text, heading)
    assert fast is not None and len(fast.rows) == len(careful.rows) == 84
    assert [list(map(str, column.to_pylist())) for column in fast.columns][:3] == [
        column.to_pylist() for column in careful.columns
    ][:3]
    assert list(fast.rows) == careful.rows.tolist()


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    right = read_inputs(small_folder.write(tmp_path / "right"))["usage"]
    folder = small_folder.write(tmp_path / "other")
    (folder / "usage.csv").unlink()
    frame = right.to_pandas()
    frame["amount_yuan"] = frame["amount_yuan"].astype(float)
    pq.write_table(pa.Table.from_pandas(frame), folder / "usage.parquet")
    assert read_inputs(folder)["usage"].equals(right)


def test_parts_by_period_are_joined_and_rows_keep_their_file(tmp_path: Path) -> None:
    rows = usage_rows()
    folder = small_folder.write(tmp_path)
    (folder / "usage.csv").unlink()
    (folder / "usage-2023.csv").write_text(small_folder.text(rows[:40]), encoding="utf-8")
    (folder / "usage-2024.csv").write_text(small_folder.text([rows[0], *rows[40:]]), encoding="utf-8")
    inputs = read_inputs(folder)
    assert pc.sum(inputs["usage"]["amount_yuan"]).as_py() == RIGHT_AMOUNT
    assert inputs.at("usage", 39) == ("usage-2024.csv", 2)


def test_a_workbook_of_several_sheets_is_several_tables(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    for name in ("hospitals", "products", "usage"):
        (folder / f"{name}.csv").unlink()
    small_folder.write_book(
        folder / "全部数据.xlsx",
        {
            "医疗机构": small_folder.HOSPITALS,
            "产品": small_folder.PRODUCTS,
            "说明": [["请看"]],
            "采购明细2023": usage_rows(),
        },
    )
    assert {name: table.num_rows for name, table in read_inputs(folder).tables.items()} == {
        "hospitals": 2,
        "products": 3,
        "usage": 84,
    }


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda folder: (folder / "city.yaml").unlink(), "missing_file"),
        (lambda folder: (folder / "city.yaml").write_text("name_zh: [", encoding="utf-8"), "city_yaml"),
        (lambda folder: (folder / "city.yaml").write_text("name_zh: x\n", encoding="utf-8"), "missing"),
        (lambda folder: (folder / "usage.xlsx").write_bytes(b"PK\x03\x04 no book"), "table_twice"),
        (lambda folder: (folder / "usage (1).csv").write_text("a,b\n", encoding="utf-8"), "table_twice"),
        (lambda folder: (folder / "hospitals.csv").write_bytes(b""), "empty_file"),
        (lambda folder: (folder / "hospitals.csv").write_bytes(b"\0\1\2\3" * 50), "unreadable"),
        (lambda folder: (folder / "stock.xlsx").write_bytes(b"no book"), "unreadable"),
        (lambda folder: (folder / "stock.parquet").write_bytes(b"no parquet"), "unreadable"),
        (lambda folder: (folder / "products.csv").unlink(), "missing_table"),
        (lambda folder: (folder / "usage.csv").write_text("hospital_id,month\n", encoding="utf-8"), "missing_column"),
        (lambda folder: (folder / "usage.csv").write_text("甲,乙\n1,2\n", encoding="utf-8"), "no_header"),
    ],
)
def test_what_is_wrong_with_a_folder_is_one_clear_message(tmp_path: Path, spoil, rule: str) -> None:
    folder = small_folder.write(tmp_path / "有 空格")
    spoil(folder)
    assert rule in rules(load(folder))


def test_a_missing_folder_is_one_message(tmp_path: Path) -> None:
    loaded = load(tmp_path / "nowhere")
    assert rules(loaded) == ["missing_folder"]


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vbp.tables import folder as folders

    monkeypatch.setitem(folders.LARGEST, ".csv", 100)
    assert "huge_file" in rules(load(small_folder.write(tmp_path)))


def test_only_reads_the_tables_named(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "products.csv").write_bytes(b"\xff\xff")
    assert set(read_inputs(folder, only=["usage"]).tables) == {"usage"}


def test_formula_like_text_html_and_control_characters_pass_through(tmp_path: Path) -> None:
    names = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>\x07"]
    hospitals = [
        small_folder.HOSPITALS[0],
        *([f"H00{place}", name, "三级", "公立"] for place, name in enumerate(names, 1)),
    ]
    assert read_inputs(small_folder.write(tmp_path, hospitals=hospitals))["hospitals"]["name"].to_pylist() == names


def test_days_give_the_month_and_are_kept(tmp_path: Path) -> None:
    rows = [[row[0], f"{row[1]}-15", *row[2:]] for row in usage_rows()]
    rows[0] = ["hospital_id", "采购日期", *rows[0][2:]]
    usage = read_inputs(small_folder.write(tmp_path, usage=rows))["usage"]
    assert usage["month"][0].as_py() == dt.date(2023, 1, 1) and usage["date"][0].as_py() == dt.date(2023, 1, 15)


def test_a_selected_price_per_tablet_becomes_one_per_pack(tmp_path: Path) -> None:
    awards = [
        ["批次", "产品编码", "执行日期", "中选价格(元/片)", "截止日期"],
        ["N1", "P1", "2024-01-01", "0.335", "2024-12-31"],
    ]
    inputs = read_inputs(small_folder.write(tmp_path, awards=awards))
    assert inputs["awards"]["selected_price_yuan"].to_pylist() == [Decimal("9.380000")]
    assert "per_unit_price" in [problem.rule for problem in inputs.problems]


def test_more_bad_cells_than_the_limit_are_counted(tmp_path: Path) -> None:
    rows = usage_rows()
    for row in rows[1:]:
        row[4] = "x"
    loaded = load(small_folder.write(tmp_path, usage=rows), limit=5)
    listed = [problem for problem in loaded.problems if problem.rule == "number"]
    assert len(listed) == 6 and "79 more" in listed[-1].message


def test_assessments_keep_indicator_columns(tmp_path: Path) -> None:
    rows = [["batch_id", "hospital_id", "agreement_year", "score", "回款及时率"], ["N1", "H001", 1, 90, "98%"]]
    table = read_inputs(small_folder.write(tmp_path, assessments=rows))["assessments"]
    assert table["回款及时率"].to_pylist() == ["98%"]
