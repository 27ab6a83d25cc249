"""Arrow arrays from numpy and back, through buffers.

`pyarrow.array`, `pyarrow.scalar`, `to_numpy` and grouping load pandas with the first value that they are given, if only
to ask whether it is one of pandas' (40 MiB, 0.2 s of CPU). A ledger is made without pandas, so its arrays are made from
their buffers, which is pyarrow's public way for memory that is there already; nothing is copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KINDS: dict[pa.DataType, Any] = {pa.int16(): np.int16, pa.int32(): np.int32, pa.int64(): np.int64}
"""The Arrow types that whole numbers are stored in, and numpy's."""


def column(values: np.ndarray, kind: pa.DataType | None = None, missing: np.ndarray | None = None) -> pa.Array:
    """Return a numpy array of numbers or flags as an Arrow array.

    Parameters
    ----------
    kind
        `int16`, `int32`, `int64` (numbers are turned into it), `date32` (of day numbers); without it numpy's own type.
    missing
        Where there is no value.
    """
    holes = None if missing is None or not missing.any() else _bits(~missing)
    if values.dtype == bool:
        return pa.Array.from_buffers(pa.bool_(), len(values), [holes, _bits(values)])
    number = pa.int32() if kind == pa.date32() else kind
    held = np.ascontiguousarray(values, dtype=KINDS[number] if number is not None else None)
    return pa.Array.from_buffers(
        kind if kind is not None else pa.from_numpy_dtype(held.dtype), len(held), [holes, pa.py_buffer(held)]
    )


def _bits(flags: np.ndarray) -> pa.Buffer:
    """Return flags as Arrow keeps them, eight to a byte."""
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def whole(values: Sequence[int | None], kind: pa.DataType) -> pa.Array:
    """Return whole numbers, or the days of `date32`, of which some may be missing."""
    missing = np.array([value is None for value in values], dtype=bool)
    return column(np.array([value or 0 for value in values], dtype=np.int64), kind, missing)


def words(values: Sequence[str | None]) -> pa.Array:
    """Return texts, of which some may be missing."""
    coded = [(value or "").encode() for value in values]
    ends = np.cumsum([0, *map(len, coded)], dtype=np.int64)
    if ends[-1] > np.iinfo(np.int32).max:
        raise ValueError("texts of more than 2 GiB")
    missing = np.array([value is None for value in values], dtype=bool)
    return pa.StringArray.from_buffers(
        len(coded),
        pa.py_buffer(ends.astype(np.int32)),
        pa.py_buffer(b"".join(coded)),
        _bits(~missing) if missing.any() else None,
    )


def numbers(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return numbers, dates (as day numbers) or flags as a numpy array, read only; gaps are refused."""
    if values.null_count:
        raise ValueError("numbers with gaps; fill them first")
    flags, kind = pa.types.is_boolean(values.type), values.type
    if flags or pa.types.is_date32(kind):
        values = values.cast(pa.uint8() if flags else pa.int32())
    parts = [np.from_dlpack(part) for part in (values.chunks if isinstance(values, pa.ChunkedArray) else [values])]
    held = parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, KINDS.get(values.type, np.float64)), *parts])
    return held.astype(bool) if flags else held


def filled(values: pa.Array | pa.ChunkedArray, value: float) -> np.ndarray:
    """Return numbers or flags as a numpy array, `value` where there is none."""
    if pa.types.is_boolean(values.type):
        return filled(values.cast(pa.int16()), value) != 0
    held = np.array([value], KINDS.get(values.type, np.float64))
    return numbers(pc.coalesce(values, column(held)[0]) if values.null_count else values)


def codes(values: pa.Array | pa.ChunkedArray, names: Sequence[str]) -> np.ndarray | None:
    """Return texts as codes of `names`, -1 where there is none; None where a text is not among the names."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    whole = whole.dictionary_encode()
    held, found = filled(whole.indices, -1), whole.dictionary.to_pylist()
    if found == list(names):
        return held
    place = {name: code for code, name in enumerate(names)}
    at = np.array([*(place.get(word, -2) for word in found), -1], dtype=np.int64)[held]
    return None if (at == -2).any() else at
