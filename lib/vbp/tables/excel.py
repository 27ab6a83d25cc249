"""Text into a workbook as text: formula-like text stays text, control characters are kept in Excel's own escape."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

DAY = (2000, 1, 1, 0, 0, 0)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""
CORE = "docProps/core.xml"
STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")


def escape(text: str) -> str:
    """Return text with control characters in Excel's own escape (_x001B_); openpyxl's misses those from 0x1A on."""
    return CONTROL.sub(lambda match: f"_x{ord(match.group()):04X}_", text)


def legible(text: str) -> str:
    """Return text without what a workbook's XML cannot hold."""
    return CONTROL.sub("", text)


def put(cell: Any, value: Any) -> Any:
    """Set an openpyxl cell's value so that text can never become a formula, and return the cell."""
    cell.value = escape(value)[:32767] if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value[:1] in "=+-@"
    return cell


def save(book: Any, path: Path) -> None:
    """Write a workbook whose bytes depend on its contents alone: openpyxl stamps the day and hour into it."""
    written = io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == CORE:
                data = STAMP.sub(rb"\g<1>2000-01-01T00:00:00Z\g<2>", data)
            plain = zipfile.ZipInfo(entry.filename, DAY)
            plain.compress_type = zipfile.ZIP_DEFLATED
            plain.external_attr = 0o600 << 16
            target.writestr(plain, data)
