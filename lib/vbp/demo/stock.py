"""Stock (进销存) of the hospitals that keep it: opening + in − out = closing, month after month."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.purchases import Ledger
from vbp.demo.world import World

OPENING_MONTHS = 0.5
"""Stock at the start of the ledger, in months of the first month's need."""


def balances(world: World, ledger: Ledger) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return opening, in, out and closing in minimum units (tablets, vials; S × P × T) of the hospitals with stock.

    In is what the ledger shows as bought, out the need in whole units as far as the shelf allows.
    """
    who = list(world.hospitals.stocked)
    bought = ledger.packs[who] * world.products.pack[None, :, None].astype(float)
    need = np.rint(ledger.need_units[who] / world.products.factor[None, :, None])
    shelf = np.rint(OPENING_MONTHS * need[:, :, 0])
    opening, out, closing = (np.zeros_like(bought) for _ in range(3))
    for month in range(world.calendar.months):
        opening[:, :, month] = shelf
        out[:, :, month] = np.minimum(need[:, :, month], shelf + bought[:, :, month])
        shelf = shelf + bought[:, :, month] - out[:, :, month]
        closing[:, :, month] = shelf
    return opening, bought, out, closing


def make_stock(world: World, ledger: Ledger) -> pa.Table:
    """Return the table `stock`; a product that never stood on a hospital's shelf has no rows there."""
    opening, bought, out, closing = balances(world, ledger)
    kept = (opening + bought).sum(axis=2) > 0
    hospital, product, month = np.nonzero(np.repeat(kept[:, :, None], world.calendar.months, axis=2))
    order = np.lexsort((product, month, hospital))
    cell = (hospital[order], product[order], month[order])
    return pa.table(
        {
            "hospital_id": arrays.pick([world.hospitals.ids[at] for at in world.hospitals.stocked], cell[0]),
            "month": arrays.dates(world.calendar.starts[cell[2]]),
            "product_id": arrays.pick(world.products.ids, cell[1]),
            **{
                name: arrays.scaled(values[cell], arrays.QUANTITY)
                for name, values in (
                    ("opening_units", opening),
                    ("in_units", bought),
                    ("out_units", out),
                    ("closing_units", closing),
                )
            },
        }
    )
