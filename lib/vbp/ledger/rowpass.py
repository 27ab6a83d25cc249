"""One city's ledger made into coded panels by an engine, and held against the ledger's own total."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import InputError, Problem
from vbp.ledger.calendar import day_number, month_of
from vbp.ledger.lookup import Lookup, build_lookup, refuse_ties
from vbp.ledger.reference import read_reference, refuse_twins
from vbp.ledger.source import Usage

LARGEST_MILLIUNITS = 4 * 10**13
"""Thousandths of a unit above which a product's month is refused: a row of that size is no longer exact as a double."""


class Engine(Protocol):
    """What runs the queries: DuckDB here, Spark there."""

    name: str

    def total(self, usage: Usage) -> dict[str, Any]:
        """Return the ledger's own rows, counts of values, amount in fen, first and last day."""

    def panels(self, usage: Usage, views: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Return the coded panels a, b and c."""

    def merged(self, name: str, parts: list[pa.Table]) -> pa.Table:
        """Add up parts of one panel."""

    def rows(self, usage: Usage, text: str, views: Mapping[str, pa.Table]) -> pa.Table:
        """Return what any query over `usage` and `views` gives."""

    def close(self) -> None:
        """Let go of what the engine holds."""


@dataclass(frozen=True)
class Total:
    """A ledger's own total: rows, amount (fen), first and last month (counted from 1970-01)."""

    rows: int
    fen: int
    first: int
    last: int


@dataclass(frozen=True)
class Coded:
    """A city's panels as codes, with what the codes mean."""

    lookup: Lookup
    hospitals: list[str]
    total: Total
    panels: dict[str, pa.Table]
    unknown_products: tuple[str, ...] = ()
    unknown_hospitals: tuple[str, ...] = ()
    in_units: bool = False


@dataclass
class Kept:
    """A look-up kept from city to city: used again while the cities' small tables come to the same."""

    source: dict[str, pa.Table] = field(default_factory=dict)
    spec: Collection[str] | str = ()
    lookup: Lookup | None = None
    views: dict[tuple[int, bool], dict[str, pa.Table]] = field(default_factory=dict)

    def fits(
        self, tables: Mapping[str, pa.Table], spec: Collection[str] | str, months: tuple[int, int], dated: bool
    ) -> bool:
        """Return whether the kept look-up is the one that these tables would give (the same objects)."""
        same = all(tables.get(name) is self.source.get(name) for name in ("products", "awards", "agreements"))
        return (
            self.lookup is not None
            and same
            and spec == self.spec
            and (self.lookup.first, self.lookup.last, self.lookup.dated) == (*months, dated)
        )

    def renew(self, tables: Mapping[str, pa.Table], spec: Collection[str] | str, lookup: Lookup) -> None:
        """Keep another look-up."""
        self.source, self.spec, self.lookup, self.views = dict(tables), spec, lookup, {}


def ledger_total(engine: Engine, usage: Usage) -> Total:
    """Return the ledger's own total; gaps in its columns and an empty ledger are errors."""
    found = engine.total(usage)
    file = str(usage.paths[0].parent) if len(usage.paths) > 1 else str(usage.paths[0]) if usage.paths else None
    if not found["n"]:
        raise InputError(Problem("the ledger has no rows", rule="empty", table="usage", file=file))
    gaps = {name: found["n"] - found[name] for name in ("hospital_id", "product_id", "day", "quantity", "amount_yuan")}
    names = {"day": "date" if usage.dated else "month", "quantity": usage.quantity}
    problems = [
        Problem(
            f"{count} of {found['n']} rows have no value here; fill them in or delete the rows",
            rule="missing_value",
            column=names.get(name, name),
            table="usage",
            file=file,
        )
        for name, count in gaps.items()
        if count
    ]
    if problems:
        raise InputError(problems)
    first, last = month_of(np.array([day_number(found["first"]), day_number(found["last"])])).tolist()
    if last - first > 1200 or first < -840:
        raise InputError(
            Problem(
                f"the ledger runs from {found['first']} to {found['last']}; look for mistyped years",
                rule="date",
                column=names["day"],
                table="usage",
                file=file,
            )
        )
    return Total(found["n"], found["fen"], first, last)


def run(
    engine: Engine,
    usage: Usage,
    tables: Mapping[str, pa.Table],
    spec: Collection[str] | str = (),
    months: tuple[int, int] | None = None,
    kept: Kept | None = None,
) -> Coded:
    """Make one city's ledger into coded panels and hold them against its total.

    Parameters
    ----------
    months
        Months that the look-up covers where they are more than the ledger's own (a month appended to what was kept).
    kept
        Look-ups of the city before, used again if they fit (cities of one national ledger share their small tables).
    """
    total = ledger_total(engine, usage)
    first, last = months or (total.first, total.last)
    hospitals = hospital_ids(engine, usage, tables)
    coded = _pass(engine, usage, tables, spec, (first, last), hospitals, total, (), kept)
    if pc.sum(coded.panels["a"]["n"]).as_py() != total.rows:
        unknown = strangers(engine, usage, "product_id", coded.lookup.reference.products.ids)
        new = strangers(engine, usage, "hospital_id", hospitals)
        if not unknown and not new:
            raise InputError(
                Problem(
                    "some months are not the first of a month (2024-03-01 stands for March 2024); give days in the "
                    "column date",
                    rule="month",
                    table="usage",
                    column="month",
                )
            )
        coded = _pass(
            engine, usage, tables, spec, (first, last), [*hospitals, *new], total, tuple(unknown), None, tuple(new)
        )
    reconcile(coded.panels, total)
    refuse_ties(coded.lookup, coded.panels["a"]["l"].to_numpy())
    return coded


def hospital_ids(engine: Engine, usage: Usage, tables: Mapping[str, pa.Table]) -> list[str]:
    """Return the hospitals that the folder lists, or without a list those of the ledger."""
    if "hospitals" in tables:
        listed = tables["hospitals"]["hospital_id"].to_pylist()
        refuse_twins(listed, "hospitals", "hospital_id")
        return listed
    return strangers(engine, usage, "hospital_id", [])


def strangers(engine: Engine, usage: Usage, column: str, known: Sequence[str]) -> list[str]:
    """Return the values of `column` in the ledger that are not in `known`."""
    found = engine.rows(
        usage, f"SELECT DISTINCT CAST({column} AS STRING) AS id FROM usage WHERE {column} IS NOT NULL", {}
    )["id"].to_pylist()
    return sorted(set(found) - set(known))


def _pass(
    engine: Engine,
    usage: Usage,
    tables: Mapping[str, pa.Table],
    spec: Collection[str] | str,
    months: tuple[int, int],
    hospitals: list[str],
    total: Total,
    unknown: tuple[str, ...],
    kept: Kept | None,
    new: tuple[str, ...] = (),
) -> Coded:
    kept = kept if kept is not None else Kept()
    if not kept.fits(tables, spec, months, usage.dated):
        kept.renew(tables, spec, build_lookup(read_reference(tables, unknown), *months, usage.dated, spec))
    lookup = kept.lookup
    assert lookup is not None
    group = np.array([lookup.group_of.get(name, 0) for name in hospitals], dtype=np.int64)
    parts: dict[str, list[pa.Table]] = {name: [] for name in "abc"}
    for number in np.unique(group).tolist():
        key = (number, usage.in_units)
        if key not in kept.views:
            kept.views[key] = lookup.tables(number, usage.in_units)
        mine = np.flatnonzero(group == number)
        listed = pa.table(
            {"hospital_id": pa.array([hospitals[h] for h in mine], pa.string()), "h": pa.array(mine, pa.int32())}
        )
        for name, table in engine.panels(usage, {**kept.views[key], "hospital": listed}).items():
            parts[name].append(table)
    return Coded(
        lookup,
        hospitals,
        total,
        {name: engine.merged(name, tables) for name, tables in parts.items()},
        unknown,
        new,
        usage.in_units,
    )


def reconcile(panels: Mapping[str, pa.Table], total: Total) -> None:
    """Stop unless product × month, the cells and the ledger agree to the fen, the row and the thousandth."""
    sums = {name: [pc.sum(panels[name][column]).as_py() or 0 for column in "qa"] for name in "ab"}
    rows = pc.sum(panels["a"]["n"]).as_py() or 0
    if (pc.max(pc.abs(panels["a"]["q"])).as_py() or 0) > LARGEST_MILLIUNITS:
        raise InputError(
            Problem(
                "one product has more than 40 billion units in one month: look for a wrong quantity or units_per_pack",
                rule="too_large",
                table="usage",
                column="quantity_packs",
            )
        )
    if sums["a"] != sums["b"] or sums["a"][1] != total.fen or rows != total.rows:
        raise InputError(
            Problem(
                f"the panels do not agree with the ledger: product × month {sums['a'][1]} fen in {rows} rows, "
                f"cells {sums['b'][1]} fen, "
                f"ledger {total.fen} fen in {total.rows} rows; nothing was written (a product listed twice in "
                "products?)",
                rule="reconcile",
                table="usage",
            )
        )
