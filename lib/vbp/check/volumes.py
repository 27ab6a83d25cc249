"""Rules on volumes over time: over-reporting, stockpiling before a start, stock that does not add up."""

from __future__ import annotations

from typing import Any

import numpy as np

from vbp.check.view import Row, View, month_name, months
from vbp.errors import Problem

OVER = 1.5
"""Base quantity above last year's use by this factor is reported."""
JUMP = 1.8
"""Use in the two months before a start above the ten months before those by this factor is reported."""
STOCK_MONTHS = 3.0
"""Months of use in stock at a start above which it is reported."""


def _by_generic(view: View) -> np.ndarray:
    """Return converted units by hospital × generic × month (dense)."""
    first, span = view.span
    hospitals, generics = len(view.rows("hospitals")), len(view.generics)
    generic = view.generic[view.product]
    units = view.packs * view.conversion[view.product]
    good = (generic >= 0) & (view.hospital >= 0) & ~np.isnan(units)
    place = (view.hospital * generics + generic) * span + view.month - first
    return np.bincount(place[good], units[good], hospitals * generics * span).reshape(hospitals, generics, span)


def _city_by_generic(view: View) -> np.ndarray:
    """Return converted units by generic × month over all hospitals."""
    by_product = view.by_cell(np.nan_to_num(view.packs)) * view.conversion[:, None]
    city = np.zeros((len(view.generics), view.span[1]))
    np.add.at(city, view.generic[:-2], by_product[:-2])
    return city


def over_reported(view: View) -> list[Problem]:
    """Return a warning for a base quantity far above the hospital's use of the generic in the year before.

    Base quantities per product are added up first. Only where the ledger covers the whole year before.
    """
    if not view.has("agreements", "usage", "products", "hospitals") or not view.usage.num_rows:
        return []
    cube, first = _by_generic(view), view.span[0]
    groups: dict[tuple[Any, ...], list[int]] = {}
    rows = view.rows("agreements")
    for place, row in enumerate(rows):
        if row["start_date"] and row["base_quantity_units"]:
            groups.setdefault((row["hospital_id"], row["generic"], row["batch_id"], row["agreement_year"]), []).append(
                place
            )
    found: dict[int, tuple[float, float]] = {}
    lookup = {row["hospital_id"]: place for place, row in enumerate(view.rows("hospitals"))}
    generics = {name: place for place, name in enumerate(view.generics)}
    for (hospital, generic, _, _), places in groups.items():
        end = months(rows[places[0]]["start_date"]) - first
        if hospital not in lookup or generic not in generics or end < 12 or end > cube.shape[2]:
            continue
        used = float(cube[lookup[hospital], generics[generic], end - 12 : end].sum())
        base = float(sum(rows[place]["base_quantity_units"] for place in places))
        if used > 0 and base > OVER * used:
            found[places[0]] = (base, used)
    return view.listed(
        "agreements",
        list(found),
        "base_quantity_units",
        "over_reported",
        lambda place: (
            f"{found[place][0]:,.0f} units reported against {found[place][1]:,.0f} used in the twelve months before: "
            f"{found[place][0] / found[place][1]:.1f} times",
            rows[place]["base_quantity_units"],
        ),
    )


def _starts(view: View) -> list[tuple[int, int, Row]]:
    """Return (generic, start month, award) of the first award of every generic and batch."""
    first: dict[tuple[int, str], Row] = {}
    for award in view.awards:
        key = (int(view.generic[award["product"]]), award["batch_id"])
        if key not in first or award["start_date"] < first[key]["start_date"]:
            first[key] = award
    return [(generic, months(award["start_date"]), award) for (generic, _), award in first.items()]


def stockpiling(view: View) -> list[Problem]:
    """Return a warning for a jump in purchases in the two months before a start, against the ten months before
    those."""
    if not view.has("usage", "products", "hospitals", "awards") or not view.awards:
        return []
    city, first = _city_by_generic(view), view.span[0]
    problems = []
    for generic, start, award in _starts(view):
        end = start - first
        if end < 12 or end > city.shape[1]:
            continue
        late, usual = city[generic, end - 2 : end].mean(), city[generic, end - 12 : end - 2].mean()
        if usual > 0 and late > JUMP * usual:
            problems.append(
                view.problem(
                    "awards",
                    award["place"],
                    "start_date",
                    "stockpiling",
                    f"{view.generics[generic]}: {late:,.0f} units a month in {month_name(start - 2)} and "
                    f"{month_name(start - 1)} against "
                    f"{usual:,.0f} in the ten months before ({late / usual:.1f} times): stock was laid in before the start",
                    award["start_date"],
                )
            )
    return problems


def stock_at_start(view: View) -> list[Problem]:
    """Return a warning where the stock at a start would last longer than three months of the half-year's use."""
    if not view.has("stock", "products") or not view.awards:
        return []
    generic_of = {row["product_id"]: row["generic"] for row in view.rows("products")}
    out: dict[tuple[str, int], float] = {}
    closing: dict[tuple[str, int], float] = {}
    factor = {row["product_id"]: float(row["spec_factor"] or 1) for row in view.rows("products")}
    for row in view.rows("stock"):
        if row["month"] and row["product_id"] in generic_of:
            key = (generic_of[row["product_id"]], months(row["month"]))
            out[key] = out.get(key, 0.0) + float(row["out_units"] or 0) * factor[row["product_id"]]
            closing[key] = closing.get(key, 0.0) + float(row["closing_units"] or 0) * factor[row["product_id"]]
    problems = []
    for number, start, award in _starts(view):
        name = view.generics[number]
        used = [out[name, month] for month in range(start - 6, start) if (name, month) in out]
        stock = closing.get((name, start - 1))
        if stock is not None and used and sum(used) > 0 and stock > STOCK_MONTHS * sum(used) / len(used):
            problems.append(
                view.problem(
                    "awards",
                    award["place"],
                    "start_date",
                    "stock_at_start",
                    f"{name}: stock for {stock * len(used) / sum(used):.1f} months at the start",
                    award["start_date"],
                )
            )
    return problems


def stock_identity(view: View) -> list[Problem]:
    """Return an error where opening + in − out is not closing, or closing is not the next month's opening."""
    if not view.has("stock"):
        return []
    rows = view.rows("stock")
    names = ("opening_units", "in_units", "out_units", "closing_units")
    whole = [place for place, row in enumerate(rows) if None not in [row[name] for name in names] and row["month"]]
    off = [
        place
        for place in whole
        if rows[place]["opening_units"] + rows[place]["in_units"] - rows[place]["out_units"]
        != rows[place]["closing_units"]
    ]
    problems = view.listed(
        "stock",
        off,
        "closing_units",
        "stock_identity",
        lambda place: (
            "opening + in − out = "
            f"{rows[place]['opening_units'] + rows[place]['in_units'] - rows[place]['out_units']:f}, not the closing "
            "stock",
            rows[place]["closing_units"],
        ),
        "error",
    )
    by_key = {
        (rows[place]["hospital_id"], rows[place]["product_id"], months(rows[place]["month"])): place for place in whole
    }
    broken = {
        place: before
        for (hospital, product, month), place in by_key.items()
        if (before := by_key.get((hospital, product, month - 1))) is not None
        and rows[before]["closing_units"] != rows[place]["opening_units"]
    }
    return problems + view.listed(
        "stock",
        list(broken),
        "opening_units",
        "stock_carry",
        lambda place: (
            f"the month before closed with {rows[broken[place]]['closing_units']:f}",
            rows[place]["opening_units"],
        ),
        "error",
    )


def stock_against_usage(view: View) -> list[Problem]:
    """Return a warning where what stock received is not what usage purchased (or issued: dispensed), by row of
    stock."""
    if not view.has("stock", "usage", "hospitals", "products") or not view.usage.num_rows:
        return []
    dispensed = "basis" in view.usage.column_names and "dispensed" in view.usage["basis"].unique().to_pylist()
    column = "out_units" if dispensed else "in_units"
    products, hospitals = view.rows("products"), view.rows("hospitals")
    key = (view.hospital.astype(np.int64) * (len(products) + 2) + view.product) * 10000 + view.month
    unique, inverse = np.unique(key, return_inverse=True)
    units = dict(
        zip(
            unique.tolist(),
            np.bincount(inverse, np.nan_to_num(view.packs * view.pack_size[view.product])).tolist(),
            strict=True,
        )
    )
    hospital = {row["hospital_id"]: place for place, row in enumerate(hospitals)}
    product = {row["product_id"]: place for place, row in enumerate(products)}
    off: dict[int, float] = {}
    for place, row in enumerate(view.rows("stock")):
        if row["hospital_id"] in hospital and row["product_id"] in product and row["month"] and row[column] is not None:
            number = (hospital[row["hospital_id"]] * (len(products) + 2) + product[row["product_id"]]) * 10000 + months(
                row["month"]
            )
            ledger = units.get(number, 0.0)
            if abs(ledger - float(row[column])) > 0.01 * max(abs(ledger), 1):
                off[place] = ledger
    said = "dispensed" if dispensed else "purchased"
    return view.listed(
        "stock",
        list(off),
        column,
        "stock_usage",
        lambda place: (f"usage has {off[place]:,.4g} units {said} in this month", view.rows("stock")[place][column]),
    )
