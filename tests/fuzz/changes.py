"""Changes of meaning: the truth is computed from what is changed, or a refusal names the place."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from tests.fuzz import writing
from tests.fuzz.case import Case, put, put_rows
from tests.fuzz.content import MONTHS, PROFILES

D = Decimal


def amounts(case: Case) -> None:
    """Some amounts or quantities become other numbers: negative, nothing, tiny, huge."""
    sheet = case.sheet("usage")
    column = case.rng.choice(["amount_yuan", "quantity_packs"])
    for _ in range(case.rng.choice([1, 1, 3, 40])):
        place = case.rng.randrange(len(sheet.rows))
        value = sheet.rows[place][column]
        new = case.rng.choice(
            [
                -value,
                D(0),
                value * 10,
                value * 10000,
                D("0.01"),
                D("0.0001") if column == "quantity_packs" else D("0.01"),
                D("12345.67"),
            ]
        )
        put(case, "usage", place, column, new)
    case.harden("either")


def huge(case: Case) -> None:
    """Amounts near and beyond what can be kept."""
    sheet = case.sheet("usage")
    column = case.rng.choice(["amount_yuan", "quantity_packs"])
    digits = case.rng.choice([9, 11, 12, 13, 14, 15, 16, 18])
    for _ in range(case.rng.choice([1, 20, 200])):
        place = case.rng.randrange(len(sheet.rows))
        put(case, "usage", place, column, D(10**digits - 1 - place))
    case.harden("either")


def small_tables(case: Case) -> None:
    """A number of a small table becomes another."""
    table, column, values = case.rng.choice(
        [
            ("agreements", "agreed_quantity_units", [D(0), D("0.0001"), D("1234.5678"), D(10**9), D(10**13)]),
            ("agreements", "base_quantity_units", [D(0), D("33.3333"), D("1234.5678"), D(10**9), D(10**13)]),
            ("awards", "selected_price_yuan", [D("0.000001"), D("0.1"), D("99999.999999"), D(10**7)]),
            ("varieties", "pre_price_yuan_per_unit", [D("0.000001"), D("3.333333"), D(10**7), None]),
            ("products", "units_per_pack", [1, 3, 100000]),
            ("products", "spec_factor", [D("0.33333333"), D("0.00000001"), D(10000), None]),
            ("fund", "fund_ratio", [D(0), D(1), D("0.33333333")]),
            ("fund", "insured_share", [D(0), D("0.12345678")]),
            ("fund", "excluded_share", [D(0), D(1), D("0.05")]),
            ("assessments", "score", [D(0), D("59.9999"), D(60), D(100), D("79.9999"), D(80)]),
        ]
    )
    if table in case.content.tables:
        for _ in range(case.rng.choice([1, 1, 4])):
            place = case.rng.randrange(len(case.sheet(table).rows))
            put(case, table, place, column, case.rng.choice(values))
        case.harden("either")


def text_changes(case: Case) -> None:
    """A word, a role, a flag, a group or a cycle becomes another."""
    table, column, values = case.rng.choice(
        [
            ("awards", "supply_role", ["main", "backup1", "backup2", "elsewhere"]),
            ("hospitals", "county_group", [None, "G1", "G2"]),
            ("products", "originator", [True, False]),
            ("products", "consistency_evaluated", [True, False, None]),
            ("products", "substitute_group", [None, "S1", "S2"]),
            ("products", "exempt_reason", [None, "短缺"]),
            ("products", "generic", ["甲片", "乙注射液", "丙胶囊"]),
            ("varieties", "cycle", [1, 2, 3]),
            ("varieties", "category", ["drug", "consumable", "reagent"]),
            ("usage", "product_id", ["P1", "P2", "P3", "P4"]),
            ("usage", "hospital_id", ["H001", "H002", "H005"]),
            ("usage", "month", MONTHS),
        ]
    )
    place = case.rng.randrange(len(case.sheet(table).rows))
    if table == "usage" and column == "month" and case.content.dated:
        return
    put(case, table, place, column, case.rng.choice(values))
    case.harden("either")


def dates(case: Case) -> None:
    """Awards or agreements start or end on other days."""
    table = case.rng.choice(["awards", "agreements"])
    shift = dt.timedelta(days=case.rng.choice([-40, -15, -1, 1, 14, 15, 16, 30, 200]))
    column = case.rng.choice(["start_date", "end_date"])
    whole = case.rng.random() < 0.5
    places = range(len(case.sheet(table).rows)) if whole else [case.rng.randrange(len(case.sheet(table).rows))]
    for place in places:
        put(case, table, place, column, case.sheet(table).rows[place][column] + shift)
    case.harden("either")


def rows_gone(case: Case) -> None:
    """Rows are missing: an equally valid, smaller folder, or one that lacks what it refers to."""
    table = case.rng.choice([name for name in case.folder.sheets if name not in ("fund",)])
    sheet = case.sheet(table)
    gone = set(case.rng.sample(range(len(sheet.rows)), min(case.rng.choice([1, 1, 3]), len(sheet.rows) - 1)))
    gone -= {
        place for name, place, _ in case.at if name == table and place is not None
    }  # what a step before has spoilt
    if not gone or sheet.replaced or sheet.more:
        return
    put_rows(case, table, [row for place, row in enumerate(sheet.rows) if place not in gone])
    case.harden("either")


def rows_twice(case: Case) -> None:
    """A row stands twice: counted twice with a warning where that may be right, refused where it cannot."""
    table = case.rng.choice(list(case.folder.sheets))
    sheet = case.sheet(table)
    if sheet.replaced or sheet.more:
        return
    place = case.rng.randrange(len(sheet.rows))
    again = case.rng.choice([place + 1, len(sheet.rows)])
    put_rows(case, table, [*sheet.rows[:again], dict(sheet.rows[place]), *sheet.rows[again:]])
    if table == "usage":
        case.at += [("usage", again, None), ("usage", place, None)]  # shuffled, either may come second
        case.harden("either")
        case.steps.append("(must warn)")
    else:
        case.harden("error")
        case.at = [(table, again, None), (table, place, None)]


def profile(case: Case) -> None:
    case.content.city["rule_profile"] = case.rng.choice(PROFILES)
    case.folder.city = writing.city_text(case.content.city).encode()


def table_gone(case: Case) -> None:
    table = case.rng.choice(
        ["assessments", "settlements", "agreements", "fund", "usage", "products", "hospitals", "varieties", "awards"]
    )
    refused = case.expect == "error" and any(name == table for name, _, _ in case.at)
    if table in case.content.tables and not refused:
        del case.content.tables[table], case.folder.sheets[table]
        case.harden("error" if table in ("usage", "products", "hospitals") else "either")
        case.at.append((table, None, None))


def funds(case: Case) -> None:
    """Another fund row: one that wins, one that ties, one that matches nothing."""
    sheet = case.sheet("fund") if "fund" in case.folder.sheets else None
    if sheet is None or sheet.replaced or sheet.more:
        return
    keys = case.rng.choice(
        [
            {"hospital_id": "H002"},
            {"batch_id": "B1"},
            {"generic": "甲片"},
            {"agreement_year": 1},
            {"hospital_id": "H003", "batch_id": "B2"},
            {"fund": "employee"},
            {},
        ]
    )
    row = {**dict.fromkeys(sheet.rows[0]), **keys, "fund_ratio": D("0.5"), "insured_share": D("0.3")}
    put_rows(case, "fund", [*sheet.rows, row])
    sheet.columns = [*dict.fromkeys([*keys, *sheet.columns])]
    case.harden("either")
    case.at.append(("fund", None, None))
