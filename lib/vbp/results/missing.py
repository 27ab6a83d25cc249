"""A result that cannot be computed from the tables at hand: why, and what to supply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vbp.words.said import Said


@dataclass(frozen=True)
class Missing:
    """Stands where a result would stand; false in a condition, so that `if city.savings` reads as it should."""

    reason: Said
    how_to_supply: Said

    def __bool__(self) -> Literal[False]:
        """Return False: there is no result."""
        return False

    def text(self, lang: str) -> str:
        """Return why the result is missing and how to supply it."""
        return f"{self.reason.text(lang)}{'' if lang == 'zh' else ' '}{self.how_to_supply.text(lang)}"


def missing(kind: str, **values: object) -> Missing:
    """Return the missing result whose phrases are `missing.<kind>` and `missing.<kind>_how`."""
    return Missing(Said(f"missing.{kind}", values), Said(f"missing.{kind}_how", values))


def missing_tables(names: list[str]) -> Missing:
    """Return a result that lacks whole tables of the inputs folder."""
    return missing("tables", tables=", ".join(names))
