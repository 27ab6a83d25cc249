"""Text as people type it: codes, names, words, yes and no."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from vbp.schema import Vocabulary, vocabularies

INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
NOTHING = frozenset(
    (
        "",
        "-",
        "--",
        "—",
        "——",
        "－",
        "/",
        "\\",
        "NULL",
        "null",
        "None",
        "N/A",
        "n/a",
        "NA",
        "NaN",
        "nan",
        "无",
        "(空)",
        "空",
    )
)
"""What people write for an empty cell."""

EXCEL_ERRORS = frozenset(
    ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)
"""What Excel shows where a formula failed; such a cell is no gap."""
EXCEL_ERROR = "an Excel error, not a value: mend the formula or the look-up, or empty the cell; it is no gap"

FORCED_TEXT = re.compile(r'^="(.*)"$|^\'(?=\d)', re.DOTALL)
DAMAGED = re.compile(r"^\d(?:\.\d+)?[eE]\+?\d{1,3}$")


def half_width(text: str) -> str:
    """Return text with full-width ASCII (１２，（）) made half-width; nothing else changes."""
    return text.translate(WIDE)


def compact(text: str) -> str:
    """Return a header or word for comparison: NFKC, lower case, no spaces, underscores, hyphens, asterisks or
    colons."""
    text = unicodedata.normalize("NFKC", text).translate(INVISIBLE).casefold()
    return re.sub(r"[\s_\-*:'\"`·、]+", "", text)


def code(text: str) -> str | None:
    """Return a code as text: outer spaces, `="…"` and a leading apostrophe taken off, full-width digits made plain.

    Raises ValueError where Excel has turned it into 1.23E+17: its digits are lost.
    """
    text = half_width(text).translate(INVISIBLE).strip()
    forced = FORCED_TEXT.match(text)
    if forced:
        text = (forced.group(1) if forced.group(1) is not None else text[1:]).strip()
    if DAMAGED.match(text):
        raise ValueError("damaged code")
    return None if text in NOTHING else text


def name(text: str) -> str | None:
    """Return a name as it stands, without outer spaces; formula-like text, HTML and control characters pass through."""
    text = text.strip(" \t\r\n\u3000\ufeff\u00a0")
    return text or None


def term(text: str) -> str | None:
    """Return a joining term: full-width ASCII made plain, runs of spaces made one."""
    text = re.sub(r"[ \t\r\n\u00a0]+", " ", half_width(text).translate(INVISIBLE)).strip()
    return None if text in NOTHING else text


@cache
def _lookup(names: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, str]:
    return {compact(form): word for word, forms in names for form in (word, *forms)}


def lookup(vocabulary: Vocabulary) -> dict[str, str]:
    """Return every compact form of a vocabulary's words → the canonical word."""
    return _lookup(tuple(vocabulary.words.items()))


def word(text: str, vocabulary: Vocabulary) -> str | None:
    """Return the canonical word; an unknown one raises ValueError where the vocabulary is strict, else stands."""
    if text.strip() in NOTHING:
        return None
    found = lookup(vocabulary).get(compact(text))
    if found is None and vocabulary.strict:
        raise ValueError("unknown word")
    return found or name(text)


def flag(text: str) -> bool | None:
    """Return yes or no: 是/否, 1/0, true/false …; anything else raises ValueError. 无 stands for no."""
    found = lookup(vocabularies()["yes_no"]).get(compact(text))
    if found is None:
        if text.strip() in NOTHING:
            return None
        raise ValueError("neither yes nor no")
    return found == "yes"
