"""Parts of an import by themselves: packs read back, derived columns, contradictions within rounding, sums and files."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.errors import InputError, UsageError
from vbp.imports import Pack, import_files, parse
from vbp.imports.crosscheck import cross_checked
from vbp.imports.derive import derive
from vbp.imports.engine import _cell_texts
from vbp.imports.packs import UnreadPack
from vbp.schema import TABLES

few = settings(max_examples=60, deadline=None, derandomize=True)
doses = st.sampled_from(["20mg", "0.5g", "5ml:0.1g", "100μg", "80mg/12.5mg", "300万单位", "2%", "10ml"])
marks = st.sampled_from(["*", "×", "x", "X", " * ", "✕", "＊"])


@few
@given(
    doses,
    st.lists(st.integers(1, 200), min_size=1, max_size=3),
    st.sampled_from(["片", "粒", "支", "袋", ""]),
    marks,
    st.booleans(),
)
def test_a_pack_written_out_is_read_back_as_the_product_of_its_counts(
    dose: str, counts: list[int], unit: str, mark: str, wide: bool
) -> None:
    outer = ["板", "小盒", "盒"]
    pieces = [f"{counts[0]}{unit}", *(f"{count}{outer[place]}" for place, count in enumerate(counts[1:]))]
    text = mark.join([dose, *(f"{piece}/{outer[place]}" for place, piece in enumerate(pieces))])
    if wide:
        text = "".join(chr(ord(letter) + 0xFEE0) if letter.isdigit() else letter for letter in text)
    pack = parse(text)
    assert pack.units == int(np.prod(counts)) and pack.unit_name == (unit or "片")
    assert parse(text.replace(mark, "*")).strength == pack.strength


@pytest.mark.parametrize(
    ("text", "pack"),
    [
        ("20mg×7片×4板", Pack("20mg", 28, "片")),
        ("0.25g*24s", Pack("0.25g", 24, "片")),
        ("1ml:10mg*5支/盒", Pack("1ml:10mg", 5, "支")),
        ("（20mg*7片）*4板", Pack("20mg", 28, "片")),
        ("２０ｍｇ＊７片／盒", Pack("20mg", 7, "片")),
        ("14片", Pack("", 14, "片")),
        ("10mg*1支", Pack("10mg", 1, "支")),
        ("50ml/瓶", Pack("50ml", 1, "瓶")),
    ],
)
def test_usual_spellings_of_a_pack(text: str, pack: Pack) -> None:
    assert parse(text) == pack


@pytest.mark.parametrize(
    "text", ["", "20mg", "20mg*0片", "7片*20mg", "20mg*7片/板*4盒/箱", "20mg*若干片", "20mg*7.5片", "盒", "20mg*-7片"]
)
def test_a_text_that_leaves_the_count_open_is_refused(text: str) -> None:
    with pytest.raises(UnreadPack):
        parse(text)


def texts(**columns: list[str | None]) -> dict[str, pa.Array]:
    return {name: pa.array(values, pa.string()) for name, values in columns.items()}


@pytest.mark.parametrize(
    ("entry", "made", "bad"),
    [
        ({"do": "prefix", "of": "a", "count": 3}, ["abc", "xy", None], []),
        ({"do": "suffix", "of": "a", "mark": "c"}, ["de", "xy", None], []),
        ({"do": "choose", "of": "a", "starts": {"x": "X", "ab": "AB"}, "otherwise": "?"}, ["AB", "X", None], []),
        ({"do": "choose", "of": "a", "at": 1, "starts": {"y": "Y"}, "otherwise": "?"}, ["?", "Y", None], []),
        ({"do": "joined", "of": ["a", "b"], "mark": "-"}, ["abcde-1", "xy-1", "-2"], []),
        ({"do": "numbered", "of": ["b"], "prefix": "N", "digits": 2}, ["N01", "N01", "N02"], []),
        ({"do": "first_of", "of": ["none", "a", "b"]}, ["abcde", "xy", "2"], []),
        ({"do": "month", "of": "m"}, ["2024-03", "2024-03", None], [2]),
        ({"do": "units_per_pack", "of": "p"}, ["28", None, "1"], [1]),
        ({"do": "units_per_pack", "of": "p", "lenient": True}, ["28", None, "1"], []),
        ({"do": "strength", "of": "p"}, ["20mg", None, "500mg"], [1]),
        ({"do": "units_per_pack", "of": "p", "unless": "b"}, ["1", "1", "2"], []),
        ({"do": "units_per_pack", "of": "p", "unless": "part"}, ["28", "9", "1"], []),
        ({"do": "strength", "of": "absent", "lenient": True}, [None, None, None], []),
    ],
)
def test_a_derived_column_row_by_row(entry: dict[str, Any], made: list[str | None], bad: list[int]) -> None:
    columns = texts(
        a=["abcde", "xy", None],
        b=["1", "1", "2"],
        m=["2024年3月5日", "202403", "第三季度"],
        p=["20mg*7片*4板", "一盒", "500mg/瓶"],
        part=[None, "9", None],
    )
    got, places = derive("new", entry, columns)
    assert got.to_pylist() == made and sorted(places) == bad


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"do": "sufix", "of": "a"}, "suffix"),
        ({"do": "prefix", "of": "z", "count": 1}, "'z'"),
        ({"do": "first_of", "of": ["y", "z"]}, "y, z"),
    ],
)
def test_a_profile_that_asks_for_what_there_is_not_is_refused(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        derive("new", entry, texts(a=["x"]))


def odd_rows(check: str, names: dict[str, str], **columns: list[str | None]) -> list[int | None]:
    kind = pa.decimal128(18, 6)
    arrays = {
        name: pa.array([None if cell is None else D(cell) for cell in cells], kind) for name, cells in columns.items()
    }
    rows = np.arange(2, 2 + len(next(iter(columns.values()))))
    return [problem.row for problem in cross_checked(arrays, rows, "f", [{"check": check, **names}])]


CUT = {"before": "before", "after": "after", "cut": "cut"}
UNIT = {"price": "price", "unit_price": "per", "size": "size"}


@few
@given(st.integers(100, 10**6), st.integers(1, 10**6), st.integers(0, 2))
def test_a_cut_rounded_as_people_do_is_never_called_a_contradiction_and_a_point_off_always_is(
    before: int, after: int, places: int
) -> None:
    exact = (Fraction(before) - after) / before * 100
    stated = (D(exact.numerator) / exact.denominator).quantize(D(1).scaleb(-places), ROUND_HALF_UP)
    old, new = D(before).scaleb(-2), D(after).scaleb(-2)
    assert odd_rows("cut", CUT, before=[f"{old}"], after=[f"{new}"], cut=[f"{stated}"]) == []
    slack = (1 + new / old) * 50 * D("0.01") / old + D("1.6")
    assert odd_rows("cut", CUT, before=[f"{old}"], after=[f"{new}"], cut=[f"{stated + slack:.2f}"]) == [2]


@few
@given(st.integers(1, 10**6), st.integers(1, 200))
def test_a_price_per_unit_rounded_to_the_fen_or_finer_agrees_with_the_pack(price: int, size: int) -> None:
    whole = D(price).scaleb(-2)
    for places in (2, 4):
        per = (whole / size).quantize(D(1).scaleb(-places), ROUND_HALF_UP)
        assert odd_rows("unit_price", UNIT, price=[f"{whole}"], per=[f"{per}"], size=[str(size)]) == []
    off = (whole / size).quantize(D("0.01"), ROUND_HALF_UP) + D("0.02")
    assert odd_rows("unit_price", UNIT, price=[f"{whole}"], per=[f"{off}"], size=[str(size)]) == [2]


def test_gaps_contradict_nothing_and_a_fraction_is_told_as_one() -> None:
    assert odd_rows("cut", CUT, before=["10", None, "0"], after=[None, "5", "5"], cut=["50", "50", "50"]) == []
    arrays = {
        name: pa.array([D(cell)], pa.decimal128(18, 6))
        for name, cell in (("before", "10"), ("after", "5"), ("cut", "0.5"))
    }
    (problem,) = cross_checked(arrays, np.array([7]), "f", [{"check": "cut", **CUT}])
    assert (problem.row, problem.value, problem.level) == (7, "0.5", "warning") and "fraction" in problem.message


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ((18, 2), "1200.00", "1200"),
        ((18, 2), "1200.50", "1200.5"),
        ((18, 2), "0.00", "0"),
        ((18, 2), "-0.05", "-0.05"),
        ((12, 8), "0.00000001", "0.00000001"),
        ((12, 8), "0.00000000", "0"),
        ((18, 6), "100.000000", "100"),
    ],
)
def test_numbers_are_written_without_idle_zeros_or_exponents(kind: tuple[int, int], value: str, text: str) -> None:
    column = TABLES["products"].column("spec_factor")
    assert _cell_texts(pa.array([D(value)], pa.decimal128(*kind)), column).to_pylist() == [text]


HEAD = [
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
]


def export(path: Path, rows: list[tuple[str, str, str, str, str]]) -> Path:
    """A platform export; a row is hospital, day, product, packs, amount in ten thousand yuan."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEAD)
        product = ["演示甲片", "片剂", "5mg", "5mg*14片*2板", "演示药业"]
        writer.writerows([h, "三级", day, p, *product, q, a, "已完成"] for h, day, p, q, a in rows)
    return path


def usage(folder: Path) -> dict[tuple[str, str, str], tuple[D, D]]:
    sums: dict[tuple[str, str, str], tuple[D, D]] = {}
    with (folder / "usage.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            key = (row["hospital_id"], (row.get("date") or row["month"])[:7], row["product_id"])
            packs, yuan = sums.get(key, (D(0), D(0)))
            sums[key] = (packs + D(row["quantity_packs"]), yuan + D(row["amount_yuan"]))
    return sums


ROWS = [
    ("第一医院", "2024-01-05", "P1", "10", "0.028"),
    ("第一医院", "2024-01-20", "P1", "3", "0.0084"),
    ("第二医院", "2024-02-01", "P1", "5", "0.014"),
    ("第一医院", "2024-03-01", "P2", "7", "0.0196"),
    ("第一医院", "2024-03-02", "P2", "-2", "-0.0056"),
]


def test_neither_the_order_of_rows_nor_how_they_lie_in_files_changes_a_sum(tmp_path: Path) -> None:
    whole = import_files([export(tmp_path / "a.csv", ROWS)], "platform-cn", tmp_path / "whole")
    halves = [export(tmp_path / "b.csv", ROWS[3:]), export(tmp_path / "c.csv", ROWS[:3])]
    parts = import_files(halves, "platform-cn", tmp_path / "parts")
    assert whole.rows_read == parts.rows_read == 5 and whole.totals == parts.totals and any(whole.totals.values())
    by_product = [
        sorted((month, *sums) for (_, month, _), sums in usage(tmp_path / name).items()) for name in ("whole", "parts")
    ]
    assert (
        by_product[0]
        == by_product[1]
        == sorted([("2024-01", D(13), D(364)), ("2024-02", D(5), D(140)), ("2024-03", D(5), D(140))])
    )


def test_a_bad_file_among_good_ones_writes_nothing_and_all_bad_cells_are_named(tmp_path: Path) -> None:
    good = export(tmp_path / "good.csv", ROWS)
    bad = export(
        tmp_path / "bad.csv",
        [("第一医院", "2024-01-05", "P1", "十", "0.028"), ("第一医院", "昨天", "P1", "1", "0.0028")],
    )
    with pytest.raises(InputError) as caught:
        import_files([good, bad], "platform-cn", tmp_path / "out")
    assert {(p.file, p.row) for p in caught.value.problems if p.level == "error"} == {("bad.csv", 2), ("bad.csv", 3)}
    assert not (tmp_path / "out").exists()
