"""The small tables as codes: products, awards, batches' runs and agreement calendars, for the look-up that holds all
rules.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import InputError, Problem
from vbp.ledger.agreements import read_agreements
from vbp.ledger.calendar import Years
from vbp.ledger.coding import Codes, days, flags, floats, scaled, texts

ROLES = {"main": 0, "backup1": 1, "backup2": 1, "elsewhere": 2}
MAIN, BACKUP, AWAY = 0, 1, 2
STEPS = 10**5
"""Steps of 10^-8 converted unit in a thousandth of one."""


@dataclass(frozen=True)
class Products:
    """Products by code: identifiers, generic, converted units per pack and per minimum unit (thousandths), kind.

    `exact` holds the converted units per pack × 10^8, for prices. `pack` and `unit` are the doubles nearest to decimals
    of five places.
    """

    ids: list[str]
    generic: np.ndarray
    pack: np.ndarray
    unit: np.ndarray
    originator: np.ndarray
    evaluated: np.ndarray
    group: np.ndarray
    exact: np.ndarray


@dataclass(frozen=True)
class Awards:
    """Awards by row: batch, product, first and last day, role (main, backup, away), price of a pack in 10^-6 yuan."""

    batch: np.ndarray
    product: np.ndarray
    start: np.ndarray
    end: np.ndarray
    role: np.ndarray
    price: np.ndarray


@dataclass(frozen=True)
class Reference:
    """Everything small: code lists, products, awards, runs of batch × generic, agreement years.

    `runs` maps (batch, generic) to (first day, last day); `years` to the city's commonest agreement years;
    `own` maps a hospital to its own years where they differ from the city's.
    """

    generics: list[str]
    batches: list[str]
    products: Products
    awards: Awards
    runs: dict[tuple[int, int], tuple[int, int]]
    years: dict[tuple[int, int], Years]
    own: dict[str, dict[tuple[int, int], Years]]


def refuse_twins(ids: Sequence[str], table: str, column: str) -> None:
    """Raise an error that names each identifier that stands twice: its purchases would count twice."""
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        twins = sorted({name for name in ids if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
        raise InputError(
            [
                Problem(
                    f"stands twice in {table}; its purchases would count twice, so keep one row",
                    rule="duplicate",
                    table=table,
                    column=column,
                    value=name,
                )
                for name in twins
            ]
        )


def refuse_giants(ids: Sequence[str], exact: np.ndarray) -> None:
    """Raise an error for packs of more converted units (× 10^8) than a double holds exactly."""
    problems = [
        Problem(
            "a pack holds more than 45 million converted units; look at units_per_pack and spec_factor",
            rule="pack_size",
            table="products",
            column="units_per_pack",
            value=ids[row],
        )
        for row in np.flatnonzero(exact >= 2**52).tolist()
    ]
    if problems:
        raise InputError(problems)


def read_products(table: pa.Table, generics: Codes, unknown: Collection[str]) -> Products:
    """Return products by code, those in `unknown` (seen in the ledger only) appended with generic ''."""
    ids = [*texts(table, "product_id"), *sorted(unknown)]
    refuse_twins(ids, "products", "product_id")
    extra = len(ids) - table.num_rows
    per_pack = floats(table, "units_per_pack", 0.0)
    spec = (
        scaled(table["spec_factor"], 8, missing=10**8)
        if "spec_factor" in table.column_names
        else np.full(table.num_rows, 10**8)
    )
    refuse_giants(ids, per_pack * spec)
    exact = spec * np.rint(per_pack).astype(np.int64)
    groups = Codes([""])
    names = texts(table, "substitute_group") if "substitute_group" in table.column_names else [""] * table.num_rows
    group = groups.add([name or "" for name in names]) - 1

    def padded(values: np.ndarray, fill: Any) -> np.ndarray:
        return np.concatenate([values, np.full(extra, fill, dtype=values.dtype)])

    generic = (
        np.concatenate([generics.add(texts(table, "generic")), generics.add([""] * extra)])
        if extra
        else generics.add(texts(table, "generic"))
    )
    return Products(
        ids,
        generic.astype(np.int64),
        padded(exact / STEPS, 0.0),
        padded(spec / STEPS, 0.0),
        padded(flags(table, "originator"), False),
        padded(flags(table, "consistency_evaluated"), False),
        padded(group, -1),
        padded(exact, 0),
    )


def read_awards(table: pa.Table | None, products: Products, batches: Codes) -> Awards:
    """Return awards by code; an award of a product that `products` does not know is an input error."""
    none = np.zeros(0, dtype=np.int64)
    if table is None or not table.num_rows:
        return Awards(none, none, none, none, none, none)
    place = {name: code for code, name in enumerate(products.ids)}
    ids = texts(table, "product_id")
    lost = sorted({name for name in ids if name not in place or not products.unit[place[name]]})
    if lost:
        raise InputError(
            [
                Problem(
                    f"award of a product that products does not list: {name}; add it to products",
                    rule="unknown_product",
                    table="awards",
                    column="product_id",
                    value=name,
                )
                for name in lost
            ]
        )
    roles = texts(table, "supply_role") if "supply_role" in table.column_names else [None] * len(ids)
    bad = sorted({str(role) for role in roles if role and role not in ROLES})
    if bad:
        raise InputError(
            [
                Problem(
                    f"supply_role must be one of {', '.join(ROLES)}",
                    rule="supply_role",
                    table="awards",
                    column="supply_role",
                    value=role,
                )
                for role in bad
            ]
        )
    return Awards(
        batches.add(texts(table, "batch_id")),
        np.array([place[name] for name in ids]),
        days(table, "start_date", "awards"),
        days(table, "end_date", "awards"),
        np.array([ROLES[role or "main"] for role in roles]),
        scaled(table["selected_price_yuan"], 6),
    )


def read_runs(
    awards: Awards, products: Products, years: Mapping[tuple[int, int], Years]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return first and last day of each batch × generic: of main and backup awards and agreements, else awards elsewhere."""
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {
        pair: [(begin, end) for _, begin, end in known] for pair, known in years.items()
    }
    away: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in range(len(awards.batch)):
        pair = (int(awards.batch[row]), int(products.generic[awards.product[row]]))
        home = spans if awards.role[row] != AWAY else away
        home.setdefault(pair, []).append((int(awards.start[row]), int(awards.end[row])))
    for pair, known in away.items():
        spans.setdefault(pair, known)
    return {
        pair: (min(begin for begin, _ in known), max(end for _, end in known)) for pair, known in sorted(spans.items())
    }


def read_reference(tables: Mapping[str, pa.Table], unknown: Collection[str] = ()) -> Reference:
    """Return the small tables as codes.

    Parameters
    ----------
    tables
        The inputs' tables; `products` is needed, `awards`, `agreements` may be missing.
    unknown
        Products of the ledger that `products` does not list: they get generic '' and no pack size.
    """
    if "products" not in tables:
        raise InputError(
            Problem("the table products is needed to convert packs into units", rule="missing_table", table="products")
        )
    generics, batches = Codes(), Codes()
    products = read_products(tables["products"], generics, unknown)
    awards = read_awards(tables.get("awards"), products, batches)
    years, own = read_agreements(tables.get("agreements"), batches, generics)
    return Reference(generics.names, batches.names, products, awards, read_runs(awards, products, years), years, own)
