"""Links from numbers to the pages that say how they are computed (`docs/methods/`): one list for cards, tables and figures.

In a notebook a link leads to the Markdown page of the repository; `render.page` turns it to the page beside the report.
"""

from __future__ import annotations

from html import escape

from vbp.words import say

FOLDER = "../docs/methods"
"""Where the pages stand, seen from a notebook."""
METHODS = {
    # cards, by key
    "realised": ("realised-saving",),
    "official": ("official-saving",),
    "cut": ("price-cut",),
    "cut_simple": ("price-cut",),
    "completion": ("completion",),
    "payout": ("retained-surplus",),
    "on_time": ("settlement",),
    "next_realised": ("projection",),
    "next_payout": ("projection",),
    # published metrics
    "average_price_cut": ("price-cut",),
    "procurement_saving": ("official-saving",),
    "surplus_payout": ("retained-surplus",),
    "direct_settlement": ("settlement",),
    # tables, by name without the place's slug
    "rounds": ("price-cut",),
    "national-rounds": ("price-cut",),
    "estimates": ("estimates",),
    "estimates-by-hospital": ("estimates",),
    "assumptions": ("estimates",),
    "cuts": ("price-cut",),
    "cuts-by-product": ("price-cut", "unit-price"),
    "completion-by-batch": ("completion",),
    "completion-by-hospital": ("completion",),
    "completion-behind": ("completion",),
    **dict.fromkeys(
        (f"savings-by-{cut}" for cut in ("batch", "hospital", "generic", "month")),
        ("official-saving", "realised-saving", "potential-saving", "alternatives"),
    ),
    "savings-left-out": ("realised-saving",),
    "decomposition": ("decomposition",),
    "benefit": ("who-benefits",),
    "surplus-by-hospital": ("retained-surplus",),
    "surplus-rows": ("retained-surplus",),
    "just-missed": ("completion", "retained-surplus"),
    "scan": ("scan", "interrupted-time-series"),
    "alternatives": ("alternatives",),
    "payments-by-hospital": ("settlement",),
    "payments-by-supplier": ("settlement",),
    "projection": ("projection",),
}


def methods_of(name: str) -> tuple[str, ...]:
    """Return the pages for a card's key, a metric or a table's name; none where nothing is computed."""
    return METHODS.get(name) or (METHODS["projection"] if name.startswith("projection-") else ())


def how(methods: tuple[str, ...], lang: str) -> str:
    """Return links to method pages as HTML: “算法：降幅”; empty without a page."""
    if not methods:
        return ""
    links = " · ".join(
        f'<a class="how" href="{FOLDER}/{escape(name, quote=True)}.md">{escape(say(f"how.{name}", lang))}</a>'
        for name in methods
    )
    return f'<span class="hows">{escape(say("how.label", lang))}{links}</span>'


def card_link(name: str, lang: str) -> str:
    """Return the short link of a headline card; empty where nothing is computed."""
    methods = methods_of(name)
    if not methods:
        return ""
    title = say(f"how.{methods[0]}", lang)
    words, label = escape(say("how.short", lang)), escape(f"{say('how.label', lang)}{title}", quote=True)
    return f'<a class="how" href="{FOLDER}/{escape(methods[0], quote=True)}.md" title="{label}">{words}</a>'
