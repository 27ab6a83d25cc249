"""Which rows of the table `fund` hold for an item, and what they pay: the one reader of that table.

Of each fund the row with most filled keys holds; a tie is an error, and so are funds that together insure more than all.
Settlement, benefit, estimate, projection and check all ask here, so that they cannot differ (contract §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any, Protocol

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem
from vbp.exact import DEEP

KEYS = ("hospital_id", "batch_id", "generic", "agreement_year")
"""The keys of a row; `fund` names whose row it is and does not count among them."""
MOST_SHOWN = 50
MOST_MEETINGS = 5000
Line = tuple[str, int]
"""A fund's name ("" unnamed: all funds together) and its row's position in the table."""
Pattern = tuple[tuple[str, ...], dict[tuple[Any, ...], list[Line]]]


class SettlementRules(Protocol):
    """What is read of a rule profile's switches (`vbp.rules.model`)."""

    @property
    def share_basis(self) -> str:
        """Which rows count where the table has several: volume or visits."""

    @property
    def payment_reform_exclusion(self) -> bool:
        """Whether what a payment reform already leaves to the hospital is taken out."""


@dataclass(frozen=True)
class Terms:
    """What a rule profile says of the table: `share_basis` of the rows that count, whether x (`excluded_share`) is taken out."""

    share_basis: str = "volume"
    exclusion: bool = False

    @classmethod
    def of(cls, rules: SettlementRules) -> Terms:
        """Return the terms of a profile's `settlement`."""
        return cls(rules.share_basis, rules.payment_reform_exclusion)


COMMON = Terms()
"""The national rules' terms: shares by volume, nothing taken out for a payment reform."""


@dataclass(frozen=True)
class Matched:
    """Fund lines of items: `item` (position in the items), `row` (position in the fund table), `fund` (its name)."""

    item: np.ndarray
    row: np.ndarray
    fund: np.ndarray


@dataclass(frozen=True)
class Fault:
    """Why the table gives an item no answer.

    `rule`: fund_tie (several rows of one fund fit equally well), fund_missing (none fits) or insured_share (together more
    than 1: `total`); `item` its filled keys; `rows` positions in the table.
    """

    rule: str
    item: Mapping[str, Any]
    rows: tuple[int, ...] = ()
    total: Decimal | None = None

    @property
    def place(self) -> str:
        """The item's keys in words."""
        return ", ".join(f"{key} {value}" for key, value in self.item.items() if value != "") or "any item"

    def problem(self) -> Problem:
        """Return the fault as a problem of the table; row numbers as in a plain csv file."""
        if self.rule == "insured_share":
            text = f"the insured shares of the funds that hold for {self.place} sum to more than 1; mend one of them"
            return Problem(text, rule=self.rule, table="fund", column="insured_share", value=f"{self.total:f}")
        if self.rule == "fund_tie":
            named = ", ".join(str(row + 2) for row in self.rows)
            text = f"rows {named} of fund fit {self.place} equally well; fill one more key in one of them"
        else:
            narrow = [key for key, value in self.item.items() if value == ""]
            hint = f" (rows that name a {' or '.join(narrow)} hold for that alone)" if narrow else ""
            text = (
                f"no row of fund (医保基金支付比例) fits {self.place}; add one, or a row with empty keys for all{hint}"
            )
        return Problem(text, rule=self.rule, table="fund")


def match(items: pd.DataFrame, fund: pd.DataFrame, share_basis: str = "volume", *, gaps: bool = False) -> Matched:
    """Return for each item its fund lines: one without a fund's name, or one per named fund.

    Parameters
    ----------
    items
        The columns of `KEYS` that are known of an item; a row of the table that fills another key does not hold for it.
    share_basis
        Rows of another basis than this are passed over, unless the table has no other.
    gaps
        Whether an item without a row is left without lines rather than refused.

    Notes
    -----
    An empty key cell means all; each named fund has its own fullest row, so that a hospital's own row for one fund leaves
    it the common row of the other. A named fund's row stands before an unnamed one of the same keys.

    Raises
    ------
    InputError
        Where an item has no row, two rows fit equally well, or its funds' insured shares sum to more than 1; all of them.
    """
    found, code = _asked(items, fund, share_basis, gaps)
    return _spread(found, code)


def factors(items: pd.DataFrame, fund: pd.DataFrame, terms: Terms, *, gaps: bool = False) -> np.ndarray:
    """Return f = Σ over funds of fund_ratio · insured_share · (1 − x) of each item, exact Decimals.

    x is `excluded_share` where the terms take it out, else 0, as in the settlement. None where no row holds (with `gaps`),
    or a row that holds leaves its ratio or share empty: unknown is not zero. Items and errors are those of `match`.
    """
    found, code = _asked(items, fund, terms.share_basis, gaps)
    pays = [_pays(row, terms.exclusion) for row in fund.to_dict("records")]
    each = np.empty(len(found), dtype=object)
    for place, lines in enumerate(found):
        known = [part for part in (pays[row] for _, row in lines) if part is not None]
        each[place] = reduce(DEEP.add, known) if lines and len(known) == len(lines) else None
    return np.asarray(each[code], dtype=object)


def faults(items: pd.DataFrame, fund: pd.DataFrame, share_basis: str = "volume") -> list[Fault]:
    """Return why the table gives items no answer, each fault of the same rows once, with the first item it strikes."""
    return _answers(items, fund, share_basis)[2]


def meetings(fund: pd.DataFrame) -> pd.DataFrame:
    """Return the items that rows of the table single out, alone and together, where no other table lists the items.

    An empty key is one that no row of the combination names. At most `MOST_MEETINGS` of them, the widest first.
    """
    patterns: dict[tuple[bool, ...], dict[tuple[Any, ...], None]] = {}
    for row in fund.to_dict("records"):
        keys = tuple(_plain(row.get(key)) for key in KEYS)
        patterns.setdefault(_which(keys), {})[keys] = None
    seen = dict.fromkeys([("",) * len(KEYS), *(keys for rows in patterns.values() for keys in rows)])
    waiting = list(seen)
    for item in waiting:  # the list grows while new combinations turn up
        for filled, rows in patterns.items():
            # rows that fill no further key either hold for the item as it is or not at all
            if all(has or not more for has, more in zip(_which(item), filled, strict=True)):
                continue
            for other in rows:
                both = tuple(mine if mine != "" else theirs for mine, theirs in zip(item, other, strict=True))
                if both not in seen and len(seen) < MOST_MEETINGS and _agree(item, other):
                    seen[both] = None
                    waiting.append(both)
    return pd.DataFrame(list(seen), columns=list(KEYS), dtype=object)


def _which(keys: tuple[Any, ...]) -> tuple[bool, ...]:
    return tuple(key != "" for key in keys)


def _agree(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all("" in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))


def _asked(
    items: pd.DataFrame, fund: pd.DataFrame, share_basis: str, gaps: bool
) -> tuple[list[list[Line]], np.ndarray]:
    found, code, wrong = _answers(items, fund, share_basis)
    wrong = [fault for fault in wrong if not (gaps and fault.rule == "fund_missing")]
    if wrong:
        raise InputError(fault.problem() for fault in wrong[:MOST_SHOWN])
    return found, code


def _answers(
    items: pd.DataFrame, fund: pd.DataFrame, share_basis: str
) -> tuple[list[list[Line]], np.ndarray, list[Fault]]:
    """Return the lines of each distinct item, each item's place among them, and the faults."""
    fund = fund.reset_index(drop=True)
    patterns = _patterns(_of_basis(fund, share_basis))
    names = [key for key in KEYS if any(key in pattern for pattern, _ in patterns)]
    keys, code = distinct(items, names)
    shares = fund["insured_share"].tolist() if "insured_share" in fund else [None] * len(fund)
    found: list[list[Line]] = []
    wrong: dict[Any, Fault] = {}
    for values in keys:
        item = dict(zip(names, values, strict=True))
        lines, fault = _best(item, patterns)
        found.append(lines)
        fault = fault or _more_than_all(item, lines, shares)
        if fault:
            wrong.setdefault((fault.rule, fault.rows or values), fault)
    return found, code, list(wrong.values())


def _pays(row: Mapping[Any, Any], exclusion: bool) -> Decimal | None:
    ratio, share, excluded = (row.get(name) for name in ("fund_ratio", "insured_share", "excluded_share"))
    if not (_filled(ratio) and _filled(share)):
        return None
    paid = DEEP.multiply(Decimal(str(ratio)), Decimal(str(share)))
    left = DEEP.subtract(Decimal(1), Decimal(str(excluded))) if exclusion and _filled(excluded) else Decimal(1)
    return DEEP.multiply(paid, left)


def _of_basis(fund: pd.DataFrame, share_basis: str) -> pd.DataFrame:
    if "share_basis" not in fund:
        return fund
    fits = fund["share_basis"].map(lambda basis: not _filled(basis) or str(basis).strip() == share_basis).astype(bool)
    return fund[fits] if fits.any() else fund


def _patterns(fund: pd.DataFrame) -> list[Pattern]:
    """Group the table's rows by which keys they fill, most filled first; each with a look-up by the keys' values."""
    tables: dict[tuple[str, ...], dict[tuple[Any, ...], list[Line]]] = {}
    for place, row in zip(fund.index, fund.to_dict("records"), strict=True):
        filled = tuple(key for key in KEYS if _filled(row.get(key)))
        name = str(row["fund"]) if _filled(row.get("fund")) else ""
        values = tuple(_plain(row[key]) for key in filled)
        tables.setdefault(filled, {}).setdefault(values, []).append((name, int(place)))
    return sorted(tables.items(), key=lambda pair: -len(pair[0]))


def _filled(value: Any) -> bool:
    return value is not None and value is not pd.NA and value == value and str(value).strip() != ""


def _plain(value: Any) -> Any:
    if not _filled(value):
        return ""
    return int(value) if isinstance(value, (int, float, Decimal, np.integer, np.floating)) else str(value).strip()


def distinct(items: pd.DataFrame, names: list[str]) -> tuple[list[tuple[Any, ...]], np.ndarray]:
    """Return the distinct key values among the items and each item's place among them; a key not known of them is ""."""
    if not names:
        return [()] * bool(len(items)), np.zeros(len(items), dtype=np.int64)
    code = np.zeros(len(items), dtype=np.int64)
    for name in names:
        if name not in items:
            continue
        part, uniques = pd.factorize(items[name])
        code = code * (len(uniques) + 1) + part + 1
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    chosen = items.iloc[first]
    columns = [
        [_plain(value) for value in chosen[name].tolist()] if name in chosen else [""] * len(chosen) for name in names
    ]
    return list(zip(*columns, strict=True)), inverse


def _best(item: dict[str, Any], patterns: list[Pattern]) -> tuple[list[Line], Fault | None]:
    """Return the fund lines of one item: of each named fund its fullest row, unless an unnamed row is fuller than all."""
    hits = [
        (len(filled), *line) for filled, table in patterns for line in table.get(tuple(item[key] for key in filled), ())
    ]
    fullest: dict[str, int] = {}
    for level, name, _ in hits:
        fullest[name] = max(level, fullest.get(name, level))
    whole = fullest.pop("", -1)
    # an unnamed row stands for all funds together: it is never added to a named one
    taken = fullest if fullest and max(fullest.values()) >= whole else {"": whole}
    lines = sorted((name, row) for level, name, row in hits if taken.get(name) == level)
    if not lines:
        return [], Fault("fund_missing", item)
    names = [name for name, _ in lines]
    double = tuple(row for name, row in lines if names.count(name) > 1)
    return ([], Fault("fund_tie", item, double)) if double else (lines, None)


def _more_than_all(item: dict[str, Any], lines: list[Line], shares: list[Any]) -> Fault | None:
    """Return the fault of an item whose funds, of rows with different keys perhaps, insure more than all of its use."""
    total = sum((Decimal(str(shares[row])) for _, row in lines if _filled(shares[row])), Decimal(0))
    rows = tuple(sorted(row for _, row in lines))
    return Fault("insured_share", item, rows, total.normalize()) if total > 1 else None


def _spread(found: list[list[Line]], code: np.ndarray) -> Matched:
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
