"""Rules on single rows of the small tables: dates in order, prices against caps, codes whole, volumes sensible."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from vbp.check.view import View
from vbp.errors import Problem
from vbp.tables.kinds import MOST_A_UNIT

CODE_LENGTHS = {"drug": 23, "consumable": 27}
OLDER = (
    "20 digits, as in older lists: the classification and generic name of a consumable without its specification; the code "
    "in force has 27 characters (C and 26 digits), so this one may stand for several products; look up the full one if you can"
)
PERIODS = (
    ("awards", "start_date", "end_date"),
    ("agreements", "start_date", "end_date"),
    ("batch_usage", "period_start", "period_end"),
)


def period_order(view: View) -> list[Problem]:
    """Return an error for every period that ends before it starts."""
    return [problem for period in PERIODS for problem in _period_order(view, *period)]


def _period_order(view: View, table: str, start: str, end: str) -> list[Problem]:
    rows = view.rows(table) if view.has(table) else []
    places = [place for place, row in enumerate(rows) if row[start] and row[end] and row[end] < row[start]]
    return view.listed(
        table,
        places,
        end,
        "period_order",
        lambda place: (f"the period ends before it starts ({rows[place][start]})", rows[place][end]),
        "error",
    )


def agreement_periods(view: View) -> list[Problem]:
    """Return a warning for an agreement year much longer or shorter than a year."""
    rows = view.rows("agreements") if view.has("agreements") else []
    lengths = [
        (row["end_date"] - row["start_date"]).days + 1 if row["start_date"] and row["end_date"] else 365 for row in rows
    ]
    places = [place for place, days in enumerate(lengths) if days > 0 and not 150 <= days <= 400]
    return view.listed(
        "agreements",
        places,
        "end_date",
        "agreement_period",
        lambda place: (
            f"an agreement year of {lengths[place]} days: each year of a cycle has its own row",
            rows[place]["end_date"],
        ),
    )


def agreed_above_base(view: View) -> list[Problem]:
    """Return a warning where more was agreed than was reported."""
    rows = view.rows("agreements") if view.has("agreements") else []
    places = [
        place
        for place, row in enumerate(rows)
        if None not in (row["agreed_quantity_units"], row["base_quantity_units"])
        and row["agreed_quantity_units"] > row["base_quantity_units"]
    ]
    return view.listed(
        "agreements",
        places,
        "agreed_quantity_units",
        "agreed_above_base",
        lambda place: (
            f"more agreed than reported ({rows[place]['base_quantity_units']:f}): the agreed volume is a share of the "
            "report",
            rows[place]["agreed_quantity_units"],
        ),
    )


def mixed_agreements(view: View) -> list[Problem]:
    """Return an error where a hospital's agreement for a generic and year is given both per product and as a whole."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    rows = view.rows("agreements") if view.has("agreements") else []
    for place, row in enumerate(rows):
        key = row["batch_id"], row["hospital_id"], row["generic"], row["agreement_year"]
        groups.setdefault(key, []).append(place)
    places = [group[-1] for group in groups.values() if len({rows[place]["product_id"] is None for place in group}) > 1]
    return view.listed(
        "agreements",
        places,
        "product_id",
        "mixed_agreements",
        lambda place: (
            "this generic and year has a row with a product and one without: its volume would count twice",
            rows[place]["generic"],
        ),
        "error",
    )


def award_unit_prices(view: View) -> list[Problem]:
    """Return an error for a selected price that no converted unit has: panels refuse it, without knowing its row."""
    packs = {row["product_id"]: row for row in view.rows("products")} if view.has("products") else {}
    rows = view.rows("awards") if view.has("awards") else []

    def units(place: int) -> Decimal:
        product = packs.get(rows[place]["product_id"]) or {}
        factor = product.get("spec_factor")
        return Decimal(product.get("units_per_pack") or 0) * (1 if factor is None else factor)

    places = [
        place
        for place, row in enumerate(rows)
        if row["selected_price_yuan"] and row["selected_price_yuan"] >= MOST_A_UNIT * units(place) > 0
    ]
    return view.listed(
        "awards",
        places,
        "selected_price_yuan",
        "unit_price_too_high",
        lambda place: (
            f"{MOST_A_UNIT:,} yuan or more per converted unit, at {units(place).normalize():f} units a pack: mend this price, or "
            "units_per_pack or spec_factor in products",
            rows[place]["selected_price_yuan"],
        ),
        "error",
    )


def award_prices(view: View) -> list[Problem]:
    """Return a warning for a selected price above its own price before, or above the cap."""
    return _above(view, "pre_price_yuan", "the price before") + _above(
        view, "price_cap_yuan", "the cap (最高有效申报价)"
    )


def _above(view: View, column: str, name: str) -> list[Problem]:
    rows = view.rows("awards") if view.has("awards") else []
    places = [
        place
        for place, row in enumerate(rows)
        if row[column] and row["selected_price_yuan"] and row["selected_price_yuan"] > row[column]
    ]
    return view.listed(
        "awards",
        places,
        "selected_price_yuan",
        "award_price",
        lambda place: (
            f"the selected price is above {name} ({rows[place][column].normalize():f}): are both per pack?",
            rows[place]["selected_price_yuan"],
        ),
    )


def code_lengths(view: View) -> list[Problem]:
    """Return an error for a national code that has not 23 (drug) or 27 (consumable) characters, or that Excel has
    cut; a warning for the 20 digits that older lists of consumables give."""
    rows = view.rows("products") if view.has("products") else []
    wrong, older = {}, []
    for place, row in enumerate(rows):
        code, want = row.get("nhsa_code"), CODE_LENGTHS.get(row["category"])
        if not code:
            continue
        if re.fullmatch(r"\d{16,}", code) and code[15:].strip("0") == "":
            wrong[place] = "Excel has cut this code to 15 digits and filled it with zeros: export it again as text"
        elif row["category"] == "consumable" and re.fullmatch(r"[Cc]?\d{20}", code):
            older.append(place)
        elif want and len(code) != want:
            wrong[place] = f"a {row['category']} code has {want} characters, this one {len(code)}: it is cut or another"
    return view.listed(
        "products",
        list(wrong),
        "nhsa_code",
        "code_length",
        lambda place: (wrong[place], rows[place]["nhsa_code"]),
        "error",
    ) + view.listed("products", older, "nhsa_code", "code_short", lambda place: (OLDER, rows[place]["nhsa_code"]))


def paid_before_invoice(view: View) -> list[Problem]:
    """Return a warning for an invoice paid before its date."""
    rows = view.rows("settlements") if view.has("settlements") else []
    places = [
        place
        for place, row in enumerate(rows)
        if row["paid_date"] and row["invoice_date"] and row["paid_date"] < row["invoice_date"]
    ]
    return view.listed(
        "settlements",
        places,
        "paid_date",
        "paid_before_invoice",
        lambda place: (f"paid before the invoice ({rows[place]['invoice_date']})", rows[place]["paid_date"]),
    )
