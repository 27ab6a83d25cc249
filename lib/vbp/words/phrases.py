"""The table of phrases: every sentence a person reads, by key, in Chinese and English.

The table stands in `phrases/*.toml`, one file per part of the house: `[group]` then `key.zh`, `key.en`.
A phrase may hold `{name}` places, filled by `say`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")


@cache
def table() -> dict[str, dict[str, str]]:
    """Return all phrases as `{"group.key": {"zh": …, "en": …}}`; a key that stands twice is refused."""
    phrases: dict[str, dict[str, str]] = {}
    for path in sorted((Path(__file__).parent / "phrases").glob("*.toml")):
        for group, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for key, texts in entries.items():
                name = f"{group}.{key}"
                if name in phrases:
                    raise ValueError(f"phrase {name} stands twice, the second time in {path.name}")
                phrases[name] = texts
    return phrases


def keys() -> tuple[str, ...]:
    """Return every phrase's key."""
    return tuple(table())


def say(key: str, lang: str, **values: Any) -> str:
    """Return the phrase `key` ("group.key") in `lang` ("zh", "en") with its places filled.

    Raises
    ------
    KeyError
        Where the table has no such phrase or language.
    """
    return table()[key][lang].format(**values)
