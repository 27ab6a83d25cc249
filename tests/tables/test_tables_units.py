"""A unit beside each quantity: packs and minimum units made one, exactly; what cannot be told is refused with its row."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import small_folder
from tests.small_folder import usage_rows
from vbp.errors import InputError
from vbp.tables import load, read_inputs
from vbp.tables.kinds import arrow_type
from vbp.tables.rowunits import settle

SIZES = {"P1": 28, "P2": 14, "P3": 1}
HEADER = ["医疗机构编码", "月份", "药品编码", "采购数量", "采购金额(元)", "单位"]


def with_units(choose: Any, header: list[str] | None = None) -> list[list[Any]]:
    """The right usage, each row's quantity written in the unit that `choose(place, product)` names."""
    rows: list[list[Any]] = [header or HEADER]
    for place, row in enumerate(usage_rows()[1:]):
        unit = choose(place, row[2])
        rows.append([*row[:3], int(row[3]) * (SIZES[row[2]] if unit in ("片", "支", "袋", "瓶") else 1), row[4], unit])
    return rows


def units_of(usage: pa.Table) -> list[Decimal]:
    products = usage["product_id"].to_pylist()
    if "quantity_units" in usage.column_names:
        return usage["quantity_units"].to_pylist()
    return [
        packs * SIZES[product] for packs, product in zip(usage["quantity_packs"].to_pylist(), products, strict=True)
    ]


RIGHT = [Decimal(int(row[3]) * SIZES[row[2]]) for row in usage_rows()[1:]]


@pytest.mark.parametrize(
    ("choose", "column", "said"),
    [
        (lambda place, product: "盒", "quantity_packs", []),
        (lambda place, product: "片", "quantity_units", []),
        (lambda place, product: "支" if product == "P3" else "盒", "quantity_packs", []),
        (lambda place, product: ("盒", "片")[place % 2], "quantity_units", ["units_mixed"]),
        (lambda place, product: ("盒", "袋")[place % 2], "quantity_units", ["units_mixed", "unit_assumed"]),
    ],
)
def test_each_row_is_read_in_its_own_unit(tmp_path: Path, choose: Any, column: str, said: list[str]) -> None:
    inputs = read_inputs(small_folder.write(tmp_path, usage=with_units(choose)))
    assert column in inputs["usage"].column_names and "quantity_unit" not in inputs["usage"].column_names
    assert units_of(inputs["usage"]) == RIGHT
    assert [problem.rule for problem in inputs.problems] == said


def test_usage_read_alone_still_knows_the_pack_sizes(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path, usage=with_units(lambda place, product: ("盒", "片")[place % 2]))
    assert units_of(read_inputs(folder, only=["usage"])["usage"]) == RIGHT


def test_unit_name_of_the_variety_settles_what_a_bottle_is(tmp_path: Path) -> None:
    rows = with_units(lambda place, product: "瓶")
    varieties = [
        ["batch_id", "generic", "unit_name", "level", "category", "cycle"],
        ["N1", "甲片", "瓶", "国家", "药品", 1],
        ["N1", "乙注射液", "支", "国家", "药品", 1],
    ]
    known = read_inputs(small_folder.write(tmp_path / "known", usage=rows, varieties=varieties))
    assert units_of(known["usage"]) == RIGHT and known.problems == ()
    unknown = read_inputs(small_folder.write(tmp_path / "unknown", usage=rows))
    assert [problem.rule for problem in unknown.problems] == ["unit_assumed"]
    assert unknown["usage"]["quantity_packs"][0].as_py() == RIGHT[0]


@pytest.mark.parametrize(
    ("unit", "rule", "word"),
    [
        ("箱", "unknown_row_unit", "how many packs"),
        ("第一医院", "unknown_row_unit", "take the column out"),
        (None, "unit_missing", "write 盒"),
        ("盒/片", "unknown_row_unit", "known: 盒"),
    ],
)
def test_a_unit_that_cannot_be_told_is_an_error_with_row_and_value(
    tmp_path: Path, unit: str | None, rule: str, word: str
) -> None:
    rows = with_units(lambda place, product: unit if place == 4 else "盒")
    with pytest.raises(InputError) as caught:
        read_inputs(small_folder.write(tmp_path, usage=rows))
    [problem] = caught.value.problems
    assert (problem.rule, problem.row, problem.column, problem.value) == (rule, 6, "quantity_unit", unit)
    assert word in problem.message


def test_a_row_that_contradicts_the_header_is_refused(tmp_path: Path) -> None:
    rows = with_units(lambda place, product: "片" if place == 3 else "盒", [*HEADER[:3], "采购数量(盒)", *HEADER[4:]])
    [problem] = load(small_folder.write(tmp_path, usage=rows)).errors
    assert (problem.rule, problem.row, problem.value) == ("unit_contrary", 5, "片")


def test_an_empty_unit_column_says_what_was_assumed(tmp_path: Path) -> None:
    loaded = load(small_folder.write(tmp_path, usage=with_units(lambda place, product: None)))
    assert [problem.rule for problem in loaded.problems] == ["unit_assumed"] and units_of(
        loaded.inputs["usage"]
    ) == RIGHT


def test_years_in_packs_and_in_units_become_one(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "usage.csv").unlink()
    packs = [row for row in usage_rows() if row[1] < "2024" or row[1] == "month"]
    units = [[*row[:3], int(row[3]) * SIZES[row[2]], row[4]] for row in usage_rows()[1:] if row[1] >= "2024"]
    (folder / "usage-2023.csv").write_text(small_folder.text(packs), encoding="utf-8")
    head = ["hospital_id", "month", "product_id", "quantity_units", "amount_yuan"]
    (folder / "usage-2024.csv").write_text(small_folder.text([head, *units]), encoding="utf-8")
    inputs = read_inputs(folder)
    assert inputs["usage"]["quantity_units"].null_count == 0 and "quantity_packs" not in inputs["usage"].column_names
    assert sorted(units_of(inputs["usage"])) == sorted(RIGHT)
    assert [problem.rule for problem in inputs.problems] == ["units_mixed"]


def test_packs_of_an_unknown_product_beside_units_are_an_error(tmp_path: Path) -> None:
    rows = with_units(lambda place, product: ("盒", "片")[place % 2])
    rows[1][2] = "P9"
    errors = load(small_folder.write(tmp_path, usage=rows)).errors
    assert [(problem.rule, problem.row) for problem in errors] == [("unit_conversion", 2)]


def test_many_refused_cells_are_not_named_again_as_missing(tmp_path: Path) -> None:
    rows = usage_rows()
    for row in rows[1:41]:
        row[4] = "abc"
    assert {problem.rule for problem in load(small_folder.write(tmp_path, usage=rows)).errors} == {"number"}


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**6), 10**6), st.sampled_from(["盒", "片", "万片", "瓶"]), st.sampled_from([1, 7, 28])
        ),
        min_size=1,
        max_size=30,
    )
)
def test_settling_agrees_with_a_plain_loop(rows: list[tuple[int, str, int]]) -> None:
    quantity = pa.array([Decimal(count) for count, _, _ in rows], arrow_type("quantity"))
    done = settle(quantity, pa.array([unit for _, unit, _ in rows]), np.array([size for _, _, size in rows]))
    times = {"万片": 10_000}
    expected = [count * times.get(unit, 1) * (size if unit in ("盒", "瓶") else 1) for count, unit, size in rows]
    shown = [
        value * (size if done.basis == "pack" else 1)
        for value, (_, _, size) in zip(done.array.to_pylist(), rows, strict=True)
    ]
    assert not done.refused and shown == expected
