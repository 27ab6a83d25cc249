"""Chinese text as it is printed: full-width comma, semicolon, colon, question mark and brackets."""

from __future__ import annotations

import re

HAN = "\u4e00-\u9fff"
_AFTER = f"[{HAN}\u201d\u300b\uff09\u3015\u300d}}]"
_RULES = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (rf"(?<={_AFTER})\s*,\s*", "\uff0c"),
        (r"(?<=%)\s*,(?!\s*[a-zA-Z])\s*", "\uff0c"),  # a list of percentages; English goes on in its own marks
        (r"(?<=%)\s*;(?!\s*[a-zA-Z\d])\s*", "\uff1b"),
        (rf",(?=[{HAN}])", "\uff0c"),
        (rf"(?<={_AFTER})\s*;\s*", "\uff1b"),
        (rf"(?<=[{HAN}\u201d\u300b\uff09\u3015\u300d}}])\s*:\s*(?!//)", "\uff1a"),
        (rf"(?<=[{HAN}])\?", "\uff1f"),
        (rf"\s*\(((?=[^()]*[{HAN}])[^()]*)\)", "\uff08\\1\uff09"),
        (rf"(?<=[{HAN}}}])\(([^()]*)\)", "\uff08\\1\uff09"),
        (r"(?<=\uff09)\s*:\s*", "\uff1a"),
        (r"(?<=\uff09)\s*;\s*", "\uff1b"),
        (r"(?<=\uff09)\s*,\s*", "\uff0c"),
    )
)


def fullwidth(text: str) -> str:
    """Return Chinese text in full-width punctuation; numbers, English words and `{places}` keep theirs."""
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return "\uff1b" if text == ";" else text
