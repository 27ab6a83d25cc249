"""An import profile: a YAML file that says what a known export's columns mean and which tables they become."""
from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vbp import safe_yaml
from vbp.errors import UsageError, unknown
from vbp.paths import data
from vbp.schema import TABLES, Column, Table, Vocabulary


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
        return [note if isinstance(note, str) else str(note["text"]) for note in self.notes
                if isinstance(note, str) or not set(note["unless"]) <= set(given)]


def folder() -> Path:
    """Return the folder of the profiles that come with vbp."""
    return data() / "profiles"


def names() -> tuple[str, ...]:
    """Return the names of the profiles that come with vbp."""
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def _column(name: str, entry: Mapping[str, Any]) -> Column:
    values = entry.get("values")
    words = (
        Vocabulary({word: tuple(map(str, forms)) for word, forms in values.items()}, strict=entry.get("strict", True))
        if values
        else None
    )
    return Column(name, entry.get("kind", "word" if words else "name"), entry.get("zh", name), entry.get("en", name),
                  tuple(map(str, entry["headers"])), entry.get("unit", ""), entry.get("required", True), words=words,
                  other_basis=entry.get("other_basis", ""))


def _ignored(headers: list[str]) -> tuple[Column, ...]:
    return tuple(
        Column(f"ignored_{place}", "name", header, header, (header,), required=False)
        for place, header in enumerate(headers)
    )


def _checked(name: str, entry: Mapping[str, Any]) -> None:
    for table, wanted in entry["tables"].items():
        if table not in TABLES:
            raise UsageError(f"profile {name}: {unknown('table', table, tuple(TABLES))}")
        for column in wanted["columns"]:
            if column not in TABLES[table].column_names:
                raise UsageError(f"profile {name}: {unknown(f'column of {table}', column, TABLES[table].column_names)}")


def read_profile(name: str) -> Profile:
    """Return the profile called `name`, or the one in the YAML file at that path; an unknown name is refused with the
    nearest."""
    own = Path(name)
    path = own if own.suffix in (".yaml", ".yml") else folder() / f"{name}.yaml"
    if not path.is_file():
        raise UsageError(unknown("profile", name, names()))
    try:
        entry = safe_yaml.load(path.read_text(encoding="utf-8"))
        columns = tuple(_column(column, declared) for column, declared in entry["columns"].items())
        ignore = tuple(map(str, entry.get("ignore", ())))
        _checked(path.stem, entry)
        table = Table(path.stem, entry["title"]["zh"], entry["title"]["en"], (), (*columns, *_ignored(list(ignore))),
                      one_of=tuple(map(tuple, entry.get("one_of", ()))), by_name=False)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"profile {path.name} cannot be read: {error}") from error
    return Profile(
        path.stem,
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
