"""Figures of policy impact: a series against its counterfactual, and the scan as small multiples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vbp.charts import theme
from vbp.charts.names import digits, note, short
from vbp.words import percent, say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.city import City
    from vbp.impact.its_result import ItsResult

BAND = "rgba(118,118,118,0.20)"
COLUMNS = 2
SHARES = ("selected_share", "originator_share")


def counterfactual(city: City, lang: str, place: int = 0) -> go.Figure | None:
    """Return one leading series of the scan with what was to be expected without the policy; None without one.

    `place`: 0 for the scan's first series, 1 for its first of spending.
    """
    return series(city, lang, *city.leading[place]) if place < len(city.leading) else None


def series(city: City, lang: str, row: int, result: ItsResult) -> go.Figure:
    """Return one series of the scan, by its row, with what was to be expected without the policy."""
    record = _record(city, row)
    figure = theme.frame(
        say("chart.counterfactual_title", lang, **_finding(record, lang)),
        say("chart.counterfactual_help", lang),
        subtitle=note(city, lang),
        height=400,
        method="interrupted-time-series",
    )
    factor, unit = _unit(result, record["measure"], lang)
    _draw(figure, result, factor, lang, {})
    figure.add_vline(x=str(result.start), line={"dash": "dot", "color": theme.GREY, "width": 1.5})
    figure.update_xaxes(title_text=say("chart.month_axis", lang), type="date", tickformat="%Y-%m")
    figure.update_yaxes(
        title_text=say("chart.with_unit", lang, name=say(f"measure.{record['measure']}", lang), unit=unit),
        rangemode="tozero",
    )
    return theme.roomy(figure)


def scan_multiples(city: City, lang: str) -> go.Figure | None:
    """Return the scan's first series of each measure as small multiples; None where nothing can be assessed."""
    fits = city.multiples
    if not fits:
        return None
    records = [_record(city, row) for row, _ in fits]
    rows = -(-len(fits) // COLUMNS)
    assert city.scan
    table = city.scan.table
    counts = {
        "supported": int((table["level_verdict"] == "supported").sum()),
        "assessed": int((table["level_verdict"] != "not_assessable").sum()),
    }
    figure = theme.frame(
        say("chart.multiples_title", lang, **counts),
        say("chart.multiples_help", lang, count=len(fits)),
        subtitle=note(city, lang),
        height=150 + 190 * rows,
        method="scan",
    )
    units = [_unit(result, record["measure"], lang) for record, (_, result) in zip(records, fits, strict=True)]
    titles = [
        theme.plain(say("chart.with_unit", lang, name=_title(record, lang), unit=unit))
        for record, (_, unit) in zip(records, units, strict=True)
    ]
    figure.set_subplots(
        rows=rows, cols=COLUMNS, subplot_titles=titles, vertical_spacing=0.42 / rows, horizontal_spacing=0.09
    )
    for place, (_, result) in enumerate(fits):
        at = {"row": place // COLUMNS + 1, "col": place % COLUMNS + 1}
        _draw(figure, result, units[place][0], lang, at, legend=place == 0)
        figure.add_vline(x=str(result.start), line={"dash": "dot", "color": theme.GREY, "width": 1}, **at)
    figure.update_annotations(font={"size": 12})
    figure.update_xaxes(type="date", tickformat="%Y", hoverformat="%Y-%m", dtick="M12")
    # plotly measures every axis anew for each automatic margin, which with so many axes costs most of a page's drawing
    figure.update_yaxes(rangemode="tozero", nticks=4, automargin=False)
    figure.update_xaxes(automargin=False)
    figure.update_layout(legend={"y": -0.06}, margin={"t": 104, "l": 52, "b": 70})
    return figure


def _unit(result: ItsResult, measure: str, lang: str) -> tuple[float, str]:
    """Return by what a series is divided for its axis, and the unit's name: 万元 or thousand yuan where it is large."""
    if measure in SHARES:
        return 0.01, say("chart.unit_share", lang)
    kind = measure if measure in ("price", "quantity") else "spending"
    top = float(result.counterfactual.path["observed"].abs().max())
    size = 1e4 if lang == "zh" else 1e3
    if kind == "price" or not top >= 10 * size:
        return 1.0, say(f"chart.unit_{kind}", lang)
    return size, say(f"chart.unit_{kind}_large", lang)


def _draw(
    figure: go.Figure, result: ItsResult, factor: float, lang: str, at: dict[str, int], legend: bool = True
) -> None:
    """Add band, fit, counterfactual and observed values of one series."""
    path = result.counterfactual.path
    band = path[path["ci_low"].notna()]
    months = [str(month) for month in band["time"]]
    ends = [*_values(band["ci_high"], factor), *reversed(_values(band["ci_low"], factor))]
    figure.add_scatter(
        x=[*months, *reversed(months)],
        y=ends,
        fill="toself",
        fillcolor=BAND,
        line={"width": 0},
        hoverinfo="skip",
        name=say("impact_figure.band", lang),
        showlegend=legend,
        **at,
    )
    for column, look in (
        ("counterfactual", {"mode": "lines", "line": {"color": theme.GREY, "dash": "dash", "width": 2}}),
        ("fitted", {"mode": "lines", "line": {"color": theme.RED, "width": 2}}),
        ("observed", {"mode": "markers", "marker": {"color": theme.BLUE, "size": 5}}),
    ):
        figure.add_scatter(
            x=[str(month) for month in path["time"]],
            y=_values(path[column], factor),
            name=say(f"impact_figure.{column}", lang),
            hovertemplate="%{x}<br>%{y:,}<extra>%{fullData.name}</extra>",
            showlegend=legend,
            **look,
            **at,
        )


def _values(column: Any, factor: float) -> list[float | None]:
    """Return four significant digits of each value: what is drawn is what is shown."""
    return [None if value != value else float(f"{digits(value, factor, 8):.4g}") for value in column]


def _record(city: City, row: int) -> dict[str, Any]:
    assert city.scan
    record: dict[str, Any] = {str(key): value for key, value in city.scan.table.iloc[row].items()}
    return record


def _finding(record: dict[str, Any], lang: str) -> dict[str, str]:
    return {
        "title": _title(record, lang),
        "date": str(record["date"]),
        "change": change_text(record, lang),
        "verdict": say(f"verdict.{record['level_verdict']}", lang),
    }


def _title(record: dict[str, Any], lang: str) -> str:
    return say(
        "chart.series_name",
        lang,
        generic=short(record["generic"], 16),
        measure=say(f"measure.{record['measure']}", lang),
    )


def change_text(record: Mapping[Any, Any], lang: str) -> str:
    """Return a level change as people read it: percent for money and counts, percentage points for shares."""
    if record["change_percent"] == record["change_percent"]:
        text = percent(record["change_percent"], 1)
        return text if text.startswith("−") else f"+{text}"
    if record["level"] != record["level"]:
        return "—"
    return say("chart.points", lang, points=f"{record['level'] * 100:+.1f}".replace("-", "−"))
