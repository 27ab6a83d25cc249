"""Agreement years: the city's commonest dates of each batch × generic, and the hospitals whose own differ from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.ledger.arrays import numbers
from vbp.ledger.calendar import Years
from vbp.ledger.coding import Codes, coded, days, given, numbered


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
