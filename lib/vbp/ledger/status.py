"""What each product is on each stretch of days: selected, elsewhere, non-selected, alternative or outside, and by whose
claim.

A *stretch* is a run of days inside one month on which no award and no batch starts or ends, so that any of its days
stands for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vbp.ledger.calendar import month_of, month_starts
from vbp.ledger.classes import ALTERNATIVE, ELSEWHERE, NONSELECTED_STATUS, OUTSIDE, SELECTED
from vbp.ledger.reference import AWAY, BACKUP, MAIN, Reference

NONE = -1


@dataclass(frozen=True)
class Stretches:
    """First days of the stretches, the day after the last, and each stretch's month (index from the ledger's first)."""

    start: np.ndarray
    month: np.ndarray


@dataclass(frozen=True)
class Claims:
    """Product × column: status, batch and award that claim it, the other batch of a tie, the main price per unit
    (yuan).
    """

    status: np.ndarray
    batch: np.ndarray
    award: np.ndarray
    tied: np.ndarray
    main_price: np.ndarray


def stretches(reference: Reference, first: int, last: int) -> Stretches:
    """Cut the months `first` to `last` (counted from 1970-01) wherever an award or a batch starts or ends."""
    months = month_starts(first, last)
    runs = np.array(list(reference.runs.values()), dtype=np.int64).reshape(-1, 2)
    cuts = np.concatenate([months, reference.awards.start, reference.awards.end + 1, runs[:, 0], runs[:, 1] + 1])
    start = np.unique(cuts[(cuts >= months[0]) & (cuts <= months[-1])])
    return Stretches(start, month_of(start[:-1]) - first)


def claims(reference: Reference, cut: Stretches) -> Claims:
    """Return each product's status on each stretch; of several batches the later start, a tie kept for the error."""
    won, won_tie = _awarded(reference, cut, away=False)
    away, away_tie = _awarded(reference, cut, away=True)
    run, run_tie, price = _running(reference, cut)
    generic, awards = reference.products.generic, np.append(reference.awards.batch, NONE)
    status = np.select(
        [won >= 0, away >= 0, run[generic] >= 0, _alternative(reference, run)],
        [SELECTED, ELSEWHERE, NONSELECTED_STATUS, ALTERNATIVE],
        OUTSIDE,
    ).astype(np.int8)
    award = np.where(won >= 0, won, away)
    batch = np.where(award >= 0, awards[award], np.where(status == NONSELECTED_STATUS, run[generic], NONE))
    tied = np.select([won >= 0, away >= 0, status == NONSELECTED_STATUS], [won_tie, away_tie, run_tie[generic]], NONE)
    return Claims(status, batch.astype(np.int32), award.astype(np.int32), tied.astype(np.int32), price[generic])


def _latest(
    cut: Stretches, rows: int, key: np.ndarray, start: np.ndarray, end: np.ndarray, batch: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return key × stretch: which of the claims from `start` to `end` holds, and the other batch of a tie, else -1.

    The later start holds; of those that start on one day the later batch, and then the other batch is the tie.
    """
    shape = (rows, len(cut.month))
    held, tied = np.full(shape, NONE, dtype=np.int32), np.full(shape, NONE, dtype=np.int32)
    order = np.lexsort((batch, start, key))
    for stretch, day in enumerate(cut.start[:-1].tolist()):
        mine = order[(start[order] <= day) & (end[order] >= day)]
        last = np.append(key[mine][1:] != key[mine][:-1], True)[: len(mine)]
        before = np.append(NONE, mine)[:-1][last]
        winner = mine[last]
        held[key[winner], stretch] = winner
        alike = (before >= 0) & (key[before] == key[winner]) & (start[before] == start[winner])
        alike &= batch[before] != batch[winner]
        tied[key[winner], stretch] = np.where(alike, batch[before], NONE)
    return held, tied


def _awarded(reference: Reference, cut: Stretches, away: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return product × stretch: the award in force, and the other batch where two start on one day."""
    awards = reference.awards
    rows = np.flatnonzero((awards.role == AWAY) == away)
    claim = (part[rows] for part in (awards.product, awards.start, awards.end, awards.batch))
    held, tied = _latest(cut, len(reference.products.ids), *claim)
    return np.append(rows, NONE)[held].astype(np.int32), tied


def _running(reference: Reference, cut: Stretches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return generic × stretch: the running batch, the other batch of a tie, and its main supplier's price per unit."""
    runs = np.array([(*pair, *days) for pair, days in _home_runs(reference).items()], dtype=np.int64).reshape(-1, 4)
    batch, generic, start, end = runs.T
    held, tied = _latest(cut, len(reference.generics), generic, start, end, batch)
    run = np.append(batch, NONE)[held].astype(np.int32)
    return run, tied, _main_prices(reference, cut, run)


def _home_runs(reference: Reference) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the runs that make other products of the generic non-selected: not those with awards elsewhere only."""
    awards = reference.awards
    home = awards.role != AWAY
    pairs = set(
        zip(awards.batch[home].tolist(), reference.products.generic[awards.product[home]].tolist(), strict=True)
    )
    return {pair: run for pair, run in reference.runs.items() if pair in pairs or pair in reference.years}


def award_unit_price(reference: Reference) -> np.ndarray:
    """Return each award's price in yuan per converted unit, as doubles (to compare only; NaN without a pack size)."""
    pack = reference.products.pack[reference.awards.product]
    return np.divide(reference.awards.price / 1000, pack, out=np.full(len(pack), np.nan), where=pack > 0)


def _main_prices(reference: Reference, cut: Stretches, run: np.ndarray) -> np.ndarray:
    """Return generic × stretch: the lowest price per unit among the running batch's main awards, else its backups; 0
    without.
    """
    awards, unit = reference.awards, award_unit_price(reference)
    generic, price = reference.products.generic[awards.product], np.zeros(run.shape)
    for role in (BACKUP, MAIN):
        rows = np.flatnonzero((awards.role == role) & np.isfinite(unit))
        lowest = np.full(run.shape, np.inf)
        for stretch, day in enumerate(cut.start[:-1].tolist()):
            now = rows[(awards.start[rows] <= day) & (awards.end[rows] >= day)]
            now = now[run[generic[now], stretch] == awards.batch[now]]
            np.minimum.at(lowest[:, stretch], generic[now], unit[now])
        price = np.where(np.isfinite(lowest), lowest, price)
    return price


def _alternative(reference: Reference, run: np.ndarray) -> np.ndarray:
    """Return product × stretch: another generic of the product's substitute group is in a running batch."""
    products = reference.products
    groups = int(products.group.max(initial=NONE)) + 1
    active = np.zeros((groups + 1, run.shape[1]), dtype=bool)
    members = np.unique(np.stack([products.group, products.generic]), axis=1)
    for group, generic in members.T.tolist():
        if group >= 0:
            active[group] |= run[generic] >= 0
    return active[products.group]


def by_month(found: Claims, cut: Stretches) -> Claims:
    """Reduce stretches to months for a ledger without dates: the claim of most of a month's days, the later in a tie."""
    count = int(cut.month[-1]) + 1
    first = np.searchsorted(cut.month, np.arange(count))
    width = np.diff(cut.start)
    pick = np.broadcast_to(first, (len(found.status), count)).copy()
    for month in np.flatnonzero(np.diff(np.append(first, len(cut.month))) > 1):
        inside = np.arange(first[month], first[month] + np.count_nonzero(cut.month == month))
        days = np.stack(
            [
                sum((width[other] * _same(found, column, other) for other in inside), np.zeros(len(found.status)))
                for column in inside
            ]
        )
        pick[:, month] = inside[len(inside) - 1 - np.argmax(days[::-1], axis=0)]
    fields = (found.status, found.batch, found.award, found.tied, found.main_price)
    return Claims(*(np.take_along_axis(field, pick, axis=1) for field in fields))


def _same(found: Claims, one: int, other: int) -> np.ndarray:
    """Return for each product whether two stretches have the same claim."""
    return (
        (found.status[:, one] == found.status[:, other])
        & (found.batch[:, one] == found.batch[:, other])
        & (found.award[:, one] == found.award[:, other])
    )
