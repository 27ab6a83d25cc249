"""Savings that the demonstration's ledger must show, worked out the plain way for truth.json."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from vbp.demo.agreements import Agreements
from vbp.demo.listing import prices_before
from vbp.demo.purchases import Ledger
from vbp.demo.world import World


def selected_units(world: World, ledger: Ledger, position: int, year: int) -> np.ndarray:
    """Return converted units of a round's winners bought in one agreement year, whole months (H × P)."""
    plan = world.rounds[position]
    start, end = (world.calendar.belongs(plan.year(number)[0]) for number in (year, year + 1))
    won = np.zeros(len(world.products), dtype=bool)
    won[[award.product for award in world.awards if award.batch_id == plan.batch_id and award.selected]] = True
    packs = ledger.packs[:, :, start:end].sum(axis=2)
    return np.asarray(packs * world.products.units[None, :] * won[None, :])


def selected_price(world: World, batch_id: str) -> np.ndarray:
    """Return the selected price in yuan per converted unit of each product in a round (P; 0 where none)."""
    price = np.zeros(len(world.products))
    for award in world.awards:
        if award.batch_id == batch_id and award.selected:
            price[award.product] = award.selected_fen / (100.0 * world.products.units[award.product])
    return price


def main_price(world: World, batch_id: str) -> np.ndarray:
    """Return the cheapest main winner's price in yuan per converted unit of each generic in a round (0 where none)."""
    price = selected_price(world, batch_id)
    main = [award.product for award in world.awards if award.batch_id == batch_id and award.role == "main"]
    found = np.full(len(world.generics), np.inf)
    np.minimum.at(found, world.products.generic[main], price[main])
    return np.where(np.isinf(found), 0.0, found)


def by_year(world: World, ledger: Ledger, agreements: Agreements) -> list[dict[str, Any]]:
    """Return per round and agreement year: official and realised saving, agreed and bought units, completed items.

    Official: Σ (P0 − P1)·agreed. P1 is the product's own price, or for agreements per generic the mean weighted by what
    the hospital bought of the winners in that year, or the cheapest main winner's where it bought none.
    Realised: Σ over winners of P0·units − amount, all hospitals, in the whole months of the year so far.
    """
    rows = []
    for position, plan in enumerate(world.rounds):
        before = prices_before(world, ledger, plan)
        p0 = np.array([float(before.get(at, Decimal(0))) for at in range(len(world.generics))])
        for year in np.unique(agreements.year[agreements.plan == position]):
            kept = (agreements.plan == position) & (agreements.year == year)
            units = selected_units(world, ledger, position, int(year))
            bought, p1 = _per_agreement(world, agreements, kept, units, plan.batch_id)
            agreed = agreements.agreed_units[kept]
            rows.append(
                {
                    "batch_id": plan.batch_id,
                    "agreement_year": int(year),
                    "ended": plan.year(int(year))[1] <= world.calendar.end,
                    "official_saving_yuan": round(float(((p0[agreements.generic[kept]] - p1) * agreed).sum()), 2),
                    "realised_saving_yuan": round(_realised(world, ledger, position, int(year), units, p0), 2),
                    "agreed_units": int(agreed.sum()),
                    "items": int(kept.sum()),
                    "items_completed": int((bought >= agreed).sum()),
                }
            )
    return rows


def _per_agreement(
    world: World, agreements: Agreements, kept: np.ndarray, units: np.ndarray, batch_id: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the winners' units bought by the hospital itself, and P1, of each agreement."""
    member = np.equal.outer(world.products.generic, np.arange(len(world.generics))).astype(float)
    generic, hospital, product = agreements.generic[kept], agreements.hospital[kept], agreements.product[kept]
    price = selected_price(world, batch_id)
    amount = (units * price[None, :]) @ member
    total = units @ member
    main = main_price(world, batch_id)[generic]
    own_total, own_amount = total[hospital, generic], amount[hospital, generic]
    mean = np.divide(own_amount, own_total, out=main, where=own_total > 0)
    single = product >= 0
    return np.where(single, units[hospital, product], own_total), np.where(single, price[product], mean)


def _realised(world: World, ledger: Ledger, position: int, year: int, units: np.ndarray, p0: np.ndarray) -> float:
    plan = world.rounds[position]
    start, end = (world.calendar.belongs(plan.year(number)[0]) for number in (year, year + 1))
    fen = ledger.fen[:, :, start:end].sum(axis=2)
    won = np.isin(
        np.arange(len(world.products)),
        [award.product for award in world.awards if award.batch_id == plan.batch_id and award.selected],
    )
    return float((units.sum(axis=0) * p0[world.products.generic]).sum() - fen[:, won].sum() / 100.0)
