"""HTML for a report's words and tables: everything that comes from data is escaped here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from vbp.words import say

_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_DAYS = re.compile(r"(?<![\d-])\d{4}-\d{2}-\d{2}(?![\d-])")
_WHOLE = r'<span class="nowrap">\g<0></span>'
"""A date or month, which is never broken over two lines."""
WIDE = 9
"""A table of more columns is set closer, so that it stands whole beside the margins of a desk's screen."""
LONGEST_DAY = 20
"""Letters of a cell that begins with a day and stays on one line: 2018-12（未核实）."""
LONGEST_WORD = 6
"""Letters that are not broken over two lines: 有证据支持, 拟中选."""


@dataclass(frozen=True)
class Html:
    """A piece of a page; Jupyter shows it as HTML."""

    source: str

    def _repr_html_(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return f"<Html, {len(self.source)} characters>"

    def __add__(self, other: Html) -> Html:
        return Html(f"{self.source}\n{other.source}")


@dataclass(frozen=True)
class Cell:
    """A table's cell: what is shown, and the value that sorts and downloads."""

    text: str
    value: Any = None
    html: str | None = None


def element(name: str, text: str, css: str = "") -> Html:
    """Return one element with escaped text."""
    attribute = f' class="{escape(css, quote=True)}"' if css else ""
    return Html(f"<{name}{attribute}>{escape(text)}</{name}>")


def mark(name: str, lang: str) -> str:
    """Return the badge of a mark (published, estimated …) as HTML."""
    return f'<span class="mark {escape(name, quote=True)}">{escape(say(f"mark.{name}", lang))}</span>'


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Cell | str]], *, name: str, mark_text: str = "", links: str = ""
) -> Html:
    """Return a table that sorts, filters and downloads as CSV.

    Parameters
    ----------
    name
        The file name of the download, without ending.
    mark_text
        A line above the table and on top of the CSV (演示数据).
    links
        Links to what says how the numbers are computed, HTML.
    """
    kept = [tuple(row) for row in rows]
    head = "".join(
        f'<th scope="col"{_of_numbers(kept, place)}>{_headed(column)}</th>' for place, column in enumerate(columns)
    )
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in kept)
    marked = f' data-mark="{escape(mark_text, quote=True)}"' if mark_text else ""
    words = "".join(part for part in (f"<span>{escape(mark_text)}</span>" if mark_text else "", links) if part)
    note = f'<p class="about small soft">{words}</p>' if words else ""
    css = "data wide" if len(columns) > WIDE else "data"
    return Html(
        f'{note}<div class="scroll"><table class="{css}" data-name="{escape(name, quote=True)}"{marked}><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _of_numbers(rows: Sequence[Sequence[Cell | str]], place: int) -> str:
    """Return the class of a column whose cells are numbers: its header stands over them, to the right."""
    cells = [row[place] for row in rows if place < len(row)]
    known = [cell for cell in cells if isinstance(cell, Cell) and cell.value is not None]
    return ' class="number"' if known and len(known) == len(cells) else ""


def _headed(column: str) -> str:
    """Return a header; its unit in brackets is never broken over two lines."""
    name, bracket, unit = column.rpartition("（") if column.endswith("）") else column.rpartition(" (")
    if not bracket or not name or len(unit) > 16:
        return escape(column)
    space = " " if bracket.startswith(" ") else ""
    return f'{escape(name)}{space}<span class="nowrap">{escape(bracket.strip())}{escape(unit)}</span>'


def _cell(cell: Cell | str) -> str:
    if isinstance(cell, str):
        if _DAY.match(cell) and len(cell) <= LONGEST_DAY:
            return f'<td class="day">{escape(cell)}</td>'
        return f"<td{_of_words(cell)}>{_DAYS.sub(_WHOLE, escape(cell))}</td>"
    shown = cell.html if cell.html is not None else escape(cell.text)
    if cell.value is None:
        return f"<td{_of_words(cell.text)}>{shown}</td>"
    return f'<td data-value="{escape(str(cell.value), quote=True)}">{shown}</td>'


def _of_words(text: str) -> str:
    """Return the class of a cell of words: a word stays on one line, a sentence takes the width of a few words at least."""
    if len(text) <= LONGEST_WORD:
        return ' class="word"' if len(text) > 1 else ""
    return ' class="text"' if len(text) > 2 * LONGEST_WORD and any(map(str.isalpha, text)) else ""


def listing(items: Iterable[str]) -> Html:
    """Return a bullet list."""
    return Html("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>")


def folded(summary: str, inside: Html, *, on_paper: bool = True) -> Html:
    """Return a part that folds; with `on_paper` False, paper names it and leaves it to the screen's page."""
    css = "" if on_paper else ' class="screen-only"'
    return Html(f"<details{css}><summary>{escape(summary)}</summary>{inside.source}</details>")
