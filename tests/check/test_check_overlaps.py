"""Periods and fund rows against a slow look at every pair."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import small_folder
from vbp.check import Checked, check
from vbp.check.small import CODE_LENGTHS

HEAD = ["batch_id", "product_id", "start_date", "selected_price_yuan", "supply_role", "end_date"]
FUND = ["hospital_id", "batch_id", "fund", "fund_ratio", "insured_share"]


def rows_of(done: Checked, rule: str) -> list[int | None]:
    return [problem.row for problem in done.problems if problem.rule == rule]


def awards(*periods: tuple[str, str], role: str = "main") -> list[list[Any]]:
    return [HEAD, *(["N1", "P1", start, "28", role, end] for start, end in periods)]


@pytest.mark.parametrize(
    ("periods", "rows"),
    [
        ([("2023-01-01", "2023-12-31"), ("2024-01-01", "2024-12-31")], []),
        ([("2023-01-01", "2024-01-01"), ("2024-01-01", "2024-12-31")], [3]),
        ([("2024-01-01", "2024-12-31"), ("2023-01-01", "2024-01-01")], [2]),
        ([("2023-01-01", "2024-12-31"), ("2023-02-01", "2023-03-31"), ("2024-06-01", "2025-05-31")], [3, 4]),
        ([("2023-01-01", "2023-06-30"), ("2023-02-01", "2023-12-31"), ("2024-01-01", "2024-12-31")], [3]),
    ],
    ids=["one after another", "one day in both", "the later row starts first", "a short one hides no third", "a chain"],
)
def test_awards_of_one_batch_and_product_may_not_overlap(tmp_path: Path, periods: list[Any], rows: list[int]) -> None:
    done = check(small_folder.write(tmp_path, awards=awards(*periods)))
    assert rows_of(done, "overlapping_awards") == rows


def test_awards_for_elsewhere_may_overlap_those_for_here(tmp_path: Path) -> None:
    both = [*awards(("2023-01-01", "2023-12-31")), *awards(("2023-01-02", "2023-12-31"), role="elsewhere")[1:]]
    assert rows_of(check(small_folder.write(tmp_path, awards=both)), "overlapping_awards") == []


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=2, max_size=6, unique_by=lambda pair: pair[0])
)
def test_an_award_is_named_just_where_an_earlier_start_reaches_into_it(
    tmp_path: Path, spans: list[tuple[int, int]]
) -> None:
    first = date(2023, 1, 1)
    periods = [(first + timedelta(start), first + timedelta(start + length)) for start, length in spans]
    done = check(small_folder.write(tmp_path, awards=awards(*((f"{a}", f"{b}") for a, b in periods))))
    wanted = {
        place + 2 for place, (start, _) in enumerate(periods) if any(other[0] < start <= other[1] for other in periods)
    }
    assert set(rows_of(done, "overlapping_awards")) == wanted


@pytest.mark.parametrize(
    ("shares", "wrong"), [(("0.5", "0.5"), []), (("0.6", "0.4001"), [3]), (("1", "0.01"), [3]), (("0.3", "0.3"), [])]
)
def test_the_insured_shares_of_one_key_sum_to_at_most_one(
    tmp_path: Path, shares: tuple[str, str], wrong: list[int]
) -> None:
    fund = [FUND, ["", "", "职工", "0.8", shares[0]], ["", "", "居民", "0.6", shares[1]]]
    assert rows_of(check(small_folder.write(tmp_path, fund=fund)), "insured_share") == wrong


@pytest.mark.parametrize("order", [1, -1])
def test_a_tie_between_fund_rows_does_not_depend_on_their_order(tmp_path: Path, order: int) -> None:
    rows = [["H001", "", "", "0.7", "0.9"], ["", "N1", "", "0.6", "0.9"], ["", "", "", "0.5", "0.9"]][::order]
    said = [p.message for p in check(small_folder.write(tmp_path, fund=[FUND, *rows])).problems if p.rule == "fund_tie"]
    assert len(said) == 1 and "1 filled keys each" in said[0]


@pytest.mark.parametrize(
    ("category", "code", "rule"),
    [
        ("药品", "X" * 23, None),
        ("药品", "X" * 22, "code_length"),
        ("耗材", "C" + "1" * 26, None),
        ("耗材", "C" + "1" * 20, "code_short"),
        ("耗材", "1" * 20, "code_short"),
        ("耗材", "C" + "1" * 25, "code_length"),
        ("药品", "123456789012345" + "0" * 8, "code_length"),
        ("药品", "", None),
    ],
)
def test_national_codes_by_their_length(tmp_path: Path, category: str, code: str, rule: str | None) -> None:
    assert set(CODE_LENGTHS) == {"drug", "consumable"}
    products = [[*row, ""] for row in small_folder.PRODUCTS]
    products[0][-1], products[1][2], products[1][-1] = "nhsa_code", category, code
    done = check(small_folder.write(tmp_path, products=products))
    assert [p.rule for p in done.problems if p.column == "nhsa_code"] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        ("2024-01-01", "2024-12-31", None),
        ("2023-03-01", "2024-02-29", None),
        ("2024-01-01", "2023-12-31", "period_order"),
        ("2024-01-01", "2024-01-01", "agreement_period"),
        ("2024-01-01", "2025-12-31", "agreement_period"),
        ("2024-01-01", "2024-05-29", None),
        ("2024-01-01", "2024-05-28", "agreement_period"),
    ],
    ids=["a year", "to a leap day", "backwards", "one day", "two years", "150 days", "149 days"],
)
def test_an_agreement_year_is_about_a_year(tmp_path: Path, start: str, end: str, rule: str | None) -> None:
    rows = [
        [
            "batch_id",
            "hospital_id",
            "generic",
            "agreement_year",
            "start_date",
            "end_date",
            "base_quantity_units",
            "agreed_quantity_units",
        ],
        ["N1", "H001", "甲片", 1, start, end, 10, 5],
    ]
    done = check(small_folder.write(tmp_path, agreements=rows))
    assert [p.rule for p in done.problems if p.column == "end_date"] == ([rule] if rule else [])


def test_stock_identity_is_exact_where_floating_point_is_not(tmp_path: Path) -> None:
    head = ["hospital_id", "month", "product_id", "opening_units", "in_units", "out_units", "closing_units"]
    right = [
        head,
        ["H001", "2023-05", "P1", "0.1", "0.2", "0", "0.3"],
        ["H001", "2023-06", "P1", "0.3", "0", "0.1", "0.2"],
    ]
    assert not {"stock_identity", "stock_carry"} & {
        p.rule for p in check(small_folder.write(tmp_path / "a", stock=right)).problems
    }
    wrong = [head, right[1], ["H001", "2023-06", "P1", "0.3001", "0", "0.1", "0.2001"]]
    assert rows_of(check(small_folder.write(tmp_path / "b", stock=wrong)), "stock_carry") == [3]


@pytest.mark.parametrize("names", [("H001",), ("H002",), ("H001", "H002"), ()])
def test_a_county_group_has_just_one_lead(tmp_path: Path, names: tuple[str, ...]) -> None:
    hospitals = [
        [*small_folder.HOSPITALS[0], "county_group", "group_lead"],
        *([*row, "甲县", "是" if row[0] in names else "否"] for row in small_folder.HOSPITALS[1:]),
    ]
    said = [
        p.message for p in check(small_folder.write(tmp_path, hospitals=hospitals)).problems if p.rule == "group_lead"
    ]
    assert len(said) == (len(names) != 1) and all(f"has {len(names)} lead" in text for text in said)
