"""Figures of payment and of what comes: invoices paid within 30 days, the next round's first year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.names import batch_names, digits, named, note, short
from vbp.results.missing import Missing
from vbp.words import count, money, ratio, say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City

MONTHS = 12


def payments_on_time(city: City, lang: str) -> go.Figure | None:
    """Return the share of what is due that was paid within 30 days, and the fund's direct share, by month of invoice."""
    found = city.settlement
    if found is None or isinstance(found, Missing):
        return None
    rows = found.by_month.to_dict("records")
    total = found.total.iloc[0]
    share = total["on_time_share_amount"]
    figure = theme.frame(
        say(
            "chart.payments_title",
            lang,
            share=ratio(None if share != share else share),
            unpaid=count(total["unpaid"], lang),
        ),
        say("chart.payments_help", lang, day=found.as_of),
        subtitle=note(city, lang),
        method="settlement",
    )
    lines = (
        ("on_time_share_amount", "on_time", theme.BLUE, None),
        ("direct_share_amount", "direct", theme.ORANGE, "dash"),
    )
    for column, name, colour, dash in lines:
        figure.add_scatter(
            x=[row["month"] for row in rows],
            y=[None if row[column] != row[column] else digits(row[column] * 100, places=1) for row in rows],
            mode="lines+markers",
            name=say(f"chart.payments_{name}", lang),
            line={"color": colour, "dash": dash or "solid"},
            marker={"size": 5},
            customdata=[[count(row["invoices"], lang), money(row["amount_yuan"], lang)] for row in rows],
            hovertemplate=say("chart.payments_hover", lang) + "<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("chart.invoice_month_axis", lang), type="date", tickformat="%Y-%m")
    figure.update_yaxes(title_text=say("chart.share_axis", lang), range=[-3, 103], ticksuffix="%")
    return theme.roomy(figure)


def projection_fan(city: City, lang: str) -> go.Figure | None:
    """Return the announced round's completion over its first year, at an even pace, with its 90 % interval; None without one."""
    found = city.projection
    if found is None or isinstance(found, Missing):
        return None
    middle, low, high = found.interval("completion")
    if middle != middle:
        return None
    name = short(named(batch_names(city, lang), found.batch_id), 16)
    figure = theme.frame(
        say("chart.fan_title", lang, batch=name, rate=ratio(middle), low=ratio(low), high=ratio(high)),
        say("chart.fan_help", lang, batches=found.evidence.count),
        subtitle=note(city, lang),
        method="projection",
    )
    months = list(range(MONTHS + 1))

    def path(rate: float) -> list[float]:
        return [digits(100 * rate * month / MONTHS, places=1) for month in months]

    figure.add_scatter(
        x=[*months, *reversed(months)],
        y=[*path(high), *reversed(path(low))],
        fill="toself",
        fillcolor="rgba(86,180,233,0.35)",
        line={"width": 0},
        hoverinfo="skip",
        name=say("chart.interval_90", lang),
    )
    for values, key, colour, dash in (
        (path(middle), "median", theme.BLUE, "solid"),
        (path(1.0), "agreed", theme.GREY, "dash"),
    ):
        figure.add_scatter(
            x=months,
            y=values,
            mode="lines",
            name=say(f"chart.fan_{key}", lang),
            line={"color": colour, "dash": dash, "width": 2.5},
            hovertemplate=say("chart.fan_hover", lang) + "<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("chart.fan_month_axis", lang), dtick=3)
    figure.update_yaxes(title_text=say("chart.rate_axis", lang), ticksuffix="%", rangemode="tozero")
    return theme.roomy(figure)
