"""What a workbook may unpack to: bytes, parts, cells; looked at before the reader of workbooks allocates anything.

An xlsx of a few kilobytes can say that it holds seventeen thousand million cells, or gigabytes of zeros; the reader
would believe it.
"""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from vbp.tables.unreadable import Unreadable

DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    EOFError,
    KeyError,
)
"""What Python's reader of archives raises on a damaged, cut off or protected one."""
UNPACKED = 4 << 30
"""Bytes that a workbook may unpack to."""
RATIO, SMALL = 250, 64 << 20
"""How many times its size a workbook may unpack to, where that is more than `SMALL` bytes."""
PARTS = 10_000
"""Files inside a workbook."""
CELLS = 60_000_000
"""Cells of a sheet, from A1 to the last row and column that hold anything."""
PIECE = 4 << 20
ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\br=\"(\d{1,9})\"")
PLACE = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=\"([A-Z]{1,3})(\d{1,9})\"")
WIDE = re.compile(rb"\br=\"[A-Z]{3}\d")
LETTERS = 702
"""Columns named by at most two letters."""


def refuse_bomb(path: Path) -> None:
    """Raise `Unreadable` where an xlsx is made to be larger than it looks; an old xls has no such room."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        entries = packed.infolist()
        size, packed_size = sum(entry.file_size for entry in entries), path.stat().st_size
        if size > UNPACKED or len(entries) > PARTS or (size > SMALL and size > RATIO * packed_size):
            unpacked, packed_to = f"{size / 2**20:,.0f} MiB", f"{packed_size / 2**20:.1f} MiB"
            raise Unreadable(
                f"the workbook unpacks to {unpacked} in {len(entries):,} parts from {packed_to}: no table does; "
                "export it as csv",
                "huge_file",
            )
        for entry in entries:
            if entry.filename.endswith((".xml", ".rels")):
                _refuse_entities(packed, entry)
            if entry.filename.startswith("xl/worksheets/"):
                _refuse_extent(packed, entry)


def _refuse_entities(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with packed.open(entry) as stream:
        head = stream.read(1 << 16)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise Unreadable(
            "the workbook declares entities (DOCTYPE): no table needs them; save it again as xlsx", "unreadable"
        )


def _refuse_extent(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Refuse a sheet whose cells span more than `CELLS`, naming the cell that stands farthest out."""
    rows, wide = 0, False
    for piece in _pieces(packed, entry):
        rows = max([rows, *map(int, ROW.findall(piece))])
        wide = wide or WIDE.search(piece) is not None
    if rows * LETTERS <= CELLS and not wide:
        return
    last_row, last_column, farthest = rows, 0, ""
    for piece in _pieces(packed, entry):
        for letters, row in PLACE.findall(piece):
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            if column > last_column:
                farthest = f"{letters.decode()}{int(row)}"
            last_row, last_column = max(last_row, int(row)), max(last_column, column)
    if last_row * last_column > CELLS:
        raise Unreadable(
            f"the sheet spans {last_row:,} rows × {last_column:,} columns (a stray cell, as {farthest}?): delete what stands "
            "outside the table, or export it as csv",
            "huge_file",
        )


def _pieces(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part in pieces that overlap by the longest tag that is looked for."""
    rest = b""
    with packed.open(entry) as stream:
        while data := stream.read(PIECE):
            yield rest + data
            rest = data[-256:]
