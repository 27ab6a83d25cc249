"""A result's columns for people at a terminal: named in the reader's language, numbers written by their unit."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from vbp.words.numbers import MISSING
from vbp.words.phrases import known, say

LABELS = ("field", "play_field")
"""Groups of phrases in which a column's name is looked up; the first that has it counts."""
WORDS = ("field_word", "play_word", "play_status", "play_baseline", "play_measure")
"""Groups of phrases in which the words of a result's own vocabulary are looked up."""
CHANCES = ("p_value", "p_confirm", "q_bh")
SHARES = (
    "share_of_spending",
    "rate",
    "rate_by_amount",
    "rate_of_summed_units",
    "elapsed",
    "ratio",
    "completion",
    "completion_low",
    "completion_high",
)
PRICES = ("selected_price_yuan", "pre_price_yuan", "price_cap_yuan", "lowest_price_yuan", "highest_price_yuan")


def field_label(name: str, lang: str) -> str:
    """Return a column's name in the reader's language, money with its unit; one without a phrase keeps its own."""
    label = next((say(f"{group}.{name}", lang) for group in LABELS if known(f"{group}.{name}")), name)
    unit = "元" if lang == "zh" else "yuan"
    if label == name or "_yuan" not in name or unit in label:
        return label
    opened, comma, closed = ("（", "，", "）") if lang == "zh" else (" (", ", ", ")")
    return f"{label[:-1]}{comma}{unit}{closed}" if label.endswith(closed) else f"{label}{opened}{unit}{closed}"


def field_text(name: str, value: Any, lang: str) -> str:
    """Return a cell of column `name` (its name says the unit): exact money to the fen, shares in per cent, — for a gap."""
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return MISSING
    if isinstance(value, (tuple, list)):
        return (";" if lang == "en" else "；").join(field_text(name, item, lang) for item in value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()[: 7 if name == "month" else 10]
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return say(f"field_word.{'yes' if value else 'no'}", lang)
    if isinstance(value, str):
        return _word(value, lang)
    return _number(name, value)


def _word(value: str, lang: str) -> str:
    """Return a word of a result's vocabulary; a name or an identifier stays as it is."""
    return next((say(f"{group}.{value}", lang) for group in WORDS if known(f"{group}.{value}")), value)


def _number(name: str, value: Any) -> str:
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        return MISSING
    if name in CHANCES:
        return "< 0.001" if number < Decimal("0.001") else f"{number:.3f}"
    if name in SHARES:
        return f"{(number * 100).quantize(Decimal('0.1'), ROUND_HALF_UP) + 0:,f}%"
    if name.endswith("_yuan") and name not in PRICES:
        return f"{number.quantize(Decimal('0.01'), ROUND_HALF_UP) + 0:,f}"
    places = "0.01" if name.endswith("_percent") else "0.001" if name.endswith(("_units", "_days")) else "0.0001"
    if number == number.to_integral_value():
        return f"{number.to_integral_value():,f}"
    text = f"{number.quantize(Decimal(places), ROUND_HALF_UP):,f}"
    return text.rstrip("0").rstrip(".") if name.endswith("_units") else text
