"""A result that cannot be computed from the tables at hand: why, and what to supply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vbp.words import listed
from vbp.words.said import Said


@dataclass(frozen=True)
class Missing:
    """Stands where a result would stand; false in a condition, so that `if city.savings` reads as it should."""

    reason: Said
    how_to_supply: Said

    def __bool__(self) -> Literal[False]:
        """Return False: there is no result."""
        return False

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the tables that the result lacks; none where it lacks something else."""
        given = self.reason.values.get("tables")
        return given.names if isinstance(given, Tables) else ()

    def text(self, lang: str) -> str:
        """Return why the result is missing and how to supply it."""
        return f"{self.reason.text(lang)}{'' if lang == 'zh' else ' '}{self.how_to_supply.text(lang)}"


def missing(kind: str, **values: object) -> Missing:
    """Return the missing result whose phrases are `missing.<kind>` and `missing.<kind>_how`."""
    return Missing(Said(f"missing.{kind}", values), Said(f"missing.{kind}_how", values))


@dataclass(frozen=True)
class Tables:
    """Tables by name, as a sentence of either language names them: 协议量（agreements）."""

    names: tuple[str, ...]

    def say(self, lang: str) -> str:
        """Return the names."""
        from vbp.schema import TABLES

        return listed([f"{TABLES[name].zh}（{name}）" if lang == "zh" else name for name in self.names], lang)


def missing_tables(names: list[str]) -> Missing:
    """Return a result that lacks whole tables of the inputs folder."""
    return missing("tables", tables=Tables(tuple(names)))
