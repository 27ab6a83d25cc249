"""One spoilt folder: its meaning, how it is written, what must come of it, and what steps need to change it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.content import Content
from tests.fuzz.writing import Folder, Sheet


class Skipped(LookupError):
    """The step does not apply to this case."""


@dataclass
class Case:
    """One spoilt folder: its meaning, how it is written, and what must come of it.

    `expect`: "same" (totals of `content`), "either" (these totals, or a refusal that names the place), "error" (refused
    at `at`), "reader" (what a plain reader of the spoilt file has, or a refusal), "refused" (whatever the place).
    """

    content: Content
    folder: Folder
    rng: random.Random
    number: int
    expect: str = "same"
    at: list[tuple[str, int | None, str | None]] = field(default_factory=list)
    """(table, place of the row or None, column or None) that a refusal or a warning must name one of."""
    steps: list[str] = field(default_factory=list)
    spoilt: str | None = None

    def sheet(self, table: str) -> Sheet:
        """The sheet of a table; `Skipped` where a step before has taken it away."""
        if table not in self.folder.sheets:
            raise Skipped(table)
        return self.folder.sheets[table]

    def harden(self, expect: str) -> None:
        """Expect more caution: same < either < error."""
        order = ["same", "either", "reader", "refused", "error"]
        self.expect = max(self.expect, expect, key=order.index)

    def moved(self, table: str, before: list[Any]) -> None:
        """Follow the rows that `at` names to where they stand since `before`."""
        now = {id(row): place for place, row in enumerate(self.sheet(table).rows)}
        self.at = [
            (name, now[id(before[place])] if name == table and place is not None else place, column)
            for name, place, column in self.at
        ]


Step = Callable[[Case], None]


def pick(case: Case, *among: str) -> Sheet:
    """A random table's sheet."""
    left = [name for name in (among or case.folder.sheets) if name in case.folder.sheets]
    return case.sheet(case.rng.choice(left or ["none"]))


def put(case: Case, table: str, place: int, column: str, value: Any) -> None:
    row = case.sheet(table).rows[place]
    row[column] = value
    sheet = case.sheet(table)
    if column not in sheet.columns and value is not None:
        sheet.columns.append(column)
    case.at.append((table, place, column))
    if sheet.below and column in ("amount_yuan", "quantity_packs"):
        sheet.below = [line for line in sheet.below if "合计" not in line]


def put_rows(case: Case, table: str, rows: list[Any]) -> None:
    before = case.sheet(table).rows
    case.content.tables[table] = case.sheet(table).rows = rows
    case.moved(table, before)
    case.sheet(table).below = []
    case.sheet(table).blanks = set()
