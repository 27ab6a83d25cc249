"""Figures of estimates: intervals, the ranking of assumptions, what the national rounds teach, hospitals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.rounds import subtitle
from vbp.words import money, say, scope_label

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City
    from vbp.estimate import Estimate

MOST_HOSPITALS = 40


def _scale(lang: str) -> float:
    return 1e8 if lang == "zh" else 1e6


def settled(city: City) -> bool:
    """Return whether the place's own ledger replaces estimates from amounts by round."""
    return bool(city.panels) and not city.facts


def _axis(lang: str) -> str:
    return say("chart.hundred_million_yuan" if lang == "zh" else "chart.million_yuan", lang)


def _city_rows(city: City) -> list[Estimate]:
    """Return the city's own estimates, hospitals apart, bounds included; none where a ledger settles them by variety."""
    if settled(city):
        return []
    return [row for row in city.estimate.estimates if not row.hospital]


def estimate_intervals(city: City, lang: str) -> go.Figure | None:
    """Return each estimate with its 90 % interval, bounds as arrows; None where nothing could be estimated."""
    rows = list(reversed(_city_rows(city)))
    if not rows:
        return None
    first = rows[-1]
    figure = theme.frame(
        say("chart.intervals_title", lang, name=first.label(lang), shown=first.shown(lang)),
        say("chart.intervals_help", lang),
        subtitle=subtitle(city, lang, "estimate.warning"),
        height=150 + 48 * len(rows),
        method="estimates",
    )
    for mark, colour in (("estimated", theme.ORANGE), ("synthetic", theme.ORANGE), ("derived", theme.BLUE)):
        chosen = [row for row in rows if row.mark == mark]
        if chosen:
            _add_intervals(figure, chosen, lang, say(f"mark.{mark}", lang), colour)
    figure.update_xaxes(title_text=_axis(lang), rangemode="tozero")
    figure.update_yaxes(categoryorder="array", categoryarray=list(dict.fromkeys(_label(row, lang) for row in rows)))
    return figure


def _label(row: Estimate, lang: str) -> str:
    scope = scope_label(row.scope, lang)
    return theme.wrap(
        f"{row.label(lang)} · {scope}" + (f" · {say(f'mark.{row.mark}', lang)}" if row.mark == "derived" else ""), 40
    )


def _add_intervals(figure: go.Figure, rows: list[Estimate], lang: str, name: str, colour: str) -> None:
    scale = _scale(lang)
    middle = [
        float(next(value for value in (row.point, row.low, row.high) if value is not None)) / scale for row in rows
    ]
    up = [float(row.high if row.high is not None and row.point is not None else 0) / scale for row in rows]
    down = [float(row.low if row.low is not None and row.point is not None else 0) / scale for row in rows]
    symbols = [
        "circle" if row.point is not None else "triangle-right" if row.high is None else "triangle-left" for row in rows
    ]
    figure.add_scatter(
        x=[round(value, 4) for value in middle],
        y=[_label(row, lang) for row in rows],
        mode="markers",
        name=name,
        marker={"color": colour, "size": 12, "symbol": symbols},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [round(max(u - m, 0), 4) for u, m in zip(up, middle, strict=True)],
            "arrayminus": [round(m - d, 4) if d else 0 for d, m in zip(down, middle, strict=True)],
            "color": colour,
            "thickness": 2.5,
            "width": 6,
        },
        customdata=[[theme.plain(row.shown(lang)), theme.plain(row.formula)] for row in rows],
        hovertemplate="%{y}<br>%{customdata[0]}<br>%{customdata[1]}<extra>%{fullData.name}</extra>",
    )


def estimate_ranking(city: City, lang: str) -> go.Figure | None:
    """Return the tornado of the widest estimate: which assumption moves it most; None where none has a ranking."""
    ranked = [row for row in _city_rows(city) if row.ranking]
    if not ranked:
        return None
    row = next((item for item in ranked if item.quantity in ("implied_spending", "payout")), ranked[0])
    names = {item.name: item.label(lang) for item in city.estimate.assumptions}
    bars = list(reversed(row.ranking[:10]))
    middle = float(row.point or 0) / _scale(lang)
    figure = theme.frame(
        say("chart.ranking_title", lang, name=row.label(lang), cause=names[row.ranking[0][0]]),
        say("chart.ranking_help", lang),
        subtitle=subtitle(city, lang, "estimate.warning"),
        height=150 + 36 * max(len(bars), 2),
        method="estimates",
    )
    low, high = ([float(bar[side]) / _scale(lang) for bar in bars] for side in (1, 2))
    figure.add_bar(
        orientation="h",
        base=[round(value, 4) for value in low],
        x=[round(h - a, 4) for a, h in zip(low, high, strict=True)],
        y=[theme.wrap(names[bar[0]], 40) for bar in bars],
        marker={"color": theme.SKY},
        showlegend=False,
        customdata=[[money(bar[1], lang), money(bar[2], lang)] for bar in bars],
        hovertemplate="%{y}<br>%{customdata[0]} – %{customdata[1]}<extra></extra>",
    )
    figure.add_vline(x=round(middle, 4), line={"color": theme.INK, "width": 1.5})
    figure.update_xaxes(title_text=_axis(lang))
    return figure


def reference_ratios(city: City, lang: str) -> go.Figure | None:
    """Return weighted over published mean cut in the national rounds that publish all three figures apart.

    None for a place whose own ledger gives the weighted cut.
    """
    if settled(city):
        return None
    from vbp.estimate.rounds import reference_rounds

    names = {row.batch_id: row.name_zh if lang == "zh" else row.name_en for row in city.published.batches}
    rows = sorted(reference_rounds(city.published), key=lambda row: row.ratio)
    figure = theme.frame(
        say("chart.reference_title", lang, low=f"{rows[0].ratio:.2f}", high=f"{rows[-1].ratio:.2f}"),
        say("chart.reference_help", lang),
        subtitle=subtitle(city, lang),
        height=150 + 36 * len(rows),
        method="price-cut",
    )
    figure.add_scatter(
        x=[round(row.ratio, 3) for row in rows],
        y=[theme.wrap(names[row.batch_id], 40) for row in rows],
        mode="markers+text",
        text=[f"{row.ratio:.3f}" for row in rows],
        textposition="middle right",
        cliponaxis=False,
        marker={"color": theme.GREEN, "size": 12},
        hovertemplate="%{y}<br>%{x:.3f}<extra></extra>",
        showlegend=False,
    )
    figure.add_vline(x=1, line={"dash": "dash", "color": theme.GREY})
    figure.update_xaxes(title_text=say("chart.reference_axis", lang), range=[0.6, 1.25])
    return figure


def estimate_by_hospital(city: City, lang: str, quantity: str = "payout") -> go.Figure | None:
    """Return one quantity by hospital with its 90 % interval, largest on top; None without hospitals."""
    rows = (
        [row for row in city.estimate.of(quantity) if row.hospital and row.point is not None]
        if not settled(city)
        else []
    )
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: row.point or 0)[-MOST_HOSPITALS:]
    names = hospital_names(city)
    figure = theme.frame(
        say(
            "chart.hospital_title",
            lang,
            name=rows[-1].label(lang),
            hospital=names.get(rows[-1].scope[9:], rows[-1].scope[9:]),
            shown=rows[-1].shown(lang),
        ),
        say("chart.hospital_help", lang),
        subtitle=subtitle(city, lang, "estimate.warning"),
        height=140 + 30 * len(rows),
        method="estimates",
    )
    x = [float(row.point or 0) / 1e4 for row in rows]
    figure.add_scatter(
        x=[round(value, 2) for value in x],
        y=[theme.wrap(names.get(row.scope[9:], row.scope[9:]), 30) for row in rows],
        mode="markers",
        showlegend=False,
        marker={"color": theme.BLUE, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [round(float(row.high or 0) / 1e4 - m, 2) for row, m in zip(rows, x, strict=True)],
            "arrayminus": [round(m - float(row.low or 0) / 1e4, 2) for row, m in zip(rows, x, strict=True)],
            "color": theme.SKY,
            "thickness": 2,
        },
        customdata=[theme.plain(row.shown(lang)) for row in rows],
        hovertemplate="%{y}<br>%{customdata}<extra></extra>",
    )
    figure.update_xaxes(title_text=say("chart.ten_thousand_yuan", lang), rangemode="tozero")
    return figure


def hospital_names(city: City) -> dict[str, str]:
    """Return hospitals' names by identifier; an identifier stands for itself where no name is given."""
    if city.inputs is None or not city.inputs.has("hospitals"):
        return {}
    frame = city.inputs.frame("hospitals")
    return {
        str(key): str(name)
        for key, name in zip(frame["hospital_id"], frame["name"], strict=True)
        if isinstance(name, str)
    }
