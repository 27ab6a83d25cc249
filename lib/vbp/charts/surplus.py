"""Figures of retained surplus: where the budget goes, which hospitals are paid, what moves the total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbp.charts import theme
from vbp.charts.estimates import hospital_names
from vbp.charts.names import digits, label, named, note, scale, unique
from vbp.charts.savings import named_short, shown_of
from vbp.results.missing import Missing
from vbp.results.tables import surplus_by_hospital, surplus_flow
from vbp.words import count, money, percent, say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City

MOST_HOSPITALS = 40
MOST_BARS = 12
NODES = ("budget", "surplus", "spent", "hospitals", "fund")
LINKS = (("budget", "surplus"), ("budget", "spent"), ("surplus", "hospitals"), ("surplus", "fund"))


def surplus_sankey(city: City, lang: str) -> go.Figure | None:
    """Return the settled budget's way to spending, fund and hospitals; None where nothing is left over."""
    found = city.surplus
    if found is None or isinstance(found, Missing):
        return None
    flow = surplus_flow(found)
    if not flow or flow["surplus"] <= 0 or flow["fund"] < 0:
        return None
    figure = theme.frame(
        say(
            "chart.sankey_title",
            lang,
            budget=money(flow["budget"], lang),
            surplus=money(flow["surplus"], lang),
            hospitals=money(flow["hospitals"], lang),
            share=percent(100 * flow["hospitals"] / flow["surplus"], 1),
        ),
        say("chart.sankey_help", lang, over=money(flow["over"], lang)),
        subtitle=note(city, lang),
        method="retained-surplus",
    )
    factor, axis = scale([flow["budget"]], lang)
    colours = dict(zip(NODES, (theme.BLUE, theme.GREEN, theme.GREY, theme.ORANGE, theme.SKY), strict=True))
    figure.add_sankey(
        arrangement="snap",
        valueformat=",.2f",
        valuesuffix=f" {axis}",
        node={
            "label": [f"{say(f'flow.{name}', lang)}<br>{money(flow[name], lang)}" for name in NODES],
            "color": [colours[name] for name in NODES],
            "align": "left",
            "pad": 18,
            "thickness": 18,
            "hovertemplate": "%{label}<extra></extra>",
        },
        link={
            "source": [NODES.index(a) for a, _ in LINKS],
            "target": [NODES.index(b) for _, b in LINKS],
            "value": [digits(flow[b], factor, 4) for _, b in LINKS],
            "color": "rgba(118,118,118,0.25)",
            "customdata": [money(flow[b], lang) for _, b in LINKS],
            "hovertemplate": "%{source.label} → %{target.label}<br>%{customdata}<extra></extra>",
        },
    )
    return figure


def payouts_by_hospital(city: City, lang: str) -> go.Figure | None:
    """Return each hospital's payout as a lollipop, the largest on top; None where nothing is paid."""
    found = city.surplus
    if found is None or isinstance(found, Missing) or not found.total_yuan:
        return None
    table = surplus_by_hospital(found)
    known = [row for row in table.to_dict("records") if row["retained_yuan"] is not None]
    rows = list(reversed(known[:MOST_HOSPITALS]))
    names = hospital_names(city)
    factor, axis = scale([row["retained_yuan"] for row in rows], lang)
    paid = sum(row["retained_yuan"] > 0 for row in known)
    figure = theme.frame(
        say(
            "chart.lollipop_title" if len(table) > 1 else "chart.lollipop_title_one",
            lang,
            total=money(found.total_yuan, lang),
            paid=count(paid, lang),
            all=count(len(table), lang),
            hospital=named_short(names, rows[-1]["hospital_id"]),
        ),
        say("chart.lollipop_help", lang, hospitals=shown_of(len(rows), len(table), lang)),
        subtitle=note(city, lang),
        height=130 + 24 * len(rows),
        method="retained-surplus",
    )
    x = [digits(row["retained_yuan"], factor) for row in rows]
    y = unique([named(names, row["hospital_id"]) for row in rows], 14)
    figure.add_bar(
        orientation="h", x=x, y=y, width=0.12, marker={"color": theme.GREY}, hoverinfo="skip", showlegend=False
    )
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers+text",
        text=[money(row["retained_yuan"], lang) for row in rows],
        textposition="middle right",
        textfont={"size": 11},
        cliponaxis=False,
        marker={"color": theme.BLUE, "size": 11},
        customdata=[
            [money(row["retained_yuan"], lang), money(row["base_yuan"], lang), row["open_rows"]] for row in rows
        ],
        hovertemplate=say("chart.lollipop_hover", lang) + "<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title_text=axis, range=[-0.01 * max(x), 1.18 * max(x)])
    return figure


def payout_tornado(city: City, lang: str) -> go.Figure | None:
    """Return how far each switch of the rules and each input moves the total payout; None where nothing is paid."""
    found = city.tornado
    if found is None or isinstance(found, Missing):
        return None
    rows = [row for row in found.table.to_dict("records") if row["swing_yuan"]][:MOST_BARS]
    if not rows:
        return None
    base = rows[0]["base_yuan"]
    ends = [(min(row["low_yuan"], row["high_yuan"]), max(row["low_yuan"], row["high_yuan"])) for row in rows]
    factor, axis = scale([end for pair in ends for end in pair], lang)
    figure = theme.frame(
        say(
            "chart.tornado_title",
            lang,
            what=moved(rows[0], lang),
            low=money(ends[0][0], lang),
            high=money(ends[0][1], lang),
        ),
        say("chart.tornado_help", lang, base=money(base, lang), swing=f"{found.swing:.0%}"),
        subtitle=note(city, lang),
        height=150 + 32 * len(rows),
        method="retained-surplus",
    )
    for kind, colour in (("switch", theme.ORANGE), ("input", theme.SKY)):
        own = [(row, end) for row, end in zip(rows, ends, strict=True) if row["kind"] == kind]
        figure.add_bar(
            orientation="h",
            base=[digits(low, factor) for _, (low, _) in own],
            x=[round(digits(high, factor) - digits(low, factor), 2) for _, (low, high) in own],
            y=[theme.wrap(moved(row, lang), 34) for row, _ in own],
            name=say(f"chart.tornado_{kind}", lang),
            marker={"color": colour},
            customdata=[[end_text(row, side, lang) for side in ("low", "high")] for row, _ in own],
            hovertemplate="%{y}<br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        )
    order = [theme.wrap(moved(row, lang), 34) for row in reversed(rows)]
    figure.update_yaxes(categoryorder="array", categoryarray=order)
    figure.add_vline(x=digits(base, factor), line={"color": theme.INK, "width": 1.5})
    figure.update_xaxes(title_text=axis)
    return figure


def moved(row: dict[Any, Any], lang: str) -> str:
    """Return the name of a switch or an input."""
    from vbp.surplus.show import what_text

    return what_text(row["kind"], row["what"], lang)


def end_text(row: dict[Any, Any], side: str, lang: str) -> str:
    """Return one end of a bar: the switch's value or the move, and the total payout then."""
    from vbp.surplus.show import switch_text

    value = row[side]
    if row["kind"] == "switch":
        value = {"True": True, "False": False}.get(value, value)
        value = switch_text(value, lang)
    return label(say("chart.tornado_end", lang, value=value, total=money(row[f"{side}_yuan"], lang)), 60)
