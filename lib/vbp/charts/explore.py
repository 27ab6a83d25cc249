"""Figures of the notebooks: cuts by product, spending by status, savings by month, two rules, one series, two groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.sections.frames import word
from vbp.words import money, percent, say

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from vbp.city import City
    from vbp.impact.did_result import DidResult
    from vbp.impact.its_result import ItsResult
    from vbp.surplus.compare import Comparison

STATUSES = (
    ("selected", theme.BLUE),
    ("nonselected", theme.ORANGE),
    ("elsewhere", theme.PURPLE),
    ("alternative", theme.SKY),
)


def _frame(key: str, city: City, lang: str, *, height: int = 380, **values: object) -> go.Figure:
    """Return an empty figure of the phrases `play.<key>_title` and `play.<key>_help`, marked where it is synthetic."""
    help_text = say(f"play.{key}_help", lang, **(values if key == "two_rules" else {}))
    subtitle = say("play.synthetic", lang) if city.synthetic else city.name(lang)
    return theme.frame(say(f"play.{key}_title", lang, **values), help_text, subtitle=subtitle, height=height)


def cuts_by_product(city: City, lang: str) -> go.Figure:
    """Return every selected product's cut against P0 as a dot, by batch, with simple and weighted means."""
    assert city.prices
    items = city.prices.items[city.prices.items["baseline"] == "p0"]
    means = city.prices.table[city.prices.table["baseline"] == "p0"]
    both = means.dropna(subset=["weighted_cut_percent"])
    gaps = [abs(a - b) for a, b in zip(both["simple_cut_percent"], both["weighted_cut_percent"], strict=True)]
    figure = _frame("cuts", city, lang, gap=f"{float(max(gaps, default=0)):.1f}")
    figure.add_scatter(
        x=_short(items["cut_percent"]),
        y=list(items["batch_id"].astype(str)),
        mode="markers",
        name=say("play.product", lang),
        marker={"color": theme.SKY, "size": 8, "opacity": 0.7},
        customdata=[
            [theme.plain(str(generic)), theme.plain(str(product))]
            for generic, product in zip(items["generic"], items["product_id"], strict=True)
        ],
        hovertemplate="%{customdata[0]} %{customdata[1]}<br>%{x}%<extra></extra>",
    )
    for column, name, colour, symbol in (
        ("simple_cut_percent", "simple", theme.BLUE, "diamond"),
        ("weighted_cut_percent", "weighted", theme.RED, "x"),
    ):
        rows = means.dropna(subset=[column])
        figure.add_scatter(
            x=_short(rows[column]),
            y=list(rows["batch_id"].astype(str)),
            mode="markers",
            name=say(f"play.{name}", lang),
            marker={"color": colour, "size": 13, "symbol": symbol},
            hovertemplate="%{y}: %{x}%<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("play.cuts_axis", lang), ticksuffix="%")
    figure.update_yaxes(title_text=say("play_field.batch_id", lang))
    return figure


def spending_by_status(city: City, lang: str) -> go.Figure:
    """Return spending by month and status; purchases outside any batch are left out."""
    assert city.panels
    rows = city.panels.product_month
    table = rows[rows["status"].astype(str) != "outside"].astype({"status": str})
    wide = table.pivot_table(index="month", columns="status", values="amount_fen", aggfunc="sum", fill_value=0) / 1e6
    total = wide.sum(axis=1)
    won = wide[wide.get("selected", total * 0) > 0]
    shares = [percent(100 * part["selected"].sum() / part.to_numpy().sum(), 1) for part in (won.head(12), won.tail(12))]
    figure = _frame("usage", city, lang, first=shares[0], last=shares[1])
    months = [f"{month:%Y-%m}" for month in wide.index]
    for status, colour in STATUSES:
        if status in wide:
            figure.add_bar(
                x=months,
                y=[round(float(value), 2) for value in wide[status]],
                name=word(status, lang),
                marker={"color": colour},
                hovertemplate="%{x}: %{y:,.2f}<extra>%{fullData.name}</extra>",
            )
    figure.update_layout(barmode="stack", bargap=0.1)
    figure.update_xaxes(title_text=say("play.month_axis", lang), type="date", tickformat="%Y-%m")
    figure.update_yaxes(title_text=say("play.usage_axis", lang))
    return figure


def savings_by_month(city: City, lang: str) -> go.Figure:
    """Return realised and official saving by month; two kinds on one axis, never added."""
    assert city.savings
    table = city.savings.by("month")
    figure = _frame("saving", city, lang, total=money(city.savings.totals["realised"], lang))
    for kind, colour in (("realised", theme.BLUE), ("official", theme.ORANGE)):
        figure.add_scatter(
            x=[f"{month:%Y-%m}" for month in table["month"]],
            y=[round(float(value) / 1e4, 2) for value in table[f"{kind}_yuan"]],
            mode="lines",
            name=say(f"play.{kind}", lang),
            line={"color": colour, "dash": "solid" if kind == "realised" else "dash"},
            hovertemplate="%{x}: %{y:,.2f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("play.month_axis", lang), type="date", tickformat="%Y-%m")
    figure.update_yaxes(title_text=say("play.saving_axis", lang))
    return figure


def two_rules(city: City, comparison: Comparison, lang: str) -> go.Figure:
    """Return each hospital's payout under two profiles, a line between them."""
    names = [comparison.first.profile.title.say(lang), comparison.second.profile.title.say(lang)]
    columns = ["retained_yuan_a", "retained_yuan_b"]
    known = comparison.table.assign(
        **{name: comparison.table[name].map(lambda value: float(value or 0) / 1e4) for name in columns}
    )
    sums = known.groupby(known["hospital_id"].astype(str))[columns].sum().sort_values(columns[0])
    figure = _frame(
        "two_rules",
        city,
        lang,
        height=180 + 24 * len(sums),
        first=names[0],
        second=names[1],
        difference=money(comparison.difference_yuan, lang),
    )
    for place, row in sums.iterrows():
        figure.add_scatter(
            x=[round(row[name], 2) for name in columns],
            y=[str(place)] * 2,
            mode="lines",
            showlegend=False,
            hoverinfo="skip",
            line={"color": theme.GREY, "width": 2},
        )
    for name, column, colour, symbol in zip(names, columns, (theme.BLUE, theme.RED), ("circle", "square"), strict=True):
        figure.add_scatter(
            x=[round(value, 2) for value in sums[column]],
            y=list(sums.index),
            mode="markers",
            name=theme.plain(name),
            marker={"color": colour, "size": 11, "symbol": symbol},
            hovertemplate="%{y}: %{x:,.2f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("play.retained_axis", lang))
    figure.update_yaxes(title_text=say("play_field.hospital_id", lang))
    return figure


def one_series(city: City, result: ItsResult, generic: str, lang: str) -> go.Figure:
    """Return observed, fitted and counterfactual of one series with its 95 % predictive band; numbers rounded."""
    from vbp.impact.figures import its_figure

    drawn = its_figure(result, lang)
    level = result.term("level").estimate
    change = percent(100 * (2.718281828459045**level - 1), 1) if result.family == "log" else f"{level:+.3g}"
    figure = _frame(
        "its", city, lang, generic=generic, measure=word(result.measure, lang), date=result.start, change=change
    )
    for trace in drawn.data:
        trace.y = [None if value is None or value != value else round(float(value), 4) for value in trace.y]
        figure.add_trace(trace)
    figure.update_layout(shapes=drawn.layout.shapes)
    figure.update_xaxes(title_text=say("play.month_axis", lang))
    figure.update_yaxes(title_text=word(result.measure, lang))
    return figure


def group_paths(city: City, units: pd.DataFrame, result: DidResult, lang: str) -> go.Figure:
    """Return mean paths of treated and untreated units, each unit's mean before the first date taken off.

    `units`: `generic, month, value, cohort` (value in logarithms, cohort None for the untreated).
    """
    first = min(cohort for cohort in units["cohort"] if cohort)
    early = units[units["month"].astype(str).str[:7] < first].groupby("generic")["value"].mean()
    level = units["value"] - units["generic"].map(early)
    figure = _frame("paths", city, lang, estimate=f"{result.estimate:+.3f}".replace("-", "−"))
    for name, mask, colour, dash in (
        ("treated", units["cohort"].notna(), theme.BLUE, "solid"),
        ("untreated", units["cohort"].isna(), theme.GREY, "dash"),
    ):
        path = level[mask].groupby(units["month"][mask]).mean()
        figure.add_scatter(
            x=[f"{month:%Y-%m}" for month in path.index],
            y=[round(float(value), 4) for value in path],
            mode="lines",
            name=say(f"play.{name}", lang),
            line={"color": colour, "dash": dash},
            hovertemplate="%{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("play.month_axis", lang), type="date", tickformat="%Y-%m")
    figure.update_yaxes(title_text=say("play.paths_axis", lang))
    return figure


def _short(values: pd.Series) -> list[float]:
    return [round(float(value), 2) for value in values]
