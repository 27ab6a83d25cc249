"""Text into a workbook as text: formula-like text stays text, control characters are kept in Excel's own escape."""
from __future__ import annotations

from typing import Any


def put(cell: Any, value: Any) -> Any:
    """Set an openpyxl cell's value so that text can never become a formula, and return the cell."""
    from openpyxl.utils.escape import escape

    cell.value = escape(value)[:32767] if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value[:1] in "=+-@"
    return cell
