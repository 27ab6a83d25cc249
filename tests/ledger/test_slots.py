"""Slots keep their numbers when months are added; which batch holds a product is what a walk through the days finds."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.worlds import world
from vbp.ledger.calendar import month_of
from vbp.ledger.lookup import Lookup, Span, build_lookup
from vbp.ledger.reference import read_reference
from vbp.ledger.shape import slot_table
from vbp.ledger.slots import kept_meanings, number_slots
from vbp.ledger.status import Stretches, _latest

GRIDS = st.integers(1, 4).flatmap(
    lambda rows: st.lists(
        st.lists(st.lists(st.integers(0, 9), min_size=rows, max_size=rows), min_size=5, max_size=5),
        min_size=1,
        max_size=3,
    )
)


@given(GRIDS, st.integers(0, 5))
@settings(deadline=None)
def test_slots_are_numbered_month_by_month_however_the_months_are_cut(grids: list[list[list[int]]], cut: int) -> None:
    meanings = [np.array(grid, dtype=np.int64).T for grid in grids]  # products × months, one for each calendar
    known: dict[int, int] = {}
    for month in range(5):
        for grid in meanings:
            for meaning in grid[:, month].tolist():
                known.setdefault(meaning, len(known))
    numbers, met = number_slots(meanings, np.zeros(0, np.int64))
    assert met.tolist() == list(known)
    assert [part.tolist() for part in numbers] == [np.vectorize(known.get)(grid).tolist() for grid in meanings]
    if 0 < cut < 5:
        _, first = number_slots([grid[:, :cut] for grid in meanings], np.zeros(0, np.int64))
        later, both = number_slots([grid[:, cut:] for grid in meanings], first)
        assert both.tolist() == met.tolist()
        assert [part.tolist() for part in later] == [part[:, cut:].tolist() for part in numbers]


def lookups(seed: int, dated: bool, since: str) -> tuple[Lookup, Lookup, Lookup]:
    """Return the look-up of all months, of those before `since`, and of the rest with the numbers kept."""
    reference = read_reference(world(seed, dated).tables)
    first, last, cut = (
        int(month_of(np.array([np.datetime64(day, "D").astype(int)]))[0]) for day in ("2020-03", "2023-09", since)
    )
    whole = build_lookup(reference, Span.whole(first, last), dated, "all" if seed % 2 else ())
    early = build_lookup(reference, Span.whole(first, cut - 1), dated, whole.spec)
    kept = kept_meanings(slot_table(early), reference)
    assert kept is not None and kept.tolist() == early.slots.meaning.tolist()
    return whole, early, build_lookup(reference, Span(first, last, cut, kept), dated, whole.spec)


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize(("seed", "since"), [(1, "2022-02"), (2, "2023-09"), (5, "2021-06"), (8, "2020-04")])
def test_the_look_up_of_later_months_is_the_end_of_the_whole_look_up(seed: int, dated: bool, since: str) -> None:
    whole, early, late = lookups(seed, dated, since)
    width = len(late.month)
    assert 0 < width < len(whole.month) and len(whole.looks) == len(late.looks)
    assert slot_table(late).equals(slot_table(whole)) and len(early.slots.meaning) < len(late.slots.meaning) + 1
    for one, other in zip(whole.looks, late.looks, strict=True):
        for name in ("slot", "bit", "batch_month"):
            assert getattr(one, name)[:, -width:].tolist() == getattr(other, name).tolist(), name
    assert whole.cap[:, -width:].tolist() == late.cap.tolist()
    assert whole.month[-width:].tolist() == late.month.tolist()


CLAIM = st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(0, 8), st.integers(0, 3))


@given(st.lists(CLAIM, max_size=12))
@settings(max_examples=200, deadline=None)
def test_the_later_start_holds_and_a_tie_names_the_other_batch(rows: list[tuple[int, int, int, int]]) -> None:
    claims = [(key, start, start + length, batch) for key, start, length, batch in rows]
    days = np.array(sorted({0, 20, *(c[1] for c in claims), *(c[2] + 1 for c in claims)}))
    cut = Stretches(days, np.zeros(len(days) - 1, dtype=np.int64))
    held, tied = _latest(cut, 3, *np.array(claims, dtype=np.int64).reshape(-1, 4).T)
    for stretch, day in enumerate(days[:-1].tolist()):
        for key in range(3):
            mine = sorted(
                (start, batch, row)
                for row, (own, start, end, batch) in enumerate(claims)
                if own == key and start <= day <= end
            )
            before = mine[-2] if len(mine) > 1 else None
            tie = before is not None and before[0] == mine[-1][0] and before[1] != mine[-1][1]
            assert held[key, stretch] == (mine[-1][2] if mine else -1)
            assert tied[key, stretch] == (before[1] if tie and before else -1)


def test_hospitals_with_the_same_meaning_share_a_slot_whatever_their_calendar() -> None:
    made = world(1)
    reference = read_reference(made.tables)
    lookup = build_lookup(reference, Span.whole(602, 644), False)
    assert len(lookup.looks) > 1 and dt.date(1970 + 602 // 12, 602 % 12 + 1, 1) == dt.date(2020, 3, 1)
    assert len(set(lookup.slots.meaning.tolist())) == len(lookup.slots.meaning) > 50
