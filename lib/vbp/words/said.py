"""A sentence kept by its key until the language is known: what results hand over as assumptions and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vbp.words.phrases import say


@dataclass(frozen=True)
class Said:
    """One phrase with its values; `text(lang)` is the sentence."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str = "en") -> str:
        """Return the sentence in `lang`."""
        return say(self.key, lang, **{name: _in(value, lang) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self.text("en")


def _in(value: Any, lang: str) -> Any:
    """Return a value that has words of its own in both languages (a rule profile's title) in `lang`."""
    return value.say(lang) if hasattr(value, "say") else value
