"""Cells of a workbook that hold no value: errors (#N/A, #DIV/0!) and formulas whose result was never stored.

The reader of workbooks gives both as empty cells, so an error would pass for a gap. Here the sheet's XML is looked
through for them, in pieces, beside the reading. An old xls is not XML: there an error still reads as an empty cell.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from vbp.tables.bounds import DAMAGED

PIECE = 4 << 20
"""Bytes of XML looked at in one go."""
PREFIX = rb"(?:\w+:)?"
FORMULA = rb"<" + PREFIX + rb"f\b[^>]*(?:/>|>[^<]*</" + PREFIX + rb"f>)"
ERROR = re.compile(
    rb"<" + PREFIX + rb"c\b([^>]*\bt=\"e\"[^>]*)>\s*(?:" + FORMULA + rb")?\s*<" + PREFIX + rb"v>([^<]*)<"
)
UNSTORED = re.compile(
    rb"<"
    + PREFIX
    + rb"c\b([^>]*)>\s*"
    + FORMULA
    + rb"\s*(?:<"
    + PREFIX
    + rb"v\s*/>|<"
    + PREFIX
    + rb"v>\s*</"
    + PREFIX
    + rb"v>)?\s*</"
    + PREFIX
    + rb"c>"
)
PLACE = re.compile(rb"\br=\"([A-Z]{1,3})(\d{1,7})\"")
TEXT_RESULT = re.compile(rb"\bt=\"(?:str|s|inlineStr)\"")
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class Fault:
    """A cell without a value: its reference (D3), row from 1 and column from 0 (−1 where the file does not say), the
    error as Excel shows it, None for a formula without a stored result."""

    cell: str
    row: int
    column: int
    error: str | None


def _place(attributes: bytes) -> tuple[str, int, int]:
    match = PLACE.search(attributes)
    if not match:
        return "?", -1, -1
    letters, row = match.group(1).decode(), int(match.group(2))
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return f"{letters}{row}", row, column - 1


def _in(piece: bytes) -> Iterator[Fault]:
    """Yield the faults in a piece of a sheet's XML."""
    if b't="e"' in piece:
        for match in ERROR.finditer(piece):
            yield Fault(*_place(match.group(1)), match.group(2).decode("utf-8", "replace"))
    if b"<f" in piece or b":f" in piece:
        for match in UNSTORED.finditer(piece):
            if not TEXT_RESULT.search(match.group(1)):
                yield Fault(*_place(match.group(1)), None)


def _faults(packed: zipfile.ZipFile, name: str) -> list[Fault]:
    """Return the faults of one sheet, in the order of the file."""
    found: list[Fault] = []
    rest = b""
    with packed.open(name) as stream:
        while data := stream.read(PIECE):
            rest += data
            end = rest.rfind(b"c>") + 2
            if end > 1:
                found += _in(rest[:end])
                rest = rest[end:]
    return sorted([*found, *_in(rest)], key=lambda fault: (fault.row, fault.column))


def _sheets(packed: zipfile.ZipFile) -> dict[str, str]:
    """Return every sheet's name → its file in the package."""

    def tree(name: str) -> ElementTree.Element:
        return ElementTree.fromstring(packed.read(name))

    target = {entry.get("Id"): entry.get("Target", "") for entry in tree("xl/_rels/workbook.xml.rels")}
    named = {
        entry.get("name", ""): target.get(entry.get(RELATION), "")
        for entry in tree("xl/workbook.xml").iter()
        if entry.tag.endswith("}sheet")
    }
    return {
        name: path.lstrip("/") if path.startswith("/") else str(PurePosixPath("xl") / path)
        for name, path in named.items()
        if path
    }


def find(path: Path) -> dict[str, list[Fault]]:
    """Return the faults of every sheet of a workbook, by the sheet's name; nothing for a file that is no xlsx."""
    try:
        with zipfile.ZipFile(path) as packed:
            have = set(packed.namelist())
            return {name: _faults(packed, part) for name, part in _sheets(packed).items() if part in have}
    except (*DAMAGED, ElementTree.ParseError):
        return {}
