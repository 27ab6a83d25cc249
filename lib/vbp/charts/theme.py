"""The look of every figure: one small template, a colour-blind-safe palette, titles that say the finding.

A figure carries what a page needs beside it in `layout.meta`: `help` (a sentence of reading help) and `alt`
(a text alternative). Numbers are rounded before plotting: nbval compares figures exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

FONT = "'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
# Okabe–Ito: told apart by readers with any of the usual colour deficiencies, and in grey
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#767676",
)
_CLOSING = "）》」』”’，。、；：！？%"
"""Marks that no line of a label starts with."""
PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY)
INK, GRID = "#1f2933", "#e4e7eb"


def template() -> dict[str, Any]:
    """Return the layout defaults that every figure shares."""
    axis = {
        "gridcolor": GRID,
        "linecolor": "#9aa5b1",
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 10},
        "separatethousands": True,
        "exponentformat": "none",
        "ticklabelstandoff": 4,
        # plotly would measure every number's label to hide what hangs over an edge; the margins have the room
        "ticklabeloverflow": "allow",
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 13, "color": INK},
            "colorway": list(PALETTE),
            "paper_bgcolor": "white",
            "plot_bgcolor": "white",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"font": {"family": FONT}, "align": "left"},
            "title": {
                "x": 0,
                "xref": "container",
                "pad": {"l": 12},
                "font": {"size": 16, "weight": 600},
                # automatic margins make plotly draw every figure twice: room for the title is in `margin`, report.js adds lines
                "automargin": False,
                "yref": "container",
                "yanchor": "top",
                "y": 0.97,
                "subtitle": {"font": {"size": 12, "color": GREY}},
            },
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0},
            "margin": {"l": 12, "r": 30, "t": 68, "b": 12},
        }
    }


def frame(title: str, help_text: str, *, subtitle: str = "", height: int = 380, method: str = "") -> go.Figure:
    """Return an empty figure with title (the finding), subtitle, reading help and text alternative.

    Parameters
    ----------
    help_text
        How to read the figure, one sentence.
    subtitle
        Source and mark; 演示数据 for synthetic data.
    method
        The page of `docs/methods/` that explains the figure's numbers, empty for none.
    """
    import plotly.graph_objects as go

    # at once, not by update_layout: that would merge plotly's own large template into every figure first
    return go.Figure(
        layout={
            "template": template(),
            "height": height,
            "meta": {"help": help_text, "alt": _sentences(title, subtitle, help_text)}
            | ({"method": method} if method else {}),
            "title": {"text": _text(title), "subtitle": {"text": _text(subtitle)}},
        }
    )


def _sentences(title: str, subtitle: str, help_text: str) -> str:
    """Join title and subtitle as the language of the reading help ends its sentences."""
    return f"{title}{'。' if help_text.rstrip().endswith('。') else '. '}{subtitle}"


def _text(words: str) -> str:
    """Return words as plotly shows them literally: its titles and labels read a little HTML."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


plain = _text


def wrap(words: str, width: int) -> str:
    """Break a long label into lines of like length for plotly; a Chinese character counts as two columns."""
    pieces = _pieces(words)
    lines = _filled(pieces, width)
    # no line of one character: as many lines as it takes, each as narrow as that allows
    narrower = -(-sum(map(_columns, pieces)) // len(lines))
    tried = (_filled(pieces, size) for size in range(narrower, width + 1))
    even = next((rows for rows in tried if len(rows) <= len(lines)), lines)
    return "<br>".join(_text(row) for row in even)


def _columns(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def _filled(pieces: list[str], width: int) -> list[str]:
    lines, line = [], ""
    for part in pieces:
        if line and _columns(line) + _columns(part) - part.endswith(" ") > width:
            lines.append(line.rstrip())
            line = ""
        line += part
    return [*lines, line.rstrip()]


def _pieces(words: str) -> list[str]:
    """Split where a line may break: after a space, and after any Chinese character; no line starts with a closing mark."""
    pieces: list[str] = []
    word = ""
    for letter in words:
        if letter in _CLOSING and not word and pieces:
            pieces[-1] += letter
            continue
        word += letter
        if letter == " " or ord(letter) > 0x2E80:
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces


def show(figure: go.Figure) -> None:
    """Display a figure in a notebook: plotly's own mimetype for screens, its text alternative for readers without.

    The bundle is written directly: plotly's renderers depend on global state, and some load a script from a network.
    """
    import json

    from IPython.display import display

    spec = json.loads(figure.to_json())
    display({"application/vnd.plotly.v1+json": spec, "text/plain": f"[{figure.layout.meta['alt']}]"}, raw=True)


def show_if(figure: go.Figure | None) -> None:
    """Display a figure where there is one; a place without the data for it has none."""
    if figure is not None:
        show(figure)


def roomy(figure: go.Figure, *, left: int = 70, bottom: int = 104) -> go.Figure:
    """Give a figure of two numeric axes fixed margins and return it.

    Automatic margins make plotly lay a figure out twice, half of a page's drawing; labels of numbers need no measuring.
    """
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    figure.update_layout(margin={"l": left, "b": bottom})
    return figure
