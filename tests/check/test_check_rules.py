"""Each rule finds what it is for, at the right row, and says nothing on a right folder."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from tests import small_folder
from tests.small_folder import MONTHS, usage_rows
from vbp.check import RULES, Checked, check
from vbp.check.show import rule_zh
from vbp.paths import root

AWARDS: list[list[Any]] = [
    ["batch_id", "product_id", "start_date", "selected_price_yuan", "end_date"],
    ["N1", "P1", "2024-01-01", "28", "2024-12-31"],
]
VARIETIES: list[list[Any]] = [
    ["batch_id", "generic", "unit_name", "level", "category", "cycle"],
    ["N1", "甲片", "片", "国家", "药品", 1],
]
AGREEMENTS: list[list[Any]] = [
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
    ["N1", "H001", "甲片", 1, "2024-01-01", "2024-12-31", 8000, 5000],
]
FUND: list[list[Any]] = [
    ["hospital_id", "batch_id", "generic", "agreement_year", "fund", "fund_ratio", "insured_share"]
]
STOCK: list[list[Any]] = [
    ["hospital_id", "month", "product_id", "opening_units", "in_units", "out_units", "closing_units"]
]


def checked(folder: Path, **tables: Any) -> Checked:
    return check(small_folder.write(folder, tables))


def found(done: Checked, rule: str) -> list[tuple[str, int | None, str | None]]:
    return [(problem.level, problem.row, problem.column) for problem in done.problems if problem.rule == rule]


def spoilt(row: int, column: int, value: object) -> list[list[Any]]:
    rows = usage_rows()
    rows[row][column] = value
    return rows


def test_a_right_folder_passes_every_rule(tmp_path: Path) -> None:
    awards = [AWARDS[0], ["N1", "P1", "2023-01-01", "28", "2024-12-31"]]
    done = checked(tmp_path, awards=awards, varieties=VARIETIES, agreements=AGREEMENTS)
    assert done.ok and done.problems == () and len(RULES) >= 25
    assert done.as_json()["tables"]["usage"] == {"rows": 84}


def test_packs_and_units_mixed_up(tmp_path: Path) -> None:
    rows = usage_rows()
    place = next(place for place, row in enumerate(rows) if row[:3] == ["H001", "2024-01", "P1"])
    rows[place][3] = int(rows[place][3]) * 28
    done = checked(tmp_path, usage=rows, awards=AWARDS, varieties=VARIETIES)
    assert found(done, "pack_unit") == [("error", place + 1, "quantity_packs")]
    assert "minimum units" in next(problem.message for problem in done.problems if problem.rule == "pack_unit")


def test_bought_above_the_selected_price(tmp_path: Path) -> None:
    rows = usage_rows()
    place = next(place for place, row in enumerate(rows) if row[:3] == ["H002", "2024-02", "P1"])
    rows[place][4] = f"{float(rows[place][4]) * 1.2:.2f}"
    assert found(checked(tmp_path, usage=rows, awards=AWARDS, varieties=VARIETIES), "above_selected") == [
        ("warning", place + 1, "amount_yuan")
    ]


def test_purchases_outside_the_award(tmp_path: Path) -> None:
    awards = [AWARDS[0], ["N1", "P1", "2023-03-01", "28", "2023-12-31"]]
    done = checked(tmp_path, awards=awards, varieties=VARIETIES)
    assert [level for level, _, _ in found(done, "before_start") + found(done, "after_end")] == ["warning", "warning"]
    assert "4 rows" in next(problem.message for problem in done.problems if problem.rule == "after_end")


def test_returns_are_netted_and_shown_and_contrary_signs_refused(tmp_path: Path) -> None:
    rows = usage_rows()
    rows[5][3], rows[5][4] = -5, "-140.00"
    rows[8][3] = -1
    done = checked(tmp_path, usage=rows)
    assert found(done, "returns") == [("warning", 6, "quantity_packs")]
    assert found(done, "sign") == [("error", 9, "amount_yuan")]
    assert "2 rows" in next(problem.message for problem in done.problems if problem.rule == "returns")


def test_an_amount_without_quantity(tmp_path: Path) -> None:
    assert found(checked(tmp_path, usage=spoilt(4, 3, 0)), "zero_quantity") == [("warning", 5, "quantity_packs")]


def test_missing_months_of_all_and_of_one_hospital(tmp_path: Path) -> None:
    rows = [row for row in usage_rows() if row[1] != MONTHS[4] and (row[0], row[1]) != ("H002", MONTHS[7])]
    texts = [problem.message for problem in checked(tmp_path, usage=rows).problems if problem.rule == "missing_month"]
    assert texts == ["no row of any hospital in 2023-05", "hospital H002 has no row in 2023-08: a gap is not zero use"]


def test_duplicate_rows_and_repeated_keys(tmp_path: Path) -> None:
    rows = usage_rows()
    rows += [list(rows[1]), [*rows[2][:3], 99, "4158.00"]]
    done = checked(tmp_path, usage=rows)
    assert found(done, "duplicate_row") == [("warning", 86, "product_id")]
    assert (
        found(done, "repeated_key") == [("warning", 86, "product_id")] or found(done, "repeated_key")[0][0] == "warning"
    )


def test_a_price_cut_by_an_award_is_no_outlier(tmp_path: Path) -> None:
    rows = [
        [*row[:4], f"{int(row[3]) * (280 if row[1] < '2024' else 28)}.00"] if row[2] == "P1" else row
        for row in usage_rows()
    ]
    rows[0] = usage_rows()[0]
    assert not found(checked(tmp_path / "award", usage=rows, awards=AWARDS, varieties=VARIETIES), "price_outlier")
    assert found(checked(tmp_path / "none", usage=rows), "price_outlier")


def test_price_outliers_of_rows_and_products(tmp_path: Path) -> None:
    assert found(checked(tmp_path / "row", usage=spoilt(1, 4, "28000.00")), "price_outlier") == [
        ("warning", 2, "amount_yuan")
    ]
    products = [list(row) for row in small_folder.PRODUCTS]
    products[2][5] = 1400
    odd = found(checked(tmp_path / "product", products=products), "price_outlier")
    assert ("warning", 3, "units_per_pack") in odd


@pytest.mark.parametrize(("column", "value", "rule"), [(2, "P9", "unknown_product"), (0, "H9", "unknown_hospital")])
def test_unknown_ids_are_errors_at_their_first_row(tmp_path: Path, column: int, value: str, rule: str) -> None:
    name = ("hospital_id", "month", "product_id")[column]
    assert found(checked(tmp_path, usage=spoilt(6, column, value)), rule) == [("error", 7, name)]


@pytest.mark.parametrize(("column", "value"), [("units_per_pack", -28), ("units_per_pack", 0), ("spec_factor", "-0.5")])
@pytest.mark.filterwarnings("error")
def test_a_pack_size_that_is_none_is_refused_and_disturbs_no_other_rule(
    tmp_path: Path, column: str, value: Any
) -> None:
    products = [[*small_folder.PRODUCTS[0], "spec_factor"], *([*row, 1] for row in small_folder.PRODUCTS[1:])]
    products[1][products[0].index(column)] = value
    errors = [problem for problem in checked(tmp_path, products=products).problems if problem.level == "error"]
    assert [(problem.table, problem.row, problem.column, problem.rule) for problem in errors] == [
        ("products", 2, column, "range")
    ]


def test_lost_leading_zeros_are_named(tmp_path: Path) -> None:
    products = [list(row) for row in small_folder.PRODUCTS]
    products[1][0] = "0012"
    done = checked(
        tmp_path, products=products, usage=[["12" if cell == "P1" else cell for cell in row] for row in usage_rows()]
    )
    assert "0012 differs only in leading zeros" in next(p.message for p in done.problems if p.rule == "unknown_product")


def test_over_reporting(tmp_path: Path) -> None:
    agreements = [AGREEMENTS[0], [*AGREEMENTS[1][:6], 50000, 30000]]
    done = checked(tmp_path, agreements=agreements, varieties=VARIETIES, awards=AWARDS)
    assert found(done, "over_reported") == [("warning", 2, "base_quantity_units")]


def test_stockpiling_before_a_start(tmp_path: Path) -> None:
    rows = [
        [*row[:3], int(row[3]) * 5, float(row[4]) * 5] if row[1] in ("2023-11", "2023-12") else row
        for row in usage_rows()
    ]
    assert found(checked(tmp_path, usage=rows, awards=AWARDS, varieties=VARIETIES), "stockpiling") == [
        ("warning", 2, "start_date")
    ]


def stock_rows() -> list[list[Any]]:
    rows, opening = list(STOCK), 0
    for number, month in enumerate(MONTHS):
        received = (10 + number) * 28
        rows.append(["H001", month, "P1", opening, received, received, opening])
    return rows


def test_stock_that_adds_up_is_right_and_what_does_not_is_named(tmp_path: Path) -> None:
    assert checked(tmp_path / "right", stock=stock_rows()).problems == ()
    rows = stock_rows()
    rows[3][6] = 5
    rows[6][4] = rows[6][5] = 1
    done = checked(tmp_path / "wrong", stock=rows)
    assert found(done, "stock_identity") == [("error", 4, "closing_units")]
    assert found(done, "stock_carry") == [("error", 5, "opening_units")]
    assert found(done, "stock_usage") == [("warning", 7, "in_units")]


def test_months_of_stock_at_a_start(tmp_path: Path) -> None:
    rows = [row if row[1] != "2023-12" else [*row[:3], 0, 588, 0, 588] for row in stock_rows()]
    rows = [row if row[1] != "2023-12" else [*row[:3], 5000, 588, 588, 5000] for row in rows]
    done = checked(tmp_path, stock=rows, awards=AWARDS, varieties=VARIETIES)
    assert found(done, "stock_at_start") == [("warning", 2, "start_date")]


def test_purchased_and_dispensed_mixed(tmp_path: Path) -> None:
    rows = [[*row, "采购" if place % 2 else "使用"] for place, row in enumerate(usage_rows())]
    rows[0][-1] = "basis"
    assert found(checked(tmp_path, usage=rows), "mixed_basis") == [("error", None, "basis")]


def test_fund_ties_are_errors_and_the_fuller_row_wins_without_a_word(tmp_path: Path) -> None:
    tie = [*FUND, ["H001", None, None, None, None, "0.7", "0.9"], [None, "N1", None, None, None, "0.6", "0.9"]]
    done = checked(tmp_path / "tie", fund=tie, agreements=AGREEMENTS, varieties=VARIETIES)
    assert found(done, "fund_tie") == [("error", 3, "fund_ratio")]
    fine = [*FUND, ["H001", None, None, None, None, "0.7", "0.9"], [None, None, None, None, None, "0.6", "0.9"]]
    assert checked(tmp_path / "fine", fund=fine, agreements=AGREEMENTS, varieties=VARIETIES).ok


def test_insured_shares_sum_to_at_most_one(tmp_path: Path) -> None:
    rows = [*FUND, [None, None, None, None, "职工", "0.8", "0.7"], [None, None, None, None, "居民", "0.6", "0.4"]]
    assert found(checked(tmp_path, fund=rows), "insured_share") == [("error", 3, "insured_share")]


def test_two_batches_claiming_one_purchase_are_named(tmp_path: Path) -> None:
    awards = [*AWARDS, ["N2", "P1", "2024-01-01", "27", "2024-12-31"]]
    done = checked(tmp_path, awards=awards, varieties=[*VARIETIES, ["N2", *VARIETIES[1][1:]]])
    assert found(done, "two_batches") == [("error", 3, "batch_id")]
    text = next(problem.message for problem in done.problems if problem.rule == "two_batches")
    assert "N1" in text and "N2" in text
    later = [*AWARDS, ["N2", "P1", "2024-02-01", "27", "2024-12-31"]]
    assert not found(
        checked(tmp_path / "later", awards=later, varieties=[*VARIETIES, ["N2", *VARIETIES[1][1:]]]), "two_batches"
    )


@pytest.mark.parametrize(
    ("tables", "rule", "level"),
    [
        ({"awards": [*AWARDS, ["N1", "P1", "2024-06-01", "28", "2025-12-31"]]}, "overlapping_awards", "error"),
        ({"awards": [AWARDS[0], ["N1", "P1", "2024-01-01", "28", "2023-12-31"]]}, "period_order", "error"),
        (
            {
                "awards": [AWARDS[0], [*AWARDS[1][:3], "99999999", *AWARDS[1][4:]]],
                "products": [
                    [*row, factor]
                    for row, factor in zip(small_folder.PRODUCTS, ("spec_factor", "0.01", "", ""), strict=True)
                ],
            },
            "unit_price_too_high",
            "error",
        ),
        (
            {
                "awards": [AWARDS[0], [*AWARDS[1][:3], "999999999", *AWARDS[1][4:]]],
                "products": [
                    small_folder.PRODUCTS[0],
                    *([*row[:5], 1, *row[6:]] for row in small_folder.PRODUCTS[1:]),
                ],
            },
            "unit_price_too_high",
            "error",
        ),
        ({"awards": [[*AWARDS[0], "price_cap_yuan"], [*AWARDS[1], "20"]]}, "award_price", "warning"),
        ({"awards": [AWARDS[0], ["N7", "P1", "2024-01-01", "28", "2024-12-31"]]}, "unknown_variety", "warning"),
        ({"agreements": [AGREEMENTS[0], [*AGREEMENTS[1][:6], 100, 200]]}, "agreed_above_base", "warning"),
        (
            {"agreements": [AGREEMENTS[0], [*AGREEMENTS[1][:5], "2026-12-31", 8000, 5000]]},
            "agreement_period",
            "warning",
        ),
        (
            {"agreements": [[*AGREEMENTS[0], "product_id"], [*AGREEMENTS[1], None], [*AGREEMENTS[1], "P1"]]},
            "mixed_agreements",
            "error",
        ),
        ({"varieties": [VARIETIES[0], [*VARIETIES[1][:5], 2]]}, "renewal_of", "warning"),
        (
            {
                "hospitals": [
                    [*row, group] for row, group in zip(small_folder.HOSPITALS, ("county_group", "G", "G"), strict=True)
                ]
            },
            "group_lead",
            "warning",
        ),
        (
            {
                "products": [
                    [*row, code]
                    for row, code in zip(small_folder.PRODUCTS, ("nhsa_code", "XA" + "0" * 21, "XA1", ""), strict=True)
                ]
            },
            "code_length",
            "error",
        ),
        (
            {
                "settlements": [
                    ["hospital_id", "supplier", "invoice_id", "invoice_date", "paid_date", "amount_yuan", "direct"],
                    ["H001", "甲公司", "001", "2024-03-01", "2024-02-01", 5, "否"],
                ]
            },
            "paid_before_invoice",
            "warning",
        ),
        (
            {"usage": [[*row, "quantity_units" if not place else 1] for place, row in enumerate(usage_rows())]},
            "packs_units",
            "error",
        ),
    ],
)
def test_rules_on_single_rows(tmp_path: Path, tables: dict[str, Any], rule: str, level: str) -> None:
    done = checked(tmp_path, **{"varieties": VARIETIES, "awards": AWARDS, **tables})
    assert level in {problem.level for problem in done.problems if problem.rule == rule}


def test_rules_run_even_where_reading_found_errors(tmp_path: Path) -> None:
    rows = spoilt(6, 2, "P9")
    rows[9][4] = "abc"
    assert {problem.rule for problem in checked(tmp_path, usage=rows).problems if problem.level == "error"} == {
        "number",
        "unknown_product",
    }


def test_an_unknown_rule_profile_names_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "rules").mkdir(parents=True)
    (tmp_path / "data" / "rules" / "national-2020.yaml").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("VBP_DATA", str(tmp_path / "data"))
    folder = small_folder.write(tmp_path / "in")
    (folder / "city.yaml").write_text(small_folder.CITY.replace("2020", "2021"), encoding="utf-8")
    assert "national-2020" in next(
        problem.message for problem in check(folder).problems if problem.rule == "rule_profile"
    )


def test_the_json_document_is_what_the_contract_says(tmp_path: Path) -> None:
    document = json.loads(json.dumps(checked(tmp_path, usage=spoilt(4, 4, "abc")).as_json()))
    assert document["ok"] is False and document["tables"]["usage"]["rows"] == 84
    assert set(document["issues"][0]) >= {"level", "table", "file", "row", "column", "rule", "value", "message"}
    assert (document["issues"][0]["row"], document["issues"][0]["value"]) == (5, "abc")
    assert {entry["table"] for entry in document["provenance"]} == {"hospitals", "products", "usage"}


@pytest.mark.parametrize(
    ("code", "level"),
    [("C" + "1" * 26, None), ("13" * 10, "warning"), ("1" * 19, "error"), ("1" * 15 + "0" * 5, "error")],
)
def test_consumable_codes_of_older_lists_are_warnings(tmp_path: Path, code: str, level: str | None) -> None:
    products = [[*row, ""] for row in small_folder.PRODUCTS]
    products[0][-1], products[3][2], products[3][-1] = "nhsa_code", "耗材", code
    done = checked(tmp_path, products=products)
    assert [(p.level, p.row) for p in done.problems if p.column == "nhsa_code"] == ([(level, 4)] if level else [])
    assert level != "warning" or "27 characters" in done.problems[-1].message


def test_an_empty_date_column_makes_no_month_a_repeat(tmp_path: Path) -> None:
    rows = usage_rows()
    dated = [[*rows[0], "date"], *([*row, ""] for row in rows[1:])]
    assert found(checked(tmp_path, usage=dated), "repeated_key") == []


def test_every_rule_has_its_name_in_chinese_and_errors_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = spoilt(9, 1, "2024-13")
    rows[3][2], rows[6][4], rows[12][0] = "1.23E+17", "abc", "H9"
    rows[0] = ["医疗机构编码", "月份", "药品编码", "采购数量(盒)", "采购金额(元)"]
    done = checked(tmp_path, usage=rows)
    assert [problem.row for problem in done.problems if problem.level == "error"] == [4, 7, 10, 13]
    assert "row 7, column 采购金额(元) = amount_yuan [abc]" in done.text() and "数值无法识别" in done.text()
    assert not found(done, "missing_month")


def rules_in(path: Path) -> set[str]:
    """The rules that a module names: the second argument of a problem, or the fourth of `listed` and `problem`."""
    at = {"Problem": 1, "Unreadable": 1, "listed": 3, "problem": 3}
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [(call.args, at.get(getattr(call.func, "id", getattr(call.func, "attr", "")), 99)) for call in calls]
    return {
        str(args[place].value) for args, place in named if len(args) > place and isinstance(args[place], ast.Constant)
    }


def test_no_rule_lacks_a_phrase() -> None:
    modules = [path for part in ("tables", "check", "imports") for path in (root() / "lib" / "vbp" / part).glob("*.py")]
    named = set().union(*map(rules_in, modules))
    assert len(named) > 50 and {rule for rule in named if not rule_zh(rule)} == set()
