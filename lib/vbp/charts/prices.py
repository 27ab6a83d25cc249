"""Figures of prices: how far each selected product fell, and what volume did meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.names import batch_names, digits, label, named, note, unique
from vbp.charts.rounds import by_start
from vbp.results.missing import Missing
from vbp.words import money, percent, say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City

LANES = (0.0, 0.16, -0.16, 0.08, -0.08, 0.24, -0.24)
"""Heights at which the dots of a row stand, in turn, so that equal cuts do not cover one another."""


def price_drops(city: City, lang: str) -> go.Figure | None:
    """Return every selected product's cut as a dot, by batch, with simple and weighted mean; None without prices."""
    found = city.prices
    if found is None or isinstance(found, Missing):
        return None
    baseline = found.table["baseline"].mode().iloc[0] if "p0" not in set(found.table["baseline"]) else "p0"
    table, items = (frame[frame["baseline"] == baseline] for frame in (found.table, found.items))
    batches = [str(name) for name in reversed(by_start(city, table["batch_id"]))]
    card = next(card for card in city.cards if card.key.startswith("cut"))
    figure = theme.frame(
        say(f"chart.{card.key}_title", lang, cut=card.shown(lang), items=len(items)),
        say("chart.drops_help", lang, baseline=say(f"prices.baseline_{baseline}", lang)),
        subtitle=note(city, lang),
        height=170 + 46 * len(batches),
        method="price-cut",
    )
    own = [items[items["batch_id"] == batch] for batch in batches]
    figure.add_scatter(
        x=[digits(cut, places=1) for part in own for cut in part["cut_percent"]],
        y=[place + LANES[i % len(LANES)] for place, part in enumerate(own) for i in range(len(part))],
        mode="markers",
        name=say("chart.product_dot", lang),
        marker={"color": theme.BLUE, "size": 7, "opacity": 0.55},
        customdata=[
            [label(row["generic"]), label(row["product_id"]), percent(row["cut_percent"], 1)]
            for part in own
            for row in part.to_dict("records")
        ],
        hovertemplate="%{customdata[0]} · %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )
    for column, colour, symbol in (("simple", theme.RED, "line-ns-open"), ("weighted", theme.INK, "diamond")):
        rows = [(place, table[table["batch_id"] == batch].iloc[0]) for place, batch in enumerate(batches)]
        known = [
            (place, row[f"{column}_cut_percent"]) for place, row in rows if row[f"{column}_cut_percent"] is not None
        ]
        figure.add_scatter(
            x=[digits(cut, places=1) for _, cut in known],
            y=[place for place, _ in known],
            mode="markers",
            name=say(f"chart.{column}_mean", lang),
            marker={"color": colour, "size": 22 if column == "simple" else 11, "symbol": symbol, "line": {"width": 3}},
            hovertemplate="%{x}%<extra>%{fullData.name}</extra>",
        )
    names = batch_names(city, lang)
    ticks = unique([named(names, batch) for batch in batches], 24, 28)
    figure.update_yaxes(tickvals=list(range(len(batches))), ticktext=ticks, range=[-0.6, len(batches) - 0.4])
    figure.update_xaxes(title_text=say("chart.cut_axis", lang), ticksuffix="%")
    return figure


def price_volume(city: City, lang: str) -> go.Figure | None:
    """Return each variety's change of price and of volume, spending as size; None where no batch has both sides."""
    panels = city.panels
    if panels is None or isinstance(panels, Missing):
        return None
    from vbp.results.tables import price_volume as changes

    table = changes(panels)
    if not len(table):
        return None
    both = int(((table["price_percent"] < 0) & (table["volume_percent"] > 0)).sum())
    figure = theme.frame(
        say(
            "chart.bubble_title" if both < len(table) else "chart.bubble_title_all",
            lang,
            varieties=say(
                "chart.bubble_varieties"
                if (count := table["generic"].nunique()) == len(table)
                else "chart.bubble_renewed",
                lang,
                count=count,
                pairs=len(table),
            ),
            both=both,
        ),
        say("chart.bubble_help", lang),
        subtitle=note(city, lang),
        height=430,
        method="unit-price",
    )
    names = batch_names(city, lang)
    top = float(table["spending_yuan"].max())
    for place, (batch, part) in enumerate(table.groupby("batch_id", sort=False)):
        figure.add_scatter(
            x=[digits(value, places=1) for value in part["price_percent"]],
            y=[digits(value, places=1) for value in part["volume_percent"]],
            mode="markers",
            name=label(named(names, batch), 30),
            marker={
                "color": theme.PALETTE[place % len(theme.PALETTE)],
                "size": [digits(8 + 34 * (value / top) ** 0.5, places=1) for value in part["spending_yuan"]],
                "opacity": 0.7,
            },
            customdata=[
                [
                    label(row["generic"]),
                    percent(row["price_percent"], 1),
                    percent(row["volume_percent"], 1),
                    money(row["spending_yuan"], lang, 1),
                ]
                for row in part.to_dict("records")
            ],
            hovertemplate=say("chart.bubble_hover", lang) + "<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": theme.GREY, "width": 1})
    figure.add_vline(x=0, line={"color": theme.GREY, "width": 1})
    figure.update_xaxes(title_text=say("chart.price_change_axis", lang), ticksuffix="%")
    figure.update_yaxes(title_text=say("chart.volume_change_axis", lang), ticksuffix="%")
    return figure
