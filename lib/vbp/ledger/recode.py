"""Kept panels back into codes, so that a new part of the ledger can be added to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vbp.ledger.arrays import codes, column, numbers
from vbp.ledger.calendar import month_of
from vbp.ledger.lookup import MONTHS
from vbp.ledger.reference import Reference


def months(dates: pa.ChunkedArray, first: int) -> np.ndarray:
    """Return a date column as months counted from the ledger's first."""
    return month_of(numbers(dates).astype(np.int64)) - first


def recoded(
    files: Mapping[str, pq.ParquetFile], reference: Reference, hospitals: list[str], first: int
) -> dict[str, pa.Table] | None:
    """Return the kept panels a, b and c as codes; None where a name is not known.

    Slots keep the numbers that they have (`vbp.ledger.slots`); months are counted from `first`.
    """
    a, b, c = (files[name].read() for name in ("product_month", "cells", "progress"))
    product, hospital = codes(a["product_id"], reference.products.ids), codes(b["hospital_id"], hospitals)
    buyer, batch = codes(c["hospital_id"], hospitals), codes(c["batch_id"], reference.batches)
    if product is None or hospital is None or buyer is None or batch is None:
        return None
    sums = {"q": "quantity_milliunits", "a": "amount_fen"}
    keys = {
        "a": {"p": product, "m": months(a["month"], first), "s": numbers(a["slot"])},
        "b": {"h": hospital, "s": numbers(b["slot"])},
        "c": {"h": buyer, "pm": batch * MONTHS + months(c["month"], first)},
    }
    more = {"a": {**sums, "n": "purchases"}, "b": {**sums, "bits": "months_mask"}, "c": sums}
    return {
        name: pa.table(
            {key: column(values, pa.int32()) for key, values in keys[name].items()}
            | {short: table[long] for short, long in more[name].items()}
        )
        for name, table in zip("abc", (a, b, c), strict=True)
    }
