"""The Arrow type of every kind of column: what `Inputs.tables` promises."""

from __future__ import annotations

import pyarrow as pa

from vbp.schema import SCALES

PRECISION = {"amount": 18, "price": 18, "quantity": 18, "ratio": 12, "factor": 12, "percent": 9, "score": 9}
"""Digits kept, by kind; 18 digits fit an int64."""
TRUE = {"amount": 10**10, "quantity": 10**10}
"""What one cell can hold at most to be true, by kind (10 billion yuan or units in one row); sums of a ledger then fit int64."""

MOST_A_UNIT = 10**7
"""Yuan that one converted unit can cost at most to be true; above them prices overflow whole numbers of 64 bits."""


def too_large(kind: str) -> int:
    """Return the first whole number that a cell of a kind cannot hold."""
    kept: int = 10 ** (PRECISION.get(kind, 18) - SCALES.get(kind, 0))
    return min(TRUE.get(kind, kept), kept)


def arrow_type(kind: str) -> pa.DataType:
    """Return the Arrow type of a kind of column."""
    if kind in PRECISION:
        return pa.decimal128(PRECISION[kind], SCALES[kind])
    return {"count": pa.int64(), "date": pa.date32(), "month": pa.date32(), "flag": pa.bool_()}.get(kind, pa.string())
