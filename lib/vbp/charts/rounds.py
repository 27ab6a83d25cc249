"""Figures of procurement rounds: when they were, what they cut, and against which baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from vbp.charts import theme
from vbp.rounds import Round, rounds_of
from vbp.words import baseline_label, count, money, percent, say

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from vbp.city import City

_LOOK = {
    "drug": (theme.BLUE, "circle"),
    "consumable": (theme.ORANGE, "square"),
    "reagent": (theme.PURPLE, "diamond"),
    "mixed": (theme.GREEN, "cross"),
}
OWN_COLOUR = theme.RED
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "triangle-down", "cross", "pentagon")


def subtitle(city: City, lang: str, key: str = "chart.source_published") -> str:
    """Return what stands under a title: the source, or 演示数据 for a synthetic place."""
    if not city.synthetic:
        return say(key, lang)
    return say("page.synthetic_beside" if key == "chart.source_published" else "page.synthetic", lang)


def _with_cut(city: City) -> list[Round]:
    return [row for row in rounds_of(city) if row.cut_percent is not None]


def _span(rows: list[Round], category: str) -> str:
    cuts = [
        row.cut_percent
        for row in rows
        if row.category == category
        and not row.own
        and row.level == "national"
        and row.cut_percent is not None
        and row.baseline != "previous_selected_price"
        and row.verified("average_cut_percent")
    ]
    return f"{percent(min(cuts))}–{percent(max(cuts))}" if cuts else "—"


def rounds_timeline(city: City, lang: str) -> go.Figure:
    """Return the rounds on a time line, by average cut; hollow marks are the city's own, proposed ones are marked."""
    rows = [row for row in _with_cut(city) if row.when is not None]
    every = _with_cut(city)
    ours = [row for row in rows if row.own]
    title = say("chart.timeline_title", lang, drug=_span(every, "drug"), consumable=_span(every, "consumable"))
    if ours:
        title = say(
            "chart.timeline_title_own", lang, city=city.name(lang), cuts=by_baseline(ours, lang), national=title
        )
    told = [
        "timeline_help",
        *(["timeline_help_own"] if ours else []),
        *(["timeline_help_day"] if _published_on(city) else []),
    ]
    figure = theme.frame(
        title,
        "".join(say(f"chart.{key}", lang) for key in told),
        subtitle=subtitle(city, lang),
        height=430,
        method="price-cut",
    )
    for own in (False, True):
        for category, (colour, symbol) in _LOOK.items():
            chosen = sorted(
                (row for row in rows if row.own is own and row.category == category), key=lambda row: str(row.when)
            )
            if not chosen:
                continue
            name = say(
                "chart.own_rounds" if own else "chart.national_rounds",
                lang,
                city=city.name(lang),
                category=say(f"category.{category}", lang),
            )
            figure.add_scatter(
                x=[row.when.isoformat() for row in chosen if row.when],
                y=[float(row.cut_percent or 0) for row in chosen],
                mode="markers",
                name=theme.plain(name),
                marker={
                    "color": OWN_COLOUR if own else colour,
                    "size": 15 if own else 11,
                    "symbol": [symbol if row.verified("average_cut_percent") else f"{symbol}-open" for row in chosen],
                },
                customdata=[[theme.plain(row.name(lang)), theme.plain(row.described(lang))] for row in chosen],
                hovertemplate="%{customdata[0]}<br>%{x|%Y-%m} · %{y}%<br>%{customdata[1]}<extra></extra>",
            )
    for day in _published_on(city):
        figure.add_vline(x=day, line={"dash": "dot", "color": theme.GREY, "width": 1.5})
        figure.add_annotation(
            x=day,
            y=0.12,  # between the renewals' small cuts and the others
            yref="paper",
            text=theme.plain(say("chart.published_on", lang, day=day)),
            showarrow=False,
            xanchor="right",
            yanchor="bottom",  # above the plot stands the subtitle
            font={"size": 11, "color": theme.GREY},
        )
    figure.update_xaxes(title_text=say("chart.bid_date", lang), type="date", tickformat="%Y")
    figure.update_yaxes(title_text=say("chart.average_cut_axis", lang), range=[0, 100], ticksuffix="%")
    return theme.roomy(figure)


def between(cuts: Sequence[Decimal]) -> str:
    """Return cuts as one span, rounded to whole percent where they differ."""
    low, high = min(cuts), max(cuts)
    return percent(low) if low == high else f"{percent(low, 0)}–{percent(high, 0)}"


def by_baseline(rows: Sequence[Round], lang: str) -> str:
    """Return the cuts of some rounds, each baseline's span apart: one span over several baselines would compare them."""
    groups: dict[str, list[Decimal]] = {}
    for row in rows:
        if row.cut_percent is not None:
            groups.setdefault(baseline_label(row.baseline, lang), []).append(row.cut_percent)
    told = [
        say(
            "chart.cuts_of_baseline" if len(cuts) > 1 else "chart.cut_of_baseline",
            lang,
            count=len(cuts),
            cuts=between(cuts),
            baseline=name,
        )
        for name, cuts in groups.items()
    ]
    return say("section.separator", lang).join(told)


def _published_on(city: City) -> list[str]:
    """Return the days on which the city's publications appeared, where a day is known."""
    days = {city.published.source[fact.source_id].published for fact in city.facts}
    return sorted(day for day in days if len(day) == 10)


def cuts_beside_national(city: City, lang: str) -> go.Figure:
    """Return every published average cut as a dot, in groups of one baseline, by date inside: nothing stands in order of size."""
    known = _with_cut(city)
    # by name and not by code: a user's own table may say the published lists' baseline in words
    named = {row: baseline_label(row.baseline, lang) for row in known}
    by_date = sorted(known, key=lambda row: (not row.own, row.when or date.max))
    baselines = list(dict.fromkeys(named[row] for row in by_date))
    from_top = sorted(by_date, key=lambda row: (not row.own, baselines.index(named[row])))
    rows = from_top[::-1]
    own = [row for row in known if row.own]
    title = (
        say("chart.cuts_title_own", lang, city=city.name(lang), cuts=by_baseline(own, lang))
        if own
        else say("chart.cuts_title_none", lang, city=city.name(lang))
    )
    figure = theme.frame(
        title,
        say("chart.cuts_help", lang),
        subtitle=subtitle(city, lang),
        height=130 + 27 * len(rows),
        method="price-cut",
    )
    for i, baseline in enumerate(baselines):
        chosen = [row for row in rows if named[row] == baseline]
        figure.add_scatter(
            x=[float(row.cut_percent or 0) for row in chosen],
            y=[_label(row, lang) for row in chosen],
            mode="markers+text",
            cliponaxis=False,
            name=say("chart.baseline_is", lang, baseline=baseline),
            text=[
                percent(row.cut_percent)
                if row.verified("average_cut_percent")
                else say("section.unverified", lang, value=percent(row.cut_percent))
                for row in chosen
            ],
            textposition="middle right",
            textfont={"size": 11},
            marker={
                "color": theme.PALETTE[i % len(theme.PALETTE)],
                "size": [14 if row.own else 9 for row in chosen],
                # colour and shape say the same: in grey, and to a reader who sees no colours, the shape is enough
                "symbol": SYMBOLS[i % len(SYMBOLS)],
                "line": {"color": theme.INK, "width": [2 if row.own else 0 for row in chosen]},
            },
            customdata=[theme.plain(row.described(lang)) for row in chosen],
            hovertemplate="%{y}<br>%{x}%<br>%{customdata}<extra></extra>",
        )
    figure.update_xaxes(title_text=say("chart.average_cut_axis", lang), range=[0, 105], ticksuffix="%")
    figure.update_yaxes(categoryorder="array", categoryarray=[_label(row, lang) for row in rows], tickfont={"size": 11})
    figure.update_layout(legend={"y": -0.12})
    return figure


def _label(row: Round, lang: str) -> str:
    return theme.wrap(row.name(lang), 44 if lang == "zh" else 48)


def varieties_by_round(city: City, lang: str) -> go.Figure:
    """Return how many varieties each national round covered: the context of a city's own counts."""
    rows = sorted(
        (
            row
            for row in rounds_of(city)
            if not row.own and row.level == "national" and row.varieties and row.when and row.status == "reported"
        ),
        key=lambda row: str(row.when),
    )
    drugs = [row for row in rows if row.category == "drug"]
    widest = max((row for row in drugs if row.verified("varieties")), key=lambda row: row.varieties or 0)
    figure = theme.frame(
        say("chart.varieties_title", lang, name=widest.name(lang), count=widest.varieties),
        say("chart.varieties_help", lang),
        subtitle=subtitle(city, lang),
        height=430,
    )
    for category, (colour, _) in _LOOK.items():
        chosen = [row for row in rows if row.category == category]
        if chosen:
            figure.add_scatter(
                x=[row.when.isoformat() for row in chosen if row.when],
                y=[row.varieties for row in chosen],
                mode="markers",
                name=say(f"category.{category}", lang),
                marker={
                    "color": colour,
                    "size": [8 + min(row.products or 0, 500) / 25 for row in chosen],
                    "opacity": 0.8,
                    "symbol": ["circle" if row.verified("varieties") else "circle-open" for row in chosen],
                },
                customdata=[
                    [theme.plain(row.name(lang)), row.products if row.products is not None else "—"] for row in chosen
                ],
                hovertemplate=say("chart.varieties_hover", lang) + "<extra></extra>",
            )
    figure.update_xaxes(title_text=say("chart.bid_date", lang), type="date", tickformat="%Y")
    figure.update_yaxes(title_text=say("chart.varieties_axis", lang), rangemode="tozero")
    return theme.roomy(figure)


def amounts_by_round(city: City, lang: str) -> go.Figure | None:
    """Return the hospitals' spending by round before and after it, from the user's own `batch_usage`; None without one."""
    if city.inputs is None or not city.inputs.has("batch_usage"):
        return None
    from vbp.charts.names import digits, scale, unique

    usage = city.inputs.frame("batch_usage")
    names = _batch_names(city, lang)
    totals = usage.groupby(["batch_id", "amount_basis"])["amount_yuan"].sum().unstack()
    totals = totals.loc[by_start(city, totals.index)]
    figure = theme.frame(
        _amounts_title(usage["hospital_id"].nunique(), totals.drop(index=_renewals(city), errors="ignore"), lang),
        say("chart.amounts_help", lang),
        subtitle=subtitle(city, lang, "chart.source_ledger"),
    )
    factor, axis = scale([value for value in totals.to_numpy().ravel() if value == value and value is not None], lang)
    for basis, colour in (("before", theme.GREY), ("after", theme.GREEN)):
        if basis in totals:
            values = totals[basis].dropna()
            figure.add_bar(
                x=unique([names.get(str(name), str(name)) for name in values.index], 24, 14),
                y=[digits(value, factor) for value in values],
                customdata=[money(value, lang) for value in values],
                name=say(f"chart.amount_{basis}", lang),
                marker={"color": colour},
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
            )
    figure.update_yaxes(title_text=axis)
    figure.update_xaxes(tickangle=0, tickfont={"size": 11})
    figure.update_layout(barmode="group", legend={"y": -0.36})
    return figure


def _amounts_title(hospitals: int, totals: pd.DataFrame, lang: str) -> str:
    """Return what the rounds with both amounts came to together, before and after."""
    both = totals.dropna() if {"before", "after"} <= set(totals.columns) else totals.iloc[:0]
    if not len(both):
        return say("chart.amounts_title_one", lang, hospitals=count(hospitals, lang), rounds=count(len(totals), lang))
    before, after = (sum(both[basis]) for basis in ("before", "after"))
    return say(
        "chart.amounts_title", lang, rounds=count(len(both), lang), before=money(before, lang), after=money(after, lang)
    )


def _renewals(city: City) -> list[str]:
    """Return the rounds of a second or later cycle: their year before is a year of the round they renew."""
    assert city.inputs is not None
    if not city.inputs.has("varieties") or "cycle" not in (frame := city.inputs.frame("varieties")):
        return []
    return sorted({str(name) for name in frame.loc[frame["cycle"].fillna(1) > 1, "batch_id"]})


def by_start(city: City, batches: Iterable[object]) -> list[object]:
    """Return rounds in the order in which they began, those without a date last."""
    days: dict[str, str] = {}
    if panels := city.panels:
        first = panels.prices.groupby(panels.prices["batch_id"].astype(object))["start_date"].min()
        days = {str(key): str(day) for key, day in first.items()}
    if (
        city.inputs is not None
        and city.inputs.has("batches")
        and "start_date" in (frame := city.inputs.frame("batches"))
    ):
        days |= {str(key): str(day) for key, day in zip(frame["batch_id"], frame["start_date"], strict=True)}
    return sorted(batches, key=lambda name: (days.get(str(name), "9999"), str(name)))


def _batch_names(city: City, lang: str) -> dict[str, str]:
    """Return the rounds' names by identifier, the folder's own over the published ones."""
    column = "name_zh" if lang == "zh" else "name_en"
    names = {row.batch_id: getattr(row, column) for row in city.published.batches}
    if city.inputs is not None and city.inputs.has("batches") and column in (frame := city.inputs.frame("batches")):
        names |= {
            str(key): str(name)
            for key, name in zip(frame["batch_id"], frame[column], strict=True)
            if isinstance(name, str)
        }
    return names
