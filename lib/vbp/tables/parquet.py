"""Parquet files: columns by name, typed values taken as they are or through their text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vbp.schema import Table
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.headers import choose, recognise

GREENWICH = ("UTC", "Etc/UTC", "GMT", "Z", "+00:00")
MIDNIGHT = time()


def _readable(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as texts, or coded texts, or a decimal; any other type is refused by the column's name."""
    kind = column.type
    if (
        pa.types.is_string(kind)
        or pa.types.is_decimal128(kind)
        or (pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))
    ):
        return column
    try:
        if pa.types.is_duration(kind):
            raise pa.ArrowInvalid("a duration is no number")
        return _days(name, column) if pa.types.is_timestamp(kind) else column.cast(pa.string())
    except pa.ArrowException:
        raise Unreadable(f"column {name} holds {kind}: write it as text, numbers or days") from None


def _days(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return moments as days on the wall of their own time zone, as text; moments in UTC that are no midnights are refused."""
    zone = column.type.tz
    local = (pc.local_timestamp(column) if zone else column).cast(pa.timestamp("us"), safe=False)
    if zone in GREENWICH and any(
        at not in (None, MIDNIGHT) for at in pc.unique(local.cast(pa.time64("us"))).to_pylist()
    ):
        raise Unreadable(
            f"column {name} holds times of day in UTC: whose day each is, nobody can tell (midnight in Beijing is 16:00 of the "
            "day before); write days, or times with their own time zone or none"
        )
    return local.cast(pa.date32()).cast(pa.string())


def read(path: Path, file: str, tables: Sequence[Table]) -> Grid | None:
    """Read a parquet file for the best of `tables`; None where no column is known. The first row is row 1."""
    try:
        # the file as it is: a data set would look up columns by name, and could not hold two of one name
        data = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        told = " ".join(str(error).split())[:200]
        raise Unreadable(f"the parquet file cannot be read ({told})") from error
    names = [str(name) for name in data.column_names]
    chosen = choose([names], tables)
    if chosen is None:
        return None
    heading = recognise(names, chosen[1], 0)
    columns = [
        _readable(name, column) if place in heading.found or chosen[1].open else pa.nulls(data.num_rows, pa.string())
        for place, (name, column) in enumerate(zip(names, data.columns, strict=True))
    ]
    return Grid(file, heading, columns, range(1, data.num_rows + 1))
