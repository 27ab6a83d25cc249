"""Parquet files: columns by name, typed values taken as they are or through their text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vbp.schema import Table
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.headers import choose, recognise


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as texts, or coded texts, or a decimal; anything nested is refused."""
    kind = column.type
    if (
        pa.types.is_string(kind)
        or pa.types.is_decimal128(kind)
        or (pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))
    ):
        return column
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us")).cast(pa.date32()).cast(pa.string())
    return column.cast(pa.string())


def read(path: Path, file: str, tables: Sequence[Table]) -> Grid | None:
    """Read a parquet file for the best of `tables`; None where no column is known. The first row is row 1."""
    try:
        data = pq.read_table(path)
        names = [str(name) for name in data.column_names]
        chosen = choose([names], tables)
        if chosen is None:
            return None
        columns = [_readable(column) for column in data.columns]
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(f"the parquet file cannot be read ({str(error)[:200]})", "unreadable") from error
    return Grid(file, recognise(names, chosen[1], 0), columns, range(1, data.num_rows + 1))
