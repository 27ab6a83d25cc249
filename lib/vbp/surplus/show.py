"""A settlement as a flat table for people and for CSV, and switches as words."""

from __future__ import annotations

import pandas as pd

from vbp.surplus.result import Settlement
from vbp.words import say


def flat(settlement: Settlement, lang: str = "zh") -> pd.DataFrame:
    """Return the rows with their reasons as codes and as one sentence in `lang`."""
    comma = "；" if lang == "zh" else "; "
    table = settlement.table.drop(columns="codes")
    table["codes"] = [" ".join(codes) for codes in settlement.table["codes"]]
    table["reasons"] = [comma.join(reason.text(lang) for reason in reasons) for reasons in settlement.reasons]
    return table


def what_text(kind: str, what: str, lang: str) -> str:
    """Return the name of what a tornado moves: a switch of the rules or an input."""
    return say(f"rules.{what}" if kind == "switch" else f"input.{what}", lang)


def switch_text(value: object, lang: str) -> str:
    """Return a switch's value as words, where the phrase table has them, else as written."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, tuple):
        return ("、" if lang == "zh" else ", ").join(switch_text(part, lang) for part in value)
    try:
        return say(f"rules.value_{value}", lang)
    except KeyError:
        return str(value)
