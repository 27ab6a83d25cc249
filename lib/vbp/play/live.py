"""Tables that sort, search and page in JupyterLab without a network: words and units as in the static tables beside them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.results.missing import Missing
from vbp.sections.html import Html
from vbp.words import say

if TYPE_CHECKING:
    import pandas as pd

    from vbp.city import City

SHOWN = {
    "money": "(x / {unit}).toLocaleString('en-US', {{minimumFractionDigits: 2, maximumFractionDigits: 2}})",
    "pack": "x.toLocaleString('en-US', {{minimumFractionDigits: 2, maximumFractionDigits: 2}})",
    "price": "x.toLocaleString('en-US', {{minimumFractionDigits: 4, maximumFractionDigits: 4}})",
    "published": "x.toLocaleString('en-US', {{maximumFractionDigits: 6}})",
    "share": "(100 * x).toFixed(1) + '%'",
    "percent": "x.toFixed(1) + '%'",
    "factor": "x.toFixed(4)",
    "chance": "x < 0.001 ? '< 0.001' : x.toFixed(3)",
    "number": "x.toLocaleString('en-US', {{maximumFractionDigits: 2}})",
}
"""How a number x is written, by the kind of its column; sorting goes by the number itself."""
WORDS = ("search", "lengthMenu", "info", "infoEmpty", "infoFiltered", "zeroRecords", "emptyTable")


def live_table(
    frame: pd.DataFrame | Missing, lang: str, columns: Sequence[str] = (), *, city: City | None = None, rows: int = 10
) -> Any:
    """Return a frame as a table that sorts, searches and pages (itables); what is missing says how to supply it.

    Parameters
    ----------
    columns
        Columns to show, in this order; none: all.
    city
        Names hospitals and rounds, and marks the table where the place is synthetic.
    """
    if isinstance(frame, Missing):
        from vbp.sections.parts import lacking

        return lacking(frame, lang)
    from itables import init_notebook_mode, to_html_datatable

    from vbp.sections.frames import label, names_of

    chosen = [name for name in columns or frame.columns if name in frame.columns]
    names = names_of(city, lang)
    shown = frame[chosen].reset_index(drop=True)
    shown = shown.apply(lambda column: _plain(column, lang, names)).rename(columns=lambda name: label(str(name), lang))
    numbers = [place for place, (_, column) in enumerate(shown.items()) if column.dtype.kind == "f"]
    words = [place for place in range(len(chosen)) if place not in numbers]
    renders = [{"targets": place, "render": _render(chosen[place], lang)} for place in numbers]
    init_notebook_mode(all_interactive=False, connected=False)
    source = to_html_datatable(
        shown,
        caption=say("play.synthetic", lang) if city is not None and city.synthetic else None,
        connected=False,
        maxBytes=0,
        showIndex=False,
        pageLength=rows,
        order=[],
        language={name: say(f"live.{name}", lang) for name in WORDS},
        columnDefs=[
            *renders,
            {"targets": words, "className": "dt-left"},
            {"targets": numbers, "className": "dt-right"},
        ],
        layout={"topStart": "pageLength", "topEnd": "search", "bottomStart": "info", "bottomEnd": "paging"},
    )
    return Html(source)


def _plain(column: pd.Series, lang: str, names: dict[str, dict[str, str]]) -> pd.Series:
    """Return a column of floats (gaps NaN) or of texts in `lang`."""
    import pandas as pd

    from vbp.sections.frames import cell

    values = [None if value is pd.NA or value is pd.NaT or value != value else value for value in column]
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) for value in known):
        return pd.Series([float("nan") if value is None else float(value) for value in values], dtype=float)
    texts = [cell(str(column.name), value, lang, names) for value in values]
    return pd.Series([text if isinstance(text, str) else text.text for text in texts], dtype=object)


def _render(column: str, lang: str) -> Any:
    """Return the script that writes a column's numbers; sorting and searching by what is shown stay apart."""
    from itables import JavascriptFunction

    from vbp.sections.frames import kind
    from vbp.sections.parts import UNIT

    shown = SHOWN[kind(column)].format(unit=UNIT[lang])
    return JavascriptFunction(
        "function (x, type) { if (type === 'sort' || type === 'type') return x; "
        f"return x === null || Number.isNaN(x) ? '—' : String({shown}).replace('-', '−'); }}"
    )
