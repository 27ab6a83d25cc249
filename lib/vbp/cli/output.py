"""What every verb prints: one JSON document, a CSV, or a table for people."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

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


def print_json(document: Any) -> None:
    """Print one JSON document on standard output and nothing else."""
    print(json.dumps(plain(document), ensure_ascii=False, indent=2))


def print_csv(frame: pd.DataFrame) -> None:
    """Print a frame as CSV on standard output."""
    frame.to_csv(sys.stdout, index=False, lineterminator="\n")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as JSON objects."""
    return [plain(row) for row in frame.to_dict("records")]


def print_table(frame: pd.DataFrame, title: str = "") -> None:
    """Print a frame for people: aligned, whole width, wide Chinese characters counted as two."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title) or None, title_justify="left", show_edge=False, pad_edge=False)
    for name in frame.columns:
        table.add_column(escape(str(name)), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*("" if plain(cell) is None else escape(str(plain(cell))) for cell in row))
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
