"""The figures of truth.json, worked out again in plain loops from the tables alone."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from vbp.demo import Simulation

Row = dict[str, Any]


@pytest.fixture(scope="module")
def plain(made: Simulation) -> dict[str, list[Row]]:
    return {name: table.to_pylist() for name, table in made.tables.items()}


def _factor(plain: dict[str, list[Row]]) -> dict[str, Decimal]:
    """Converted units per pack of each product."""
    return {row["product_id"]: row["units_per_pack"] * row["spec_factor"] for row in plain["products"]}


def _year(plain: dict[str, list[Row]], batch: str, year: int) -> list[Row]:
    """Purchases of a batch's winners in a calendar year (a batch that starts on 1 January)."""
    own = [row for row in plain["awards"] if row["batch_id"] == batch]
    won = {row["product_id"] for row in own if row["supply_role"] != "elsewhere"}
    return [row for row in plain["usage"] if row["product_id"] in won and row["month"].year == year]


def test_official_saving_and_completion_per_generic_by_hand(made: Simulation, plain: dict[str, list[Row]]) -> None:
    units, generic = _factor(plain), {row["product_id"]: row["generic"] for row in plain["products"]}
    awards = {row["product_id"]: row for row in plain["awards"] if row["batch_id"] == "DEMO-N1"}
    bought: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    at_price: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in _year(plain, "DEMO-N1", 2021):
        key = (row["hospital_id"], generic[row["product_id"]])
        bought[key] += row["quantity_packs"] * units[row["product_id"]]
        at_price[key] += row["quantity_packs"] * awards[row["product_id"]]["selected_price_yuan"]
    before = next(row for row in made.truth["rounds"] if row["batch_id"] == "DEMO-N1")["price_before_yuan_per_unit"]
    saving, completed, items = Decimal(0), 0, 0
    for row in plain["agreements"]:
        if (row["batch_id"], row["agreement_year"]) != ("DEMO-N1", 1):
            continue
        key = (row["hospital_id"], row["generic"])
        main = min(
            one["selected_price_yuan"] / units[product]
            for product, one in awards.items()
            if generic[product] == row["generic"] and one["supply_role"] == "main"
        )
        price = at_price[key] / bought[key] if bought[key] > 0 else main
        saving += (Decimal(before[row["generic"]]) - price) * row["agreed_quantity_units"]
        items, completed = items + 1, completed + (bought[key] >= row["agreed_quantity_units"])
    said = next(row for row in made.truth["savings"] if (row["batch_id"], row["agreement_year"]) == ("DEMO-N1", 1))
    assert items > 30
    assert (said["items"], said["items_completed"]) == (items, completed)
    assert said["official_saving_yuan"] == pytest.approx(float(saving), abs=0.02)


def test_realised_saving_by_hand(made: Simulation, plain: dict[str, list[Row]]) -> None:
    units, generic = _factor(plain), {row["product_id"]: row["generic"] for row in plain["products"]}
    before = next(row for row in made.truth["rounds"] if row["batch_id"] == "DEMO-N1")["price_before_yuan_per_unit"]
    rows = _year(plain, "DEMO-N1", 2022)
    saving = sum(
        Decimal(before[generic[row["product_id"]]]) * row["quantity_packs"] * units[row["product_id"]]
        - row["amount_yuan"]
        for row in rows
    )
    said = next(row for row in made.truth["savings"] if (row["batch_id"], row["agreement_year"]) == ("DEMO-N1", 2))
    assert len(rows) > 1_000
    assert said["realised_saving_yuan"] == pytest.approx(float(saving), abs=0.02)


def test_boundary_amount_by_hand(made: Simulation, plain: dict[str, list[Row]]) -> None:
    said = next(row for row in made.truth["rounds"] if row["batch_id"] == "DEMO-N2")
    own = {row["generic"] for row in plain["varieties"] if row["batch_id"] == "DEMO-N2"}
    products = {row["product_id"] for row in plain["products"] if row["generic"] in own}
    amount = sum(
        row["amount_yuan"]
        for row in plain["usage"]
        if row["product_id"] in products and f"{row['month']:%Y-%m}" in ("2022-03", "2023-03", "2024-03")
    )
    assert said["boundary_months"] == ["2022-03", "2023-03", "2024-03"]
    assert amount > 0 and Decimal(said["boundary_amount_yuan"]) == amount


def test_invoices_of_a_hospital_and_month_by_hand(plain: dict[str, list[Row]]) -> None:
    first: dict[str, Any] = {}
    for row in plain["awards"]:
        if row["supply_role"] != "elsewhere":
            start = row["start_date"].replace(day=1)
            first[row["product_id"]] = min(first.get(row["product_id"], start), start)
    owed = sum(
        row["amount_yuan"]
        for row in plain["usage"]
        if row["hospital_id"] == "H001" and row["month"] >= first.get(row["product_id"], date.max)
    )
    billed = sum(row["amount_yuan"] for row in plain["settlements"] if row["hospital_id"] == "H001")
    assert billed > 0 and billed == owed


def test_the_cheapest_and_dearest_payment_standards_occur(plain: dict[str, list[Row]]) -> None:
    """Non-selected products at twice the selected price or more, within twice, and cheaper (rules §4)."""
    units, generic = _factor(plain), {row["product_id"]: row["generic"] for row in plain["products"]}
    paid: dict[str, Decimal] = {}
    for row in plain["usage"]:
        if row["month"].year == 2024 and row["quantity_packs"] > 0:
            paid[row["product_id"]] = row["amount_yuan"] / row["quantity_packs"] / units[row["product_id"]]
    selected: dict[str, Decimal] = {}
    winners = set()
    for row in plain["awards"]:
        if row["supply_role"] == "main" and row["start_date"].year < 2024:
            price = row["selected_price_yuan"] / units[row["product_id"]]
            selected[generic[row["product_id"]]] = price
            winners.add(row["product_id"])
    ratios = [
        price / selected[generic[product]]
        for product, price in paid.items()
        if product not in winners and generic[product] in selected
    ]
    assert any(ratio >= 2 for ratio in ratios)
    assert any(1 < ratio < 2 for ratio in ratios)
    assert any(ratio < 1 for ratio in ratios)
