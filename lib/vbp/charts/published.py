"""Figures of what a city published: money of each kind, ratios, counts, and how whole the figures are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.rounds import subtitle
from vbp.facts import Fact
from vbp.words import qualified, say, scope_label, value_label

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City

QUALITY = ("whole", "doubtful", "damaged", "elsewhere")
QUALITY_COLOURS = {"whole": theme.BLUE, "doubtful": theme.YELLOW, "damaged": theme.RED, "elsewhere": theme.GREY}


def quality(fact: Fact) -> str:
    """Return whether a figure is whole, doubtful, damaged, or another place's (a county's, an example's)."""
    if fact.qualifier in ("damaged", "doubtful"):
        return fact.qualifier
    return "elsewhere" if fact.elsewhere or fact.status == "example" else "whole"


def _named(city: City, fact: Fact, lang: str) -> str:
    metric = city.published.metric[fact.metric]
    name = metric.name_zh if lang == "zh" else metric.name_en
    mark = "" if fact.status == "reported" else f" · {say(f'status.{fact.status}', lang)}"
    return theme.wrap(
        f"{name} ({scope_label(fact.scope, lang)}{mark})"
        if lang == "en"
        else f"{name}\uff08{scope_label(fact.scope, lang)}{mark}\uff09",
        46,
    )


Ends = tuple[Fact, ...]
"""A published figure, or the low and the high end of a published range."""


def _ranges(facts: list[Fact]) -> list[Ends]:
    """Return the figures, the two ends of a range as one."""

    def what(fact: Fact) -> tuple[object, ...]:
        return fact.metric, fact.scope, fact.period_start, fact.period_end, fact.status, fact.baseline

    highs = {what(fact): fact for fact in facts if fact.qualifier == "range_high"}
    pairs = [(fact, highs.pop(what(fact))) for fact in facts if fact.qualifier == "range_low" and what(fact) in highs]
    paired = {id(fact) for pair in pairs for fact in pair}
    return [*pairs, *((fact,) for fact in facts if id(fact) not in paired)]


def _value(ends: Ends, lang: str) -> str:
    """Return a figure's value, or a range's two."""
    if len(ends) == 1:
        return qualified(ends[0].value, ends[0].unit, ends[0].qualifier, lang)
    return "\u2013".join(value_label(fact.value, fact.unit, lang) for fact in ends)


def _bars(
    city: City, lang: str, rows: list[Ends], title: str, help_text: str, axis: str, scale: float, log: bool
) -> go.Figure:
    """Return one bar a figure, the longest on top, a range's from end to end; each carries its published value as text."""
    rows = sorted(rows, key=lambda ends: ends[-1].value or 0)
    figure = theme.frame(title, help_text, subtitle=subtitle(city, lang), height=130 + 40 * max(len(rows), 2))
    for count, colour in ((1, theme.BLUE), (2, theme.SKY)):
        drawn = [ends for ends in rows if len(ends) == count]
        if not drawn:
            continue
        lows = [float(ends[0].value or 0) / scale if count == 2 else 0.0 for ends in drawn]
        figure.add_bar(
            orientation="h",
            base=[round(low, 4) for low in lows] if count == 2 else None,
            x=[round(float(ends[-1].value or 0) / scale - low, 4) for ends, low in zip(drawn, lows, strict=True)],
            y=[_named(city, ends[0], lang) for ends in drawn],
            marker={"color": colour},
            text=[_value(ends, lang) for ends in drawn],
            textposition="auto",
            cliponaxis=False,
            customdata=[theme.plain(ends[0].note) for ends in drawn],
            hovertemplate="%{y}<br>%{text}<br>%{customdata}<extra></extra>",
            showlegend=False,
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title_text=axis, **({"type": "log", "dtick": 1} if log else {}))
    order = [_named(city, ends[0], lang) for ends in rows]
    figure.update_yaxes(tickfont={"size": 12}, categoryorder="array", categoryarray=order)
    return figure


def money_figures(city: City, lang: str) -> go.Figure | None:
    """Return the published amounts of procurement, payout, settlement and supervision, each a kind of its own; None without any."""
    themes = {
        row.metric
        for row in city.published.themes
        if row.theme in ("procurement", "surplus", "settlement", "supervision")
    }
    facts = [
        fact for fact in city.facts if fact.usable and fact.unit in ("yuan", "yuan_per_year") and fact.metric in themes
    ]
    if not facts:
        return None
    rows = _ranges(facts)
    title = say("chart.money_title", lang, count=len(rows))
    scale, unit = (1e8, "hundred_million_yuan") if lang == "zh" else (1e6, "million_yuan")
    if max(float(fact.value or 0) for fact in facts) < scale:
        scale, unit = 1e4, "ten_thousand_yuan"
    return _bars(city, lang, rows, title, say("chart.money_help", lang), say(f"chart.{unit}", lang), scale, log=True)


def counts(city: City, lang: str) -> go.Figure | None:
    """Return the published counts (rounds, varieties, products, institutions); None without any."""
    units = ("batch", "variety", "category", "product", "institution", "disease", "item")
    facts = [fact for fact in city.facts if fact.usable and fact.unit in units and fact.value]
    if not facts:
        return None
    rows = _ranges(facts)
    return _bars(
        city,
        lang,
        rows,
        say("chart.counts_title", lang, count=len(rows)),
        say("chart.counts_help", lang),
        say("chart.count_axis", lang),
        1,
        log=True,
    )


def ratios(city: City, lang: str) -> go.Figure | None:
    """Return the published percentages other than price cuts; None without any."""
    facts = [
        fact for fact in city.facts if fact.usable and fact.unit == "percent" and fact.metric != "average_price_cut"
    ]
    if not facts:
        return None
    rows, largest = _ranges(facts), max(facts, key=lambda fact: fact.value or 0)
    metric = city.published.metric[largest.metric]
    title = say(
        "chart.ratios_title",
        lang,
        count=len(rows),
        name=say(
            "chart.name_of_scope",
            lang,
            name=metric.name_zh if lang == "zh" else metric.name_en,
            scope=scope_label(largest.scope, lang),
        ),
        value=qualified(largest.value, largest.unit, largest.qualifier, lang),
    )
    return _bars(city, lang, rows, title, say("chart.ratios_help", lang), say("chart.percent_axis", lang), 1, log=False)


def figures_by_theme(city: City, lang: str) -> go.Figure | None:
    """Return how many figures were read under each heading, and how whole they are; None without any."""
    if not city.facts:
        return None
    theme_of = {row.metric: row.theme for row in city.published.themes}
    names = list(dict.fromkeys(row.theme for row in city.published.themes))
    present = [name for name in reversed(names) if any(theme_of[fact.metric] == name for fact in city.facts)]
    whole = sum(quality(fact) == "whole" for fact in city.facts)
    figure = theme.frame(
        say("chart.quality_title", lang, count=len(city.facts), whole=whole),
        say("chart.quality_help", lang),
        subtitle=subtitle(city, lang),
        height=160 + 34 * len(present),
    )
    for kind in QUALITY:
        numbers = [
            sum(theme_of[fact.metric] == name and quality(fact) == kind for fact in city.facts) for name in present
        ]
        if any(numbers):
            figure.add_bar(
                orientation="h",
                x=numbers,
                y=[say(f"theme.{name}", lang) for name in present],
                name=say(f"chart.quality_{kind}", lang),
                marker={"color": QUALITY_COLOURS[kind], "line": {"width": 0.5, "color": theme.INK}},
                hovertemplate="%{y}: %{x}<extra>%{fullData.name}</extra>",
            )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title_text=say("chart.number_of_figures", lang))
    return figure
