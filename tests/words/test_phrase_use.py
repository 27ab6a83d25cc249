"""Phrases and code belong together: what the code says exists, and what exists is said somewhere."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

from tests.conftest import ROOT
from vbp.words.fields import LABELS, WORDS
from vbp.words.phrases import table

GROUPS_LOOKED_UP = {*LABELS, *WORDS, "scope", "baseline"}
"""Groups whose keys are names of data: columns, words of results, scopes and baselines of published figures."""


def sources() -> list[tuple[str, ast.Module]]:
    found = [(str(path), ast.parse(path.read_text(encoding="utf-8"))) for path in sorted((ROOT / "lib").rglob("*.py"))]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        found.append((path.name, ast.parse("\n".join(cells))))
    assert len(found) > 150
    return found


@pytest.fixture(scope="module")
def texts() -> tuple[set[str], list[str]]:
    """Return every string of the code, and every f-string as a pattern."""
    plain, patterns = set(), set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                plain.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values]
                patterns.add("".join(parts))
    return plain, sorted(pattern for pattern in patterns if re.match(r"\w+\\\.", pattern))


def said() -> list[tuple[str, str, set[str] | None]]:
    """Return every call of `say` or `Said` with a written key: where, key, names of the values (None: not all written)."""
    found = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called not in ("say", "Said") or not isinstance(node.args[0].value, str):
                continue
            values: set[str] | None = {word.arg for word in node.keywords if word.arg}
            if any(word.arg is None for word in node.keywords) or (called == "Said" and len(node.args) > 1):
                values = None
            found.append((f"{name}:{node.lineno}", node.args[0].value, values))
    return found


def places(text: str) -> set[str]:
    import string

    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_phrase_that_the_code_names_exists():
    calls = said()
    assert len(calls) > 300
    assert [(where, key) for where, key, _ in calls if key not in table()] == []


def test_every_phrase_gets_the_values_it_has_places_for():
    short = [
        (where, key, sorted(places(table()[key]["zh"]) - values))
        for where, key, values in said()
        if values is not None and places(table()[key]["zh"]) - values
    ]
    assert short == []


def test_no_value_is_given_that_the_phrase_does_not_show():
    idle = [
        (where, key, sorted(values - places(table()[key]["zh"])))
        for where, key, values in said()
        if values is not None and values - places(table()[key]["zh"])
    ]
    assert idle == []


def test_no_phrase_stands_unused(texts):
    plain, patterns = texts
    unused = [
        key
        for key in table()
        if key not in plain
        and key.split(".")[0] not in GROUPS_LOOKED_UP
        and not any(re.fullmatch(pattern, key) for pattern in patterns)
    ]
    assert unused == []


def test_a_column_with_a_name_is_a_column_of_something(texts):
    plain, _ = texts
    strings = {part for text in plain for part in re.findall(r"[A-Za-z_0-9]+", text) if len(text) < 4000}
    ends = ("_yuan", "_low", "_high", "_percent", "_items", "_units")
    idle = [
        key
        for key in table()
        if key.split(".")[0] == "field" and key.split(".")[1] not in strings and not key.endswith(ends)
    ]
    assert idle == []


def test_no_phrase_has_an_empty_text_or_blanks_at_its_ends_that_glue_nothing():
    empty = [key for key, texts in table().items() if not all(texts[lang] for lang in ("zh", "en"))]
    assert empty == []
    doubled = [key for key, texts in table().items() for lang in ("zh", "en") if re.search(r"\S  \S", texts[lang])]
    assert [key for key in doubled if key != "explain.ledger_row"] == []


def test_both_languages_give_the_same_numbers():
    def numbers(text: str) -> list[str]:
        return sorted(re.findall(r"\d+(?:\.\d+)?(?=\s?%)", re.sub(r"\{[^}]*\}", "", text)))

    pairs = {key: (numbers(texts["zh"]), numbers(texts["en"])) for key, texts in table().items()}
    stated = {key: pair for key, pair in pairs.items() if all(pair)}  # one language may say "nine in ten"
    assert len(stated) > 30
    assert [key for key, (zh, en) in stated.items() if zh != en] == []
