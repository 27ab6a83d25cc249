"""The tables as `tables.toml` and `words.toml` declare them, made into objects once."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from vbp.schema.column import Column, Table, Vocabulary

HERE = Path(__file__).parent


@cache
def vocabularies() -> dict[str, Vocabulary]:
    """Return every vocabulary by name (`category`, `tier`, `yes_no` …)."""
    entries = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))
    return {
        name: Vocabulary(
            {word: tuple(variants) for word, variants in entry["words"].items()}, strict=entry.get("strict", True)
        )
        for name, entry in entries.items()
    }


def _column(entry: dict[str, Any], shared: dict[str, dict[str, Any]]) -> Column:
    fields = {**shared.get(entry.get("like", ""), {}), **entry}
    fields.pop("like", None)
    for bound in ("low", "high"):
        if bound in fields:
            fields[bound] = Decimal(fields[bound])
    if "words" in fields:
        fields["words"] = vocabularies()[fields["words"]]
    fields["headers"] = tuple(fields.get("headers", ()))
    return Column(**fields)


def _table(name: str, entry: dict[str, Any], shared: dict[str, dict[str, Any]]) -> Table:
    columns = tuple(_column(column, shared) for column in entry["columns"])
    return Table(
        name,
        entry["zh"],
        entry["en"],
        tuple(entry["key"]),
        columns,
        tuple(entry["names"]),
        tuple(tuple(group) for group in entry.get("one_of", ())),
        entry.get("open", False),
    )


@cache
def tables() -> dict[str, Table]:
    """Return every table by name, in the order in which `tables.toml` declares them."""
    declared = tomllib.loads((HERE / "tables.toml").read_text(encoding="utf-8"))
    return {name: _table(name, entry, declared["shared"]) for name, entry in declared["tables"].items()}
