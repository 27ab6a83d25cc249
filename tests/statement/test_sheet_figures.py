"""The payout printed on a sheet follows from the inputs printed on the same sheet: recomputed in fractions, without Excel."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.statement.test_workbook import NATIONAL, city
from tests.surplus.samples import C1, C2, item
from vbp.rules import load_profile
from vbp.statement import Heading, write_statement
from vbp.statement.cells import cell, sheet_name, text_cell
from vbp.statement.data import area_of, hospital_data
from vbp.statement.layout import ITEM_HEADS, RATE_HEADS, ROW_HEADS
from vbp.surplus import Settlement, settle

Grid = list[tuple[Any, ...]]


def below(grid: Grid, heads: tuple[str, ...]) -> list[dict[str, Any]]:
    """The lines under a row of headings, up to the first empty one, by heading."""
    start = next(n for n, line in enumerate(grid) if line[: len(heads)] == heads)
    lines = []
    for line in grid[start + 1 :]:
        if line[0] is None:
            break
        lines.append(dict(zip(heads, line, strict=False)))
    return lines


def exact(value: Any) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(str(value))


def paid(row: dict[str, Any], items: list[dict[str, Any]], rates: dict[int, Fraction]) -> str | D:
    """One row's payout from what is printed, under national-2020: each item, net first, funds apart, 60 points → a half."""
    nets: dict[Any, Fraction] = defaultdict(Fraction)
    gap = False
    mine = [line for line in items if line["序号"] == row["序号"] and line["是否纳入"] == 1]
    counted = [
        line
        for line in mine
        if line["免考核原因"]
        or line["实际采购量Qa"] is None
        or exact(line["实际采购量Qa"]) >= exact(line["约定采购量Q"])
    ]
    for line in counted:
        if line["集采前均价P0"] is None or line["非中选金额N"] is None:
            gap = True
            continue
        budget = exact(line["约定采购量基数Q0"]) * exact(line["集采前均价P0"])
        spent = exact(line["约定采购量Q"]) * exact(line["中选价P1"]) + exact(line["非中选金额N"])
        nets[line["基金"]] += (budget - spent) * rates[line["费率号"]]
    ratio = Fraction(1, 2) if row["考核得分"] is not None and row["考核得分"] >= 60 else Fraction(0)
    if not counted or not ratio:
        return D("0.00")
    if gap:
        return "未知"
    due = sum((max(net, Fraction(0)) for net in nets.values()), Fraction(0)) * ratio
    return (D(due.numerator) / due.denominator).quantize(D("0.01"), ROUND_HALF_UP)


def printed(folder: Path, settlement: Settlement) -> Workbook:
    return load_workbook(write_statement(settlement, folder / "s.xlsx", Heading("示范市", True, ()))[0])


@pytest.mark.parametrize("seed", [3, 11])
def test_every_payout_follows_from_the_inputs_beside_it(tmp_path: Path, seed: int) -> None:
    book = printed(tmp_path, settle(city(6, seed), NATIONAL))
    seen: list[Any] = []
    for sheet in [sheet for sheet in book.worksheets if re.match(r"\d{3}_", sheet.title)]:
        grid = list(sheet.iter_rows(values_only=True))
        rates = {
            line["费率号"]: exact(line[RATE_HEADS[2]]) * exact(line[RATE_HEADS[3]]) for line in below(grid, RATE_HEADS)
        }
        items = below(grid, ITEM_HEADS)
        for row in below(grid, ROW_HEADS):
            shown = row["系统核算额(元)"]
            wanted = paid(row, items, rates)
            assert shown == wanted if isinstance(wanted, str) else D(str(shown)).quantize(D("0.01")) == wanted
            seen.append(wanted)
    assert len(seen) == 12 and any(isinstance(value, D) and value > 0 for value in seen) and "未知" in seen


def test_each_line_of_the_summary_points_to_the_row_of_its_own_hospital_batch_and_year(tmp_path: Path) -> None:
    rows = pd.concat([city(4), city(4).assign(agreement_year=2)], ignore_index=True)
    settlement = settle(rows, NATIONAL)
    book = printed(tmp_path, settlement)
    lines = list(book["汇总"].iter_rows(min_row=5, max_row=4 + len(settlement.table)))
    assert len(lines) == 16
    for line in lines:
        targets = {re.match(r"='(.+)'!([A-Z]+)(\d+)", str(place.value)).groups()[::2] for place in line[4:10]}  # type: ignore[union-attr]
        assert len(targets) == 1
        title, number = targets.pop()
        assert (line[2].value, line[3].value) == (book[title][f"B{number}"].value, book[title][f"C{number}"].value)
        assert title.endswith(f"示范{line[0].value}医院")
    total = next(book["汇总"].iter_rows(min_row=5 + len(lines), values_only=True))
    assert total[9] == f"=SUM(J5:J{4 + len(lines)})" and D(str(total[10])) == settlement.total_yuan


def test_a_sheet_places_each_unit_rate_and_item_once() -> None:
    settlement = settle(city(3), load_profile("guangxi-2021"))
    data = hospital_data(settlement, "H01")
    items = data.items
    assert (
        items["unit_first"].sum() == items["unit_no"].nunique()
        and items["item_first"].sum()
        == settlement.lines.only((settlement.lines.facts["hospital_id"] == "H01").to_numpy()).item.max() + 1
    )
    pairs = items.groupby("rate_no")[["fund", "fund_ratio", "insured_share", "excluded_share"]].nunique()
    assert (pairs == 1).all().all() and sorted(items["rate_no"].unique()) == list(range(1, len(pairs) + 1))
    area = area_of(data)
    assert area.rates_last < area.first <= area.last < area.sums <= area.sums_last
    assert (area.last - area.first + 1, area.sums_last - area.sums + 1) == (len(items), len(data.rows))


def test_a_city_of_one_item_has_one_sheet_of_one_line(tmp_path: Path) -> None:
    book = printed(tmp_path, settle(pd.DataFrame([C1]), NATIONAL))
    grid = list(book.worksheets[1].iter_rows(values_only=True))
    assert len(below(grid, ITEM_HEADS)) == len(below(grid, ROW_HEADS)) == len(below(grid, RATE_HEADS)) == 1
    assert below(grid, ROW_HEADS)[0]["系统核算额(元)"] == 121590


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@a", "'a", "甲\x07乙", "a" * 40_000])
def test_no_name_becomes_a_formula_or_breaks_a_cell(name: str) -> None:
    sheet = Workbook(write_only=True).create_sheet("x")
    for made in (cell(sheet, name), text_cell(sheet, name)):
        assert made.data_type == "s" and "\x07" not in made.value and len(made.value) <= 32_767
        assert made.quotePrefix == (name[0] in "=+-@")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 999), st.text(st.sampled_from("甲乙a1=[]:*?/\\'\x00\x0b\ud7ff 　-_😀."), max_size=60))
def test_a_sheets_name_is_one_that_excel_takes_and_its_number_keeps_it_apart(number: int, name: str) -> None:
    made = sheet_name(number, name)
    assert 1 <= len(made) <= 31 and not set(made) & set("[]:*?/\\'") and made.startswith(f"{number:03d}")
    assert made.isprintable() or not re.search(r"[\x00-\x1f]", made)
    assert sheet_name(number % 999 + 1, name) != made


def test_two_hospitals_of_one_name_keep_two_sheets(tmp_path: Path) -> None:
    rows = [item(hospital_name="人民医院"), item(C2, hospital_id="H2", hospital_name="人民医院")]
    book = printed(tmp_path, settle(pd.DataFrame(rows), NATIONAL))
    assert book.sheetnames[1:3] == ["001_人民医院", "002_人民医院"]
    assert [line[0].value for line in book["汇总"].iter_rows(min_row=5, max_row=6)] == ["H1", "H2"]
