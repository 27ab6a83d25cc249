"""Coded panels as the tables that are written: keys as text with a dictionary, money in fen, quantities in thousandths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.ledger.arrays import column, numbers, whole, words
from vbp.ledger.calendar import month_starts
from vbp.ledger.classes import CLASSES
from vbp.ledger.lookup import MONTHS, Lookup
from vbp.ledger.prices import awards_table, prices_table, summed
from vbp.ledger.rowpass import Coded

KEY = pa.dictionary(pa.int32(), pa.string())
PRICE = pa.decimal128(18, 6)
SCHEMAS: dict[str, pa.Schema] = {
    "product_month": pa.schema(
        [
            ("product_id", KEY),
            ("month", pa.date32()),
            ("slot", pa.int32()),
            ("quantity_milliunits", pa.int64()),
            ("amount_fen", pa.int64()),
            ("purchases", pa.int64()),
        ]
    ),
    "cells": pa.schema(
        [
            ("hospital_id", KEY),
            ("slot", pa.int32()),
            ("quantity_milliunits", pa.int64()),
            ("amount_fen", pa.int64()),
            ("months_mask", pa.int64()),
        ]
    ),
    "progress": pa.schema(
        [
            ("hospital_id", KEY),
            ("batch_id", KEY),
            ("month", pa.date32()),
            ("quantity_milliunits", pa.int64()),
            ("amount_fen", pa.int64()),
        ]
    ),
    "slots": pa.schema(
        [
            ("slot", pa.int32()),
            ("batch_id", KEY),
            ("generic", KEY),
            ("period", pa.int16()),
            ("class", KEY),
            ("product_id", KEY),
            ("award_start_date", pa.date32()),
            ("by_product", pa.bool_()),
            ("boundary", pa.bool_()),
        ]
    ),
    "awards": pa.schema(
        [
            ("batch_id", KEY),
            ("product_id", KEY),
            ("start_date", pa.date32()),
            ("generic", KEY),
            ("end_date", pa.date32()),
            ("supply_role", KEY),
            ("selected_price_yuan", PRICE),
            ("pre_price_yuan", PRICE),
            ("price_cap_yuan", PRICE),
            ("pack_milliunits", pa.int64()),
            ("p1_e10", pa.int64()),
        ]
    ),
    "prices": pa.schema(
        [
            ("batch_id", KEY),
            ("generic", KEY),
            ("start_date", pa.date32()),
            ("end_date", pa.date32()),
            ("cycle", pa.int64()),
            ("renewal_of", pa.string()),
            ("p0_e10", pa.int64()),
            ("p0_source", pa.string()),
            ("p0_basis", pa.string()),
            ("p0_ledger_e10", pa.int64()),
            ("p0_ledger_fen", pa.int64()),
            ("p0_ledger_milliunits", pa.int64()),
            ("p0_months_seen", pa.int16()),
            ("p0_hospitals", pa.int64()),
            ("p1_main_e10", pa.int64()),
            ("p1_main_product_id", pa.string()),
            ("winners", pa.int64()),
            ("agreed_by", pa.string()),
        ]
    ),
    "unmatched": pa.schema(
        [
            ("reason", pa.string()),
            ("product_id", pa.string()),
            ("hospital_id", pa.string()),
            ("purchases", pa.int64()),
            ("amount_fen", pa.int64()),
            ("first_month", pa.date32()),
            ("last_month", pa.date32()),
            ("counted", pa.bool_()),
        ]
    ),
}
"""The schema of every file that is written."""


def keyed(codes: np.ndarray, names: Sequence[str]) -> pa.DictionaryArray:
    """Return codes as a dictionary of names; a negative code is missing."""
    return pa.DictionaryArray.from_arrays(column(codes, pa.int32(), codes < 0), words(names))


def dates(days: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Return day numbers as dates, missing where told."""
    return column(days, pa.date32(), missing)


def table_of(columns: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Return values, column by column, as a table of texts, whole numbers, days (as day numbers) and flags."""

    def made(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        if pa.types.is_boolean(kind):
            return column(np.array(values, dtype=bool))
        text = pa.types.is_dictionary(kind) or pa.types.is_string(kind)
        array = words(values) if text else whole(values, kind)
        return array.dictionary_encode() if pa.types.is_dictionary(kind) else array

    return pa.table([made(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema)


def slot_table(lookup: Lookup) -> pa.Table:
    """Return what each slot means; an odd slot is its even neighbour's cheaper twin."""
    slots, reference = lookup.slots, lookup.reference
    twice = [
        np.repeat(getattr(slots, name), 2)
        for name in ("batch", "generic", "period", "kind", "award", "product", "split")
    ]
    batch, generic, period, kind, award, product, split = twice
    cheaper = np.arange(len(kind)) % 2
    paired = np.array([name.endswith("_dearer") for name in CLASSES])[kind]
    starts = np.append(reference.awards.start, 0)[award]
    return pa.table(
        [
            column(np.arange(len(kind)), pa.int32()),
            keyed(batch, reference.batches),
            keyed(generic, reference.generics),
            column(period, pa.int16()),
            keyed(kind + cheaper * paired, CLASSES),
            keyed(product, reference.products.ids),
            dates(starts, award < 0),
            column(_by_product(lookup, generic)),
            column(split.astype(bool)),
        ],
        schema=SCHEMAS["slots"],
    )


def _by_product(lookup: Lookup, generic: np.ndarray) -> np.ndarray:
    names = lookup.reference.generics
    return np.array([lookup.spec == "all" or name in lookup.spec for name in names], dtype=bool)[generic]


def product_month_table(coded: Coded) -> pa.Table:
    """Return panel (a) by product, month and slot."""
    lookup, table = coded.lookup, coded.panels["a"]
    starts = month_starts(lookup.first, lookup.last)
    return pa.table(
        [
            keyed(numbers(table["p"]), lookup.reference.products.ids),
            dates(starts[numbers(table["m"])]),
            *(table[name] for name in "sqan"),
        ],
        schema=SCHEMAS["product_month"],
    )


def cells_table(coded: Coded) -> pa.Table:
    """Return panel (b) by hospital and slot."""
    table = coded.panels["b"]
    return pa.table(
        [
            keyed(numbers(table["h"]), coded.hospitals),
            table["s"].cast(pa.int32()),
            table["q"],
            table["a"],
            table["bits"].cast(pa.int64()),
        ],
        schema=SCHEMAS["cells"],
    )


def progress_table(coded: Coded) -> pa.Table:
    """Return panel (c), the sums of each month."""
    table = coded.panels["c"]
    batch, month = np.divmod(numbers(table["pm"]), MONTHS)
    starts = month_starts(coded.lookup.first, coded.lookup.last)
    return pa.table(
        [
            keyed(numbers(table["h"]), coded.hospitals),
            keyed(batch, coded.lookup.reference.batches),
            dates(starts[month]),
            table["q"],
            table["a"],
        ],
        schema=SCHEMAS["progress"],
    )


def unmatched_table(coded: Coded) -> pa.Table:
    """Return what matched nothing, with reasons: products and hospitals that the folder does not list, products without
    a pack size.
    """
    rows = [*_unsized(coded), *_strange_hospitals(coded)]
    columns: list[Any] = list(zip(*rows, strict=True)) or [[] for _ in SCHEMAS["unmatched"]]
    return table_of(columns, SCHEMAS["unmatched"])


def _unsized(coded: Coded) -> list[tuple[Any, ...]]:
    """Return the rows of `unmatched` for products that are not listed or have no pack size."""
    products = coded.lookup.reference.products
    sized, count = products.unit if coded.in_units else products.pack, len(products.ids)
    if (sized > 0).all():
        return []
    table = coded.panels["a"]
    product = numbers(table["p"])
    at = np.flatnonzero(sized[product] <= 0)
    which, product = product[at], np.unique(product[at])
    purchases, amount = (summed(which, numbers(table[name])[at], count)[product].tolist() for name in "na")
    month = month_starts(coded.lookup.first, coded.lookup.last)[numbers(table["m"])[at]]
    strange = set(coded.unknown_products)
    rows = []
    for p, n, fen in zip(product.tolist(), purchases, amount, strict=True):
        name, days = products.ids[p], month[which == p]
        reason = "product_unknown" if name in strange else "no_pack_size"
        rows.append((reason, name, None, n, fen, int(days.min()), int(days.max()), True))
    return rows


def _strange_hospitals(coded: Coded) -> list[tuple[Any, ...]]:
    """Return the rows of `unmatched` for hospitals that are not listed."""
    if not coded.unknown_hospitals:
        return []
    table = coded.panels["b"]
    amounts = summed(numbers(table["h"]), numbers(table["a"]), len(coded.hospitals))
    place = {name: code for code, name in enumerate(coded.hospitals)}
    return [
        ("hospital_unknown", None, name, None, int(amounts[place[name]]), None, None, True)
        for name in coded.unknown_hospitals
    ]


def panel_tables(coded: Coded, tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return every table that is written for a city, by name."""
    months = product_month_table(coded)
    return {
        "product_month": months,
        "cells": cells_table(coded),
        "progress": progress_table(coded),
        "slots": coded.lookup.once("slots", lambda: slot_table(coded.lookup)),
        "awards": coded.lookup.once("awards", lambda: awards_table(coded.lookup, tables)),
        "prices": prices_table(coded, tables),
        "unmatched": unmatched_table(coded),
    }
