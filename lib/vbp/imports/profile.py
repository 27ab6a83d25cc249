"""An import profile: a YAML file that says what a known export's columns mean and which tables they become."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from vbp.imports.document import folder, names, read_document
from vbp.schema import Column, Table, Vocabulary

__all__ = ["Profile", "folder", "names", "read_profile"]


@dataclass(frozen=True)
class Profile:
    """One profile. `table` declares the export's columns; `derive` makes more; `tables` says what is written.

    `ask` are constants a user may set (`--set start_date=2020-04-01`) with their defaults; `totals` are the columns
    whose sums are proved equal before and after; `ignore` are headers that are known and not needed; `row_unit` names the
    columns that settle what a row's quantity counts; `checks` are what the export says twice; `notes` what was assumed.
    """

    name: str
    title: Mapping[str, str]
    table: Table
    ignore: tuple[str, ...]
    derive: Mapping[str, Mapping[str, Any]]
    drop: Mapping[str, tuple[str, ...]]
    ask: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]
    totals: tuple[str, ...]
    place: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str | Mapping[str, Any], ...] = ()
    row_unit: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[Mapping[str, str], ...] = ()

    def said(self, given: Collection[str]) -> list[str]:
        """Return the notes that apply: one with `unless` is left out where all the settings it names were given."""
        return [
            note if isinstance(note, str) else str(note["text"])
            for note in self.notes
            if isinstance(note, str) or not set(note["unless"]) <= set(given)
        ]


def _column(name: str, entry: Mapping[str, Any]) -> Column:
    values = entry.get("values")
    words = (
        Vocabulary({word: tuple(map(str, forms)) for word, forms in values.items()}, strict=entry.get("strict", True))
        if values
        else None
    )
    return Column(
        name,
        entry.get("kind", "word" if words else "name"),
        entry.get("zh", name),
        entry.get("en", name),
        tuple(map(str, entry["headers"])),
        entry.get("unit", ""),
        entry.get("required", True),
        words=words,
        other_basis=entry.get("other_basis", ""),
    )


def _ignored(headers: list[str]) -> tuple[Column, ...]:
    return tuple(
        Column(f"ignored_{place}", "name", header, header, (header,), required=False)
        for place, header in enumerate(headers)
    )


def read_profile(name: str) -> Profile:
    """Return the profile called `name`, or the one in the YAML file at that path.

    Raises
    ------
    UsageError
        For an unknown name, with the nearest.
    InputError
        With every mistake in the file.
    """
    stem, entry = read_document(name)
    columns = tuple(_column(column, declared) for column, declared in entry["columns"].items())
    ignore = tuple(map(str, entry.get("ignore", ())))
    # a total row lacks the cells that tell rows apart: every required one that is no number
    key = tuple(column.name for column in columns if column.required and not column.numeric)
    table = Table(
        stem,
        entry["title"]["zh"],
        entry["title"]["en"],
        key,
        (*columns, *_ignored(list(ignore))),
        one_of=tuple(map(tuple, entry.get("one_of", ()))),
        by_name=False,
    )
    return Profile(
        stem,
        entry["title"],
        table,
        ignore,
        entry.get("derive", {}),
        {column: tuple(map(str, words)) for column, words in entry.get("drop", {}).items()},
        entry.get("ask", {}),
        entry["tables"],
        tuple(entry.get("totals", ())),
        entry.get("place", {}),
        tuple(entry.get("notes", ())),
        entry.get("row_unit", {}),
        tuple(entry.get("checks", ())),
    )
