"""Figures of what a city published: money of each kind, ratios, counts, and how whole the figures are."""
from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.rounds import subtitle
from vbp.facts import Fact
from vbp.words import percent, qualified, say, scope_label

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
    return theme.wrap(f"{name} ({scope_label(fact.scope, lang)}{mark})" if lang == "en" else f"{name}\uff08{scope_label(fact.scope, lang)}{mark}\uff09", 46)


def _bars(city: City, lang: str, facts: list[Fact], title: str, help_text: str, axis: str, scale: float, log: bool) -> go.Figure:
    """Return one bar a figure, the longest on top; each bar carries its published value as text."""
    figure = theme.frame(title, help_text, subtitle=subtitle(city, lang), height=130 + 40 * max(len(facts), 2))
    rows = sorted(facts, key=lambda fact: fact.value or 0)
    figure.add_bar(
        orientation="h", x=[round(float(fact.value or 0) / scale, 4) for fact in rows], y=[_named(city, fact, lang) for fact in rows], marker={"color": theme.BLUE},
        text=[qualified(fact.value, fact.unit, fact.qualifier, lang) for fact in rows], textposition="auto", cliponaxis=False,
        customdata=[theme.plain(fact.note) for fact in rows], hovertemplate="%{y}<br>%{text}<br>%{customdata}<extra></extra>")
    figure.update_xaxes(title_text=axis, **({"type": "log", "dtick": 1} if log else {}))
    figure.update_yaxes(tickfont={"size": 12})
    return figure


def money_figures(city: City, lang: str) -> go.Figure | None:
    """Return the published amounts of procurement, payout, settlement and supervision, each a kind of its own; None without any."""
    themes = {row.metric for row in city.published.themes if row.theme in ("procurement", "surplus", "settlement", "supervision")}
    facts = [fact for fact in city.facts if fact.usable and fact.unit in ("yuan", "yuan_per_year") and fact.metric in themes]
    if not facts:
        return None
    title = say("chart.money_title", lang, count=len(facts))
    axis = say("chart.hundred_million_yuan" if lang == "zh" else "chart.million_yuan", lang)
    return _bars(city, lang, facts, title, say("chart.money_help", lang), axis, 1e8 if lang == "zh" else 1e6, log=True)


def counts(city: City, lang: str) -> go.Figure | None:
    """Return the published counts (rounds, varieties, products, institutions); None without any."""
    units = ("batch", "variety", "category", "product", "institution", "disease", "item")
    facts = [fact for fact in city.facts if fact.usable and fact.unit in units and fact.value]
    if not facts:
        return None
    return _bars(city, lang, facts, say("chart.counts_title", lang, count=len(facts)), say("chart.counts_help", lang), say("chart.count_axis", lang), 1, log=True)


def ratios(city: City, lang: str) -> go.Figure | None:
    """Return the published percentages other than price cuts; None without any."""
    facts = [fact for fact in city.facts if fact.usable and fact.unit == "percent" and fact.metric != "average_price_cut"]
    if not facts:
        return None
    largest = max(facts, key=lambda fact: fact.value or 0)
    metric = city.published.metric[largest.metric]
    title = say("chart.ratios_title", lang, count=len(facts), name=metric.name_zh if lang == "zh" else metric.name_en, value=percent(largest.value))
    return _bars(city, lang, facts, title, say("chart.ratios_help", lang), say("chart.percent_axis", lang), 1, log=False)


def figures_by_theme(city: City, lang: str) -> go.Figure | None:
    """Return how many figures were read under each heading, and how whole they are; None without any."""
    if not city.facts:
        return None
    theme_of = {row.metric: row.theme for row in city.published.themes}
    names = list(dict.fromkeys(row.theme for row in city.published.themes))
    present = [name for name in reversed(names) if any(theme_of[fact.metric] == name for fact in city.facts)]
    whole = sum(quality(fact) == "whole" for fact in city.facts)
    figure = theme.frame(say("chart.quality_title", lang, count=len(city.facts), whole=whole), say("chart.quality_help", lang), subtitle=subtitle(city, lang),
                         height=160 + 34 * len(present))
    for kind in QUALITY:
        numbers = [sum(theme_of[fact.metric] == name and quality(fact) == kind for fact in city.facts) for name in present]
        if any(numbers):
            figure.add_bar(orientation="h", x=numbers, y=[say(f"theme.{name}", lang) for name in present], name=say(f"chart.quality_{kind}", lang),
                           marker={"color": QUALITY_COLOURS[kind], "line": {"width": 0.5, "color": theme.INK}}, hovertemplate="%{y}: %{x}<extra>%{fullData.name}</extra>")
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title_text=say("chart.number_of_figures", lang))
    return figure
