"""Small tools on Arrow arrays: map distinct values, see decimals as int64, make decimals from int64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def flat(column: Any) -> pa.Array:
    """Return a column as one Array (a ChunkedArray is joined, dictionaries unified)."""
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
        joined = column.combine_chunks()
        return joined if isinstance(joined, pa.Array) else joined.combine_chunks()
    return column


def encoded(column: pa.Array) -> pa.DictionaryArray:
    """Return a text column as a dictionary array (codes and distinct values)."""
    return column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)


def raw_codes(column: pa.DictionaryArray) -> np.ndarray:
    """Return the codes of a dictionary array in their own type, with −1 for null; no copy where nothing is null."""
    indices = column.indices
    return np.asarray(pc.fill_null(indices, -1) if indices.null_count else indices)


def codes(column: pa.DictionaryArray) -> np.ndarray:
    """Return the codes of a dictionary array as int64, with −1 for null."""
    return raw_codes(column).astype(np.int64, copy=False)


def plain(column: pa.Array) -> pa.Array:
    """Return a column without its coding: plain strings, days or flags."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def map_distinct(
    column: pa.Array, change: Callable[[str], Any], kind: pa.DataType
) -> tuple[pa.DictionaryArray, np.ndarray]:
    """Apply `change` to each distinct text and spread the results over the rows.

    Returns the new column, still coded (each distinct value of type `kind` once), and the positions (int64) of rows
    whose
    text `change` refused by raising ValueError; these rows are null.
    """
    column = encoded(column)
    texts = column.dictionary.to_pylist()
    results: list[Any] = []
    refused: list[int] = []
    for position, text in enumerate(texts):
        try:
            results.append(None if text is None else change(text))
        except ValueError:
            refused.append(position)
            results.append(None)
    bad = np.flatnonzero(np.isin(codes(column), refused)) if refused else np.empty(0, np.int64)
    if results == texts:
        return column, bad
    distinct = encoded(pa.array(results, kind))
    return pa.DictionaryArray.from_arrays(distinct.indices.take(column.indices), distinct.dictionary), bad


def int64_view(column: pa.Array) -> np.ndarray:
    """Return a decimal128 array's unscaled values as int64 (0 where null), without a copy where it can be.

    Only for precisions of at most 18 digits, whose unscaled values fit; the low 8 bytes of each 16 hold them.
    """
    if not pa.types.is_decimal128(column.type) or column.type.precision > 18:
        raise TypeError(f"decimal128 of at most 18 digits expected, got {column.type}")
    words = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset : 2 * (column.offset + len(column)) : 2]
    return np.where(missing(column), 0, words) if column.null_count else words


def missing(column: pa.Array) -> np.ndarray:
    """Return a boolean mask, True where the column is null."""
    if not column.null_count:
        return np.zeros(len(column), bool)
    return np.asarray(pc.is_null(column)).astype(bool, copy=False)


def decimals(values: np.ndarray, kind: pa.Decimal128Type, null: np.ndarray | None = None) -> pa.Array:
    """Return unscaled int64 `values` as a decimal128 array of type `kind`; `null` masks what is missing."""
    wide = np.empty((len(values), 2), np.int64)
    wide[:, 0] = values
    wide[:, 1] = values >> 63
    bitmap = None
    if null is not None and null.any():
        bitmap = pa.py_buffer(np.packbits(~null, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(values), [bitmap, pa.py_buffer(wide)])
