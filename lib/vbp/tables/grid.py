"""What a reader hands on: one sheet's columns below its header, still as the file has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vbp.errors import Problem
from vbp.tables.headers import Heading
from vbp.tables.unreadable import Unreadable

__all__ = ["Grid", "Rows", "Unreadable"]

Rows = range | np.ndarray
"""For every data row, its number as the user sees it in the file."""


@dataclass(frozen=True)
class Grid:
    """One sheet (or file) with its header found: columns aligned to `heading.headers`, as Arrow arrays.

    `blank_rows`, `title_rows`: what was left out so far. `encoding`, `sheet`: where it came from.
    """

    file: str
    heading: Heading
    columns: Sequence[Any]
    rows: Rows
    sheet: str | None = None
    encoding: str | None = None
    blank_rows: int = 0
    title_rows: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Return the file, with its sheet where it has one, as shown to the user."""
        return f"{self.file}[{self.sheet}]" if self.sheet else self.file
