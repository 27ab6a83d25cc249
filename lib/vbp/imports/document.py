"""An import profile's YAML: read, laid over the profile that it extends, and every mistake in it said at once."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vbp import safe_yaml
from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.imports.derive import WAYS
from vbp.paths import data
from vbp.schema import KINDS, TABLES

PARTS = {
    "title": (str, dict), "extends": (str,), "headers": (dict,), "columns": (dict,), "one_of": (list,), "drop": (dict,),
    "ignore": (list,), "ask": (dict,), "derive": (dict,), "row_unit": (dict,), "checks": (list,), "totals": (list,),
    "tables": (dict,), "place": (dict,), "notes": (list,),
}  # fmt: skip
"""What a profile may hold, and of what type."""
ENTRY = ("kind", "headers", "unit", "required", "values", "strict", "other_basis", "zh", "en")
"""What a column of a profile may hold."""
Document = dict[str, Any]


def folder() -> Path:
    """Return the folder of the profiles that come with vbp."""
    return data() / "profiles"


def names() -> tuple[str, ...]:
    """Return the names of the profiles that come with vbp."""
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def read_document(name: str) -> tuple[str, Document]:
    """Return (name, document) of a shipped profile, or of the YAML file at that path, with what it extends filled in.

    Raises
    ------
    UsageError
        Where no profile has that name.
    InputError
        With every mistake in the file, by key.
    """
    own = Path(name)
    path = own if own.suffix in (".yaml", ".yml") else folder() / f"{name}.yaml"
    if not path.is_file():
        raise UsageError(unknown("profile", name, names()) + "; or name a .yaml file of your own (docs/imports.md)")
    document = _loaded(path)
    if "extends" in document or "headers" in document:
        document = _extended(path, document)
    if faults := list(_faults(document)):
        raise InputError([_problem(path, where, why) for where, why in faults])
    if isinstance(document["title"], str):
        document["title"] = dict.fromkeys(("zh", "en"), document["title"])
    return path.stem, document


def _problem(path: Path, where: str, why: str) -> Problem:
    return Problem(why, "import_profile", file=path.name, column=where)


def _loaded(path: Path) -> Document:
    try:
        document = safe_yaml.load(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        undecoded = isinstance(error, UnicodeDecodeError)
        why = "it is not UTF-8; save it again as UTF-8" if undecoded else getattr(error, "strerror", None) or str(error)
        raise InputError(
            Problem(
                f"the import profile cannot be read: {why}",
                "import_profile",
                file=path.name,
                row=getattr(error, "line", None),
            )
        ) from error
    if not isinstance(document, dict):
        raise InputError(_problem(path, "(file)", "a profile is a mapping of keys such as extends: platform-cn"))
    return document


def _extended(path: Path, own: Document) -> Document:
    """Lay a user's profile over a shipped one: `headers` and `ignore` are added, other keys replace entry by entry."""
    parent = str(own.get("extends", "platform-cn"))
    if parent not in names():
        raise InputError(_problem(path, "extends", unknown("profile", parent, names())))
    base = copy.deepcopy(_loaded(folder() / f"{parent}.yaml"))
    if "extends" in base:
        raise InputError(_problem(path, "extends", f"{parent} extends another one itself: extend that"))
    faults = [
        _problem(path, key, "this key holds other entries: key: value lines below it")
        for key in ("headers", "columns", "drop")
        if not isinstance(own.get(key, {}), dict)
    ]
    faults += [] if isinstance(own.get("ignore", []), list) else [_problem(path, "ignore", "a list: [单据号, 备注]")]
    faults += [
        _problem(path, f"headers.{name}", unknown("column", str(name), tuple(base["columns"])))
        for name in _mapping(own.get("headers"))
        if name not in base["columns"]
    ]
    faults += [
        _problem(path, f"headers.{name}", "a list of headers is needed: [收货单位]")
        for name, heads in _mapping(own.get("headers")).items()
        if not isinstance(heads, list)
    ]
    if faults:
        raise InputError(faults)
    _add_headers(base, own)
    for key, value in own.items():
        if key in ("columns", "derive", "ask", "tables", "drop", "place") and isinstance(value, dict):
            base[key] = {**base.get(key, {}), **value}
        elif key not in ("headers", "ignore", "extends"):
            base[key] = value
    return base


def _add_headers(base: Document, own: Document) -> None:
    """Give the export's own headers to the columns named; a header means one thing only, what the user's file says."""
    taken = {str(head) for heads in _mapping(own.get("headers")).values() for head in heads}
    taken |= set(map(str, own.get("ignore", [])))
    for entry in base["columns"].values():
        entry["headers"] = [head for head in entry["headers"] if str(head) not in taken]
    base["ignore"] = [head for head in base.get("ignore", []) if str(head) not in taken] + own.get("ignore", [])
    for name, heads in _mapping(own.get("headers")).items():
        base["columns"][name]["headers"] += heads


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _near(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(str(name), known, n=2, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else f"; known: {', '.join(known)}"


def _faults(document: Document) -> Iterator[tuple[str, str]]:
    """Yield (key, what is wrong with it and what to write)."""
    for key, value in document.items():
        if key not in PARTS:
            yield str(key), f"unknown key{_near(key, tuple(PARTS))}"
        elif not isinstance(value, PARTS[key]):
            yield (
                key,
                "a list is needed: [a, b]"
                if PARTS[key] == (list,)
                else "this key holds other entries: key: value lines below it",
            )
    for key in ("title", "columns", "tables"):
        if key not in document:
            yield (
                key,
                "this key is required; `extends: platform-cn` brings columns and tables"
                if key != "title"
                else "this key is required, such as title: 我省平台订单",
            )
    if isinstance(document.get("title"), dict) and not {"zh", "en"} <= set(document["title"]):
        yield "title", "write {zh: …, en: …}, or one text for both"
    for name, entry in _mapping(document.get("columns")).items():
        yield from _column_faults(f"columns.{name}", entry)
    yield from _table_faults(document)
    for name, entry in _mapping(document.get("derive")).items():
        if _mapping(entry).get("do") not in WAYS:
            yield f"derive.{name}", unknown("way", str(_mapping(entry).get("do")), tuple(WAYS))


def _column_faults(where: str, entry: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("headers"), list) or not entry["headers"]:
        yield (
            where,
            "write {kind: name, headers: [收货单位]}: the headers that the export uses, and a kind (docs/imports.md)",
        )
        return
    for key in entry:
        if key not in ENTRY:
            yield f"{where}.{key}", f"unknown key{_near(key, ENTRY)}"
    if entry.get("kind", "name") not in KINDS:
        yield f"{where}.kind", unknown("kind", str(entry["kind"]), tuple(KINDS))
    if not isinstance(entry.get("values", {}), dict):
        yield f"{where}.values", "write {drug: [药品, 西药], consumable: [耗材]}"


def _table_faults(document: Document) -> Iterator[tuple[str, str]]:
    made = {*_mapping(document.get("columns")), *_mapping(document.get("derive")), *_mapping(document.get("ask"))}
    for table, wanted in _mapping(document.get("tables")).items():
        if table not in TABLES:
            yield f"tables.{table}", unknown("table", str(table), tuple(TABLES))
            continue
        for column, source in _mapping(_mapping(wanted).get("columns")).items():
            if column not in TABLES[table].column_names:
                yield f"tables.{table}.{column}", unknown(f"column of {table}", str(column), TABLES[table].column_names)
            elif not isinstance(source, dict) and source not in made:
                yield f"tables.{table}.{column}", unknown("column of this profile", str(source), sorted(made))
