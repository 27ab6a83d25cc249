"""Figures over all cities: what each published, and how whole it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.published import QUALITY, QUALITY_COLOURS, quality
from vbp.words import qualified, say, scope_label

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.facts import Fact, Published


def cities_quality(published: Published, lang: str) -> go.Figure:
    """Return how many figures each city published and how whole they are."""
    whole = sum(quality(fact) == "whole" for fact in published.facts)
    figure = theme.frame(
        say("chart.cities_quality_title", lang, cities=len(published.cities), count=len(published.facts), whole=whole),
        say("chart.quality_help", lang),
        subtitle=say("chart.source_published", lang),
    )
    names = [city.name_zh if lang == "zh" else city.name_en for city in published.cities]
    for kind in QUALITY:
        numbers = [
            sum(fact.city == city.city and quality(fact) == kind for fact in published.facts)
            for city in published.cities
        ]
        figure.add_bar(
            x=names,
            y=numbers,
            name=say(f"chart.quality_{kind}", lang),
            marker={"color": QUALITY_COLOURS[kind], "line": {"width": 0.5, "color": theme.INK}},
            hovertemplate="%{x}: %{y}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(title_text=say("chart.number_of_figures", lang))
    return figure


def cities_coverage(published: Published, lang: str) -> go.Figure:
    """Return which city published what: figures by subject and city."""
    theme_of = {row.metric: row.theme for row in published.themes}
    themes = list(dict.fromkeys(row.theme for row in published.themes))
    kinds = Counter((theme_of[fact.metric], fact.city, quality(fact)) for fact in published.facts)
    cells = [[kinds[name, city.city, "whole"] for city in published.cities] for name in themes]
    none = sum(all(row[i] == 0 for row in cells[:2]) for i in range(len(published.cities)))
    figure = theme.frame(
        say("chart.coverage_title", lang, none=none),
        say("chart.coverage_help", lang),
        subtitle=say("chart.source_published", lang),
        height=430,
    )
    figure.add_heatmap(
        z=cells,
        x=[city.name_zh if lang == "zh" else city.name_en for city in published.cities],
        y=[say(f"theme.{name}", lang) for name in themes],
        colorscale=[[0, "#ffffff"], [1, theme.BLUE]],
        text=[[_counted(kinds, name, city.city, lang) for city in published.cities] for name in themes],
        texttemplate="%{text}",
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{x} · %{y}: %{text}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed")
    return figure


def _counted(kinds: Counter[tuple[str, str, str]], name: str, city: str, lang: str) -> str:
    """Return a cell's words: whole figures, else what there is of damaged, doubtful or others', else not published."""
    if kinds[name, city, "whole"]:
        return str(kinds[name, city, "whole"])
    broken = kinds[name, city, "doubtful"] + kinds[name, city, "damaged"]
    other = kinds[name, city, "elsewhere"]
    if broken or other:
        return say("chart.coverage_broken" if broken else "chart.coverage_elsewhere", lang, count=broken or other)
    return say("section.not_published", lang)


def cuts_by_city(published: Published, lang: str) -> go.Figure:
    """Return the cities' own average cuts, each with scope, status and baseline named; doubtful ones are hollow."""
    facts = [fact for fact in published.facts if fact.metric == "average_price_cut" and fact.value is not None]
    figure = theme.frame(
        say("chart.city_cuts_title", lang, count=len(facts)),
        say("chart.city_cuts_help", lang),
        subtitle=say("chart.source_published", lang),
        height=160 + 44 * len(facts),
        method="price-cut",
    )
    figure.add_scatter(
        x=[float(fact.value or 0) for fact in facts],
        y=[_label(published, fact, lang) for fact in facts],
        mode="markers+text",
        showlegend=False,
        cliponaxis=False,
        text=[qualified(fact.value, fact.unit, fact.qualifier, lang) for fact in facts],
        textposition="middle right",
        marker={
            "size": 13,
            "color": theme.RED,
            "symbol": ["circle-open" if fact.qualifier == "doubtful" else "circle" for fact in facts],
        },
        hovertemplate="%{y}<br>%{text}<extra></extra>",
    )
    figure.update_xaxes(title_text=say("chart.average_cut_axis", lang), range=[0, 100], ticksuffix="%")
    return figure


def _label(published: Published, fact: Fact, lang: str) -> str:
    city = published.city[fact.city]
    parts = (
        city.name_zh if lang == "zh" else city.name_en,
        scope_label(fact.scope, lang),
        say(f"status.{fact.status}", lang),
    )
    return theme.wrap(" · ".join(parts), 44)
