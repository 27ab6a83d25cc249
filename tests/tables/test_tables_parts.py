"""The parts of reading by themselves: names of files, header rows, repeats, encodings, totals, units of cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_folder
from vbp.schema import TABLES
from vbp.tables import load
from vbp.tables.encoding import is_ascii, is_utf8, to_utf8
from vbp.tables.folder import table_named
from vbp.tables.grid import Unreadable
from vbp.tables.headers import choose, data_above, recognise
from vbp.tables.inputs import sha256, whole
from vbp.tables.report import shown
from vbp.tables.sheets import cell_text
from vbp.tables.validate import key_codes, repeated


@pytest.mark.parametrize(
    ("name", "table", "part"),
    [
        ("usage", "usage", None),
        ("Usage", "usage", None),
        ("采购明细", "usage", None),
        ("usage-2024", "usage", "2024"),
        ("采购明细2024年", "usage", "2024年"),
        ("usage_202401", "usage", "202401"),
        ("usage (1)", "usage", None),
        ("中选结果", "awards", None),
        ("usage - 副本", "usage", None),
        ("医疗机构目录", "hospitals", None),
        ("随便", None, None),
        ("2024", None, None),
    ],
)
def test_a_files_name_says_its_table(name: str, table: str | None, part: str | None) -> None:
    assert table_named(name) == (table, part)


def test_the_header_row_is_found_below_titles_and_the_table_by_its_columns() -> None:
    rows = [
        ["某市采购明细"],
        ["", "单位：元"],
        ["医疗机构编码", "月份", "药品编码", "采购数量(盒)", "采购金额(元)"],
        ["H1", "2024-01", "P", "1", "2"],
    ]
    chosen = choose(rows, list(TABLES.values()))
    assert chosen is not None and (chosen[0], chosen[1].name) == (2, "usage")
    assert choose([["甲"], ["1"]], list(TABLES.values())) is None


def test_data_above_the_header_is_an_error() -> None:
    heading = recognise(["hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"], TABLES["usage"], 3)
    above = [["某市采购明细", "", "", "", ""], ["H1", "2024-01", "P1", "5", "10.00"]]
    assert [problem.row for problem in data_above(above, heading)] == [2]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "x", "y"]), st.integers(0, 3)), max_size=40))
def test_repeats_are_those_of_a_plain_loop(rows: list[tuple[str, str | None, int]]) -> None:
    columns = [
        pa.array([row[place] for row in rows], kind)
        for place, kind in enumerate((pa.string(), pa.string(), pa.int64()))
    ]
    seen: set[tuple[str, str | None, int]] = set()
    expected = []
    for place, row in enumerate(rows):
        if row in seen:
            expected.append(place)
        seen.add(row)
    assert repeated(key_codes(columns)).tolist() == expected


def test_repeats_in_a_key_space_too_large_for_a_table() -> None:
    keys = np.array([1 << 60, 5, 1 << 60, 7, 5], np.int64)
    assert repeated(keys).tolist() == [2, 4]


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=50))
def test_utf8_is_taken_for_gbk_only_where_it_would_be_in_a_script_of_no_such_file(text: str) -> None:
    data = text.encode()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:3] == b"\xef\xbb\xbf":
        return
    body, name, unsure = to_utf8(data)
    assert is_utf8(data) and is_ascii(data) == text.isascii()
    if name != "utf-8":
        strange = [letter for letter in text if "\u0180" <= letter <= "\u036f" or "\u0400" <= letter <= "\u07ff"]
        assert strange and unsure and not any("\u4e00" <= letter <= "\u9fff" for letter in text)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in bytes(body).decode())
    else:
        assert body == data


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4, max_size=60))
def test_gbk_comes_back_as_it_went_unless_its_bytes_are_utf8(text: str) -> None:
    data = text.encode("gbk")
    body, name, _ = to_utf8(data)
    if name == "gbk":
        assert bytes(body).decode() == text
    else:
        assert name == "utf-8" and is_utf8(data)


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf\xff\xfe", b"\xff\xfe\x00", b"a,\xff\xff\xff"])
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        to_utf8(data)


def test_a_mapped_file_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vbp.tables import inputs

    folder = small_folder.write(tmp_path)
    right = load(folder)
    monkeypatch.setattr(inputs, "MAPPED", 10)
    mapped = load(folder)
    assert not isinstance(whole(folder / "usage.csv"), bytes)
    assert mapped.inputs["usage"].equals(right.inputs["usage"]) and mapped.inputs.provenance == right.inputs.provenance
    assert sha256(folder / "usage.csv") == sha256((folder / "usage.csv").read_bytes())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (True, "TRUE"),
        (None, ""),
        ("x", "x"),
        (1.23456789012346e22, "1.23456789012346e+22"),
        (123456789012345.0, "123456789012345"),
    ],
)
def test_cells_of_a_workbook_read_as_a_user_sees_them(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_long_and_unprintable_values_are_shown_short_and_escaped() -> None:
    assert shown("a\x07b") == "a\\x07b" and len(shown("长" * 500) or "") == 118 and shown(None) is None


@pytest.mark.parametrize(
    ("rows", "differs"),
    [
        ([["小计", None, None, 10, "280.00"]], 0),
        ([["小计", None, None, 10, "281.00"]], 1),
        ([["合计", None, None, 10, "280"]], 0),
        ([["三明市合计", None, None, 10, "280"]], 0),
        ([["本页合计", None, None, 99, "280"]], 1),
        ([["Total:", None, None, None, None]], 0),
    ],
)
def test_totals_are_compared_with_the_rows_they_cover(tmp_path: Path, rows: list[list[object]], differs: int) -> None:
    loaded = load(small_folder.write(tmp_path, usage=[*small_folder.usage_rows()[:2], *rows]))
    assert sum(problem.rule == "total_differs" for problem in loaded.problems) == differs
    assert loaded.inputs["usage"].num_rows == 1 and not loaded.errors


def test_blank_lines_above_and_below_the_header_do_not_move_the_rows(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    text = (folder / "usage.csv").read_text(encoding="utf-8")
    head, _, rest = text.partition("\n")
    (folder / "usage.csv").write_text(f"\n某市采购明细\n\n{head}\n{rest}", encoding="utf-8")
    loaded = load(folder)
    assert loaded.inputs["usage"].num_rows == 84 and loaded.inputs.at("usage", 0) == ("usage.csv", 5)
    (folder / "usage.csv").write_text(f"某市采购明细\n\n{head}\n{rest}", encoding="utf-8")
    assert load(folder).inputs.at("usage", 83) == ("usage.csv", 87)
