"""Packs and minimum units in an export made one: the unit beside each row honoured, all files on one basis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import Problem
from vbp.tables.arrays import flat, missing, plain
from vbp.tables.clean import Part
from vbp.tables.quantities import empty_column, said, stated
from vbp.tables.report import cells
from vbp.tables.rowunits import in_units, settle

Columns = dict[str, pa.Array]
UNSIZED = "packs of an unknown size (包装规格) beside rows in minimum units: they cannot be made one"


def _sizes(columns: Columns, name: str) -> np.ndarray:
    """Return minimum units per pack, per row; 0 where unknown."""
    return np.asarray(pc.fill_null(plain(flat(columns[name])).cast(pa.int64()), 0))


def by_row(part: Part, columns: Columns, rows: np.ndarray, wanted: Mapping[str, Any]) -> tuple[Columns, list[Problem]]:
    """Return one file's columns with the quantity on one basis.

    `wanted` names the columns packs, units, size and name, and those that may hold the unit, the best first.
    """
    have = [name for name in (wanted["packs"], wanted["units"]) if name in columns]
    unit = next((name for name in wanted["unit"] if name in columns), None)
    if unit is None or len(have) != 1:
        return columns, []
    texts = plain(flat(columns[unit]))
    hit = next(hit for hit in part.grid.heading.found.values() if hit.column.name == have[0])
    if texts.null_count == len(texts):
        return columns, empty_column(part.grid.label, hit, unit, None)
    names = columns.get(wanted.get("name", ""))
    done = settle(flat(columns[have[0]]), texts, _sizes(columns, wanted["size"]), names, stated(hit))
    problems = said(part.grid.label, rows, have[0], unit, done, texts, None)
    basis = wanted["packs"] if done.basis == "pack" else wanted["units"]
    return {**{name: array for name, array in columns.items() if name != have[0]}, basis: done.array}, problems


def one_basis(
    made: Sequence[tuple[Columns, np.ndarray, str]], wanted: Mapping[str, Any]
) -> tuple[list[Columns], list[Problem]]:
    """Return all files' columns with quantities in minimum units where any file has no packs for a row, else as they are."""
    packs, units = wanted["packs"], wanted["units"]
    if all(packs in columns and not flat(columns[packs]).null_count for columns, _, _ in made):
        return [columns for columns, _, _ in made], []
    done, problems = [], []
    for columns, rows, label in made:
        if packs in columns:
            columns, bad = _in_units(columns, wanted)
            problems += cells(
                bad,
                lambda place, rows=rows, label=label: Problem(  # type: ignore[misc]
                    UNSIZED, "unit_conversion", "error", None, label, int(rows[place]), packs
                ),
            )
        done.append({name: array for name, array in columns.items() if name != packs or units not in columns})
    return done, problems


def _in_units(columns: Columns, wanted: Mapping[str, Any]) -> tuple[Columns, list[int]]:
    """Fill the column of minimum units from packs where it is empty."""
    given = flat(columns[wanted["packs"]])
    made, bad = in_units(given, _sizes(columns, wanted["size"]))
    if wanted["units"] not in columns:
        return {**columns, wanted["units"]: made}, bad.tolist()
    counted = flat(columns[wanted["units"]])
    lacking = missing(counted) & ~missing(given)
    return {**columns, wanted["units"]: pc.if_else(pa.array(lacking), made, counted)}, np.intersect1d(
        bad, np.flatnonzero(lacking)
    ).tolist()
