"""The purchases behind one cell, for explanations down to the ledger's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from vbp.errors import UsageError, unknown
from vbp.ledger.classes import STATUSES
from vbp.ledger.rowpass import hospital_ids, ledger_total

if TYPE_CHECKING:
    import pandas as pd

    from vbp.ledger.build import Task


def rows(task: Task, hospital: str, batch: str | None, generic: str, year: int) -> pd.DataFrame:
    """Return the purchases of one cell: day, product, status, class, quantity as given, converted quantity, amount.

    Raises
    ------
    UsageError
        The batch or generic is not known.
    """
    from vbp.ledger.duck import DuckEngine
    from vbp.ledger.frames import plain
    from vbp.ledger.lookup import Span, build_lookup
    from vbp.ledger.reference import read_reference
    from vbp.ledger.rowpass import strangers
    from vbp.ledger.shape import keyed, slot_table

    engine = DuckEngine()
    try:
        total = ledger_total(engine, task.usage)
        known = task.tables["products"]["product_id"].to_pylist()
        reference = read_reference(task.tables, strangers(engine, task.usage, "product_id", known))
        hospitals = sorted({*hospital_ids(engine, task.usage, task.tables), hospital})
        if generic not in reference.generics:
            raise UsageError(unknown("generic", generic, reference.generics))
        if batch is not None and batch not in reference.batches:
            raise UsageError(unknown("batch", batch, reference.batches))
        lookup = build_lookup(reference, Span.whole(total.first, total.last), task.usage.dated, task.spec)
        slots = slot_table(lookup).to_pandas()
        mine = slots[
            (slots["generic"] == generic)
            & (slots["period"] == year)
            & (slots["batch_id"].isna() if batch is None else slots["batch_id"] == batch)
        ]
        views = {
            **lookup.tables(lookup.group_of.get(hospital, 0), task.usage.in_units),
            "hospital": pa.table({"hospital_id": [hospital], "h": pa.array([hospitals.index(hospital)], pa.int32())}),
            "wanted": pa.table({"s": pa.array(mine["slot"], pa.int32())}),
        }
        given = {"day": task.usage.day, task.usage.quantity: f"usage.{task.usage.quantity}"}
        text = task.usage.rows_query(given)
        table = engine.rows(task.usage, f"SELECT * FROM ({text}) SEMI JOIN wanted USING (s)", views)
    finally:
        engine.close()
    column, product = np.divmod(table["l"].to_numpy(), len(reference.products.ids))
    found = slots.iloc[table["s"].to_numpy()]
    frame = plain(
        pa.table(
            {
                "date" if task.usage.dated else "month": table["day"],
                "product_id": keyed(product, reference.products.ids),
                "status": keyed(lookup.found.status[product, column], STATUSES),
                "class": pa.array(found["class"].astype(str).to_numpy()),
                task.usage.quantity: table[task.usage.quantity],
                "quantity_milliunits": table["q"],
                "amount_fen": table["a"],
            }
        )
    )
    return frame.sort_values([frame.columns[0], "product_id"], kind="stable", ignore_index=True)
