"""The option `--lang` of verbs that print sentences."""

from __future__ import annotations

from vbp.errors import UsageError, unknown
from vbp.words import LANGUAGES


def language(lang: str) -> str:
    """Return `lang` when it is a language of the phrase table; a UsageError names those that are."""
    if lang not in LANGUAGES:
        raise UsageError(unknown("language", lang, LANGUAGES))
    return lang
