"""The table of phrases: every sentence a person reads, by key, in Chinese and English.

The table stands in `phrases/*.toml`, one file per part of the house: `[group]` then `key.zh`, `key.en`.
A phrase may hold `{name}` places, filled by `say`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from vbp.errors import UsageError, unknown

LANGUAGES = ("zh", "en")


@cache
def _files() -> dict[str, tuple[Path, ...]]:
    """Return the files that hold each group, by their headings alone: a verb that says little parses little."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in sorted((Path(__file__).parent / "phrases").glob("*.toml")):
        for group in re.findall(r"^\[(\w+)\]", path.read_text(encoding="utf-8"), re.MULTILINE):
            found[group] = (*found.get(group, ()), path)
    return found


@cache
def _parsed(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def _group(group: str) -> dict[str, dict[str, str]]:
    """Return the phrases of a group by key; one that stands twice is refused."""
    phrases: dict[str, dict[str, str]] = {}
    for path in _files().get(group, ()):
        for key, texts in _parsed(path)[group].items():
            if key in phrases:
                raise ValueError(f"phrase {group}.{key} stands twice, the second time in {path.name}")
            phrases[key] = texts
    return phrases


@cache
def table() -> dict[str, dict[str, str]]:
    """Return all phrases as `{"group.key": {"zh": …, "en": …}}`."""
    return {f"{group}.{key}": texts for group in _files() for key, texts in _group(group).items()}


def known(key: str) -> bool:
    """Whether there is a phrase `key`."""
    group, _, name = key.partition(".")
    return name in _group(group)


def keys() -> tuple[str, ...]:
    """Return every phrase's key."""
    return tuple(table())


def say(key: str, lang: str, **values: Any) -> str:
    """Return the phrase `key` ("group.key") in `lang` ("zh", "en") with its places filled.

    Raises
    ------
    KeyError
        Where the table has no such phrase.
    UsageError
        Where there is no such language.
    """
    group, _, name = key.partition(".")
    texts = _group(group)[name]
    if lang not in texts:
        raise UsageError(unknown("language", lang, LANGUAGES))
    return texts[lang].format(**values)
