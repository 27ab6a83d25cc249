"""Cells against slow readings: numbers with units, days and months at their limits, words, whole columns one by one."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.schema import TABLES, Column
from vbp.tables import dates, texts, units
from vbp.tables.kinds import PRECISION, arrow_type, too_large
from vbp.tables.numbers import NotANumber, clean, parse, plain
from vbp.tables.rowunits import in_units, settle
from vbp.tables.units import Unit

few = settings(max_examples=80, deadline=None, derandomize=True)
AMOUNT = TABLES["usage"].column("amount_yuan")
PACKS, UNITS = TABLES["usage"].column("quantity_packs"), TABLES["usage"].column("quantity_units")
RATIO = TABLES["fund"].column("fund_ratio")
COUNT = TABLES["products"].column("units_per_pack")
values = st.decimals("-1e11", "1e11", places=2)


def wide(text: str) -> str:
    """The text as a full-width keyboard types it."""
    return "".join(chr(ord(letter) + 0xFEE0) if 0x20 < ord(letter) < 0x7F else letter for letter in text)


@few
@given(
    values,
    st.sampled_from(["{:f}", "{:,f}", " {:f} ", "¥{:f}", "￥{:,f}", "{:f}元", "\u200b{:f}", "{:f}\u00a0", "'{:f}"]),
    st.booleans(),
)
def test_a_number_reads_the_same_however_it_is_dressed(value: D, dress: str, full_width: bool) -> None:
    text = dress.format(value)
    if dress.startswith("'"):
        with pytest.raises(NotANumber):
            parse(text, AMOUNT, Unit())
        return
    if dress[0] in "¥￥" and value < 0:
        text = "-" + dress.format(-value)
        with pytest.raises(NotANumber):
            parse(text, AMOUNT, Unit())
        return
    assert parse(wide(text) if full_width else text, AMOUNT, Unit()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(5.00)", "-5.00"),
        ("（５．００）", "-5"),
        ("+7", "7"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1.5E+2", "150"),
        ("−3", "-3"),
        ("0", "0"),
        ("1,234,567.89", "1234567.89"),
        ("12,34,567", None),
        ("1.2.3", None),
        ("5-", None),
        ("--5", None),
        ("5.", None),
        ("１２３．４５", "123.45"),
        ("约5", None),
        ("5~6", None),
        ("∞", None),
        ("0x10", None),
        ("1_000", None),
    ],
)
def test_numbers_that_are_read_and_numbers_that_are_refused(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(NotANumber):
            plain(text)
    else:
        assert plain(text) == D(value)


@pytest.mark.parametrize("text", ["", " ", "-", "—", "/", "无", "NULL", "N/A", "　", "(空)"])
def test_what_people_write_for_nothing_is_nothing_and_never_zero(text: str) -> None:
    assert plain(text) is None
    got = clean(pa.array([text, "0"]), AMOUNT, Unit()).array
    assert got.to_pylist() == [None, D("0.00")]


@pytest.mark.parametrize(
    ("text", "header", "value"),
    [
        ("3", "万元", "30000"),
        ("3万元", "万元", "30000"),
        ("3万", "元", "30000"),
        ("3亿", "", "300000000"),
        ("3角", "", "0.3"),
        ("3分", "", "0.03"),
        ("3元", "万元", None),
        ("3盒", "元", None),
        ("3千元", "千元", "3000"),
        ("3万元", "千元", None),
    ],
)
def test_a_cells_own_unit_of_money_must_agree_with_the_headers(text: str, header: str, value: str | None) -> None:
    unit = units.parse(header, AMOUNT) if header else Unit()
    assert unit is not None
    if value is None:
        with pytest.raises(NotANumber):
            parse(text, AMOUNT, unit)
    else:
        assert parse(text, AMOUNT, unit) == D(value)


@pytest.mark.parametrize(
    ("header", "factor", "basis"),
    [
        ("盒", 1, "pack"),
        ("片", 1, "unit"),
        ("片/支/粒", 1, "unit"),
        ("万片", 10**4, "unit"),
        ("千盒", 1000, "pack"),
        ("瓶", 1, "pack"),
        ("盒或瓶", 1, "pack"),
        ("最小计量单位", 1, "unit"),
        ("ML", 1, "unit"),
        ("１万支", None, None),
        ("吨", None, None),
        ("片/天", None, None),
    ],
)
def test_a_headers_unit_of_quantity(header: str, factor: int | None, basis: str | None) -> None:
    unit = units.parse(header, PACKS)
    assert ((None, None) if unit is None else (unit.factor, unit.basis)) == (factor, basis)


@few
@given(
    st.lists(
        st.one_of(
            st.none(),
            values.map(str),
            st.integers(-(10**6), 10**6).map(str),
            st.sampled_from(["-", "1,000.5", "１２", "x", "2.345", "9e17"]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(["", "万元"]),
)
def test_a_column_is_its_cells_read_one_by_one(cells: list[str | None], header: str) -> None:
    unit = units.parse(header, AMOUNT) if header else Unit()
    assert unit is not None
    got = clean(pa.array(cells, pa.string()), AMOUNT, unit)
    for place, (text, found) in enumerate(zip(cells, got.array.to_pylist(), strict=True)):
        try:
            value = None if text is None else parse(text, AMOUNT, unit)
        except NotANumber:
            assert place in got.refused and found is None
            continue
        if value is not None and abs(value.quantize(D("0.01"), ROUND_HALF_UP)) >= too_large("amount"):
            assert "too large" in got.refused[place] and found is None
            continue
        kept = None if value is None else value.quantize(D("0.01"), ROUND_HALF_UP)
        assert found == kept and place not in got.refused
        assert (place in got.rounded.tolist()) == (kept != value)


@pytest.mark.parametrize(
    ("column", "cells", "kept"),
    [
        (COUNT, pa.array([1, 28, None], pa.int32()), [1, 28, None]),
        (COUNT, pa.array([1, 28], pa.int64()), [1, 28]),
        (COUNT, pa.array([1.0, 28.0, None], pa.float64()), [1, 28, None]),
        (COUNT, pa.array([7, 14], pa.uint8()), [7, 14]),
        (AMOUNT, pa.array([5, 0], pa.uint64()), [D("5.00"), D("0.00")]),
        (AMOUNT, pa.array([1, None], pa.int16()), [D("1.00"), None]),
        (AMOUNT, pa.array([0.1, 2.675], pa.float64()), [D("0.10"), D("2.68")]),
        (RATIO, pa.array([0.7, 1.0], pa.float64()), [D("0.70000000"), D("1.00000000")]),
        (AMOUNT, pa.array([D("1.005"), D("-1.005")], pa.decimal128(20, 3)), [D("1.01"), D("-1.01")]),
        (PACKS, pa.array([3, 4], pa.int64()).dictionary_encode(), [D("3.0000"), D("4.0000")]),
    ],
    ids=[
        "int32 count",
        "int64 count",
        "float count",
        "uint8 count",
        "uint64 amount",
        "int16 amount",
        "float amount",
        "float ratio",
        "decimal(20,3)",
        "coded",
    ],
)
def test_a_typed_column_of_a_parquet_file_keeps_its_numbers(column: Column, cells: pa.Array, kept: list[Any]) -> None:
    got = clean(cells, column, Unit())
    assert got.array.type == arrow_type(column.kind) and got.array.to_pylist() == kept and not got.refused


@pytest.mark.parametrize("kind", sorted(PRECISION))
def test_the_largest_value_of_a_kind_is_kept_and_the_next_refused(kind: str) -> None:
    column = next(column for table in TABLES.values() for column in table.columns if column.kind == kind)
    top = D(too_large(kind)) - D(1).scaleb(-column.scale)
    got = clean(pa.array([f"{top:f}", f"-{top:f}", f"{top + D(1).scaleb(-column.scale):f}"]), column, Unit())
    assert got.array.to_pylist() == [top, -top, None] and list(got.refused) == [2]


@few
@given(
    st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)),
    st.sampled_from(
        [
            "{0:04d}-{1:02d}-{2:02d}",
            "{0}/{1}/{2}",
            "{0}.{1}.{2}",
            "{0}年{1}月{2}日",
            "{0:04d}{1:02d}{2:02d}",
            "{0}-{1}-{2} 00:00:00",
            "{0}-{1:02d}-{2:02d}T08:30:00Z",
            "{0} 年 {1} 月 {2} 日",
        ]
    ),
    st.booleans(),
)
def test_a_day_reads_back_from_every_usual_form(day: dt.date, form: str, full_width: bool) -> None:
    text = form.format(day.year, day.month, day.day)
    shown = wide(text) if full_width else text
    assert dates.day(shown) == day and dates.month(shown) == day.replace(day=1)


@few
@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)))
def test_an_excel_serial_is_the_day_excel_shows(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    assert dates.day(str(serial)) == dates.day(f"{serial}.0") == dates.day(f"{serial}.75") == day


@pytest.mark.parametrize("year", [1900, 1999, 2000, 2023, 2024, 2100])
def test_the_29th_of_february_is_a_day_only_in_leap_years(year: int) -> None:
    text = f"{year}-02-29"
    if calendar.isleap(year) and 1990 <= year <= 2100:
        assert dates.day(text) == dt.date(year, 2, 29)
    else:
        with pytest.raises(dates.NotADate):
            dates.day(text)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("202403", 3),
        ("2024-3", 3),
        ("2024/03", 3),
        ("2024年3月", 3),
        ("2024_03", 3),
        ("2024.10", 10),
        ("2024.03", 3),
        ("２０２４年１２月", 12),
        ("2024年3月份", 3),
        ("2024-03月", 3),
    ],
)
def test_months_as_people_write_them(text: str, month: int) -> None:
    assert dates.month(text) == dt.date(2024, month, 1)


@pytest.mark.parametrize(
    "text",
    ["2024.1", "2024-13", "2024-00", "3月", "2024", "第三季度", "24-03", "2024-02-30", "1989-12", "2101-01", "03/2024"],
)
def test_a_month_that_cannot_be_known_is_refused(text: str) -> None:
    with pytest.raises(dates.NotADate):
        dates.month(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("００１２", "0012"),
        ('="0012"', "0012"),
        ("'0012", "0012"),
        (" H 1 ", "H 1"),
        ("\u200b12", "12"),
        ("无", None),
        ("1.0", "1.0"),
    ],
)
def test_codes_keep_their_zeros(text: str, code: str | None) -> None:
    assert texts.code(text) == code


@pytest.mark.parametrize("text", ["1.23E+17", "8E22", "1e5"])
def test_a_code_that_excel_made_a_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="damaged"):
        texts.code(text)


packs_or_units = st.lists(
    st.tuples(st.integers(-(10**6), 10**6), st.sampled_from(["盒", "片"]), st.sampled_from([1, 7, 28])),
    min_size=1,
    max_size=10,
)


@few
@given(packs_or_units)
def test_mixed_rows_are_made_minimum_units_exactly_and_packs_alone_stay_packs(rows: list[tuple[int, str, int]]) -> None:
    quantity = pa.array([D(q).scaleb(-2) for q, _, _ in rows], arrow_type("quantity"))
    sizes = np.array([size for _, _, size in rows])
    done = settle(quantity, pa.array([word for _, word, _ in rows]), sizes)
    mixed = any(word == "片" and size > 1 for _, word, size in rows)
    assert done.basis == ("unit" if mixed else "pack") and not done.refused
    wanted = [D(q).scaleb(-2) * (size if mixed and word == "盒" else 1) for q, word, size in rows]
    assert done.array.to_pylist() == wanted


def test_a_whole_number_beyond_the_largest_is_refused_and_does_not_turn_negative() -> None:
    got = clean(pa.array([2**64 - 5, 3], pa.uint64()), AMOUNT, Unit())
    assert got.array.to_pylist() == [None, D("3.00")] and "too large" in got.refused[0]


def test_packs_of_unknown_size_are_refused_only_where_they_must_be_converted() -> None:
    quantity = pa.array([D(2), D(3), None], arrow_type("quantity"))
    made, bad = in_units(quantity, np.array([0, 14, 0]))
    assert made.to_pylist() == [None, D(42), None] and bad.tolist() == [0]
    alone = settle(quantity, pa.array(["盒", "盒", "盒"]), np.array([0, 14, 0]))
    assert alone.basis == "pack" and alone.array.to_pylist() == [D(2), D(3), None]
    beside = settle(quantity, pa.array(["盒", "片", None]), np.array([0, 14, 0]))
    assert beside.basis == "unit" and list(beside.refused) == [0] and beside.refused[0][0] == "unit_conversion"
