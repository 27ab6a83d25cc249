"""Figures that only the notebooks draw: savings by month, two rules, two groups; None where a result is missing."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.charts.estimates import hospital_names
from vbp.charts.names import named, note, scale, short
from vbp.results.missing import Missing
from vbp.words import money, percent, say

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from vbp.city import City
    from vbp.impact.did_result import DidResult
    from vbp.surplus.compare import Comparison


def _frame(key: str, city: City, lang: str, *, height: int = 380, method: str, **values: object) -> go.Figure:
    """Return an empty figure of the phrases `play.<key>_title` and `play.<key>_help`, marked where it is synthetic."""
    title, help_text = (say(f"play.{key}_{part}", lang, **values) for part in ("title", "help"))
    return theme.frame(title, help_text, subtitle=note(city, lang), height=height, method=method)


def savings_by_month(city: City, lang: str) -> go.Figure | None:
    """Return realised and official saving by month; two kinds on one axis, never added; what is not known is not drawn."""
    found = city.savings
    if found is None or isinstance(found, Missing):
        return None
    table = found.by("month")
    bought = table[table["realised_yuan"].notna()]
    if not len(bought):
        return None
    factor, axis = scale([value for value in bought["realised_yuan"] if value], lang)
    figure = _frame(
        "saving",
        city,
        lang,
        method="realised-saving",
        total=money(found.totals["realised"], lang),
        last=f"{bought['month'].max():%Y-%m}",
    )
    for kind, colour in (("realised", theme.BLUE), ("official", theme.ORANGE)):
        rows = table[table[f"{kind}_yuan"].notna()]
        if not len(rows):
            continue
        figure.add_scatter(
            x=[f"{month:%Y-%m}" for month in rows["month"]],
            y=[round(float(value) / factor, 2) for value in rows[f"{kind}_yuan"]],
            mode="lines",
            name=say(f"play.{kind}", lang),
            line={"color": colour, "dash": "solid" if kind == "realised" else "dash"},
            hovertemplate="%{x}: %{y:,.2f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("play.month_axis", lang), type="date", tickformat="%Y-%m")
    figure.update_yaxes(title_text=say("play.saving_axis", lang, unit=axis), rangemode="tozero")
    return theme.roomy(figure)


def two_rules(city: City, comparison: Comparison | Missing, lang: str) -> go.Figure | None:
    """Return each hospital's payout under two profiles, a line between them; hospitals without a settled row are left out."""
    if isinstance(comparison, Missing):
        return None
    profiles = [short(one.profile.title.say(lang), 24) for one in (comparison.first, comparison.second)]
    columns = ["retained_yuan_a", "retained_yuan_b"]
    both = comparison.table.dropna(subset=columns)
    if not len(both):
        return None
    amounts = both.assign(**{name: both[name].map(float) for name in columns})
    sums = amounts.groupby(amounts["hospital_id"].astype(str))[columns].sum().sort_values(columns[0])
    factor, axis = scale([value for value in sums.to_numpy().ravel() if value], lang)
    figure = _frame(
        "two_rules",
        city,
        lang,
        height=180 + 24 * len(sums),
        method="retained-surplus",
        first=profiles[0],
        second=profiles[1],
        difference=money(comparison.difference_yuan, lang),
    )
    names = hospital_names(city)
    labels = [theme.plain(short(f"{key} {named(names, key)}" if key in names else key, 14)) for key in sums.index]
    for label, (_, row) in zip(labels, sums.iterrows(), strict=True):
        figure.add_scatter(
            x=[round(row[name] / factor, 2) for name in columns],
            y=[label] * 2,
            mode="lines",
            showlegend=False,
            hoverinfo="skip",
            line={"color": theme.GREY, "width": 2},
        )
    for name, column, colour, symbol in zip(
        profiles, columns, (theme.BLUE, theme.RED), ("circle", "square"), strict=True
    ):
        figure.add_scatter(
            x=[round(value / factor, 2) for value in sums[column]],
            y=labels,
            mode="markers",
            name=theme.plain(name),
            marker={"color": colour, "size": 11, "symbol": symbol},
            hovertemplate="%{y}: %{x:,.2f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text=say("play.retained_axis", lang, unit=axis))
    return figure


def group_paths(city: City, compared: tuple[pd.DataFrame, DidResult] | Missing, lang: str) -> go.Figure | None:
    """Return mean paths of treated and untreated units, each unit's mean before the first date taken off.

    `compared`: units (`generic, month, value, cohort`; value in logarithms, cohort None for the untreated) and result.
    """
    if isinstance(compared, Missing):
        return None
    units, result = compared
    first = min(cohort for cohort in units["cohort"] if cohort)
    early = units[units["month"].astype(str).str[:7] < first].groupby("generic")["value"].mean()
    level = units["value"] - units["generic"].map(early)
    change = percent(100 * (exp(result.estimate) - 1), 1)
    estimate = f"{result.estimate:+.3f}".replace("-", "−")
    figure = _frame("paths", city, lang, method="difference-in-differences", estimate=estimate, percent=change)
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
    return theme.roomy(figure)
