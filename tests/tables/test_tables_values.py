"""Cells as people write them: numbers, dates, codes, words, units."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.schema import TABLES
from vbp.tables import dates, numbers, texts, units
from vbp.tables.arrays import decimals, int64_view, map_distinct
from vbp.tables.headers import named, split
from vbp.tables.units import Unit

AMOUNT = TABLES["usage"].column("amount_yuan")
PACKS = TABLES["usage"].column("quantity_packs")
UNITS = TABLES["usage"].column("quantity_units")
RATIO = TABLES["fund"].column("fund_ratio")
COUNT = TABLES["products"].column("units_per_pack")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("１２３４．５６", "1234.56"),
        (" 12 ", "12"),
        ("(5.00)", "-5"),
        ("−3", "-3"),
        ("¥12.5", "12.5"),
        ("￥1,000", "1000"),
        ("12.5元", "12.5"),
        ("3万元", "30000"),
        ("1.2万", "12000"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("+7", "7"),
        ("0.1亿元", "10000000"),
    ],
)
def test_amounts_are_read_exactly(written: str, value: str) -> None:
    assert numbers.parse(written, AMOUNT, Unit()) == Decimal(value)


@pytest.mark.parametrize(
    "written", ["abc", "1,23", "12,34.5", "1.2.3", "--5", "1 2", "0x10", "十", "5盒", "1O", "１０Ｏ", "=1+1", "1%"]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(numbers.NotANumber):
        numbers.parse(written, AMOUNT, Unit())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("第1年", 1),
        ("第二年", 2),
        ("第３年度", 3),
        ("首年", 1),
        ("首轮", 1),
        ("第2轮", 2),
        ("2", 2),
        ("第十期", 10),
    ],
)
def test_a_year_or_round_may_be_written_as_people_count_them(written: str, value: int) -> None:
    for column in (TABLES["agreements"].column("agreement_year"), TABLES["varieties"].column("cycle")):
        done = numbers.clean(pa.array([written, "x"]), column, Unit())
        assert done.array[0].as_py() == value
        assert done.refused == {1: "no number: write a whole number, as 3"}


@pytest.mark.parametrize("written", ["第1年", "首轮"])
def test_a_pack_size_is_no_ordinal(written: str) -> None:
    assert numbers.clean(pa.array([written]), COUNT, Unit()).refused


@pytest.mark.parametrize("written", ["", "-", "—", "NULL", "无", "N/A", "/"])
def test_what_people_write_for_nothing_is_nothing(written: str) -> None:
    assert numbers.parse(written, AMOUNT, Unit()) is None


def test_ten_thousands_become_yuan_exactly() -> None:
    done = numbers.clean(pa.array(["0.00001", "12.345678", "1"]), AMOUNT, Unit(Decimal(10000)))
    assert done.array.to_pylist() == [Decimal("0.10"), Decimal("123456.78"), Decimal("10000.00")]
    assert not len(done.rounded)


def test_rounding_is_half_up_and_said() -> None:
    done = numbers.clean(pa.array(["0.125", "0.12", "-0.125", "2.675"]), AMOUNT, Unit())
    assert done.array.to_pylist() == [Decimal("0.13"), Decimal("0.12"), Decimal("-0.13"), Decimal("2.68")]
    assert done.rounded.tolist() == [0, 2, 3]


def test_a_cell_that_contradicts_its_column_is_refused() -> None:
    assert numbers.parse("50盒", PACKS, Unit()) == 50
    for text, column, unit in [("50片", PACKS, Unit()), ("50盒", UNITS, Unit()), ("3元", AMOUNT, Unit(Decimal(10000)))]:
        with pytest.raises(numbers.NotANumber):
            numbers.parse(text, column, unit)


def test_shares_may_be_per_cent_and_counts_must_be_whole() -> None:
    assert numbers.parse("70%", RATIO, Unit()) == Decimal("0.70")
    done = numbers.clean(pa.array(["28", "28.0", "28.5"]), COUNT, Unit())
    assert done.array.to_pylist() == [28, 28, None]
    assert list(done.refused) == [2]


def test_a_number_that_ends_at_its_point_is_refused_as_cut() -> None:
    """A file cut inside its last amount left `2200.`, which read as a whole number without a word."""
    for text in ("2200.", "-5.", "1,200."):
        with pytest.raises(numbers.NotANumber):
            numbers.parse(text, AMOUNT, Unit())


def test_a_number_too_large_to_be_true_is_refused() -> None:
    texts = ["9" * 30, "1e300", "9999999999999999.99", "10000000000.00", "9999999999.99", "-9999999999.99"]
    done = numbers.clean(pa.array(texts), AMOUNT, Unit())
    assert set(done.refused) == {0, 1, 2, 3}
    assert done.array.to_pylist()[4:] == [Decimal("9999999999.99"), Decimal("-9999999999.99")]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.decimals(-(10**5), 10**5, places=2), st.none()), min_size=1, max_size=20),
    st.sampled_from([1, 10000]),
)
def test_fast_and_careful_ways_agree(values: list[Decimal | None], factor: int) -> None:
    written = [None if value is None else f"{value:f}" for value in values]
    shown = [None if value is None else f"{value:,f}" for value in values]
    unit = Unit(Decimal(factor))
    fast, careful = (
        numbers.clean(pa.array(written, pa.string()), AMOUNT, unit),
        numbers.clean(pa.array(shown, pa.string()), AMOUNT, unit),
    )
    expected = [None if value is None else value * factor for value in values]
    assert fast.array.to_pylist() == careful.array.to_pylist() == expected
    assert not fast.refused and not careful.refused


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=30))
def test_decimals_and_int64_are_two_views_of_one_thing(values: list[int]) -> None:
    array = decimals(np.array(values, np.int64), pa.decimal128(18, 2))
    assert array.to_pylist() == [Decimal(value).scaleb(-2) for value in values]
    assert int64_view(array).tolist() == values


def test_map_distinct_keeps_one_code_per_text() -> None:
    made, bad = map_distinct(
        pa.array(["１", "1", None, "x"]),
        lambda text: int(texts.half_width(text)) and texts.half_width(text),
        pa.string(),
    )
    assert made.to_pylist() == ["1", "1", None, None]
    assert bad.tolist() == [3]
    assert made.dictionary.to_pylist().count("1") == 1


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("2024-03", 3),
        ("202403", 3),
        ("2024年3月", 3),
        ("2024/3", 3),
        ("2024.03", 3),
        ("2024.10", 10),
        ("2024_09", 9),
        ("2024-03-31", 3),
        ("2024/3/1 0:00:00", 3),
        ("20240315", 3),
        ("45352", 3),
        ("２０２４年０３月", 3),
        ("2024-03-01T00:00:00", 3),
        ("202403.0", 3),
    ],
)
def test_months_in_every_form(written: str, month: int) -> None:
    assert dates.month(written) == dt.date(2024, month, 1)


@pytest.mark.parametrize(
    "written", ["2024.1", "2024-13", "3/1/24", "24-03", "2024Q1", "03/2024", "March", "99999", "2024-02-30", "1899-01"]
)
def test_months_that_can_be_read_two_ways_or_none_are_refused(written: str) -> None:
    with pytest.raises(dates.NotADate):
        dates.month(written)


def test_days_need_a_day() -> None:
    assert dates.day("2024年3月5日") == dates.day("45356") == dates.day("2024/3/5 08:30") == dt.date(2024, 3, 5)
    assert dates.day("-") is None
    with pytest.raises(dates.NotADate, match="day is needed"):
        dates.day("2024-03")


@given(st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)))
def test_every_day_survives_every_form(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    forms = [day.isoformat(), f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日", str(serial)]
    assert {dates.day(form) for form in forms} == {day}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("00123", "00123"),
        ('="00123"', "00123"),
        ("'00123", "00123"),
        ("XA１２\t", "XA12"),
        ("\ufeffH1", "H1"),
        ("-", None),
    ],
)
def test_codes_stay_text(written: str, code: str | None) -> None:
    assert texts.code(written) == code


@pytest.mark.parametrize("written", ["1.23E+17", "1.23456789012346e+22", "8E+15"])
def test_codes_that_excel_has_damaged_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="damaged"):
        texts.code(written)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
def test_names_pass_through(name: str) -> None:
    kept = texts.name("x" + name + "y")
    assert kept == "x" + name + "y"


def test_words_are_found_in_both_languages() -> None:
    category = TABLES["products"].column("category").words
    assert category is not None
    assert [texts.word(text, category) for text in ("药品", "Drug", " 高值医用耗材 ", "检验试剂")] == [
        "drug",
        "drug",
        "consumable",
        "reagent",
    ]
    with pytest.raises(ValueError, match="unknown"):
        texts.word("设备", category)
    assert [texts.flag(text) for text in ("是", "否", "Y", "0", "TRUE", "")] == [True, False, True, False, True, None]


@pytest.mark.parametrize(
    ("header", "column", "factor"),
    [
        ("采购金额(万元)", "amount_yuan", 10000),
        ("采购金额（万元）", "amount_yuan", 10000),
        ("金额[元]", "amount_yuan", 1),
        ("采购金额/万元", "amount_yuan", 10000),
        ("采购数量(盒)", "quantity_packs", 1),
        ("采购数量（片/支/粒）", "quantity_units", 1),
        ("采购数量(万片)", "quantity_units", 10000),
        ("采购量(最小单位)", "quantity_units", 1),
        ("Amount Yuan", "amount_yuan", 1),
        ("*医疗机构编码", "hospital_id", 1),
        ("采购\n月份", "month", 1),
    ],
)
def test_a_headers_own_unit_is_honoured(header: str, column: str, factor: int) -> None:
    hit = named(header, TABLES["usage"])
    assert hit is not None
    assert (hit[0].name, hit[1].factor, hit[2]) == (column, factor, None)


def test_headers_of_unknown_or_unsure_unit_are_remarked() -> None:
    usage = TABLES["usage"]
    assert [named(header, usage)[2] for header in ("采购金额(美元)", "采购数量", "采购数量(瓶)", "采购数量(箱)")] == [
        "unknown",
        "assumed",
        "unsure",
        "unknown",
    ]
    assert named("随便什么", usage) is None
    assert split("采购金额（万元）") == ("采购金额", "万元")
    assert units.priced("元/片、支") == Unit(Decimal(1), "unit")


def test_a_decimal_that_ran_over_its_type_in_arrow_is_refused() -> None:
    """Arrow's csv reader takes `1.23E+17` into decimal128(18, 4) without a word; its low word read as −5.9e14."""
    column = pa.array([Decimal("10"), Decimal("123000000000000000")], pa.decimal128(38, 4))
    over = pa.Array.from_buffers(pa.decimal128(18, 4), 2, column.buffers())
    done = numbers.clean(over, PACKS, Unit())
    assert list(done.refused) == [1]
    assert done.array.to_pylist() == [Decimal(10), None]
