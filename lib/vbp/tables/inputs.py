"""The inputs folder as one object: tables in canonical types, where each row came from, and every problem."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vbp.errors import InputError, Problem, unknown
from vbp.schema import TABLES
from vbp.tables.arrays import encoded, flat
from vbp.tables.grid import Rows
from vbp.tables.place import Place

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FileRecord:
    """Where a table came from: the raw file's name, size (bytes) and SHA-256, the sheet, the encoding, rows read and
    dropped.

    `rows_read` counts data rows kept; `rows_dropped` those left out as no data, `dropped` says why (total, blank,
    note …).
    """

    name: str
    size: int
    sha256: str
    table: str
    sheet: str | None
    encoding: str | None
    rows_read: int
    rows_dropped: int
    dropped: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        return {**self.__dict__, "dropped": dict(self.dropped)}


@dataclass(frozen=True)
class Origin:
    """Where a run of rows of a table came from: file (with sheet), row numbers there, the place of each column,
    and the header it has there."""

    path: Path
    label: str
    sheet: str | None
    rows: Rows
    header_row: int
    places: Mapping[str, int]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inputs:
    """One city's own data, read and cleaned. `tables` holds only those present; `problems` the warnings.

    Types: text and codes string; counts int64; amounts decimal128(18,2); prices (18,6); quantities (18,4); ratios,
    shares and
    factors (12,8); scores and percents (9,4); dates and months date32; yes/no bool.
    """

    folder: Path
    slug: str
    place: Place
    tables: Mapping[str, pa.Table]
    problems: tuple[Problem, ...] = ()
    provenance: tuple[FileRecord, ...] = ()
    origins: Mapping[str, tuple[Origin, ...]] = field(default_factory=dict)
    coded: Mapping[tuple[str, str], pa.DictionaryArray] = field(default_factory=dict, repr=False)

    def has(self, name: str) -> bool:
        """Return whether the table is present."""
        return name in self.tables

    def need(self, names: Sequence[str], what: str) -> None:
        """Raise InputError that asks for every table of `names` that is not here; `what` needs them."""
        absent = [name for name in names if name not in self.tables]
        if absent:
            raise InputError(
                Problem(
                    f"{what} needs the table {name} ({TABLES[name].zh}): fill in this sheet of the workbook that "
                    f"`vbp template` writes, or put {name}.csv into the folder",
                    "missing_table",
                    table=name,
                )
                for name in absent
            )

    def __getitem__(self, name: str) -> pa.Table:
        """Return a table; an unknown name raises KeyError that names the known ones."""
        if name not in TABLES:
            raise KeyError(unknown("table", name, tuple(TABLES)))
        return self.tables[name]

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as pandas: decimals as Decimal, dates as datetime64; for small tables."""
        import pandas as pd

        table = self[name]
        frame: pd.DataFrame = table.to_pandas()
        for column, kind in zip(table.column_names, table.schema.types, strict=True):
            if pa.types.is_date(kind):
                frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
        return frame

    def codes(self, name: str, column: str) -> pa.DictionaryArray:
        """Return a column as codes and distinct values, as reading left it (no second pass over the texts)."""
        kept = self.coded.get((name, column))
        return encoded(flat(self[name][column])) if kept is None else kept

    def at(self, name: str, place: int) -> tuple[str, int]:
        """Return (file, row as the user sees it) of the row at `place` of a table."""
        for origin in self.origins[name]:
            if place < len(origin.rows):
                return origin.label, int(origin.rows[place])
            place -= len(origin.rows)
        raise IndexError(place)


MAPPED = 4 << 20
"""Files above this many bytes are mapped into memory instead of copied."""


def whole(path: Path) -> bytes | mmap.mmap:
    """Return a file's bytes, mapped where the file is big."""
    if path.stat().st_size < MAPPED:
        return path.read_bytes()
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def sha256(data: bytes | mmap.mmap | Path) -> str:
    """Return the SHA-256 of bytes or of a file, in hexadecimal."""
    if not isinstance(data, Path):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
