"""A table's files joined: one table in canonical types, each row with the file, sheet and row that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from vbp.schema import TABLES, Table
from vbp.tables.arrays import encoded, flat, plain
from vbp.tables.clean import Part
from vbp.tables.grid import Grid
from vbp.tables.inputs import FileRecord, Inputs, Origin
from vbp.tables.kinds import arrow_type
from vbp.tables.place import Place
from vbp.tables.sources import Read


def _joined(table: Table, parts: Sequence[Part]) -> pa.Table:
    """Join a table's parts; columns that no part has stay absent, those that one part lacks are empty there."""
    declared = [column.name for column in table.columns if any(column.name in part.columns for part in parts)]
    extra = list(dict.fromkeys(name for part in parts for name in part.columns if name not in declared))
    kinds = {name: arrow_type(table.column(name).kind) for name in declared} | dict.fromkeys(extra, pa.string())
    joined = {}
    for name, kind in kinds.items():
        chunks = [part.columns.get(name, pa.nulls(len(part.rows), kind)) for part in parts]
        whole = [plain(chunk) for chunk in chunks]
        # a column without one value has no type of its own
        joined[name] = pa.chunked_array(
            [chunk.cast(kind) if chunk.null_count == len(chunk) else chunk for chunk in whole], kind
        )
    return pa.table(joined)


def _with_month(table: pa.Table) -> pa.Table:
    """Give usage its month from the date where only the date is there."""
    if "date" not in table.column_names:
        return table
    from_date = pc.floor_temporal(table["date"].cast(pa.timestamp("s")), unit="month").cast(pa.date32())
    month = pc.coalesce(table["month"], from_date) if "month" in table.column_names else from_date
    rest = table.drop_columns(["month"]) if "month" in table.column_names else table
    return rest.add_column(1, "month", month)


def record_of(read: Read) -> FileRecord:
    """Return what is kept of a file read: its bytes' hash, rows read and left out."""
    part = read.part
    left_out = sum(count for name, count in part.dropped.items() if name != "title")
    return FileRecord(
        read.path.name,
        read.path.stat().st_size,
        read.digest.result(),
        part.table.name,
        part.grid.sheet,
        part.grid.encoding,
        len(part.rows),
        left_out,
        part.dropped,
    )


def _origin(read: Read) -> Origin:
    grid = read.part.grid
    return Origin(
        read.path,
        grid.label,
        grid.sheet,
        read.part.rows,
        grid.heading.row,
        {**_unknown(grid), **_sisters(grid), **{hit.column.name: place for place, hit in grid.heading.found.items()}},
        {hit.column.name: hit.header.strip() for hit in grid.heading.found.values()},
    )


def _unknown(grid: Grid) -> dict[str, int]:
    """Return where the columns stand that are kept out, by their headers."""
    return {grid.heading.headers[place]: place for place in grid.heading.unknown}


def _sisters(grid: Grid) -> dict[str, int]:
    """Return where a quantity stands under the name of its sister column, which it may have been made."""
    return {hit.column.other_basis: place for place, hit in grid.heading.found.items() if hit.column.other_basis}


def _coded(name: str, parts: Sequence[Part]) -> dict[tuple[str, str], pa.DictionaryArray]:
    """Return the columns of texts, days and flags of a table still coded, parts joined."""
    texts = [
        column.name
        for column in TABLES[name].columns
        if not column.numeric and all(column.name in part.columns for part in parts)
    ]
    return {(name, text): flat(pa.chunked_array([encoded(part.columns[text]) for part in parts])) for text in texts}


def assembled(folder: Path, place: Place, by_table: dict[str, list[Read]], records: tuple[FileRecord, ...]) -> Inputs:
    """Join every table's parts and remember where each row came from."""
    parts = {name: [read.part for read in by_table[name]] for name in TABLES if name in by_table}
    tables = {name: _joined(TABLES[name], group) for name, group in parts.items()}
    if "usage" in tables:
        tables["usage"] = _with_month(tables["usage"])
    origins = {name: tuple(_origin(read) for read in group) for name, group in by_table.items()}
    coded = {key: column for name, group in parts.items() for key, column in _coded(name, group).items()}
    if ("usage", "date") in coded:
        coded.pop(("usage", "month"), None)
    return Inputs(folder, folder.resolve().name, place, tables, (), records, origins, coded)
