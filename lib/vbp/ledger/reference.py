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
from vbp.ledger.arrays import column as arrow
from vbp.ledger.arrays import filled, numbers
from vbp.ledger.calendar import Years

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


def texts(table: pa.Table, column: str) -> list[Any]:
    """Return a text column as a list."""
    return table[column].to_pylist()


def given(table: pa.Table, column: str, name: str) -> pa.ChunkedArray:
    """Return a column that must have a value in every row; `name` is the table's, for the error."""
    if table[column].null_count:
        raise InputError(
            Problem(
                f"{table[column].null_count} of {table.num_rows} rows have no value here; fill them in",
                rule="missing_value",
                table=name,
                column=column,
            )
        )
    return table[column]


def days(table: pa.Table, column: str, name: str) -> np.ndarray:
    """Return a date column as day numbers from 1970-01-01."""
    return numbers(given(table, column, name).cast(pa.date32())).astype(np.int64)


def floats(table: pa.Table, column: str, default: float) -> np.ndarray:
    """Return a number column as doubles, `default` where the column or a value is missing."""
    if column not in table.column_names:
        return np.full(table.num_rows, default)
    return filled(table[column].cast(pa.float64()), default)


def flags(table: pa.Table, column: str) -> np.ndarray:
    """Return a yes/no column, no where the column or a value is missing."""
    if column not in table.column_names:
        return np.zeros(table.num_rows, dtype=bool)
    return filled(table[column].cast(pa.bool_()), False)


def scaled(column: pa.ChunkedArray, places: int, missing: int = 0) -> np.ndarray:
    """Return a decimal or integer column exactly as integers × 10^places (what is missing as told)."""
    wide = column.cast(pa.decimal128(38, places)).combine_chunks()
    whole = wide.chunk(0) if isinstance(wide, pa.ChunkedArray) and wide.num_chunks else wide
    if not len(whole):
        return np.zeros(0, dtype=np.int64)
    words = np.frombuffer(whole.buffers()[1], dtype=np.int64)[2 * whole.offset : 2 * (whole.offset + len(whole))]
    return np.where(numbers(whole.is_valid()), words[::2], missing)


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


def coded(column: pa.ChunkedArray) -> tuple[np.ndarray, list[Any]]:
    """Return a text column as codes and what they stand for (-1 where there is no text)."""
    whole = column.combine_chunks().dictionary_encode()
    return filled(whole.indices, -1).astype(np.int64), whole.dictionary.to_pylist()


class Codes:
    """A growing list of names with their codes."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names: list[str] = []
        self.of: dict[str, int] = {}
        self.add(names)

    def add(self, names: Sequence[str]) -> np.ndarray:
        """Return the codes of `names`, giving new ones to names not seen before."""
        for name in names:
            if name not in self.of:
                self.of[name] = len(self.names)
                self.names.append(name)
        return np.array([self.of[name] for name in names], dtype=np.int64)


def numbered(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys as numbers given in the order in which they are met, and where each was met first."""
    coded = arrow(keys).dictionary_encode()
    codes = numbers(coded.indices).astype(np.int64)
    first = np.empty(len(coded.dictionary), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return codes, first


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


def read_agreements(
    table: pa.Table | None, batches: Codes, generics: Codes
) -> tuple[dict[tuple[int, int], Years], dict[str, dict[tuple[int, int], Years]]]:
    """Return the city's commonest agreement years of each batch × generic, and hospitals whose own differ."""
    if table is None or not table.num_rows:
        return {}, {}
    uniform = _uniform_years(table, batches, generics)
    if uniform is not None:
        return uniform, {}
    signed = Signed.of(table)
    city, odd = signed.commonest()
    names = sorted(city, key=lambda pair: (signed.names[0][pair[0]], signed.names[1][pair[1]]))
    own_codes = [
        codes.add([signed.names[side][pair[side]] for pair in names]).tolist()
        for side, codes in enumerate((batches, generics))
    ]
    code = dict(zip(names, zip(*own_codes, strict=True), strict=True))
    years = {code[pair]: _ordered(city[pair]) for pair in names}
    return years, _own_years(signed, odd, city, code)


def _ordered(years: Mapping[int, tuple[int, int]]) -> Years:
    """Return agreement years by number."""
    return tuple((number, *days) for number, days in sorted(years.items()))


@dataclass(frozen=True)
class Signed:
    """What each hospital signed, one entry for each batch × generic × year × hospital: first and last day.

    `names` are what the codes of batch, generic and hospital stand for.
    """

    names: tuple[list[Any], list[Any], list[Any]]
    batch: np.ndarray
    generic: np.ndarray
    year: np.ndarray
    hospital: np.ndarray
    begin: np.ndarray
    end: np.ndarray

    @classmethod
    def of(cls, table: pa.Table) -> Signed:
        """Return the agreements' dates; of several rows (products) the first and the last day."""
        sides, names = zip(*(coded(table[name]) for name in ("batch_id", "generic", "hospital_id")), strict=True)
        keys = np.stack(
            [sides[0], sides[1], numbers(given(table, "agreement_year", "agreements")).astype(np.int64), sides[2]]
        )
        order = np.lexsort(keys[::-1])
        apart = np.append(True, (np.diff(keys[:, order], axis=1) != 0).any(axis=0))
        starts = np.flatnonzero(apart)
        begin = np.minimum.reduceat(days(table, "start_date", "agreements")[order], starts)
        end = np.maximum.reduceat(days(table, "end_date", "agreements")[order], starts)
        batch, generic, year, hospital = keys[:, order[starts]]
        return cls(names, batch, generic, year, hospital, begin, end)

    def commonest(self) -> tuple[dict[tuple[int, int], dict[int, tuple[int, int]]], set[tuple[int, int]]]:
        """Return the commonest dates of each batch × generic, by year, and those where not all are the same.

        Of dates that are equally common: the earlier start, then the earlier end.
        """
        kinds, counts = np.unique(
            np.stack([self.batch, self.generic, self.year, self.begin, self.end], axis=1), axis=0, return_counts=True
        )
        city: dict[tuple[int, int], dict[int, tuple[int, int]]] = {}
        odd: set[tuple[int, int]] = set()
        for row in np.lexsort((kinds[:, 4], kinds[:, 3], -counts)).tolist():
            batch, generic, year, begin, end = kinds[row].tolist()
            known = city.setdefault((batch, generic), {})
            if year in known:
                odd.add((batch, generic))
            known.setdefault(year, (begin, end))
        return city, odd


def _uniform_years(table: pa.Table, batches: Codes, generics: Codes) -> dict[tuple[int, int], Years] | None:
    """Return the agreement years where all hospitals have the same dates (the usual case, and quick), else None."""
    codes, names = zip(*(coded(table[name]) for name in ("batch_id", "generic")), strict=True)
    year = numbers(given(table, "agreement_year", "agreements")).astype(np.int64)
    begin, end = days(table, "start_date", "agreements"), days(table, "end_date", "agreements")
    if year.min() < 0 or year.max() > 4000:
        return None
    back, first = numbered((codes[0] * len(names[1]) + codes[1]) * 4096 + year)
    if (begin != begin[first][back]).any() or (end != end[first][back]).any():
        return None
    known: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for row in first.tolist():
        pair = (names[0][codes[0][row]], names[1][codes[1][row]])
        known.setdefault(pair, []).append((int(year[row]), int(begin[row]), int(end[row])))
    ordered = sorted(known)
    places = zip(
        batches.add([pair[0] for pair in ordered]).tolist(),
        generics.add([pair[1] for pair in ordered]).tolist(),
        strict=True,
    )
    return {place: tuple(sorted(known[pair])) for place, pair in zip(places, ordered, strict=True)}


def _own_years(
    signed: Signed,
    odd: set[tuple[int, int]],
    city: Mapping[tuple[int, int], Mapping[int, tuple[int, int]]],
    code: Mapping[tuple[int, int], tuple[int, int]],
) -> dict[str, dict[tuple[int, int], Years]]:
    """Return, by hospital, the calendars that differ from the city's; a year it has not signed follows the city."""
    own: dict[str, dict[tuple[int, int], dict[int, tuple[int, int]]]] = {}
    columns = (signed.batch, signed.generic, signed.year, signed.hospital, signed.begin, signed.end)
    for batch, generic, year, hospital, begin, end in zip(*(part.tolist() for part in columns), strict=True):
        pair = (batch, generic)
        if pair in odd and city[pair][year] != (begin, end):
            known = own.setdefault(signed.names[2][hospital], {}).setdefault(code[pair], dict(city[pair]))
            known[year] = (begin, end)
    return {hospital: {pair: _ordered(known) for pair, known in pairs.items()} for hospital, pairs in own.items()}


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
