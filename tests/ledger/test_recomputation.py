"""The panels against a slow, obvious recomputation, cell by cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tests.ledger.slow import Slow
from tests.ledger.worlds import World, world
from vbp.ledger import Panels, build
from vbp.ledger.classes import CLASSES

CASES = [(seed, dated) for seed in range(14) for dated in (False, True)]


def none(value: Any) -> Any:
    """Return None for a missing value."""
    return None if pd.isna(value) else value


def date(value: Any) -> Any:
    """Return a timestamp as a date."""
    return None if pd.isna(value) else value.date()


def check_cells(panels: Panels, slow: Slow, frame: pd.DataFrame, by: str) -> None:
    """Hold every cell and every column against the slow sums."""
    expected = slow.cells(by)
    assert len(frame) == len(expected) > 20
    for row in frame.to_dict("records"):
        want = expected[row["hospital_id"], none(row["batch_id"]), row[by], row["period"]]
        for name in CLASSES:
            for suffix in ("milliunits", "fen"):
                assert row[f"{name}_{suffix}"] == want.get(f"{name}_{suffix}", 0), (row, name)
        assert row["boundary_fen"] == want["boundary_fen"]
        assert none(row["months_seen"]) == (None if row["period"] < 0 else want["months_seen"])


@pytest.mark.parametrize(("seed", "dated"), CASES)
def test_every_cell_of_every_panel_agrees_with_plain_loops(seed: int, dated: bool) -> None:
    made = world(seed, dated)
    panels, slow = build(made, spec_generics="all"), Slow(made)
    check_cells(panels, slow, panels.cells, "generic")
    check_cells(panels, slow, panels.spec_cells, "product_id")
    months = {
        (row.product_id, date(row.month), row.status, none(row.batch_id), date(row.award_start_date)): [
            row.quantity_milliunits,
            row.amount_fen,
            row.purchases,
        ]
        for row in panels.product_month.itertuples()
    }
    assert months == slow.product_month()
    progress = {
        (row.hospital_id, row.batch_id, date(row.month)): [row.quantity_milliunits, row.amount_fen]
        for row in panels.progress.itertuples()
    }
    assert progress == slow.progress()
    for row in panels.prices.itertuples():
        assert (None if pd.isna(row.p0_ledger_e10) else row.p0_e10 if row.p0_source == "ledger" else None) in (
            None,
            None if slow.p0(row.batch_id, row.generic) is None else int(slow.p0(row.batch_id, row.generic) * 10**10),
        )


def test_the_worlds_hold_what_they_should() -> None:
    found: dict[str, int] = {}
    for seed, dated in CASES:
        for row in Slow(world(seed, dated, 120)).purchases():
            for name in (
                row["class"],
                row["status"],
                f"period {row['period']}",
                "split" if row["split"] else "whole",
                "return" if row["milli"] < 0 else "purchase",
                "renewal" if str(row["batch"]).startswith("R") else "first",
            ):
                found[name] = found.get(name, 0) + 1
    for name in (
        *CLASSES,
        "nonselected",
        "period -1",
        "period 0",
        "period 1",
        "period 2",
        "split",
        "return",
        "renewal",
    ):
        assert found.get(name, 0) > 5, name


def test_sums_of_every_panel_are_the_ledger_to_the_fen() -> None:
    made = world(3, dated=True, purchases=400)
    panels = build(made)
    total = sum(int(row["amount_yuan"] * 100) for row in made.rows["usage"])
    assert total != 0
    assert (
        panels.product_month["amount_fen"].sum()
        == panels.cells["amount_fen"].sum()
        == total
        == panels.totals["amount_fen"].iloc[0]
    )
    assert panels.cells[[f"{name}_fen" for name in CLASSES]].to_numpy().sum() == total
    chosen = panels.cells[panels.cells["selected_milliunits"] != 0]
    assert len(chosen) and panels.selected["quantity_milliunits"].sum() == chosen["selected_milliunits"].sum()
    assert panels.progress["amount_fen"].sum() == panels.selected["amount_fen"].sum()


@pytest.mark.parametrize("dated", [False, True])
def test_the_rows_behind_a_cell_add_up_to_it(dated: bool) -> None:
    made = world(5, dated)
    panels = build(made)
    cells = panels.cells.sample(25, random_state=1)
    for cell in cells.to_dict("records"):
        rows = panels.rows(cell["hospital_id"], none(cell["batch_id"]), cell["generic"], cell["period"])
        assert len(rows) > 0
        assert (
            rows["amount_fen"].sum() == cell["amount_fen"]
            and rows["quantity_milliunits"].sum() == cell["quantity_milliunits"]
        )
        sums = rows.groupby("class", observed=True)["amount_fen"].sum()
        assert all(cell[f"{name}_fen"] == amount for name, amount in sums.items())


@pytest.mark.parametrize("seed", range(6))
def test_items_hold_agreed_and_actual_quantities_and_prices_with_their_sources(seed: int) -> None:
    made = world(seed)
    panels, slow = build(made), Slow(made)
    items, cells, bought = panels.items, slow.cells(), slow.purchases()
    assert len(items) == len(made.rows["agreements"]) > 10
    for row in items.to_dict("records"):
        key = (row["hospital_id"], row["batch_id"], row["generic"], row["agreement_year"])
        cell = cells.get(key, {})
        if not row["months_in_ledger"]:
            assert pd.isna(row["actual_fen"]) and pd.isna(row["nonselected_fen"])
            continue
        mine = [
            one
            for one in bought
            if (one["hospital_id"], one["batch"], one["generic"], one["period"]) == key and one["status"] == "selected"
        ]
        by_product = not pd.isna(row["product_id"])
        own = [one for one in mine if one["product_id"] == row["product_id"]] if by_product else mine
        assert row["actual_milliunits"] == sum(one["milli"] for one in own)
        other = sum(value for name, value in cell.items() if name.endswith(("cheaper_fen", "dearer_fen")))
        assert row["nonselected_fen"] == (other if row["generic_first"] else 0)
        check_p1(row, slow, mine, by_product)


def check_p1(row: dict[str, Any], slow: Slow, mine: list[dict[str, Any]], by_product: bool) -> None:
    """Hold P1 and its source against the definition."""
    won = {
        award["product_id"]: award
        for award in slow.awards
        if award["batch_id"] == row["batch_id"]
        and award["supply_role"] != "elsewhere"
        and slow.products[award["product_id"]]["generic"] == row["generic"]
    }
    unit = {product: award["selected_price_yuan"] / slow.units(product) for product, award in won.items()}
    total = sum(one["milli"] for one in mine)
    if by_product:
        want, source = unit[row["product_id"]], "product"
    elif len(won) == 1:
        want, source = next(iter(unit.values())), "single"
    elif total > 0:
        want, source = sum(one["milli"] * unit[one["product_id"]] for one in mine) / total, "weighted"
    else:
        want, source = min(price for product, price in unit.items() if won[product]["supply_role"] == "main"), "main"
    assert row["p1_source"] == source
    assert abs(Decimal(row["p1_e10"]) - want * 10**10) <= 1


def test_world_without_agreements_counts_years_from_the_first_award() -> None:
    made = world(2)
    bare = World({**made.rows, "agreements": []})
    panels, slow = build(bare), Slow(bare)
    check_cells(panels, slow, panels.cells, "generic")
    assert (panels.cells["period"] >= 1).any() and panels.items.empty
