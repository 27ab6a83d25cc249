"""Columns of the small tables as codes, whole numbers, days and flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import InputError, Problem
from vbp.ledger.arrays import column as arrow
from vbp.ledger.arrays import filled, numbers


def texts(table: pa.Table, column: str) -> list[Any]:
    """Return a text column as a list."""
    return table[column].to_pylist()


def given(table: pa.Table, column: str, name: str) -> pa.ChunkedArray:
    """Return a column that must have a value in every row; `name` is the table's, for the error."""
    if table[column].null_count:
        raise InputError(
            Problem(
                f"{table[column].null_count} of {table.num_rows} rows have no value here; fill them in",
                rule="missing_value",
                table=name,
                column=column,
            )
        )
    return table[column]


def days(table: pa.Table, column: str, name: str) -> np.ndarray:
    """Return a date column as day numbers from 1970-01-01."""
    return numbers(given(table, column, name).cast(pa.date32())).astype(np.int64)


def floats(table: pa.Table, column: str, default: float) -> np.ndarray:
    """Return a number column as doubles, `default` where the column or a value is missing."""
    if column not in table.column_names:
        return np.full(table.num_rows, default)
    return filled(table[column].cast(pa.float64()), default)


def flags(table: pa.Table, column: str) -> np.ndarray:
    """Return a yes/no column, no where the column or a value is missing."""
    if column not in table.column_names:
        return np.zeros(table.num_rows, dtype=bool)
    return filled(table[column].cast(pa.bool_()), False)


def scaled(column: pa.ChunkedArray, places: int, missing: int = 0) -> np.ndarray:
    """Return a decimal or integer column exactly as integers × 10^places (what is missing as told)."""
    wide = column.cast(pa.decimal128(38, places)).combine_chunks()
    whole = wide.chunk(0) if isinstance(wide, pa.ChunkedArray) and wide.num_chunks else wide
    if not len(whole):
        return np.zeros(0, dtype=np.int64)
    words = np.frombuffer(whole.buffers()[1], dtype=np.int64)[2 * whole.offset : 2 * (whole.offset + len(whole))]
    return np.where(numbers(whole.is_valid()), words[::2], missing)


def coded(column: pa.ChunkedArray) -> tuple[np.ndarray, list[Any]]:
    """Return a text column as codes and what they stand for (-1 where there is no text)."""
    whole = column.combine_chunks().dictionary_encode()
    return filled(whole.indices, -1).astype(np.int64), whole.dictionary.to_pylist()


class Codes:
    """A growing list of names with their codes."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names: list[str] = []
        self.of: dict[str, int] = {}
        self.add(names)

    def add(self, names: Sequence[str]) -> np.ndarray:
        """Return the codes of `names`, giving new ones to names not seen before."""
        for name in names:
            if name not in self.of:
                self.of[name] = len(self.names)
                self.names.append(name)
        return np.array([self.of[name] for name in names], dtype=np.int64)


def numbered(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys as numbers given in the order in which they are met, and where each was met first."""
    coded = arrow(keys).dictionary_encode()
    codes = numbers(coded.indices).astype(np.int64)
    first = np.empty(len(coded.dictionary), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return codes, first
