"""The quantity columns of usage settled: a unit beside each row honoured, packs and minimum units made one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import Problem
from vbp.tables.arrays import codes, encoded, flat, missing, plain
from vbp.tables.clean import Part
from vbp.tables.headers import Found
from vbp.tables.report import LIMIT, cells, shown
from vbp.tables.rowunits import Settled, in_units, settle
from vbp.tables.texts import compact

BESIDE = "quantity_unit"
NAMES = {"pack": "quantity_packs", "unit": "quantity_units"}


@dataclass(frozen=True)
class Packs:
    """By product: minimum units in a pack, and what a minimum unit is called (where varieties say so)."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def packs_of(tables: Mapping[str, Iterable[Mapping[str, pa.Array]]]) -> Packs:
    """Return pack sizes and unit names from the columns read of products and varieties."""
    sizes: dict[str, int] = {}
    called: dict[str, str] = {}
    generic_of: dict[str, str] = {}
    for columns in tables.get("varieties", ()):
        if {"generic", "unit_name"} <= set(columns):
            called |= _pairs(columns, "generic", "unit_name")
    for columns in tables.get("products", ()):
        if "product_id" in columns:
            sizes |= _pairs(columns, "product_id", "units_per_pack") if "units_per_pack" in columns else {}
            generic_of |= _pairs(columns, "product_id", "generic") if "generic" in columns else {}
    return Packs(sizes, {product: called[name] for product, name in generic_of.items() if name in called})


def _pairs(columns: Mapping[str, pa.Array], key: str, value: str) -> dict[str, Any]:
    both = zip(plain(flat(columns[key])).to_pylist(), plain(flat(columns[value])).to_pylist(), strict=True)
    return {left: right for left, right in both if left and right}


def _by_product(products: pa.Array, packs: Packs) -> tuple[np.ndarray, pa.Array | None]:
    """Return, per row, the pack size (0: unknown) and the name of a minimum unit."""
    coded = encoded(products)
    known = coded.dictionary.to_pylist()
    sizes = np.array([packs.sizes.get(product, 0) for product in known] + [0], np.int64)[codes(coded)]
    if not packs.names:
        return sizes, None
    names = pa.array([packs.names.get(product) for product in known], pa.string())
    return sizes, names.take(coded.indices)


def stated(hit: Found) -> str | None:
    """Return the basis that a quantity's header states for certain, None where it leaves it open."""
    if hit.unit.basis is not None:
        return None if hit.unit.unsure else hit.unit.basis
    return (
        {name: basis for basis, name in NAMES.items()}.get(hit.column.name)
        if compact(hit.header) == compact(hit.column.name)
        else None
    )


def said(
    label: str,
    rows: np.ndarray,
    quantity: str,
    column: str,
    done: Settled,
    texts: pa.Array,
    table: str | None,
    limit: int | None = LIMIT,
) -> list[Problem]:
    """Return the problems of settled quantities: rows refused (at the unit's cell), assumed, and the mixture."""
    problems: list[Problem] = []
    by_rule: dict[str, list[int]] = {}
    for place, (rule, _) in sorted(done.refused.items()):
        by_rule.setdefault(rule, []).append(place)
    for rule, places in by_rule.items():
        problems += cells(
            places,
            lambda place, rule=rule: Problem(  # type: ignore[misc]
                done.refused[place][1],
                rule,
                "error",
                table,
                label,
                int(rows[place]),
                column,
                shown(texts[place].as_py()),
            ),
            limit,
        )
    if done.packs and done.units:
        problems.append(
            Problem(
                f"{done.packs:,} rows count packs (盒) and {done.units:,} minimum units (片/支/粒): all are made minimum units, "
                "packs × units_per_pack",
                "units_mixed",
                "warning",
                table,
                label,
                None,
                quantity,
            )
        )
    if len(done.assumed):
        first = int(done.assumed[0])
        counts = "packs" if done.basis == "pack" else "packs or minimum units as the word is mostly used"
        problems.append(
            Problem(
                f"{len(done.assumed):,} rows have a unit that can mean a pack or its content: read as {counts} (瓶 a pack, 袋 and "
                "ml a minimum unit); unit_name in varieties settles it",
                "unit_assumed",
                "warning",
                table,
                label,
                int(rows[first]),
                column,
                shown(texts[first].as_py()),
            )
        )
    return problems


def empty_column(label: str, hit: Found, column: str, table: str | None) -> list[Problem]:
    """Return a warning for a unit column without a word in it where the header leaves the unit open."""
    if stated(hit) is not None:
        return []
    return [
        Problem(
            "the unit column is empty: write 盒, 片, 支 … in it, or in the header, as 采购数量(盒); read as "
            f"{'packs' if hit.column.unit == '盒' else 'minimum units'}",
            "unit_assumed",
            "warning",
            table,
            label,
            None,
            column,
        )
    ]


def _unused(part: Part, hit: Found, both: bool, empty: bool) -> list[Problem]:
    if empty:
        return [] if both else empty_column(part.grid.label, hit, BESIDE, part.table.name)
    return [
        Problem(
            "packs and minimum units have columns of their own, so the unit column is not needed",
            "unit_column",
            "warning",
            part.table.name,
            part.grid.label,
            None,
            BESIDE,
        )
    ]


def _without(part: Part) -> Part:
    return replace(part, columns={name: array for name, array in part.columns.items() if name != BESIDE})


def settle_part(part: Part, packs: Packs, limit: int | None = LIMIT) -> Part:
    """Return a part of usage with its quantity on one basis and the unit column used up."""
    rows = np.asarray(part.rows, np.int64)
    have = [name for name in NAMES.values() if name in part.columns and part.columns[name].null_count < len(rows)]
    if BESIDE not in part.columns or not have:
        return _without(part)
    hit = next(hit for hit in part.grid.heading.found.values() if hit.column.name == have[0])
    empty = part.columns[BESIDE].null_count == len(rows)
    if len(have) == 2 or empty:
        part.problems.extend(_unused(part, hit, len(have) == 2, empty))
        return _without(part)
    products = part.columns.get("product_id", pa.nulls(len(rows), pa.string()))
    sizes, names = _by_product(products, packs)
    texts = plain(part.columns[BESIDE])
    done = settle(part.columns[have[0]], texts, sizes, names, stated(hit))
    part.problems.extend(said(part.grid.label, rows, have[0], BESIDE, done, texts, part.table.name, limit))
    columns = {name: array for name, array in part.columns.items() if name not in (BESIDE, have[0])}
    refused = {(name, int(rows[place])) for name in NAMES.values() for place in done.refused}
    return replace(part, columns={**columns, NAMES[done.basis]: done.array}, refused=part.refused | frozenset(refused))


def one_basis(usage: pa.Table, packs: Packs) -> tuple[pa.Table, np.ndarray]:
    """Return usage with one whole quantity column, and the rows that could not be converted.

    Where files or rows give packs here and minimum units there, all become minimum units; where one column is whole
    the table stays as it is.
    """
    if not set(NAMES.values()) <= set(usage.column_names):
        return usage, np.empty(0, np.int64)
    given, counted = flat(usage[NAMES["pack"]]), flat(usage[NAMES["unit"]])
    lacking = missing(counted) & ~missing(given)
    if not lacking.any() or not (missing(given) & ~missing(counted)).any():
        return usage, np.empty(0, np.int64)
    sizes, _ = _by_product(
        flat(usage["product_id"]) if "product_id" in usage.column_names else pa.nulls(usage.num_rows, pa.string()),
        packs,
    )
    made, bad = in_units(given, sizes)
    whole = pc.if_else(pa.array(lacking), made, counted)
    place = usage.column_names.index(NAMES["unit"])
    return usage.set_column(place, NAMES["unit"], whole).drop_columns([NAMES["pack"]]), np.intersect1d(
        bad, np.flatnonzero(lacking)
    )
