"""What every verb prints: one JSON document, a CSV, or a table for people."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


def plain(value: Any) -> Any:
    """Return `value` as JSON knows it: money (Decimal) as a string, NaN and NaT as null, dates as ISO text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if hasattr(value, "isoformat"):
        text = value.isoformat()
        return None if text == "NaT" else text.removesuffix("T00:00:00")
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)


def one_form(as_json: bool, as_csv: bool) -> None:
    """Refuse two machine-readable forms at once: standard output holds one document."""
    if as_json and as_csv:
        raise UsageError("give --json or --csv, not both")


def print_json(document: Any) -> None:
    """Print one JSON document on standard output and nothing else."""
    print(json.dumps(plain(document), ensure_ascii=False, indent=2))


def print_csv(frame: pd.DataFrame, synthetic: bool = False) -> None:
    """Print a frame as CSV on standard output; rows of a synthetic place bear the mark 演示数据 in a last column."""
    if synthetic:
        frame = frame.assign(mark="演示数据")
    frame.to_csv(sys.stdout, index=False, lineterminator="\n")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as JSON objects."""
    return [plain(row) for row in frame.to_dict("records")]


WIDE = 400
"""Columns of a table that goes into a file or a pipe: rows are not folded there."""
LONGEST = 60
"""Columns of one cell at most; longer text is folded."""


def print_table(frame: pd.DataFrame, title: str = "", lang: str = "en") -> None:
    """Print a frame for people: columns named in `lang`, numbers by their unit and to the right, empty columns left out."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from vbp.words.fields import field_label, field_text
    from vbp.words.numbers import MISSING

    table = Table(title=escape(title) or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    columns = []
    for name in frame.columns:
        cells = [field_text(str(name), cell, lang) for cell in frame[name]]
        if not frame.empty and all(cell in (MISSING, "") for cell in cells):
            continue
        numbers = all(_numeric(cell) for cell in frame[name])
        table.add_column(
            escape(field_label(str(name), lang)),
            justify="right" if numbers else "left",
            overflow="fold",
            max_width=LONGEST,
        )
        columns.append(cells)
    for row in zip(*columns, strict=True):
        table.add_row(*map(escape, row))
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    console.print(table)


def _numeric(cell: Any) -> bool:
    """Whether a cell is a number or a gap: such a column stands to the right."""
    shown = plain(cell)
    return (
        shown is None or isinstance(cell, Decimal) or (isinstance(shown, (int, float)) and not isinstance(shown, bool))
    )
