"""The few ways in which a profile makes a column out of others; each works on distinct texts, not on rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import Problem, UsageError, unknown
from vbp.imports import packs
from vbp.tables.arrays import flat, map_distinct, plain
from vbp.tables.dates import month

Columns = Mapping[str, pa.Array]


def _text(columns: Columns, name: str) -> pa.Array:
    if name not in columns:
        raise UsageError(f"the profile derives from {name!r}, which the file does not have")
    column = plain(flat(columns[name]))
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def _mapped(columns: Columns, name: str, change: Callable[[str], Any]) -> tuple[pa.Array, list[int]]:
    made, bad = map_distinct(_text(columns, name), change, pa.string())
    return plain(made), [int(place) for place in bad]


def prefix(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
    """Return the first `count` characters of column `of`."""
    count = int(entry["count"])
    return _mapped(columns, entry["of"], lambda text: text[:count])


def suffix(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
    """Return what follows the first `mark` in column `of` (the whole text where there is none)."""
    return _mapped(columns, entry["of"], lambda text: text.partition(entry["mark"])[2] or text)


def choose(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
    """Return, by what column `of` starts with (from character `at` on), the word of `starts`, or `otherwise`."""
    at, starts = int(entry.get("at", 0)), {str(key): str(word) for key, word in entry["starts"].items()}

    def pick(text: str) -> str:
        return next((word for start, word in starts.items() if text[at:].startswith(start)), str(entry["otherwise"]))

    return _mapped(columns, entry["of"], pick)


def _pack(part: Callable[[packs.Pack], Any]) -> Callable[[Columns, Mapping[str, Any]], tuple[pa.Array, list[int]]]:
    def made(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
        return _mapped(columns, entry["of"], lambda text: str(part(packs.parse(text))) or None)

    return made


def joined(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
    """Return the texts of the columns `of`, joined by `mark`."""
    texts = [pc.fill_null(_text(columns, name), "") for name in entry["of"]]
    return pc.binary_join_element_wise(*texts, str(entry.get("mark", "|"))), []


def numbered(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
    """Return `prefix` and a running number for every distinct combination of the columns `of`, in order of first
    appearance."""
    key = joined(columns, entry)[0].dictionary_encode()
    names = pa.array(
        [f"{entry['prefix']}{place:0{int(entry.get('digits', 4))}d}" for place in range(1, len(key.dictionary) + 1)]
    )
    return names.take(key.indices), []


def first_of(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
    """Return the first filled of the columns `of` (columns that the file lacks are passed over)."""
    present = [_text(columns, name) for name in entry["of"] if name in columns]
    if not present:
        raise UsageError(f"the file has none of the columns {', '.join(entry['of'])}")
    return pc.coalesce(*present), []


def as_month(columns: Columns, entry: Mapping[str, Any]) -> tuple[pa.Array, list[int]]:
    """Return the month of a day or month in column `of`."""

    def change(text: str) -> str | None:
        made = month(text)
        return None if made is None else made.isoformat()[:7]

    return _mapped(columns, entry["of"], change)


WAYS: dict[str, Callable[[Columns, Mapping[str, Any]], tuple[pa.Array, list[int]]]] = {
    "prefix": prefix,
    "suffix": suffix,
    "choose": choose,
    "joined": joined,
    "numbered": numbered,
    "first_of": first_of,
    "month": as_month,
    "strength": _pack(lambda pack: pack.strength),
    "units_per_pack": _pack(lambda pack: pack.units),
    "unit_name": _pack(lambda pack: pack.unit_name),
}
"""Every way a profile can name under `do`."""


def derive(name: str, entry: Mapping[str, Any], columns: Columns) -> tuple[pa.Array, list[int]]:
    """Return the derived column `name` and the rows whose text could not be read.

    `unless: other` keeps the column `other` where the file gives it; `lenient: true` leaves empty what cannot be read.
    """
    if entry.get("do") not in WAYS:
        raise UsageError(f"the profile derives {name} by an {unknown('way', str(entry.get('do')), tuple(WAYS))}")
    given = _text(columns, entry["unless"]) if entry.get("unless") in columns else None
    if given is not None and (not given.null_count or entry.get("of") not in columns):
        return given, []
    if entry.get("lenient") and entry.get("of") not in columns:
        return pa.nulls(len(next(iter(columns.values()))), pa.string()), []
    made, bad = WAYS[entry["do"]](columns, entry)
    if entry.get("lenient"):
        return made, []
    if given is None:
        return made, bad
    return pc.coalesce(given, made), [place for place in bad if not given[place].is_valid]


def unread(name: str, entry: Mapping[str, Any], file: str, row: int, text: str | None) -> Problem:
    """Return the error for a text that a derived column could not be read from."""
    return Problem(
        f"{name} cannot be read from this text: write it as 20mg*7片/板*4板/盒, or give {name} in a column of its own",
        "pack_text" if entry["do"] in ("strength", "units_per_pack", "unit_name") else "derive",
        "error",
        None,
        file,
        row,
        str(entry.get("of")),
        text,
    )
