"""The validation notebook's tables: printed results beside our own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from vbp.facts.recompute import Recomputed
from vbp.sections.html import Cell, Html, table
from vbp.words import money, say

EXACT = 10**9
"""Amounts below are written to the yuan."""


def printed_results(results: Sequence[Recomputed], lang: str) -> Html:
    """Return each printed result, how it should follow, what we get, and whether it holds, with the reason where not."""
    columns = [say(f"column.{key}", lang) for key in ("result", "printed", "formula", "recomputed", "holds", "note")]
    zh = lang == "zh"
    rows: list[tuple[Cell | str, ...]] = []
    for item in results:
        row = item.row
        name = f"{row.publication_zh if zh else row.publication} \u00b7 {row.quantity_zh if zh else row.quantity_en}"
        places = max(-int(row.printed.as_tuple().exponent), 0)
        rows.append(
            (
                name,
                Cell(written(row.printed, row.unit, places, lang), row.printed),
                row.formula_zh if zh else row.formula_en,
                Cell(written(Decimal(repr(item.value)), row.unit, places + 1, lang), item.value),
                say("validation.holds" if item.holds else "validation.does_not", lang),
                row.note_zh if zh else row.note_en,
            )
        )
    return table(columns, rows, name="printed-results")


def written(value: Decimal, unit: str, places: int, lang: str) -> str:
    """Return a result in its unit; a recomputed one with one digit more, so that its rounding can be judged."""
    if unit == "yuan" and value >= EXACT:
        return money(value, lang, 3)
    places = 0 if unit in ("variety", "yuan") else places
    text = f"{round(value, places):,.{places}f}".replace("-", "\u2212")
    if unit == "percent":
        return f"{text}%"
    return say(f"validation.{unit}", lang, value=text) if unit in ("yuan", "yuan_per_ddd") else text


def verdict(results: Sequence[Recomputed], lang: str) -> str:
    """Return how many printed results hold, and whether every row is as the file says."""
    held = sum(item.holds for item in results)
    return say(
        "validation.verdict",
        lang,
        count=len(results),
        held=held,
        not_held=len(results) - held,
        surprises=sum(not item.as_stated for item in results),
    )
