"""Which rows of the `fund` table hold for an item: of each fund the row with most filled keys; a tie is an error."""
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem

KEYS = ("hospital_id", "batch_id", "generic", "agreement_year")
MOST_SHOWN = 50


@dataclass(frozen=True)
class Matched:
    """Fund lines of items: `item` (position in the items), `row` (position in the fund table), `fund` (its name)."""

    item: np.ndarray
    row: np.ndarray
    fund: np.ndarray


def match(items: pd.DataFrame, fund: pd.DataFrame, share_basis: str) -> Matched:
    """Return for each item its fund lines: one without a fund's name, or one per named fund.

    Rows of another `share_basis` than the profile's are passed over, unless the table has no other. An empty key cell
    means all; each named fund has its own fullest row, so that a hospital's own row for one fund leaves it the common
    row of the other. A named fund's row stands before an unnamed one of the same keys.

    Raises
    ------
    InputError
        Where an item has no row, two rows fit equally well, or its funds' insured shares sum to more than 1; all of them.
    """
    fund = fund.reset_index(drop=True)
    usable = _of_basis(fund, share_basis)
    patterns = _patterns(usable)
    names = [key for key in KEYS if any(key in pattern for pattern, _ in patterns)]
    keys, code = distinct(items, names)
    shares = fund["insured_share"].tolist() if "insured_share" in fund else [None] * len(fund)
    found: list[list[tuple[str, int]]] = []
    problems: list[Problem] = []
    for values in keys:
        item = dict(zip(names, values, strict=True))
        lines, fault = _best(item, patterns)
        found.append(lines)
        fault = fault or _more_than_all(item, [shares[row] for _, row in lines])
        if fault:
            problems.append(fault)
    if problems:
        raise InputError(problems[:MOST_SHOWN])
    return _spread(found, code)


def _of_basis(fund: pd.DataFrame, share_basis: str) -> pd.DataFrame:
    if "share_basis" not in fund:
        return fund
    fits = fund["share_basis"].isna() | (fund["share_basis"] == share_basis)
    return fund[fits] if fits.any() else fund


Pattern = tuple[tuple[str, ...], dict[tuple[Any, ...], list[tuple[str, int]]]]


def _patterns(fund: pd.DataFrame) -> list[Pattern]:
    """Group the table's rows by which keys they fill, most filled first; each with a look-up by the keys' values."""
    tables: dict[tuple[str, ...], dict[tuple[Any, ...], list[tuple[str, int]]]] = {}
    for place, row in zip(fund.index, fund.to_dict("records"), strict=True):
        filled = tuple(key for key in KEYS if _filled(row.get(key)))
        name = str(row["fund"]) if _filled(row.get("fund")) else ""
        values = tuple(_plain(row[key]) for key in filled)
        tables.setdefault(filled, {}).setdefault(values, []).append((name, int(place)))
    return sorted(tables.items(), key=lambda pair: -len(pair[0]))


def _filled(value: Any) -> bool:
    return value is not None and value == value and value != "" and value is not pd.NA


def _plain(value: Any) -> Any:
    if not _filled(value):
        return ""
    return int(value) if isinstance(value, (int, float, np.integer, np.floating)) else str(value)


def distinct(items: pd.DataFrame, names: list[str]) -> tuple[list[tuple[Any, ...]], np.ndarray]:
    """Return the distinct key values among the items and each item's place among them."""
    if not names:
        return [()], np.zeros(len(items), dtype=np.int64)
    code = np.zeros(len(items), dtype=np.int64)
    for name in names:
        part, uniques = pd.factorize(items[name])
        code = code * (len(uniques) + 1) + part + 1
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    chosen = items.iloc[first]
    columns = [[_plain(value) for value in chosen[name].tolist()] for name in names]
    return list(zip(*columns, strict=True)), inverse


def _best(item: dict[str, Any], patterns: list[Pattern]) -> tuple[list[tuple[str, int]], Problem | None]:
    """Return the fund lines of one key: of each named fund its fullest row, unless an unnamed row is fuller than all."""
    place = ", ".join(f"{key} {value}" for key, value in item.items()) or "any item"
    hits = [(len(filled), *line) for filled, table in patterns for line in table.get(tuple(item[key] for key in filled), ())]
    fullest: dict[str, int] = {}
    for level, name, _ in hits:
        fullest[name] = max(level, fullest.get(name, level))
    whole = fullest.pop("", -1)
    # an unnamed row stands for all funds together: it is never added to a named one
    taken = fullest if fullest and max(fullest.values()) >= whole else {"": whole}
    lines = [(name, row) for level, name, row in hits if taken.get(name) == level]
    double = sorted({name for name, _ in lines if sum(other == name for other, _ in lines) > 1})
    if double or not lines:
        rows_named = ", ".join(str(row + 2) for _, row in lines)
        text = (f"rows {rows_named} of fund fit {place} equally well; fill one more key in one of them" if lines else
                f"no row of fund (医保基金支付比例) fits {place}; add one, or a row with empty keys for all")
        return [], Problem(text, rule="fund_tie" if lines else "fund_missing", table="fund")
    return sorted(lines), None


def _more_than_all(item: dict[str, Any], shares: list[Any]) -> Problem | None:
    """Return the problem of an item whose funds, of rows with different keys perhaps, insure more than all of its use."""
    total = sum((Decimal(str(share)) for share in shares if _filled(share)), Decimal(0))
    if total <= 1:
        return None
    place = ", ".join(f"{key} {value}" for key, value in item.items()) or "any item"
    text = f"the insured shares of the funds that hold for {place} sum to more than 1; mend one of them"
    return Problem(text, rule="insured_share", table="fund", column="insured_share", value=f"{total.normalize():f}")


def _spread(found: list[list[tuple[str, int]]], code: np.ndarray) -> Matched:
    most = max((len(lines) for lines in found), default=0)
    items, rows, names = [], [], []
    for place in range(most):
        row = np.array([lines[place][1] if place < len(lines) else -1 for lines in found], dtype=np.int64)[code]
        name = np.array([lines[place][0] if place < len(lines) else "" for lines in found], dtype=object)[code]
        has = np.flatnonzero(row >= 0)
        items.append(has)
        rows.append(row[has])
        names.append(name[has])
    if not items:
        empty = np.zeros(0, dtype=np.int64)
        return Matched(empty, empty, empty.astype(object))
    return Matched(np.concatenate(items), np.concatenate(rows), np.concatenate(names))
