"""Arrow columns from numpy integers: exact decimals, dates and texts without a Python loop."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MONEY, PRICE, QUANTITY, RATIO, SCORE = (18, 2), (18, 6), (18, 4), (12, 8), (9, 4)
PERCENT = SCORE
"""Precision and scale of the canonical decimal types."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream `name` of `seed`: each part of the demonstration draws from its own."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def decimals(scaled: np.ndarray, kind: tuple[int, int], missing: np.ndarray | None = None) -> pa.Array:
    """Return int64 `scaled` (value × 10^scale) as decimal128(precision, scale); `missing` marks nulls."""
    words = np.empty((len(scaled), 2), dtype="<i8")
    words[:, 0] = scaled
    words[:, 1] = words[:, 0] >> 63  # the sign fills the upper half of the 128 bits
    column = pa.Array.from_buffers(pa.decimal128(*kind), len(scaled), [None, pa.py_buffer(words.tobytes())])
    return column if missing is None else pc.if_else(pa.array(missing), pa.scalar(None, column.type), column)


def money(fen: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Return integer fen as an amount in yuan with two decimals."""
    return decimals(np.asarray(fen, dtype=np.int64), MONEY, missing)


def price(fen: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Return integer fen as a price in yuan (six decimals, as the schema has it)."""
    return decimals(np.asarray(fen, dtype=np.int64) * 10_000, PRICE, missing)


def scaled(values: np.ndarray, kind: tuple[int, int], missing: np.ndarray | None = None) -> pa.Array:
    """Return floats as decimals of `kind`, rounded to its scale."""
    filled = np.nan_to_num(np.asarray(values, dtype=float))
    return decimals(np.rint(filled * 10 ** kind[1]).astype(np.int64), kind, missing)


def pick(texts: Sequence[str | None], index: np.ndarray) -> pa.Array:
    """Return `texts[index]` as a string column."""
    return pa.array(list(texts), pa.string()).take(pa.array(np.asarray(index, dtype=np.int64)))


def dates(days: np.ndarray) -> pa.Array:
    """Return datetime64 values (any unit; NaT becomes null) as date32."""
    return pa.array(np.asarray(days).astype("datetime64[D]"), pa.date32())


def flags(values: np.ndarray) -> pa.Array:
    """Return a yes/no column."""
    return pa.array(np.asarray(values, dtype=bool), pa.bool_())
