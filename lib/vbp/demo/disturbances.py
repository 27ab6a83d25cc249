"""What goes wrong in a real ledger, planted on purpose: gaps, returns, stockpiling, a price above the award."""

from __future__ import annotations

import numpy as np

from vbp.demo import arrays
from vbp.demo.world import World

STOCKPILE_FACTOR = 3.0
"""Purchases over need in the two months before the start, where stockpiling (突击囤货) is planted.

It stands before the announced round, whose effects lie beyond the ledger, so that no planted effect is disturbed by it.
"""
OVERPAY_BATCH = "DEMO-P1"
GAP_MONTHS = ((8, 9), (29,))
"""Months (counted from 0) that the hospitals with gaps did not report."""

Notes = list[dict[str, object]]


def _month(world: World, at: int) -> str:
    return str(world.calendar.starts[at])[:7]


def stockpile(world: World, units: np.ndarray) -> tuple[np.ndarray, dict[str, Notes]]:
    """Return `units` (H × P × T) with one generic bought ahead by the two upper tiers, and the note of it."""
    plan = next(plan for plan in world.rounds if plan.announced)
    generic = int(np.flatnonzero(world.products.tendered(plan.batch_id))[0])
    start, who = world.calendar.index(plan.start), np.flatnonzero(world.hospitals.tier <= 1)
    bought = units.copy()
    own = world.products.of(generic)
    for hospital in who:
        bought[hospital, own, start - 2 : start] *= STOCKPILE_FACTOR
    note: dict[str, object] = {
        "batch_id": plan.batch_id,
        "generic": world.generics[generic].name,
        "factor": STOCKPILE_FACTOR,
        "hospital_ids": [world.hospitals.ids[at] for at in who],
        "months": [_month(world, at) for at in range(start - 2, start)],
    }
    return bought, {"stockpiling": [note]}


def gaps(world: World) -> tuple[np.ndarray, Notes]:
    """Return which hospital months are reported (H × T), and the note of those that are not."""
    seen = np.ones((len(world.hospitals), world.calendar.months), dtype=bool)
    notes: Notes = []
    for hospital, months in zip(world.hospitals.gaps, GAP_MONTHS, strict=False):
        missing = [at for at in months if at < world.calendar.months]
        seen[hospital, missing] = False
        notes.append({"hospital_id": world.hospitals.ids[hospital], "months": [_month(world, at) for at in missing]})
    return seen, notes


def returns(seed: int, world: World, packs: np.ndarray) -> Notes:
    """Turn a few small purchases into returns (negative packs), in place, and return the note of them.

    They fall on hospitals without stock; their number is a fifth of the hospitals, at least three.
    """
    rng = arrays.stream(seed, "returns")
    small = (packs >= 1) & (packs <= 5)
    small[list(world.hospitals.stocked)] = False
    cells = np.argwhere(small)
    chosen = cells[rng.choice(len(cells), size=min(max(3, len(world.hospitals) // 5), len(cells)), replace=False)]
    chosen = chosen[np.lexsort(chosen.T[::-1])]
    packs[tuple(chosen.T)] *= -1
    return [
        {
            "hospital_id": world.hospitals.ids[h],
            "product_id": world.products.ids[p],
            "month": _month(world, t),
            "packs": int(packs[h, p, t]),
        }
        for h, p, t in chosen
    ]


def overpay(world: World, packs: np.ndarray, fen: np.ndarray) -> Notes:
    """Let the first hospital pay the price before for one winner in its first month, in place; return the note."""
    plan = next((plan for plan in world.running() if plan.batch_id == OVERPAY_BATCH), None)
    if plan is None:
        return []
    award = next(award for award in world.awards if award.batch_id == plan.batch_id and award.role == "main")
    at, product = world.calendar.index(plan.start), award.product
    fen[0, product, at] = packs[0, product, at] * award.pre_fen
    return [
        {
            "hospital_id": world.hospitals.ids[0],
            "product_id": world.products.ids[product],
            "month": _month(world, at),
            "paid_fen_per_pack": award.pre_fen,
            "selected_fen": award.selected_fen,
        }
    ]
