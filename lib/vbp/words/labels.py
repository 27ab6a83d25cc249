"""Names of scopes, baselines, periods and values, as a reader sees them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from vbp.words.numbers import MISSING, count, money, percent
from vbp.words.phrases import keys, known, say

_MONEY = {
    "yuan": None,
    "yuan_per_year": "yuan_per_year",
    "yuan_per_case": "yuan_per_case",
    "yuan_per_person": "yuan_per_person",
    "yuan_per_piece": "yuan_per_piece",
}


def value_label(value: Decimal | None, unit: str, lang: str) -> str:
    """Return a value with its unit: 11.24亿元, 65.57%, 494个品种."""
    if value is None:
        return MISSING
    if unit == "percent":
        return percent(value)
    if unit in _MONEY:
        shown = money(value, lang)
        return shown if unit == "yuan" else say(f"unit.{unit}", lang, value=shown)
    if not known(f"unit.{unit}"):
        return f"{count(value, lang)} {unit}"
    text = say(f"unit.{unit}", lang, value=count(value, lang))
    return _singular(text) if lang == "en" and value == 1 else text


def _singular(text: str) -> str:
    """Return an English count of one without its plural ending."""
    if text.endswith("ies"):
        return text[:-3] + "y"
    return text.removesuffix("s")


def scope_label(scope: str, lang: str) -> str:
    """Return a scope in words: `city:employee` is 全市职工医保; parts after `/` are joined."""
    return " · ".join(_part("scope", part, lang) for part in scope.split("/"))


def baseline_label(baseline: str, lang: str) -> str:
    """Return a baseline in words; an empty one is —."""
    return _part("baseline", baseline or "none", lang)


def baseline_code(words: str) -> str:
    """Return the code of a baseline that a user's table gives in words (最高有效申报价), else the words as they are."""
    codes = (key for key in keys() if key.startswith("baseline."))
    return next((key.partition(".")[2] for key in codes if words in _both(key)), words) if words else ""


def _both(key: str) -> set[str]:
    return {say(key, lang, name="") for lang in ("zh", "en")}


def _part(group: str, text: str, lang: str) -> str:
    kind, _, name = text.partition(":")
    for key in (f"{group}.{kind}_{name}", f"{group}.{kind}"):
        if known(key):
            return say(key, lang, name=name)
    return text


def qualified(value: Decimal | None, unit: str, qualifier: str, lang: str) -> str:
    """Return a published value with its qualifier: 约11.24亿元; a damaged one says that its digits are lost."""
    return say(f"qualifier.{qualifier}", lang, value=value_label(value, unit, lang))


def period_label(start: date | None, end: date | None, lang: str) -> str:
    """Return a period: one day, from–to, since, or until."""
    if start and end:
        return (
            start.isoformat() if start == end else say("page.span", lang, start=start.isoformat(), end=end.isoformat())
        )
    if end:
        return say("page.until", lang, day=end.isoformat())
    return say("page.since", lang, day=start.isoformat()) if start else MISSING


def listed(names: list[str], lang: str) -> str:
    """Join names as a list in a sentence."""
    return ("、" if lang == "zh" else ", ").join(names)
