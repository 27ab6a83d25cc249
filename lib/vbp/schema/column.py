"""One column of one table: its name, type, unit, meaning, range, words and the headers that people write for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

KINDS = {
    "code": "text that identifies; never a number",
    "name": "free text",
    "term": "text that joins tables (generic)",
    "word": "one of a few words",
    "flag": "yes or no",
    "count": "whole number",
    "amount": "money, exact to the fen",
    "price": "money per pack or unit, 6 decimals",
    "quantity": "quantity, 4 decimals",
    "ratio": "share, 0 to 1",
    "factor": "factor, 8 decimals",
    "percent": "per cent, 0 to 100",
    "score": "score, 4 decimals",
    "date": "day",
    "month": "month, kept as its first day",
}
"""Every kind of column and what it means."""

SCALES = {"amount": 2, "price": 6, "quantity": 4, "ratio": 8, "factor": 8, "percent": 4, "score": 4}
"""Decimals kept, by kind."""


@dataclass(frozen=True)
class Vocabulary:
    """The words a column may hold: canonical word → what people write for it.

    `strict` words are the only ones allowed; otherwise an unknown word is kept with a warning.
    """

    words: dict[str, tuple[str, ...]]
    strict: bool = True


@dataclass(frozen=True)
class Column:
    """One column, declared once.

    `headers` are the Chinese (and other) headers in use; `low` and `high` bound the value (inclusive);
    `outside` says whether a value out of range is an `error` or a `warning`; `ocds` is the path in the Open Contracting
    Data Standard where one exists; `other_basis` names the sister column that takes the header when its unit says so; `ordinal`
    numbers count years or rounds, and may be written as 第1年, 第二轮, 首轮.
    """

    name: str
    kind: str
    zh: str
    en: str
    headers: tuple[str, ...] = ()
    unit: str = ""
    required: bool = True
    low: Decimal | None = None
    high: Decimal | None = None
    outside: str = "error"
    words: Vocabulary | None = None
    ocds: str = ""
    example: str = ""
    other_basis: str = ""
    ordinal: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"column {self.name}: unknown kind {self.kind}")

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.kind == "count" or self.kind in SCALES

    @property
    def scale(self) -> int:
        """Decimals kept (0 for whole numbers)."""
        return SCALES.get(self.kind, 0)


@dataclass(frozen=True)
class Table:
    """One table of an inputs folder: its columns, key, and the names that files and sheets carry.

    `one_of` are groups of columns of which one must be there; an `open` table keeps columns it does not know; `by_name`
    says whether a column's own name is a header too (not in an import profile, whose names are inner ones).
    """

    name: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    names: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    open: bool = False
    by_name: bool = True

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)

    @cached_property
    def forms(self) -> tuple[tuple[str, str], ...]:
        """Every text that names a column, with the column's name: (医院编码, hospital_id) …"""
        return tuple(
            (form, column.name)
            for column in self.columns
            for form in ((column.name, column.zh) if self.by_name else ()) + column.headers
        )

    @property
    def required(self) -> tuple[Column, ...]:
        """Columns that must be present."""
        return tuple(column for column in self.columns if column.required)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Every column's name, in order."""
        return tuple(column.name for column in self.columns)
