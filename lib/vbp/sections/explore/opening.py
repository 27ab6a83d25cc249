"""How a notebook opens: what place it is, what its tables hold, what was noticed; and parts shown below own headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vbp.results.missing import Missing
from vbp.sections.explore.needs import said
from vbp.sections.html import Html, element, folded, listing
from vbp.sections.parts import lacking
from vbp.words import count, say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City

MOST_NOTICED = 20
_HEADING = re.compile(r"^\s*<h([23])[^>]*>.*?</h\1>", re.DOTALL)
STYLE = """<style>
:is(.jp-RenderedHTMLCommon, .rendered_html) table.data :is(td, th) { text-align: left; vertical-align: baseline }
:is(.jp-RenderedHTMLCommon, .rendered_html) table.data td[data-value] { text-align: right; white-space: nowrap }
:is(.jp-RenderedHTMLCommon, .rendered_html) table.data th.number { text-align: right }
:is(.jp-RenderedHTMLCommon, .rendered_html) .nowrap { white-space: nowrap }
:is(.jp-RenderedHTMLCommon, .rendered_html) div.scroll { overflow-x: auto }
:is(.jp-RenderedHTMLCommon, .rendered_html) p.caution { border-left: 4px solid #D55E00; padding-left: 10px }
:is(.jp-RenderedHTMLCommon, .rendered_html) .small { font-size: 90% }
:is(.jp-RenderedHTMLCommon, .rendered_html) span + .hows { margin-left: 1em }
</style>"""
"""Words to the left, numbers to the right and whole, what is missing marked: once a notebook, for JupyterLab and nbconvert."""


def style() -> Html:
    """Return how tables of a notebook look; nothing to read."""
    return Html(STYLE)


def opening(city: City, lang: str) -> Html:
    """Return what was opened: name, mark, last day, hospitals and products; what the folder lacks; what was noticed."""
    assert city.inputs is not None
    parts = style()
    if city.synthetic:
        parts = parts + element("p", say("play.synthetic", lang))
    panels = city.panels
    if isinstance(panels, Missing):
        tables = say("play.comma", lang).join(sorted(city.inputs.tables))
        return parts + said(say("play.tables", lang, name=city.name(lang), tables=tables)) + lacking(panels, lang)
    assert panels is not None
    totals = panels.totals.iloc[0]
    words = say(
        "play.day",
        lang,
        name=city.name(lang),
        day=city.day,
        hospitals=count(int(totals["hospitals"]), lang),
        products=count(int(totals["products"]), lang),
    )
    return parts + said(words) + _noticed(city, lang)


def _noticed(city: City, lang: str) -> Html:
    """Return the warnings of reading and of the ledger, folded; nothing where there is none."""
    assert city.inputs is not None and city.panels
    lines = [problem.line() for problem in (*city.inputs.problems, *city.panels.problems)]
    if not lines:
        return Html("")
    return folded(say("play.noticed", lang, count=len(lines)), listing(lines[:MOST_NOTICED]))


def tell(*parts: Html | go.Figure | Missing | None) -> None:
    """Display parts of the report under a notebook's own headings: each without the heading it begins with.

    What is missing is passed over: the words beside it say so.
    """
    from vbp.sections.show import show

    for part in parts:
        if not isinstance(part, Missing):
            show(Html(_HEADING.sub("", part.source, count=1)) if isinstance(part, Html) else part)
