"""Which encoding a text file has: UTF-8 (with or without BOM), UTF-16 with BOM, GBK or GB18030; never a silent
guess."""

from __future__ import annotations

import codecs
import mmap
import re

import numpy as np
import pyarrow as pa

from vbp.tables.grid import Unreadable

Bytes = bytes | mmap.mmap
HAN = re.compile(r"[\u4e00-\u9fff]")
FOREIGN = re.compile(r"[\u0080-\u07ff]")
STRANGE = re.compile(r"[\u0180-\u036f\u0400-\u07ff]")
"""Letters of scripts that no such file uses (Cyrillic, Armenian, Arabic …): 医院 in GBK reads so in UTF-8. µ, ×, α, é may be."""


def is_utf8(data: Bytes) -> bool:
    """Return whether bytes are valid UTF-8 (checked by Arrow, without making a text)."""
    whole = pa.Array.from_buffers(
        pa.large_binary(), 1, [None, pa.array([0, len(data)], pa.int64()).buffers()[1], pa.py_buffer(data)]
    )
    try:
        whole.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def is_ascii(data: Bytes) -> bool:
    """Return whether bytes are plain ASCII."""
    return not len(data) or int(np.frombuffer(data, np.uint8).max()) < 128


def _row_of(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _gb(data: bytes) -> tuple[bytes, str]:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise Unreadable(
            "neither UTF-8 nor GBK/GB18030: the bytes are damaged or in another encoding; save the file again as UTF-8",
            "encoding",
            _row_of(data, error.start),
        ) from error
    try:
        data.decode("gbk")
    except UnicodeDecodeError:
        return text.encode(), "gb18030"
    return text.encode(), "gbk"


def _could_be_gb(data: bytes) -> bool:
    """Return whether short non-ASCII text that is valid UTF-8 reads as Chinese in GBK: such bytes mean two things."""
    text = data.decode("utf-8")
    if HAN.search(text) or not FOREIGN.search(text):
        return False
    try:
        return bool(HAN.search(data.decode("gbk")))
    except UnicodeDecodeError:
        return False


def to_utf8(data: Bytes) -> tuple[Bytes, str, bool]:
    """Return (the same text in UTF-8 without BOM, the encoding found, whether GBK was possible too).

    A BOM decides; then strict UTF-8; then strict GBK, GB18030. Bytes that fit none raise `Unreadable` with the row. A short
    text without one Chinese character in UTF-8 that is Chinese in GBK is taken for GBK where it would be in a script that
    no such file uses; the caller says so.
    """
    if data[:3] == codecs.BOM_UTF8:
        body = data[3:]
        if not is_utf8(body):
            raise Unreadable("says UTF-8 (BOM) but holds bytes that are not: the file is damaged", "encoding")
        return body, "utf-8-sig", False
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        try:
            return data[:].decode("utf-16").encode(), "utf-16", False
        except UnicodeError as error:
            raise Unreadable("says UTF-16 (BOM) but is damaged: save the file again as UTF-8", "encoding") from error
    if not is_utf8(data):
        return (*_gb(data[:]), False)
    unsure = len(data) < 1 << 20 and not is_ascii(data) and _could_be_gb(data[:])
    if unsure and STRANGE.search(data[:].decode("utf-8")):
        return (*_gb(data[:]), True)
    return data, "utf-8", unsure
