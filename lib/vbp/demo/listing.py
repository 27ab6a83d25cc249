"""The tables that name the rounds: varieties with their price before, batches with their mean cut, amounts by round."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.agreements import months_before
from vbp.demo.awards import agreed_share, mean_cut_percent, winners_of
from vbp.demo.calendar import years_later
from vbp.demo.purchases import Ledger
from vbp.demo.rounds import Plan
from vbp.demo.world import World

CUT_BASELINE = "highest_valid_bid"
RENEWAL_BASELINE = "previous_selected_price"


def first_cycle(world: World, plan: Plan) -> Plan:
    """Return the round itself, or the one that it renews."""
    return next(one for one in world.rounds if one.batch_id == (plan.renewal_of or plan.batch_id))


def prices_before(world: World, ledger: Ledger, plan: Plan) -> dict[int, Decimal]:
    """Return P0 in yuan per converted unit of each generic (position) of a round, four decimals, half up.

    P0 = amount / quantity of the generic in the twelve months before the start of the first cycle, over all hospitals.
    """
    window = months_before(world, first_cycle(world, plan).start)
    packs, fen = ledger.packs[:, :, window].sum(axis=(0, 2)), ledger.fen[:, :, window].sum(axis=(0, 2))
    units2 = np.rint(packs * world.products.units * 2).astype(np.int64)  # halves, so that integers stay exact
    found = {}
    for generic in winners_of(world.awards, world.products, plan.batch_id):
        own = world.products.of(generic)
        halves, amount = int(units2[own].sum()), int(fen[own].sum())
        if halves > 0:
            found[generic] = (Decimal(amount) * 2 / (Decimal(halves) * 100)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return found


def varieties(world: World, ledger: Ledger) -> pa.Table:
    """Return the table `varieties`; the price before is given for consumables and the renewal only."""
    rows: list[tuple[Plan, int, int, Decimal | None]] = []
    for plan in world.rounds:
        given_here = prices_before(world, ledger, plan) if plan.gives_pre_price else {}
        counts = winners_of(world.awards, world.products, plan.batch_id)
        rows += [(plan, generic, counts[generic], given_here.get(generic)) for generic in sorted(counts)]
    given = [None if price is None else price.quantize(Decimal("0.000001")) for *_, price in rows]
    return pa.table(
        {
            "batch_id": pa.array([plan.batch_id for plan, *_ in rows]),
            "generic": pa.array([world.generics[generic].name for _, generic, *_ in rows]),
            "unit_name": pa.array([world.generics[generic].unit_name for _, generic, *_ in rows]),
            "level": pa.array([plan.level for plan, *_ in rows]),
            "category": pa.array([plan.category for plan, *_ in rows]),
            "cycle": pa.array([plan.cycle for plan, *_ in rows], pa.int64()),
            "renewal_of": pa.array([plan.renewal_of for plan, *_ in rows], pa.string()),
            "winners": pa.array([winners for _, _, winners, _ in rows], pa.int64()),
            "pre_price_yuan_per_unit": pa.array(given, pa.decimal128(18, 6)),
            "pre_price_basis": pa.array(
                [None if price is None else "before_first_round" for price in given], pa.string()
            ),
        }
    )


def batches(world: World) -> pa.Table:
    """Return the table `batches`: each round with the simple mean cut of its own main winners."""
    plans = world.rounds
    shares = [
        np.mean([agreed_share(n) for n in winners_of(world.awards, world.products, plan.batch_id).values()])
        for plan in plans
    ]
    return pa.table(
        {
            "batch_id": pa.array([plan.batch_id for plan in plans]),
            "name_zh": pa.array([plan.name_zh for plan in plans]),
            "name_en": pa.array([plan.name_en for plan in plans]),
            "category": pa.array([plan.category for plan in plans]),
            "average_cut_percent": arrays.scaled(
                np.array([round(mean_cut_percent(world.awards, plan.batch_id), 2) for plan in plans]), arrays.PERCENT
            ),
            "cut_kind": pa.array(["simple"] * len(plans)),
            "cut_baseline": pa.array([RENEWAL_BASELINE if plan.renewal_of else CUT_BASELINE for plan in plans]),
            "start_date": arrays.dates(np.array([plan.start for plan in plans], dtype="datetime64[D]")),
            "agreed_share": arrays.scaled(np.round(shares, 4), arrays.RATIO),
        }
    )


def batch_usage(world: World, ledger: Ledger) -> pa.Table:
    """Return the table `batch_usage`: spending on a round's varieties in the year before and the year from its start.

    A month counts whole where most of its days lie; a year after that the ledger does not hold whole is left out.
    """
    rows = []
    for plan in world.rounds:
        own = np.isin(world.products.generic, list(winners_of(world.awards, world.products, plan.batch_id)))
        split = world.calendar.belongs(plan.start)
        for basis, months, start in (
            ("before", slice(split - 12, split), years_later(plan.start, -1)),
            ("after", slice(split, split + 12), plan.start),
        ):
            if months.stop > world.calendar.months:
                continue
            fen = ledger.fen[:, own, months].sum(axis=(1, 2))
            end = years_later(start, 1) - timedelta(days=1)
            rows += [
                (world.hospitals.ids[at], plan.batch_id, start, end, int(fen[at]), basis)
                for at in np.flatnonzero(fen > 0)
            ]
    return pa.table(
        {
            "hospital_id": pa.array([row[0] for row in rows]),
            "batch_id": pa.array([row[1] for row in rows]),
            "period_start": pa.array([row[2] for row in rows], pa.date32()),
            "period_end": pa.array([row[3] for row in rows], pa.date32()),
            "amount_yuan": arrays.money(np.array([row[4] for row in rows], dtype=np.int64)),
            "amount_basis": pa.array([row[5] for row in rows]),
        }
    )
