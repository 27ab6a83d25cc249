"""The statement recalculated by LibreOffice equals the library to the fen, also after its parameters changed."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import load_workbook

from tests.statement.office import needs_office, recalculated
from vbp.rules import load_profile
from vbp.statement import Heading, write_statement
from vbp.statement.layout import ITEM_HEADS, ROW_HEADS
from vbp.surplus import Settlement, settle

NATIONAL = load_profile("national-2020")


def city(hospitals: int = 20, seed: int = 3, gaps: bool = True) -> pd.DataFrame:
    """Items of a small city: incomplete and exempt items, gaps, renewals, two funds, odd names."""
    random = np.random.default_rng(seed)
    rows = []
    for h in range(hospitals):
        for b in range(2):
            score = None if (h, b) == (3, 0) else D(int(random.integers(50, 101)))
            for g in range(5):
                rows += _item(random, f"H{h:02d}", f"B{b}", f"g{g}" if g else "=1+1 阿司匹林", score, gaps and h == 4)
    return pd.DataFrame(rows)


def _item(random: Any, hospital: str, batch: str, generic: str, score: Any, gap: bool) -> list[dict[str, Any]]:
    base = D(int(random.integers(100, 900_000)))
    agreed = (base * 7).scaleb(-1)
    before = D(int(random.integers(2_000, 600_000))).scaleb(-4)
    spent = D(int(random.integers(0, 90_000_000))).scaleb(-2)
    line = {
        "hospital_id": hospital,
        "batch_id": batch,
        "agreement_year": 1,
        "generic": generic,
        "fund": "",
        "base_quantity_units": base,
        "pre_price_yuan": None if gap and generic == "g1" else before,
        "agreed_quantity_units": agreed,
        "selected_price_yuan": before / 8,
        "actual_quantity_units": agreed * int(random.choice([80, 100, 100, 130])) / 100,
        "nonselected_amount_yuan": None if gap and generic == "g2" else spent,
        "nonselected_evaluated_yuan": spent / 4,
        "nonselected_cheaper_yuan": spent / 2,
        "fund_ratio": D("0.7931"),
        "insured_share": D("0.6375"),
        "excluded_share": D("0.05"),
        "score": score,
        "exempt_reason": "短缺" if random.random() < 0.1 else None,
        "cycle": 2 if random.random() < 0.1 else 1,
        "hospital_name": f"示范{hospital}医院",
        "last_year_quantity_units": base - 7,
    }
    if random.random() < 0.7:
        return [line]
    return [
        {**line, "fund": "employee", "insured_share": D("0.3")},
        {**line, "fund": "resident", "insured_share": D("0.55"), "fund_ratio": D("0.6")},
    ]


def fen(value: D) -> D:
    return value.quantize(D("0.01"), ROUND_HALF_UP)


def assert_same(cell: Any, value: D | None, missing: str = "缺") -> None:
    """A recalculated amount equals the library's, to the fen; unknown ones say so."""
    if value is None:
        assert cell == missing or (missing == "" and isinstance(cell, str)), cell
    else:
        assert abs(D(repr(float(cell))) - value) < D("0.005"), (cell, value)


def assert_book_equals(book: Any, settlement: Settlement) -> int:
    """Compare every amount of every sheet with the library; return how many were compared."""
    compared = 0
    for hospital, rows in settlement.table.groupby("hospital_id", sort=False):
        sheet = next(sheet for sheet in book.worksheets if sheet.title.endswith(f"示范{hospital}医院"))
        grid = list(sheet.iter_rows(values_only=True))
        items = settlement.items_of(hospital_id=hospital).to_dict("records")
        first = next(n for n, line in enumerate(grid) if line[:3] == ITEM_HEADS[:3] and line[6] == ITEM_HEADS[6]) + 1
        for line, item in zip(grid[first : first + len(items)], items, strict=True):
            assert line[3] == item["generic"]
            assert line[24] == int(item["counted"])
            assert_same(line[25], item["budget_yuan"])
            assert_same(line[26], item["expenditure_yuan"])
            compared += 2
        first = next(n for n, line in enumerate(grid) if line[3] == ROW_HEADS[3] and line[12] == ROW_HEADS[12]) + 1
        for line, row in zip(grid[first : first + len(rows)], rows.to_dict("records"), strict=True):
            for place, name in ((6, "budget_yuan"), (7, "expenditure_yuan"), (8, "net_yuan"), (9, "base_yuan")):
                assert_same(line[place], row[name])
            assert_same(line[12], row["retained_yuan"], "")
            compared += 5
    summary = list(book["汇总"].iter_rows(min_row=5, values_only=True))
    assert_same(summary[-1][9], settlement.total_yuan)
    return compared


@needs_office
def test_a_recalculated_workbook_of_20_hospitals_equals_the_library_also_after_changes(tmp_path: Path) -> None:
    settlement = settle(city(), NATIONAL)
    path = write_statement(settlement, tmp_path / "s.xlsx", Heading("示范市", True))[0]
    changed, expected = changes(path, tmp_path / "changed.xlsx")
    book, altered = recalculated([path, changed], tmp_path / "out")
    assert assert_book_equals(book, settlement) > 400
    assert {row[11] for row in book["汇总"].iter_rows(min_row=5, values_only=True)} == {"一致"}
    assert assert_book_equals(altered, expected) > 400
    assert expected.total_yuan != settlement.total_yuan
    assert "不一致" in {row[11] for row in altered["汇总"].iter_rows(min_row=5, values_only=True)}


def changes(path: Path, out: Path) -> tuple[Path, Settlement]:
    """Change k, the threshold, a score, a rate and a price in the sheet, and the same in the library."""
    book = load_workbook(path)
    book["参数"]["B9"], book["参数"]["B5"] = 0.4, 0.75
    sheet = next(sheet for sheet in book.worksheets if sheet.title.endswith("示范H00医院"))
    column = [cell.value for cell in sheet["A"]]
    rates, first = column.index("费率号") + 2, column.index("一、品种明细") + 3
    sums = next(n for n, value in enumerate(column) if str(value).startswith("二、")) + 3
    sheet[f"C{rates}"], sheet[f"J{first}"], sheet[f"D{sums}"] = 0.5, 99.5, 59
    frame, mine = city(), (city()["hospital_id"] == "H00")
    rate = (sheet[f"D{rates}"].value, sheet[f"B{rates}"].value or "")
    hit = mine & (frame["insured_share"].map(float) == rate[0]) & (frame["fund"] == rate[1])
    assert hit.any()
    frame.loc[hit, "fund_ratio"] = D("0.5")
    item = mine & (frame["batch_id"] == "B0") & (frame["generic"] == sheet[f"D{first}"].value)
    fund = sheet[f"F{first}"].value or ""
    frame.loc[item & (frame["fund"] == fund), "pre_price_yuan"] = D("99.5")
    frame.loc[mine & (frame["batch_id"] == "B0"), "score"] = D(59)
    book.save(out)
    profile = NATIONAL.with_bands([(0, 60, 0), (60, 100, "0.4")]).with_switches(completion_threshold="0.75")
    return out, settle(frame, profile)


VARIANTS = {
    "floor_each_item": {"flooring": "each_item"},
    "generic": {"unit": "generic", "flooring": "net_first"},
    "hospital": {"unit": "hospital"},
    "all_items": {"eligibility": "all_items"},
    "batch_total": {"eligibility": "batch_total"},
    "evaluated": {"non_selected": "leave_out_evaluated"},
    "together": {"funds": "together"},
    "drg": {"payment_reform_exclusion": True},
    "last_year": {"base_volume": "last_year_actual"},
    "simple": {"non_selected": "none"},
    "rest": {"missing_inputs": "settle_rest"},
    "down": {"rounding": "down"},
    "even": {"rounding": "half_even"},
    "spec": {"unit": "spec", "flooring": "each_item"},
    "pooled": {"completion_by": "county_group"},
    "left_out": {"county_groups": "left_out"},
}


@needs_office
def test_every_switch_recalculates_to_the_librarys_figures(tmp_path: Path) -> None:
    frame = city(3, seed=9)
    frame = frame.assign(
        county_group=frame["hospital_id"].map({"H00": "G", "H01": "G"}),
        end_date=frame["batch_id"].map({"B0": date(2023, 12, 31), "B1": date(2024, 12, 31)}),
    )
    made = {name: settle(frame, NATIONAL.with_switches(**switches)) for name, switches in VARIANTS.items()}
    made["open"] = settle(frame, NATIONAL, date(2024, 6, 30))
    unknown = NATIONAL.model_copy(update={"assessment": NATIONAL.assessment.model_copy(update={"no_score": "unknown"})})
    made["no_score"] = settle(frame.assign(score=[None if b == "B0" else 80 for b in frame["batch_id"]]), unknown)
    assert {None} < set(made["open"].table["retained_yuan"]) and None in set(made["no_score"].table["retained_yuan"])
    paths = [write_statement(settlement, tmp_path / "in" / f"{name}.xlsx")[0] for name, settlement in made.items()]
    for book, (name, settlement) in zip(recalculated(paths, tmp_path / "out"), made.items(), strict=True):
        assert assert_book_equals(book, settlement) > 20, name
        assert {row[11] for row in book["汇总"].iter_rows(min_row=5, values_only=True)} == {"一致"}, name
