"""Quantities and prices in one basis: units beside each quantity, packs beside units, prices per minimum unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from vbp.errors import Problem
from vbp.schema import Column
from vbp.tables.arrays import plain
from vbp.tables.clean import Part
from vbp.tables.inputs import Inputs
from vbp.tables.kinds import arrow_type
from vbp.tables.quantities import BESIDE, NAMES, Packs, one_basis, settle_part
from vbp.tables.report import cells, shown
from vbp.tables.rowunits import UNSIZED
from vbp.tables.sources import Read


def settle_usage(reads: Sequence[Read], packs: Callable[[], Packs], limit: int | None) -> None:
    """Honour the unit beside each quantity."""
    for read in reads:
        if read.part.table.name == "usage" and BESIDE in read.part.columns:
            read.part = settle_part(read.part, packs(), limit)


def usage_in_one_basis(inputs: Inputs, packs: Callable[[], Packs], limit: int | None) -> tuple[Inputs, list[Problem]]:
    """Return the inputs with usage in one quantity column, and an error for every row that cannot be converted."""
    usage = inputs.tables.get("usage")
    if usage is None or not set(NAMES.values()) <= set(usage.column_names):
        return inputs, []
    made, bad = one_basis(usage, packs())
    if made is usage:
        return inputs, []
    inputs = replace(inputs, tables={**inputs.tables, "usage": made})
    said = Problem(
        "some rows or files count packs and others minimum units: all are made minimum units, packs × units_per_pack",
        "units_mixed",
        "warning",
        "usage",
        None,
        None,
        NAMES["unit"],
    )
    return inputs, [
        said,
        *cells(
            bad.tolist(),
            lambda place: Problem(
                UNSIZED,
                "unit_conversion",
                "error",
                "usage",
                *inputs.at("usage", place),
                NAMES["pack"],
                shown(usage[NAMES["pack"]][place].as_py()),
            ),
            limit,
        ),
    ]


def _per_pack(part: Part, column: Column, sizes: Mapping[str, int]) -> list[Problem]:
    """Turn a price per minimum unit into one per pack, exactly; products of unknown pack size are errors."""
    products = (
        plain(part.columns["product_id"]).to_pylist() if "product_id" in part.columns else [None] * len(part.rows)
    )
    prices = part.columns[column.name].to_pylist()
    made = [
        None if price is None or product not in sizes else price * sizes[product]
        for price, product in zip(prices, products, strict=True)
    ]
    made = [None if price is not None and price >= 10**12 else price for price in made]
    lost = [place for place, price in enumerate(made) if price is None and prices[place] is not None]
    part.columns[column.name] = pa.array(made, arrow_type(column.kind))
    said = Problem(
        f"{column.name} is given per minimum unit and was multiplied by units_per_pack",
        "per_unit_price",
        "warning",
        part.table.name,
        part.grid.label,
        None,
        column.name,
    )
    return [
        said,
        *cells(
            lost,
            lambda place: Problem(
                "a price per minimum unit needs the product's units_per_pack in products",
                "unit_conversion",
                "error",
                part.table.name,
                part.grid.label,
                int(part.rows[place]),
                column.name,
                shown(prices[place]),
            ),
        ),
    ]


def prices_per_pack(reads: Sequence[Read], packs: Callable[[], Packs]) -> list[Problem]:
    """Settle every price column whose header counts minimum units (中选价格(元/片))."""
    todo = [(read.part, hit.column) for read in reads for hit in read.part.grid.heading.found.values() if hit.per_unit]
    sizes = packs().sizes if todo else {}
    return [problem for part, column in todo for problem in _per_pack(part, column, sizes)]
