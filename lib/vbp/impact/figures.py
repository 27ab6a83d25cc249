"""Figures of impact results: observed against counterfactual, event study, small multiples of a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.words import say

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from vbp.impact.its_result import ItsResult
    from vbp.impact.scan import ScanResult

INK, SOFT, BAND, ACCENT = "#1f2937", "#6b7280", "rgba(107,114,128,0.18)", "#b45309"


def _lines(result: ItsResult, lang: str) -> list[tuple[str, str, dict[str, object]]]:
    return [
        ("observed", say("impact_figure.observed", lang), {"mode": "markers", "marker": {"color": INK, "size": 5}}),
        ("fitted", say("impact_figure.fitted", lang), {"mode": "lines", "line": {"color": ACCENT}}),
        (
            "counterfactual",
            say("impact_figure.counterfactual", lang),
            {"mode": "lines", "line": {"color": SOFT, "dash": "dash"}},
        ),
    ]


def its_figure(result: ItsResult, lang: str = "zh") -> go.Figure:
    """Return observed, fitted and counterfactual with its 95 % predictive band."""
    import plotly.graph_objects as go

    figure, path = go.Figure(), result.counterfactual.path
    band = path[path["ci_low"].notna()]
    outline = {"x": [*band["time"], *band["time"][::-1]], "y": [*band["ci_high"], *band["ci_low"][::-1]]}
    figure.add_scatter(
        **outline,
        fill="toself",
        fillcolor=BAND,
        line={"width": 0},
        hoverinfo="skip",
        name=say("impact_figure.band", lang),
    )
    for column, name, style in _lines(result, lang):
        figure.add_scatter(x=path["time"], y=path[column], name=name, **style)
    figure.add_shape(
        type="line", x0=result.start, x1=result.start, y0=0, y1=1, yref="paper", line={"color": SOFT, "dash": "dot"}
    )
    figure.update_layout(title=result.outcome, template="plotly_white", legend={"orientation": "h"})
    return figure


def scan_figure(result: ScanResult, lang: str = "zh", top: int = 12, columns: int = 3) -> go.Figure:
    """Return small multiples of the first `top` assessed rows of a scan: observed, fitted, counterfactual."""
    from plotly.subplots import make_subplots

    table = result.table[result.table["level_se"].notna()].head(top)
    titles = [" · ".join(str(row[key]) for key in (*result.keys, "measure")) for _, row in table.iterrows()]
    rows = max(1, -(-len(table) // columns))
    figure = make_subplots(rows=rows, cols=columns, subplot_titles=titles)
    for place, position in enumerate(table.index):
        fitted = result.fitted(int(position))
        for column, name, style in _lines(fitted, lang):
            figure.add_scatter(
                x=fitted.counterfactual.path["time"],
                y=fitted.counterfactual.path[column],
                name=name,
                showlegend=place == 0,
                row=place // columns + 1,
                col=place % columns + 1,
                **style,
            )
    figure.update_layout(template="plotly_white", height=220 * rows, legend={"orientation": "h"})
    return figure
