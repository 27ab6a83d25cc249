"""Problems in cells, listed up to a limit with one line for the rest, in the rows of the user's file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vbp.errors import Problem

LIMIT = 20
"""Cells listed per file, column and rule; the rest is counted in one more line."""


def shown(value: Any) -> str | None:
    """Return a value for a message: at most 120 characters, control characters escaped."""
    if value is None:
        return None
    text = str(value)
    text = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
    return text if len(text) <= 120 else text[:117] + "…"


def cells(places: Sequence[int], make: Callable[[int], Problem], limit: int | None = LIMIT) -> list[Problem]:
    """Return `make(place)` for the first `limit` places and, where there are more, one problem that counts them."""
    if limit is None or len(places) <= limit:
        return [make(int(place)) for place in places]
    first = [make(int(place)) for place in places[:limit]]
    last, sample = make(int(places[-1])), first[0]
    text = f"and {len(places) - limit:,} more rows like these, the last one row {last.row}"
    more = Problem(text, sample.rule, sample.level, sample.table, sample.file, None, sample.column)
    return [*first, more]
