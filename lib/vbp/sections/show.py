"""Show parts of a report one after the other: words, tables and figures; what a place has no data for leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.sections.html import Html

if TYPE_CHECKING:
    import plotly.graph_objects as go


def show(*parts: Html | go.Figure | None) -> None:
    """Display HTML and figures in a notebook, in order; None and empty HTML are passed over."""
    from IPython.display import display

    from vbp.charts.theme import show as show_figure

    for part in parts:
        if isinstance(part, Html):
            if part.source.strip():
                display(part)
        elif part is not None:
            show_figure(part)
