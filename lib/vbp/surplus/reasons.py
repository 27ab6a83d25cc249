"""Why a row is what it is: codes that other programs read, and words that people read."""

from __future__ import annotations

from dataclasses import dataclass

from vbp.words import say

CODES = (
    "YEAR_NOT_ENDED",
    "RENEWAL_EXCLUDED",
    "COUNTY_GROUP",
    "CATEGORY_EXCLUDED",
    "NOT_COMPLETED",
    "SCORE_BELOW",
    "NO_SCORE",
    "NO_P0",
    "NO_P1",
    "NO_N",
    "BASE_NOT_POSITIVE",
    "P1_WEIGHTED",
    "P1_MAIN",
    "EXEMPT",
)
"""Every code, in the order in which a row lists them; the bit of a code is its place here."""
BIT = {code: 1 << place for place, code in enumerate(CODES)}
SHOWN = 5
"""How many items a sentence names before it only counts the rest."""


@dataclass(frozen=True)
class Reason:
    """One reason of one row: its code and the items it is about (none where it is about the row)."""

    code: str
    items: tuple[str, ...] = ()

    def text(self, lang: str) -> str:
        """Return the reason as a sentence in `lang`, naming the first items."""
        sentence = say(f"surplus.{self.code.lower()}", lang)
        if not self.items:
            return sentence
        comma, colon = ("、", "：") if lang == "zh" else (", ", ": ")
        rest = len(self.items) - SHOWN
        more = say("surplus.and_more", lang, count=rest) if rest > 0 else ""
        return sentence + colon + comma.join(self.items[:SHOWN]) + more


def codes_of(mask: int) -> tuple[str, ...]:
    """Return the codes of a bit mask, in their order."""
    return tuple(code for code in CODES if mask & BIT[code])
