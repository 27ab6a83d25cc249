"""The small look-up, product × month, that holds every rule, so that the pass over the rows is one integer join."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import InputError, Problem
from vbp.ledger.arrays import column as arrow
from vbp.ledger.arrays import words
from vbp.ledger.calendar import OUT, Periods, Years, as_date, completed, month_starts, periods
from vbp.ledger.classes import ALTERNATIVE, CODE, ELSEWHERE, NONSELECTED_STATUS, SELECTED
from vbp.ledger.reference import Reference
from vbp.ledger.slots import Slots, decoded, number_slots, slot_keys
from vbp.ledger.status import NONE, Claims, Stretches, by_month, claims, stretches

BELOW = 1 - 1e-12
"""Margin for rounding in doubles: a unit price equal to the main supplier's is not below it."""


MONTHS = 1 << 12
"""Factor of the batch in a batch-month code: more months than any ledger has, so that codes outlive an appended month.
"""


@dataclass(frozen=True)
class Span:
    """The months of a look-up, counted from 1970-01: the ledger's first and last, and the first that is looked up.

    `known` holds the meanings of slots that have their numbers already (`vbp.ledger.slots`), where a part is added to
    a kept ledger: its look-up begins with its own first month.
    """

    first: int
    last: int
    since: int
    known: np.ndarray

    @classmethod
    def whole(cls, first: int, last: int) -> Span:
        """Return the span of a ledger that is looked up from its first month on."""
        return cls(first, last, first, np.zeros(0, np.int64))

    def same(self, other: Span) -> bool:
        """Return whether another look-up has the same months and numbers."""
        mine, theirs = (self.first, self.last, self.since), (other.first, other.last, other.since)
        return mine == theirs and np.array_equal(self.known, other.known)


@dataclass(frozen=True)
class Look:
    """One calendar's look-up: for product × column the slot (even; the cheaper twin is the next), month bit,
    batch-month.
    """

    slot: np.ndarray
    bit: np.ndarray
    batch_month: np.ndarray


@dataclass(frozen=True)
class Lookup:
    """All look-ups of one city: the claims, the city's own calendar and those of hospitals that differ from it.

    `columns` are the stretches (dated ledger) or months; `month` is each column's month, an index from `first`.
    """

    reference: Reference
    span: Span
    cut: Stretches
    dated: bool
    month: np.ndarray
    found: Claims
    cap: np.ndarray
    looks: tuple[Look, ...]
    group_of: dict[str, int]
    slots: Slots
    calendars: dict[tuple[int, int], Periods] = field(default_factory=dict)
    spec: Collection[str] | str = ()
    memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def first(self) -> int:
        """Return the ledger's first month."""
        return self.span.first

    @property
    def last(self) -> int:
        """Return the ledger's last month."""
        return self.span.last

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what `make` gives, made once for all cities that share this look-up."""
        if name not in self.memo:
            self.memo[name] = make()
        return self.memo[name]

    def tables(self, group: int, units: bool) -> dict[str, pa.Table]:
        """Return the tables `product`, `day` and `look` that the row pass joins; `units`: quantities are minimum units.

        The look-up stands month by month: rows come by month, so a pass meets one small part of it at a time.
        """
        products, look, width = self.reference.products, self.looks[group], len(self.month)
        factor, count = products.unit if units else products.pack, len(products.ids)
        return {
            "product": pa.table(
                {
                    "product_id": words(products.ids),
                    "p": arrow(np.arange(count), pa.int32()),
                    "factor": arrow(factor),
                }
            ),
            "day": self._days(count),
            "look": pa.table(
                {
                    "l": arrow(np.arange(count * width), pa.int32()),
                    "slot": arrow(look.slot.T.ravel(), pa.int32()),
                    "bit": arrow(look.bit.T.ravel()),
                    "pm": arrow(look.batch_month.T.ravel(), pa.int32()),
                    "cap": arrow((self.cap * factor[:, None] / 1000).T.ravel()),
                }
            ),
        }

    def _days(self, count: int) -> pa.Table:
        starts = self.cut.start if self.dated else month_starts(self.span.since, self.last)
        numbers = np.arange(starts[0], starts[-1]) if self.dated else starts[:-1]
        column = np.searchsorted(starts, numbers, side="right") - 1
        return pa.table({"day": arrow(numbers, pa.date32()), "d": arrow(column * count, pa.int32())})


def build_lookup(reference: Reference, span: Span, dated: bool, spec: Collection[str] | str = ()) -> Lookup:
    """Return the look-up for the months of a span.

    Parameters
    ----------
    reference
        The small tables as codes.
    span
        The months, and the slots that are numbered already.
    dated
        Whether the ledger has dates; else a month goes whole to the claim of most of its days.
    spec
        Generics whose cells are kept by product (`"all"`: every one).
    """
    cut = stretches(reference, span.since, span.last)
    found = claims(reference, cut)
    found, month = (found, cut.month) if dated else (by_month(found, cut), np.arange(span.last - span.since + 1))
    month = month + (span.since - span.first)
    starts = month_starts(span.first, span.last)
    by_product = np.array([spec == "all" or name in spec for name in reference.generics], dtype=bool)
    groups, variants = _groups(reference)
    calendars = [_calendars(reference, starts, own) for own in variants]
    looks, meanings = zip(
        *(_look(reference, found, month, calendar, by_product) for calendar in calendars), strict=True
    )
    codes, known = number_slots(meanings, span.known)
    looks = tuple(replace(look, slot=(code * 2).astype(np.int32)) for look, code in zip(looks, codes, strict=True))
    cap = np.where(found.status == NONSELECTED_STATUS, found.main_price, 0.0) * BELOW
    slots = decoded(reference, known)
    return Lookup(reference, span, cut, dated, month, found, cap, looks, groups, slots, calendars[0], spec)


def _groups(reference: Reference) -> tuple[dict[str, int], list[dict[tuple[int, int], Years]]]:
    """Return hospitals with own calendars by group, and the groups' differences; group 0 follows the city."""
    variants: list[dict[tuple[int, int], Years]] = [{}]
    groups: dict[str, int] = {}
    for hospital, own in sorted(reference.own.items()):
        if own not in variants:
            variants.append(own)
        groups[hospital] = variants.index(own)
    return groups, variants


def _calendars(
    reference: Reference, starts: np.ndarray, own: dict[tuple[int, int], Years]
) -> dict[tuple[int, int], Periods]:
    """Return each batch × generic's months under the city's calendar with `own` in its place where it differs."""
    made: dict[tuple[Years, int], Periods] = {}
    result = {}
    for pair, (start, end) in reference.runs.items():
        years = completed(own.get(pair) or reference.years.get(pair, ()), start, end)
        begin = years[0][1] if years and pair in own else start
        key = (years, begin)
        if key not in made:
            made[key] = periods(years, begin, starts)
        result[pair] = made[key]
    return result


def _nearest(reference: Reference, pairs: list[tuple[int, int]], period: np.ndarray) -> np.ndarray:
    """Return generic × month: the pair to which unclaimed purchases belong, -1 for none.

    A year that holds the month comes before a coming start; of years the later start, of coming starts the nearest.
    """
    near = np.full((len(reference.generics), period.shape[1]), NONE, dtype=np.int64)
    order = sorted(range(len(pairs)), key=lambda i: (reference.runs[pairs[i]][0], pairs[i]))
    for index in reversed(order):
        near[pairs[index][1], period[index] == 0] = index
    for index in order:
        near[pairs[index][1], period[index] > 0] = index
    return near


def _look(
    reference: Reference,
    found: Claims,
    month: np.ndarray,
    calendar: dict[tuple[int, int], Periods],
    by_product: np.ndarray,
) -> tuple[Look, np.ndarray]:
    """Return one calendar's look-up, its slots without numbers yet, and what each slot means."""
    products, pairs = reference.products, list(calendar)
    blank = np.zeros((0, int(month[-1]) + 1))
    period = np.stack([calendar[pair].period for pair in pairs]) if pairs else blank.astype(np.int16)
    pair_of = np.full((len(reference.batches) + 1, len(reference.generics)), NONE, dtype=np.int64)
    for index, (batch, generic) in enumerate(pairs):
        pair_of[batch, generic] = index
    near = _nearest(reference, pairs, period)[:, month][products.generic]
    pair = np.where(found.batch >= 0, pair_of[found.batch, products.generic[:, None]], near)
    at = np.broadcast_to(month, pair.shape)
    held = np.concatenate([period, np.full((1, blank.shape[1]), OUT, dtype=np.int16)])[pair, at]
    split, first = (
        np.concatenate(
            [
                np.stack([getattr(calendar[key], name) for key in pairs]) if pairs else blank,
                np.zeros((1, blank.shape[1])),
            ]
        )[pair, at].astype(np.int64)
        for name in ("split", "first")
    )
    detail = np.where(
        found.award >= 0,
        found.award + 1,
        np.where(by_product[products.generic], 1 + len(reference.awards.batch) + np.arange(len(products.ids)), 0)[
            :, None
        ],
    )
    meaning = slot_keys(reference, pair, products.generic[:, None], held, _kinds(reference, found), split, detail)
    batch_month = np.where(found.status == SELECTED, found.batch * MONTHS + at, NONE)
    return Look(np.zeros(0, np.int32), _bits(held, at - first), batch_month.astype(np.int32)), meaning


def _kinds(reference: Reference, found: Claims) -> np.ndarray:
    """Return product × column: the class code, the dearer one of a non-selected pair."""
    products = reference.products
    plain = np.select(
        [products.originator, products.evaluated],
        [CODE["originator_dearer"], CODE["evaluated_dearer"]],
        CODE["unevaluated_dearer"],
    )
    return np.select(
        [
            found.status == SELECTED,
            found.status == ELSEWHERE,
            found.status == NONSELECTED_STATUS,
            found.status == ALTERNATIVE,
        ],
        [CODE["selected"], CODE["elsewhere"], plain[:, None], CODE["alternative"]],
        CODE["outside"],
    )


def _bits(period: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Return the bit of each month within its period; months outside have none."""
    longest = int(since[period != OUT].max(initial=0))
    if longest > 62:
        raise InputError(
            Problem(
                f"an agreement year holds {longest + 1} months of the ledger; a year may have at most 63",
                rule="long_year",
                table="agreements",
                column="end_date",
            )
        )
    kind = np.int32 if longest < 31 else np.int64
    return np.where(period == OUT, 0, np.left_shift(np.int64(1), np.where(period == OUT, 0, since))).astype(kind)


def refuse_ties(lookup: Lookup, bought: np.ndarray) -> None:
    """Raise an error that names both batches for each product with purchases that two batches claim alike.

    `bought` holds the look-up rows (column × products + product) that have purchases.
    """
    column, product = np.divmod(bought, len(lookup.reference.products.ids))
    tied = lookup.found.tied[product, column]
    reference, at = lookup.reference, np.flatnonzero(tied >= 0)
    months = month_starts(lookup.first, lookup.last)[lookup.month[column[at]]].tolist()
    batches = lookup.found.batch[product[at], column[at]].tolist()
    problems: dict[tuple[str, str, str], Problem] = {}
    for number, batch, other, month in sorted(
        zip(product[at].tolist(), batches, tied[at].tolist(), months, strict=True)
    ):
        name = reference.products.ids[number]
        one, two = sorted((reference.batches[batch], reference.batches[other]))
        problems.setdefault(
            (name, one, two),
            Problem(
                f"batches {one} and {two} both claim purchases of {name} from {as_date(month):%Y-%m} and start on the "
                "same day; end one of them before the other starts",
                rule="two_batches",
                table="awards",
                column="start_date",
                value=name,
            ),
        )
    if problems:
        raise InputError(problems.values())
