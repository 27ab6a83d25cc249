"""Kept panels back into codes, so that a new month can be added to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vbp.ledger.calendar import month_of
from vbp.ledger.lookup import MONTHS
from vbp.ledger.rowpass import Coded


def codes(column: pa.ChunkedArray, names: list[str]) -> np.ndarray | None:
    """Return a dictionary column as codes of `names`; None where a name is not among them."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    if not pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode()
    words = whole.dictionary.to_pylist()
    if words == names:
        return whole.indices.to_numpy().astype(np.int64)
    place = {name: code for code, name in enumerate(names)}
    used = np.unique(whole.indices.to_numpy()).tolist()
    if any(words[index] not in place for index in used):
        return None
    return np.array([place.get(word, -1) for word in words], dtype=np.int64)[whole.indices.to_numpy()]


def months(column: pa.ChunkedArray, first: int) -> np.ndarray:
    """Return a date column as months counted from the ledger's first."""
    return month_of(column.cast(pa.int32()).to_numpy().astype(np.int64)) - first


def slot_places(kept: pa.Table, now: pa.Table) -> np.ndarray | None:
    """Return for each kept slot the new slot of the same meaning, None where one is not there any more.

    Slots are numbered month by month, so with one calendar the kept numbers are the first of the new ones.
    """
    if kept.num_rows <= now.num_rows and _plain(kept).equals(_plain(now.slice(0, kept.num_rows))):
        return np.arange(kept.num_rows)
    one, two = (_meaning(table) for table in (kept, now))
    place: dict[tuple[object, ...], int] = {}
    for number, meaning in enumerate(two):
        place.setdefault(meaning, number)
    return np.array([place[meaning] for meaning in one]) if all(meaning in place for meaning in one) else None


def _plain(table: pa.Table) -> pa.Table:
    """Return a table with its dictionaries written out, for comparing."""
    columns = {name: table[name] for name in table.column_names}
    return pa.table(
        {name: one.cast(pa.string()) if pa.types.is_dictionary(one.type) else one for name, one in columns.items()}
    ).combine_chunks()


def _meaning(table: pa.Table) -> list[tuple[object, ...]]:
    """Return what each slot means, with the parity that tells the cheaper twin."""
    columns = [table[name].to_pylist() for name in table.column_names if name != "slot"]
    return list(zip(*columns, [number % 2 for number in range(table.num_rows)], strict=True))


def recoded(files: Mapping[str, pq.ParquetFile], coded: Coded, places: np.ndarray) -> dict[str, pa.Table] | None:
    """Return the kept panels a, b and c in the codes of `coded`; None where a name is not known to it.

    `places` are the new numbers of the kept slots (`slot_places`).
    """
    lookup, reference = coded.lookup, coded.lookup.reference
    a, b, c = (files[name].read() for name in ("product_month", "cells", "progress"))
    product, hospital = codes(a["product_id"], reference.products.ids), codes(b["hospital_id"], coded.hospitals)
    buyer, batch = codes(c["hospital_id"], coded.hospitals), codes(c["batch_id"], reference.batches)
    if product is None or hospital is None or buyer is None or batch is None:
        return None
    column = _columns(coded, a, product, places)
    if column is None:
        return None
    return {
        "a": pa.table(
            {
                "l": pa.array(column * len(reference.products.ids) + product, pa.int32()),
                "q": a["quantity_milliunits"],
                "a": a["amount_fen"],
                "n": a["purchases"],
            }
        ),
        "b": pa.table(
            {
                "h": pa.array(hospital, pa.int32()),
                "s": pa.array(places[b["slot"].to_numpy()], pa.int32()),
                "q": b["quantity_milliunits"],
                "a": b["amount_fen"],
                "bits": b["months_mask"],
            }
        ),
        "c": pa.table(
            {
                "h": pa.array(buyer, pa.int32()),
                "pm": pa.array(batch * MONTHS + months(c["month"], lookup.first), pa.int32()),
                "q": c["quantity_milliunits"],
                "a": c["amount_fen"],
            }
        ),
    }


def _columns(coded: Coded, table: pa.Table, product: np.ndarray, places: np.ndarray) -> np.ndarray | None:
    """Return the look-up column of each kept product × month; in a dated ledger the first of the month with the kept
    slot.
    """
    lookup = coded.lookup
    month = months(table["month"], lookup.first)
    if not lookup.dated:
        return month
    slot, column = places[table["slot"].to_numpy()], np.searchsorted(lookup.month, month)
    for _ in range(len(lookup.month)):
        wrong = lookup.looks[0].slot[product, column] != slot
        if not wrong.any():
            return column
        column = np.where(wrong, np.minimum(column + 1, len(lookup.month) - 1), column)
        if (lookup.month[column] != month).any():
            return None
    return None
