"""The validation notebook's tables: printed results beside our own."""
from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from vbp.facts.recompute import Recomputed
from vbp.sections.html import Cell, Html, table
from vbp.words import say


def printed_results(results: Sequence[Recomputed], lang: str) -> Html:
    """Return each printed result, how it should follow, what we get, and whether it holds, with the reason where not."""
    columns = [say(f"column.{key}", lang) for key in ("result", "printed", "formula", "recomputed", "holds", "note")]
    rows = []
    for item in results:
        row = item.row
        name = f"{row.publication} \u00b7 {row.quantity_zh if lang == 'zh' else row.quantity_en}"
        holds = say("validation.holds" if item.holds else "validation.does_not", lang)
        rows.append((name, row.printed_text, row.formula_zh if lang == "zh" else row.formula_en, Cell(shown(item), item.value), holds, row.note))
    return table(columns, rows, name="printed-results")


def shown(item: Recomputed) -> str:
    """Return the recomputed value with one digit more than the printed one, so that its rounding can be judged."""
    places = -int(item.row.printed.as_tuple().exponent) + 1 if item.row.unit != "yuan" else 0
    return f"{Decimal(repr(round(item.value, max(places, 0)))):,.{max(places, 0)}f}"


def verdict(results: Sequence[Recomputed], lang: str) -> str:
    """Return how many printed results hold, and whether every row is as the file says."""
    held = sum(item.holds for item in results)
    return say("validation.verdict", lang, count=len(results), held=held, not_held=len(results) - held,
               surprises=sum(not item.as_stated for item in results))
