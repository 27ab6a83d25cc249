"""Figures of savings: what changed spending, where savings arise, who keeps them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.charts import theme
from vbp.charts.estimates import hospital_names
from vbp.charts.names import batch_names, digits, label, named, note, scale, unique
from vbp.charts.rounds import by_start
from vbp.results.missing import Missing
from vbp.results.tables import PARTS, first_cycle_change, savings_matrix
from vbp.words import money, percent, say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City

MOST_HOSPITALS = 30


def decomposition_waterfall(city: City, lang: str) -> go.Figure | None:
    """Return spending before, its change by price, volume and structure, spending after; None without both windows."""
    change, panels = city.spending_change, city.panels
    if change is None or isinstance(change, Missing) or panels is None or isinstance(panels, Missing):
        return None
    batches, sums = first_cycle_change(change, panels)
    parts = [name for name in PARTS if sums.get(name)]
    after = sums["base"] + sums["change"]
    figure = theme.frame(
        say(
            "chart.waterfall_title",
            lang,
            count=len(batches),
            change=moved(sums["change"], lang),
            price=moved(sums["price"], lang),
            volume=moved(sums["volume"], lang),
        ),
        say("chart.waterfall_help", lang, count=len(batches)),
        subtitle=note(city, lang),
        height=420,
        method="decomposition",
    )
    values = [sums["base"], *(sums[name] for name in parts), after]
    factor, axis = scale(values, lang)
    labels = [say("part.before", lang), *(say(f"part.{name}", lang) for name in parts), say("part.after", lang)]
    figure.add_waterfall(
        x=[theme.wrap(text, 12) for text in labels],
        y=[digits(value, factor) for value in values],
        measure=["absolute", *(["relative"] * len(parts)), "total"],
        text=[money(value, lang) for value in values],
        textposition="outside",
        textfont={"size": 12},
        constraintext="none",
        cliponaxis=False,
        increasing={"marker": {"color": theme.ORANGE}},
        decreasing={"marker": {"color": theme.GREEN}},
        totals={"marker": {"color": theme.BLUE}},
        connector={"line": {"color": theme.GREY, "width": 1}},
        hovertemplate="%{x}<br>%{text}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(tickangle=0, tickfont={"size": 12})
    figure.update_yaxes(title_text=axis)
    return figure


def moved(amount: Decimal, lang: str) -> str:
    """Return a change as people say it: 减少2,536.36万元, up by 17.064 m yuan."""
    kind = "chart.less" if amount < 0 else "chart.more"
    return say(kind, lang, amount=money(abs(amount), lang))


def savings_heatmap(city: City, lang: str) -> go.Figure | None:
    """Return the realised saving by hospital and batch, the largest hospitals on top; None without savings."""
    found, panels = city.savings, city.panels
    if found is None or isinstance(found, Missing) or panels is None or isinstance(panels, Missing):
        return None
    table = savings_matrix(panels).dropna(axis=1, how="all").dropna(axis=0, how="all")
    if table.empty:
        return None
    sums = {
        str(name): sum((v for v in row if v is not None), Decimal(0))
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    }
    order = sorted(sums, key=lambda name: -sums[name])[:MOST_HOSPITALS]
    hospitals, batches = hospital_names(city), batch_names(city, lang)
    columns = by_start(city, table.columns)
    cells: list[list[Any]] = [[table.at[name, batch] for batch in columns] for name in reversed(order)]
    # one small unit: a village clinic's saving is not to read 0.0
    factor, axis = (1e4 if lang == "zh" else 1e3), say("chart.wan_or_thousand", lang)
    figure = theme.frame(
        say(
            "chart.heat_title" if len(sums) > 1 else "chart.heat_title_one",
            lang,
            hospital=named_short(hospitals, order[0]),
            saving=money(sums[order[0]], lang),
        ),
        say("chart.heat_help", lang, hospitals=shown_of(len(order), len(sums), lang)),
        subtitle=note(city, lang),
        height=200 + 24 * len(order),
        method="realised-saving",
    )
    figure.add_heatmap(
        x=unique([named(batches, batch) for batch in columns], 24, 14),
        y=unique([named(hospitals, name) for name in reversed(order)], 14),
        z=[[None if value is None else digits(value, factor) for value in row] for row in cells],
        text=[["" if value is None else f"{digits(value, factor, 1):,.1f}" for value in row] for row in cells],
        customdata=[["" if value is None else money(value, lang) for value in row] for row in cells],
        texttemplate="%{text}",
        textfont={"size": 11},
        hovertemplate="%{y}<br>%{x}<br>%{customdata}<extra></extra>",
        hoverongaps=False,
        colorscale=[[0, "#f2f7fb"], [0.5, theme.SKY], [1, theme.BLUE]],
        xgap=1,
        ygap=1,
        colorbar={"title": {"text": axis, "side": "right"}, "thickness": 12, "tickformat": ",~f"},
    )
    figure.update_xaxes(showgrid=False, tickangle=0, tickfont={"size": 12})
    figure.update_yaxes(showgrid=False)
    return figure


def shown_of(shown: int, every: int, lang: str) -> str:
    """Return how many hospitals a figure shows: 全部12家, or 60家中的30家."""
    return say("chart.shown_all" if shown == every else "chart.shown_some", lang, shown=shown, all=every)


def named_short(names: dict[str, str], key: object) -> str:
    """Return a name for a title: short, and with nothing in it that could turn the line."""
    from vbp.charts.names import short

    return short(named(names, key), 14)


def saving_by_payer(city: City, lang: str) -> go.Figure | None:
    """Return who keeps the realised saving: each fund and the patients; None without the table fund."""
    found = city.benefit
    if found is None or isinstance(found, Missing) or not found.saving_yuan:
        return None
    rows = found.table.to_dict("records")
    factor, axis = scale([min(abs(row["saving_yuan"]) for row in rows)], lang)
    share = 100 * found.fund_yuan / found.saving_yuan
    figure = theme.frame(
        say("chart.payer_title", lang, fund=percent(share, 1), patient=percent(100 - share, 1)),
        say("chart.payer_help", lang),
        subtitle=note(city, lang),
        height=230,
        method="who-benefits",
    )
    colours = {"employee": theme.BLUE, "resident": theme.SKY, "patient": theme.ORANGE}
    for place, row in enumerate(rows):
        figure.add_bar(
            orientation="h",
            x=[digits(row["saving_yuan"], factor)],
            y=[""],
            name=payer(row["payer"], lang),
            marker={"color": colours.get(row["payer"], theme.PALETTE[place % len(theme.PALETTE)])},
            text=[f"{payer(row['payer'], lang)}<br>{money(row['saving_yuan'], lang)}"],
            insidetextanchor="middle",
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(barmode="stack", legend={"y": -0.6, "traceorder": "normal"})
    figure.update_xaxes(title_text=axis)
    return figure


def payer(name: str, lang: str) -> str:
    """Return a payer in words: the funds the contract names, the patients, else the name as given."""
    known = {"employee", "resident", "patient", ""}
    return say(f"payer.{name or 'fund'}", lang) if name in known else label(name)
