"""P0 and P1: what a unit cost before the start, and what the winners' units cost, with where each number comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from vbp.errors import InputError, Problem
from vbp.ledger.arrays import column, numbers, whole, words
from vbp.ledger.coding import coded as coded_texts
from vbp.ledger.coding import scaled, texts
from vbp.ledger.reference import AWAY, MAIN, Reference
from vbp.ledger.units import E10, divided, rounded_e10, unit_price_e10
from vbp.tables.kinds import MOST_A_UNIT

TOO_HIGH = MOST_A_UNIT * E10
"""Prices per converted unit, in 10^-10 yuan, that are refused."""

if TYPE_CHECKING:
    from vbp.ledger.lookup import Lookup
    from vbp.ledger.rowpass import Coded


def award_prices(reference: Reference) -> list[int | None]:
    """Return each award's price per converted unit in 10^-10 yuan, half up; None without a pack size."""
    awards = reference.awards
    packs = reference.products.exact[awards.product].tolist()
    made = [
        divided(price * (E10 // 10**6) * 10**8, pack) if pack else None
        for price, pack in zip(awards.price.tolist(), packs, strict=True)
    ]
    high = [
        reference.products.ids[awards.product[row]]
        for row, price in enumerate(made)
        if price is not None and price >= TOO_HIGH
    ]
    if high:
        raise _too_high("the selected price", "awards", "selected_price_yuan", high[0])
    return made


def _too_high(what: str, table: str, column: str, value: str) -> InputError:
    """Return the refusal of a price per unit that no medicine has."""
    return InputError(
        Problem(
            f"{what} is {MOST_A_UNIT:,} yuan or more per converted unit: look for a wrong quantity, units_per_pack or spec_factor",
            "too_large",
            table=table,
            column=column,
            value=value,
        )
    )


def pack_milliunits(reference: Reference) -> np.ndarray:
    """Return converted units per pack in thousandths, by product; 0 where the pack size is not known."""
    return np.rint(reference.products.pack).astype(np.int64)


def awards_table(lookup: Lookup, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the awards with generic, converted units per pack and price per converted unit."""
    from vbp.ledger.shape import PRICE, SCHEMAS, dates, keyed

    reference, source = lookup.reference, tables.get("awards")
    awards, count = reference.awards, len(reference.awards.batch)
    blank = pa.nulls(count, PRICE)

    def given(name: str) -> Any:
        return source[name].cast(PRICE) if source is not None and count and name in source.column_names else blank

    roles = (
        texts(source, "supply_role")
        if source is not None and "supply_role" in source.column_names
        else ["main"] * count
    )
    return pa.table(
        [
            keyed(awards.batch, reference.batches),
            keyed(awards.product, reference.products.ids),
            dates(awards.start),
            keyed(reference.products.generic[awards.product], reference.generics),
            dates(awards.end),
            words([role or "main" for role in roles][:count]).dictionary_encode(),
            given("selected_price_yuan"),
            given("pre_price_yuan"),
            given("price_cap_yuan"),
            column(pack_milliunits(reference)[awards.product], pa.int64()),
            whole(award_prices(reference), pa.int64()),
        ],
        schema=SCHEMAS["awards"],
    )


def before_sums(coded: Coded) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return generic × month of the ledger: quantity (thousandths), amount (fen), purchases."""
    lookup, table = coded.lookup, coded.panels["a"]
    shape = (len(lookup.reference.generics), lookup.last - lookup.first + 1)
    place = lookup.reference.products.generic[numbers(table["p"])] * shape[1] + numbers(table["m"])
    sums = [summed(place, numbers(table[name]), shape[0] * shape[1]).reshape(shape) for name in "qan"]
    return sums[0], sums[1], sums[2]


def summed(places: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Return exact integer sums by place."""
    out = np.zeros(count, dtype=np.int64)
    np.add.at(out, places, values)
    return out


def _varieties(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of `varieties` by batch and generic, the given P0 in 10^-6 yuan as `p0`."""
    table = tables.get("varieties")
    if table is None:
        return {}
    rows = table.select(
        [
            name
            for name in ("batch_id", "generic", "cycle", "renewal_of", "pre_price_basis")
            if name in table.column_names
        ]
    ).to_pylist()
    name = "pre_price_yuan_per_unit"
    if name in table.column_names:
        present, micro = table[name].is_valid().to_pylist(), scaled(table[name], 6).tolist()
        for row, known, value in zip(rows, present, micro, strict=True):
            row["p0"] = value if known else None
    return {(row["batch_id"], row["generic"]): row for row in rows}


def main_awards(reference: Reference) -> dict[tuple[int, int], tuple[int | None, str | None, int]]:
    """Return for each batch × generic the main supplier's price and product at the start, and how many products won.

    The main supplier: the lowest price per unit among awards with role main, else among backups, that start first.
    """
    awards, prices, ids = reference.awards, award_prices(reference), reference.products.ids
    generic, product = reference.products.generic[awards.product].tolist(), awards.product.tolist()
    start, role, batch = awards.start.tolist(), awards.role.tolist(), awards.batch.tolist()
    home: dict[tuple[int, int], list[int]] = {pair: [] for pair in reference.runs}
    for row, kind in enumerate(role):
        if kind != AWAY:
            home[batch[row], generic[row]].append(row)
    found: dict[tuple[int, int], tuple[int | None, str | None, int]] = {}
    for pair, mine in home.items():
        priced = [row for row in mine if prices[row] is not None]
        priced = [row for row in priced if role[row] == MAIN] or priced
        first = min((start[row] for row in priced), default=0)
        best = min(
            ((prices[row] or 0, ids[product[row]]) for row in priced if start[row] == first), default=(None, None)
        )
        found[pair] = (*best, len({product[row] for row in mine}))
    return found


def _agreed_by(reference: Reference, table: pa.Table | None) -> dict[tuple[str, str], str]:
    """Return for each batch × generic with agreements whether these name products."""
    found = {(reference.batches[batch], reference.generics[generic]): "generic" for batch, generic in reference.years}
    if table is None or "product_id" not in table.column_names or table["product_id"].null_count == table.num_rows:
        return found
    return found | dict.fromkeys(_pairs(table.filter(table["product_id"].is_valid())), "product")


def _pairs(table: pa.Table) -> list[tuple[str, str]]:
    """Return the pairs of batch and generic in a table."""
    (batch, batches), (generic, generics) = (coded_texts(table[name]) for name in ("batch_id", "generic"))
    found = np.flatnonzero(np.bincount(batch * len(generics) + generic)).tolist()
    return [(batches[pair // len(generics)], generics[pair % len(generics)]) for pair in found]


def _p0(given: int | None, ledger: int | None) -> tuple[int | None, str]:
    """Return P0 (10^-10 yuan) and its source, from the given price (10^-6 yuan) or what the ledger says (10^-10)."""
    if given is not None:
        return given * 10**4, "given"
    return (rounded_e10(ledger), "ledger") if ledger is not None else (None, "none")


def _before(coded: Coded) -> list[tuple[int, int, int]]:
    """Return for each run its generic's quantity, amount and months with purchases in the twelve months before."""
    lookup = coded.lookup
    pairs = list(lookup.reference.runs)
    if not pairs:
        return []
    before = lookup.once("before", lambda: np.stack([lookup.calendars[pair].period == 0 for pair in pairs]))
    quantity, amount, purchases = (part[[generic for _, generic in pairs]] for part in before_sums(coded))
    sums = [np.where(before, part, 0).sum(axis=1).tolist() for part in (quantity, amount, purchases > 0)]
    return list(zip(*sums, strict=True))


def prices_table(coded: Coded, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return P0 and the main P1 of each batch × generic.

    P0 is `varieties.pre_price_yuan_per_unit` where given, else amount / quantity of the generic over all hospitals of
    the folder in the
    months of the twelve before the start (four decimals, half up; a missing or non-positive quantity leaves it
    missing).
    """
    from vbp.ledger.shape import SCHEMAS, table_of

    lookup, reference = coded.lookup, coded.lookup.reference
    given, agreed = _varieties(tables), lookup.once("agreed", lambda: _agreed_by(reference, tables.get("agreements")))
    mains = lookup.once("mains", lambda: main_awards(reference))
    hospitals = int(np.count_nonzero(np.bincount(numbers(coded.panels["b"]["h"]))))
    rows = []
    for (pair, (start, end)), (q, a, months) in zip(reference.runs.items(), _before(coded), strict=True):
        names = (reference.batches[pair[0]], reference.generics[pair[1]])
        ledger = unit_price_e10(a, q) if q > 0 and a > 0 else None
        if ledger is not None and ledger >= TOO_HIGH:
            raise _too_high(f"the mean price before {names[0]}", "usage", "amount_yuan", names[1])
        variety = given.get(names, {})
        p0, source = _p0(variety.get("p0"), ledger)
        rows.append(
            (
                *names,
                start,
                end,
                variety.get("cycle"),
                variety.get("renewal_of"),
                p0,
                source,
                variety.get("pre_price_basis") if source == "given" else None,
                ledger,
                a,
                q,
                months,
                hospitals,
                *mains[pair],
                agreed.get(names, "none"),
            )
        )
    columns: list[Any] = list(zip(*rows, strict=True)) or [[] for _ in SCHEMAS["prices"]]
    return table_of(columns, SCHEMAS["prices"])
