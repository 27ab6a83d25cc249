"""One city's ledger made into coded panels by an engine, and held against the ledger's own total."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import InputError, Problem
from vbp.ledger.arrays import column, numbers, words
from vbp.ledger.calendar import day_number, month_of
from vbp.ledger.dense import in_order
from vbp.ledger.lookup import Lookup, Span, build_lookup, refuse_ties
from vbp.ledger.reference import Reference, read_reference, refuse_twins
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
    """A city's panels as codes, with what the codes mean; rows stand in the order of their keys.

    `a` is by month `m` (from the look-up's first), product `p` and slot `s`, `b` by hospital `h` and slot, `c` by
    hospital and batch-month `pm`; `q` thousandths, `a` fen, `n` purchases, `bits` months seen.
    """

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
    unknown: tuple[str, ...] = ()
    small: Reference | None = None
    lookup: Lookup | None = None
    views: dict[tuple[int, bool], dict[str, pa.Table]] = field(default_factory=dict)

    def reference(self, tables: Mapping[str, pa.Table], unknown: tuple[str, ...] = ()) -> Reference:
        """Return the small tables as codes, read again only where they are not the same objects as before."""
        same = all(tables.get(name) is self.source.get(name) for name in ("products", "awards", "agreements"))
        if self.small is None or not same or unknown != self.unknown:
            self.small, self.source, self.unknown = read_reference(tables, unknown), dict(tables), unknown
            self.lookup = None
        return self.small

    def look_up(self, reference: Reference, span: Span, dated: bool, spec: Collection[str] | str) -> Lookup:
        """Return the look-up for the months of a span, made again only where it is another than before."""
        held = self.lookup
        if (
            held is None
            or held.reference is not reference
            or (held.dated, held.spec) != (dated, spec)
            or not held.span.same(span)
        ):
            held = self.lookup = build_lookup(reference, span, dated, spec)
            self.views = {}
        return held


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
    kept: Kept | None = None,
) -> Coded:
    """Make one city's ledger into coded panels and hold them against its total.

    Parameters
    ----------
    kept
        Look-ups of the city before, used again if they fit (cities of one national ledger share their small tables).
    """
    kept, total = kept or Kept(), ledger_total(engine, usage)
    hospitals, span = hospital_ids(engine, usage, tables), Span.whole(total.first, total.last)
    lookup = kept.look_up(kept.reference(tables), span, usage.dated, spec)
    coded = _pass(engine, usage, lookup, kept, hospitals, total)
    if pc.sum(coded.panels["a"]["n"]).as_py() != total.rows:
        unknown = strangers(engine, usage, "product_id", lookup.reference.products.ids)
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
        kept = Kept()
        lookup = kept.look_up(kept.reference(tables, tuple(unknown)), span, usage.dated, spec)
        coded = _pass(engine, usage, lookup, kept, [*hospitals, *new], total)
        coded = replace(coded, unknown_products=tuple(unknown), unknown_hospitals=tuple(new))
    return _settled(coded)


def run_part(
    engine: Engine, usage: Usage, lookup: Lookup, kept: Kept, hospitals: list[str], total: Total
) -> Coded | None:
    """Make a new part of a kept ledger into coded panels; None where it has products or hospitals not met before."""
    coded = _pass(engine, usage, lookup, kept, hospitals, total)
    return _settled(coded) if pc.sum(coded.panels["a"]["n"]).as_py() == total.rows else None


def _settled(coded: Coded) -> Coded:
    """Return panels that agree with their ledger, in the order of their keys."""
    reconcile(coded.panels, coded.total)
    refuse_ties(coded.lookup, numbers(coded.panels["a"]["l"]))
    panels = {**coded.panels, "a": _by_month(coded.lookup, coded.panels["a"])}
    return replace(coded, panels={name: in_order(name, table) for name, table in panels.items()})


def _by_month(lookup: Lookup, table: pa.Table) -> pa.Table:
    """Return panel a by month, product and slot; where a dated ledger splits a month, like rows are added up."""
    which, product = np.divmod(numbers(table["l"]), len(lookup.reference.products.ids))
    slot, month = lookup.looks[0].slot[product, which], lookup.month[which]
    sums = [numbers(table[name]) for name in "qan"]
    if lookup.dated:
        joined = (month * len(lookup.reference.products.ids) + product) * (int(slot.max(initial=0)) + 1) + slot
        _, first, back = np.unique(joined, return_index=True, return_inverse=True)
        added = [np.zeros(len(first), np.int64) for _ in sums]
        for out, values in zip(added, sums, strict=True):
            np.add.at(out, back, values)
        sums, product, month, slot = added, product[first], month[first], slot[first]
    keys = {name: column(codes, pa.int32()) for name, codes in (("p", product), ("m", month), ("s", slot))}
    return pa.table({**keys, **{name: column(values) for name, values in zip("qan", sums, strict=True)}})


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


def _pass(engine: Engine, usage: Usage, lookup: Lookup, kept: Kept, hospitals: list[str], total: Total) -> Coded:
    """Run the rows through a look-up, hospitals with calendars of their own through theirs."""
    group = np.array([lookup.group_of.get(name, 0) for name in hospitals], dtype=np.int64)
    parts: dict[str, list[pa.Table]] = {name: [] for name in "abc"}
    for number in np.unique(group).tolist():
        key = (number, usage.in_units)
        if key not in kept.views:
            kept.views[key] = lookup.tables(number, usage.in_units)
        mine = np.flatnonzero(group == number)
        listed = pa.table({"hospital_id": words([hospitals[h] for h in mine]), "h": column(mine, pa.int32())})
        for name, table in engine.panels(usage, {**kept.views[key], "hospital": listed}).items():
            parts[name].append(table)
    panels = {name: engine.merged(name, tables) for name, tables in parts.items()}
    return Coded(lookup, hospitals, total, panels, in_units=usage.in_units)


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
