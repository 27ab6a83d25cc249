"""Any result's frame as a table people read: columns named in the page's language, numbers formatted by their unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from vbp.sections.html import Cell, Html, table
from vbp.words import count, known, money, percent, say
from vbp.words.numbers import MISSING

if TYPE_CHECKING:
    import pandas as pd

    from vbp.city import City

WORDS = ("play_word", "play_status", "play_baseline", "play_measure")
"""Groups of phrases in which the values of a word column are looked up."""
SHARES = (
    "rate",
    "rate_by_amount",
    "rate_of_summed_units",
    "elapsed",
    "selected_share_amount",
    "ratio",
    "completion",
    "retained_of_budget",
)
EXACT = ("selected_price_yuan", "pre_price_yuan", "price_cap_yuan", "lowest_price_yuan", "highest_price_yuan")


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
        Marks the table where the place is synthetic.
    """
    chosen = [column for column in columns if column in frame.columns]
    shown = [
        [_cell(column, value, lang) for column, value in zip(chosen, record, strict=True)]
        for record in frame[chosen].head(rows).itertuples(index=False, name=None)
    ]
    marks = [say("play.synthetic", lang)] if city is not None and city.synthetic else []
    marks += [say("play.rows_of", lang, shown=rows, count=len(frame))] if len(frame) > rows else []
    return table([label(column, lang) for column in chosen], shown, name=name, mark_text=" · ".join(marks))


def label(column: str, lang: str) -> str:
    """Return a column's name; one without a phrase keeps its own."""
    return say(f"play_field.{column}", lang) if known(f"play_field.{column}") else column


def word(value: str, lang: str) -> str:
    """Return a word of a result's vocabulary in `lang`; what has no phrase (a name, an identifier) as it is.

    Two words (`given: published`) are said one by one.
    """
    first, colon, second = value.partition(": ")
    if colon and all(any(known(f"{group}.{part}") for group in WORDS) for part in (first, second)):
        return f"{word(first, lang)}{'：' if lang == 'zh' else ': '}{word(second, lang)}"
    found = next((f"{group}.{value}" for group in WORDS if known(f"{group}.{value}")), None)
    return say(found, lang) if found else value


def _cell(column: str, value: Any, lang: str) -> Cell | str:
    import pandas as pd

    if isinstance(value, (tuple, list)):
        return "；".join(map(str, value)) if lang == "zh" else "; ".join(map(str, value))
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return MISSING
    if isinstance(value, (date, pd.Timestamp)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (str, bool)):
        return word(str(value), lang)
    return Cell(_number(column)(value, lang), value)


def _number(column: str) -> Callable[[Any, str], str]:
    """Return how a column's numbers are written, from its name's unit."""
    if column in EXACT:
        return lambda value, lang: f"{value:,.4f}".rstrip("0").rstrip(".")
    if column.endswith("_yuan") or "_yuan_" in column:
        return money
    if column in SHARES:
        return lambda value, lang: percent(100 * float(value), 1)
    if column.endswith("_percent"):
        return lambda value, lang: percent(value, 1)
    return count
