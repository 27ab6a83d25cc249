"""Any result's frame as a table people read: columns named in the page's language, numbers formatted by their unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from vbp.sections.html import Cell, Html, table
from vbp.words import count, known, say
from vbp.words.numbers import MISSING

if TYPE_CHECKING:
    import pandas as pd

    from vbp.city import City

WORDS = ("play_word", "play_status", "play_baseline", "measure", "lack")
"""Groups of phrases in which the values of a word column are looked up."""
SHARES = (
    "rate",
    "rate_by_amount",
    "elapsed",
    "selected_share_amount",
    "ratio",
    "completion",
    "retained_of_budget",
)
PACKS = ("selected_price_yuan", "pre_price_yuan", "price_cap_yuan", "paid_yuan")
"""Prices of packs and amounts of single purchases: to the fen."""
PRICES = ("lowest_price_yuan", "highest_price_yuan", "price_before_yuan", "price_after_yuan")
"""Prices of one unit: four decimals."""
PUBLISHED = ("published_before_yuan", "published_after_yuan")
"""Prices as they were published: the digits that were printed."""
FACTORS = ("value_ratio", "price_ratio", "volume_ratio", "structure_ratio", "new_and_lost_ratio")
CHANCES = ("p_joint", "q_bh")
LONGEST = 30


def frame_table(
    frame: pd.DataFrame,
    lang: str,
    columns: Sequence[str],
    *,
    rows: int = 12,
    name: str = "table",
    city: City | None = None,
) -> Html:
    """Return the first `rows` of a frame as a table, its columns named by the phrases `play_field.*`.

    Parameters
    ----------
    columns
        Columns to show, in this order; one that the frame lacks is skipped.
    city
        Names hospitals and rounds, and marks the table where the place is synthetic.
    """
    chosen = [column for column in columns if column in frame.columns]
    names = names_of(city, lang)
    shown = [
        [cell(column, value, lang, names) for column, value in zip(chosen, record, strict=True)]
        for record in frame[chosen].head(rows).itertuples(index=False, name=None)
    ]
    marks = [say("play.synthetic", lang)] if city is not None and city.synthetic else []
    marks += [say("play.rows_of", lang, shown=rows, count=len(frame))] if len(frame) > rows else []
    heads = [label(column, lang) for column in chosen]
    return table(heads, _aligned(shown), name=name, mark_text=" · ".join(marks))


def names_of(city: City | None, lang: str) -> dict[str, dict[str, str]]:
    """Return the names of hospitals and rounds by column and identifier; none without a place."""
    if city is None:
        return {}
    from vbp.charts.estimates import hospital_names
    from vbp.charts.names import batch_names

    return {"hospital_id": hospital_names(city), "batch_id": batch_names(city, lang)}


def label(column: str, lang: str) -> str:
    """Return a column's name, an amount's with its unit; one without a phrase keeps its own."""
    text = say(f"play_field.{column}", lang) if known(f"play_field.{column}") else column
    return text + say("head.unit", lang) if kind(column) == "money" else text


def kind(column: str) -> str:
    """Return how a column's numbers are written, from its name; an amount in the column's unit where nothing else is said."""
    for name, columns in (
        ("pack", PACKS),
        ("price", PRICES),
        ("published", PUBLISHED),
        ("factor", FACTORS),
        ("chance", CHANCES),
    ):
        if column in columns:
            return name
    if column.endswith("_yuan") or "_yuan_" in column:
        return "money"
    if column in SHARES:
        return "share"
    return "percent" if column.endswith("_percent") else "number"


def word(value: str, lang: str) -> str:
    """Return a word of a result's vocabulary in `lang`; what has no phrase (a name, an identifier) as it is.

    Two words (`given: published`) are said one by one.
    """
    first, colon, second = value.partition(": ")
    if colon and all(any(known(f"{group}.{part}") for group in WORDS) for part in (first, second)):
        return f"{word(first, lang)}{'：' if lang == 'zh' else ': '}{word(second, lang)}"
    found = next((f"{group}.{value}" for group in WORDS if known(f"{group}.{value}")), None)
    return say(found, lang) if found else value


def named(column: str, value: str, lang: str, names: dict[str, dict[str, str]]) -> str:
    """Return an identifier with its name, a word in `lang`, anything else as it is; short and on one line."""
    from vbp.charts.names import short

    if column in names:
        name = names[column].get(value, value)
        return short(value if name == value else f"{value} {name}", LONGEST)
    return short(word(value, lang), 200)


def cell(column: str, value: Any, lang: str, names: dict[str, dict[str, str]]) -> Cell | str:
    """Return one value as its column's kind is written; a gap is a dash."""
    import pandas as pd

    if isinstance(value, (tuple, list)):
        return say("section.separator", lang).join(map(str, value))
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return MISSING
    if isinstance(value, (date, pd.Timestamp)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (str, bool)):
        return named(column, str(value), lang, names)
    return _number(kind(column), value, lang)


def _number(name: str, value: Any, lang: str) -> Cell:
    """Return a number of one kind."""
    from vbp.sections.parts import money_cell, percent_cell, price_cell, share_cell

    match name:
        case "money":
            return money_cell(value, lang)
        case "price":
            return price_cell(value)
        case "share":
            return share_cell(value)
        case "percent":
            return percent_cell(value)
        case "pack":
            return Cell(f"{value:,.2f}".replace("-", "−"), value)
        case "published":
            return Cell(f"{value:,f}", value)
        case "factor":
            return Cell(f"{float(value):.4f}", value)
        case "chance":
            return Cell("< 0.001" if value < 0.001 else f"{value:.3f}", value)
    return Cell(count(value, lang), value)


def _aligned(cells: list[list[Cell | str]]) -> list[list[Cell | str]]:
    """Return the rows with the gaps of number columns as cells of numbers: they stand where the numbers stand."""
    numeric = {place for row in cells for place, one in enumerate(row) if isinstance(one, Cell)}
    gap = Cell(MISSING, "")
    return [[gap if one == MISSING and place in numeric else one for place, one in enumerate(row)] for row in cells]
