"""Figures of use: completion against elapsed time, and which products the money goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.names import batch_names, digits, label, named, note
from vbp.results.missing import Missing
from vbp.words import count, money, ratio, say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City

COLOURS = {"selected": theme.BLUE, "elsewhere": theme.SKY, "nonselected": theme.ORANGE, "alternative": theme.PURPLE}


def completion_bullet(city: City, lang: str) -> go.Figure | None:
    """Return the completion rate of each batch and year as a bar against the time gone by; None without agreements."""
    found = city.completion
    if found is None or isinstance(found, Missing):
        return None
    rows = found.rolled("batch_year").iloc[::-1].to_dict("records")
    if not rows:
        return None
    in_time = [bool(row["rate"] >= row["elapsed"]) for row in rows]
    figure = theme.frame(
        say("chart.bullet_title", lang, count=len(rows), ahead=sum(in_time)),
        say("chart.bullet_help", lang, day=min(found.as_of, found.data_until)),
        subtitle=note(city, lang),
        height=150 + 30 * len(rows),
        method="completion",
    )
    names = batch_names(city, lang)
    at = list(range(len(rows)))
    ticks = [
        say("chart.batch_year", lang, batch=label(named(names, row["batch_id"]), 22), year=row["agreement_year"])
        for row in rows
    ]
    for ahead, name, colour in ((True, "rate_ahead", theme.BLUE), (False, "rate_behind", theme.ORANGE)):
        chosen = [place for place in at if in_time[place] == ahead]
        if not chosen:
            continue
        figure.add_bar(
            orientation="h",
            x=[digits(rows[place]["rate"] * 100, places=1) for place in chosen],
            y=chosen,
            name=say(f"chart.{name}", lang),
            marker={"color": colour},
            width=0.55,
            customdata=[
                [
                    ratio(rows[place]["rate"]),
                    ratio(rows[place]["rate_by_amount"]),
                    count(rows[place]["items"], lang),
                    count(rows[place]["done_items"], lang),
                ]
                for place in chosen
            ],
            hovertemplate=say("chart.bullet_hover", lang) + "<extra></extra>",
        )
    figure.add_scatter(
        x=[digits(row["elapsed"] * 100, places=1) for row in rows],
        y=at,
        mode="markers",
        name=say("chart.elapsed", lang),
        marker={"symbol": "line-ns-open", "size": 15, "color": theme.INK, "line": {"width": 3}},
        hovertemplate="%{x}%<extra>%{fullData.name}</extra>",
    )
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(tickvals=at, ticktext=ticks, range=[-0.6, len(rows) - 0.4])
    figure.update_xaxes(title_text=say("chart.rate_axis", lang), ticksuffix="%", rangemode="tozero")
    return figure


def share_area(city: City, lang: str) -> go.Figure | None:
    """Return the share of spending by month on selected, non-selected and alternative products; None without a ledger."""
    panels = city.panels
    if panels is None or isinstance(panels, Missing):
        return None
    from vbp.results.tables import use_by_month

    table = use_by_month(panels)
    if len(table) < 2:
        return None
    total = table.sum(axis=1)
    last = table.tail(12)
    shares = {use: ratio(last[use].sum() / last.to_numpy().sum()) for use in COLOURS}
    months = [f"{month:%Y-%m}" for month in table.index]
    figure = theme.frame(
        say(
            "chart.area_title" if last["alternative"].any() else "chart.area_title_tendered",
            lang,
            months=len(last),
            **shares,
        ),
        say("chart.area_help", lang),
        subtitle=note(city, lang),
        method="alternatives",
    )
    for use, colour in COLOURS.items():
        if not table[use].any():
            continue
        figure.add_scatter(
            x=months,
            y=[digits(100 * value / whole, places=1) for value, whole in zip(table[use], total, strict=True)],
            mode="lines",
            stackgroup="use",
            name=say(f"use.{use}", lang),
            line={"width": 0.5, "color": colour},
            fillcolor=colour,
            customdata=[money(value / 100, lang, 1) for value in table[use]],
            hovertemplate="%{x}<br>%{y}% · %{customdata}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("chart.month_axis", lang), type="date", tickformat="%Y-%m")
    figure.update_yaxes(title_text=say("chart.share_axis", lang), range=[0, 100], ticksuffix="%")
    return theme.roomy(figure)
