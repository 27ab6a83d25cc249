"""Slots: what a purchase counts as in its hospital's cells, as one number, and what each number means.

A slot is the combination of a cell (batch, generic, period), a class, an award or product that is kept apart, and
whether its month is split. Its *meaning* is one integer. Numbers are given month by month in the order in which
meanings are met, so a month that is added later leaves the earlier numbers as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from vbp.ledger.arrays import codes, column, filled, numbers
from vbp.ledger.classes import CLASSES
from vbp.ledger.coding import numbered
from vbp.ledger.reference import Reference

NONE = -1
KINDS, PERIODS = 16, 65_536
"""More classes and more periods than there are."""


@dataclass(frozen=True)
class Slots:
    """What a slot of the cells means, one entry a slot: batch, generic, period, class, award, product, split month."""

    meaning: np.ndarray
    batch: np.ndarray
    generic: np.ndarray
    period: np.ndarray
    kind: np.ndarray
    award: np.ndarray
    product: np.ndarray
    split: np.ndarray


def _details(reference: Reference) -> int:
    """Return how many things can be kept apart in a cell: nothing, an award, a product."""
    return 1 + len(reference.awards.batch) + len(reference.products.ids)


def slot_keys(
    reference: Reference,
    pair: np.ndarray,
    generic: np.ndarray,
    period: np.ndarray,
    kind: np.ndarray,
    split: np.ndarray,
    detail: np.ndarray,
) -> np.ndarray:
    """Return slots' meanings as integers; `pair` counts `reference.runs`, -1 for a generic that is near none.

    `detail` is 0, the award + 1, or the product + 1 + the number of awards.
    """
    home = np.where(pair >= 0, pair, len(reference.runs) + generic)
    return (((home * PERIODS + period + 1) * KINDS + kind) * 2 + split) * _details(reference) + detail


def decoded(reference: Reference, meaning: np.ndarray) -> Slots:
    """Return what slots mean, from the integers of `slot_keys`."""
    rest, detail = np.divmod(meaning, _details(reference))
    rest, split = np.divmod(rest, 2)
    rest, kind = np.divmod(rest, KINDS)
    home, period = np.divmod(rest, PERIODS)
    pairs = np.array([*reference.runs, (NONE, NONE)], dtype=np.int64).reshape(-1, 2)
    count, awards = len(reference.runs), len(reference.awards.batch)
    batch, generic = pairs[np.minimum(home, count)].T
    award = np.where((detail > 0) & (detail <= awards), detail - 1, NONE)
    product = np.where(award >= 0, np.append(reference.awards.product, NONE)[award], detail - 1 - awards)
    return Slots(
        meaning,
        batch,
        np.where(home < count, generic, home - count),
        period - 1,
        kind,
        award,
        np.where(detail > 0, product, NONE),
        split,
    )


def number_slots(meanings: Sequence[np.ndarray], known: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Number the meanings of several calendars' product × column; return the numbers and the meaning of each number.

    `known` have the first numbers; then column after column, calendar after calendar, product after product.
    """
    found = [numbered(one.T.ravel()) for one in meanings]
    column, group, place = (
        np.concatenate(parts)
        for parts in zip(
            *(
                (first // max(len(one), 1), np.full(len(first), number), first)
                for number, (one, (_, first)) in enumerate(zip(meanings, found, strict=True))
            ),
            strict=True,
        )
    )
    met = np.concatenate([one.T.ravel()[first] for one, (_, first) in zip(meanings, found, strict=True)])
    order = np.lexsort((place, group, column))
    number, first = numbered(np.concatenate([known, met[order]]))
    all_ = np.concatenate([known, met[order]])[first]
    given = np.empty(len(met), np.int64)
    given[order] = number[len(known) :]
    ends = np.cumsum([len(first) for _, first in found])[:-1]
    return [
        own[local].reshape(one.shape[::-1]).T
        for own, (local, _), one in zip(np.split(given, ends), found, meanings, strict=True)
    ], all_


def kept_meanings(table: pa.Table, reference: Reference) -> np.ndarray | None:
    """Return the meanings of a kept table `slots`, None where a name is not known or two awards are alike."""
    even = table.filter(column(np.arange(table.num_rows) % 2 == 0))
    names = (("batch_id", reference.batches), ("generic", reference.generics), ("product_id", reference.products.ids))
    coded = [codes(even[name], words) for name, words in (*names, ("class", CLASSES))]
    if any(one is None for one in coded):
        return None
    batch, generic, product, kinds = (np.asarray(one, dtype=np.int64) for one in coded)
    award = _awards(
        reference, batch, product, filled(even["award_start_date"].cast(pa.int32()), np.iinfo(np.int32).min)
    )
    place = {pair: number for number, pair in enumerate(reference.runs)}
    pair = [place.get(one, NONE) for one in zip(batch.tolist(), generic.tolist(), strict=True)]
    if award is None or any(one == NONE and own >= 0 for one, own in zip(pair, batch.tolist(), strict=True)):
        return None
    apart = np.where(product >= 0, 1 + len(reference.awards.batch) + product, 0)
    detail = np.where(award >= 0, award + 1, apart)
    split = numbers(even["boundary"]).astype(np.int64)
    period = numbers(even["period"]).astype(np.int64)
    return slot_keys(reference, np.array(pair, dtype=np.int64), generic, period, kinds, split, detail)


def _awards(reference: Reference, batch: np.ndarray, product: np.ndarray, start: np.ndarray) -> np.ndarray | None:
    """Return the award of each slot, -1 without; None where two awards of a product in a batch start on one day."""
    awards = reference.awards
    keys = zip(awards.batch.tolist(), awards.product.tolist(), awards.start.tolist(), strict=True)
    place = {key: number for number, key in enumerate(keys)}
    if len(place) != len(awards.batch):
        return None
    slots = zip(batch.tolist(), product.tolist(), start.tolist(), strict=True)
    return np.array([place.get(key, NONE) for key in slots], dtype=np.int64)
