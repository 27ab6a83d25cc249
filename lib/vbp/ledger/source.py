"""Where the rows of a ledger are: an Arrow table, a Parquet file, many files; checked before anything is computed."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vbp.errors import InputError, Problem
from vbp.ledger import query
from vbp.ledger.arrays import whole

if TYPE_CHECKING:
    from vbp.ledger.pieces import Piece

QUANTITIES = ("quantity_packs", "quantity_units")


@dataclass(frozen=True)
class Usage:
    """A ledger's rows in one place and how to read them: an Arrow table, or Parquet files of one schema.

    `day` is the column whose day decides the status (`date` where there is one, else `month`), `quantity` the column
    of packs or minimum units, `timed` whether `day` holds times, `counts` the rows of each file.
    """

    table: pa.Table | None
    paths: tuple[Path, ...]
    schema: pa.Schema
    counts: tuple[int, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether purchases have a date, not the month only."""
        return "date" in self.schema.names

    @property
    def day(self) -> str:
        """Return the SQL of the purchase's day."""
        name = "date" if self.dated else "month"
        timed = pa.types.is_timestamp(self.schema.field(name).type)
        return f"CAST(usage.{name} AS DATE)" if timed else f"usage.{name}"

    @property
    def quantity(self) -> str:
        """Return the quantity column's name."""
        return next(name for name in QUANTITIES if name in self.schema.names)

    @property
    def in_units(self) -> bool:
        """Whether quantities are minimum units (else packs)."""
        return self.quantity == "quantity_units"

    @property
    def exact_quantity(self) -> str:
        """Return the SQL of the quantity as a decimal: its own places, none of an integer, six of a double."""
        kind = self.schema.field(self.quantity).type
        places = kind.scale if pa.types.is_decimal(kind) else 6 if pa.types.is_floating(kind) else 0
        return f"CAST(usage.{self.quantity} AS DECIMAL(18, {places}))"

    @property
    def fen(self) -> str:
        """Return the SQL of the amount `spent` in whole fen: exact, a double rounded half away from zero."""
        kind = self.schema.field("amount_yuan").type
        if pa.types.is_floating(kind):
            return "CAST(round(spent * 100) AS BIGINT)"
        return "CAST(spent * 100 AS BIGINT)" if pa.types.is_decimal(kind) else "CAST(spent AS BIGINT) * 100"

    def rows_query(self, also: Mapping[str, str] | None = None) -> str:
        """Return the text of the row pass for this ledger, `also` further columns' SQL by name."""
        return query.rows(self.day, self.exact_quantity, self.fen, also)

    def total_queries(self) -> tuple[str, str, str]:
        """Return the texts of the ledger's own counts, span and total."""
        return query.totals(self.day, self.quantity, pa.types.is_floating(self.schema.field("amount_yuan").type))

    def pieces(self, pieces: Sequence[Piece]) -> Usage:
        """Return the same ledger cut to some of its pieces: files, or months of a table."""
        if self.table is None:
            return Usage(None, tuple(piece.path for piece in pieces if piece.path is not None), self.schema)
        name = "date" if self.dated else "month"
        month = pc.floor_temporal(self.table[name].cast(pa.date32()), unit="month").cast(pa.date32()).cast(pa.int32())
        wanted = whole([piece.month for piece in pieces], pa.int32())
        return Usage(self.table.filter(pc.is_in(month, wanted)), (), self.schema)


def from_table(table: pa.Table) -> Usage:
    """Return the ledger held in an Arrow table (`inputs.tables["usage"]`)."""
    problems = check_schema(table.schema, "usage")
    if problems:
        raise InputError(problems)
    if "date" in table.column_names and table["date"].null_count:
        table = table.drop_columns(["date"])
    if len([name for name in QUANTITIES if name in table.column_names]) == 2:
        table = table.drop_columns([max(QUANTITIES, key=lambda name: table[name].null_count)])
    return Usage(table, (), table.schema)


def from_files(place: Path | Sequence[Path]) -> Usage:
    """Return the ledger held in Parquet files: one file, a list, or a folder (searched through, in order of names).

    Raises
    ------
    InputError
        No file, an unreadable or truncated file, a column that is missing or of a type unlike the first file's,
        a month missing between files that are named by month.
    """
    files = find_files(place)
    schemas: list[pa.Schema] = []
    counts: list[int] = []
    problems = missing_months(files)
    for number, path in enumerate(files, 1):
        try:
            metadata = pq.read_metadata(path)
            schema = metadata.schema.to_arrow_schema()
        except (pa.ArrowException, OSError) as error:
            problems.append(
                Problem(
                    f"cannot be read as Parquet (file {number} of {len(files)}; cut off or damaged? "
                    f"{_first_line(error)}); "
                    "copy or export it again",
                    rule="parquet",
                    table="usage",
                    file=str(path),
                )
            )
            continue
        place_of = f"file {number} of {len(files)}"
        problems += check_schema(schema, "usage", str(path), place_of) or _unlike(
            schemas[0] if schemas else schema, schema, str(path), place_of
        )
        schemas.append(schema)
        counts.append(metadata.num_rows)
    if problems:
        raise InputError(problems)
    return Usage(None, tuple(files), schemas[0], tuple(counts))


def find_files(place: Path | Sequence[Path]) -> list[Path]:
    """Return the Parquet files of a file, list or folder; none is an error."""
    if not isinstance(place, Path):
        return [file for one in place for file in find_files(Path(one))]
    if place.is_dir():
        found = sorted(
            path
            for path in place.rglob("*.parquet")
            if not any(part.startswith((".", "_")) for part in path.relative_to(place).parts)
        )
        if not found:
            raise InputError(
                Problem(
                    "the folder holds no Parquet file: a partition is missing; export it again or leave the folder out",
                    rule="missing_partition",
                    table="usage",
                    file=str(place),
                )
            )
        return found
    if not place.is_file():
        raise InputError(Problem("there is no such file", rule="missing_file", table="usage", file=str(place)))
    return [place]


def missing_months(files: Sequence[Path]) -> list[Problem]:
    """Return a problem for each month without a file where all files are named by month (`2021-05`, `202105`)."""
    found: dict[int, Path] = {}
    for path in files:
        name = re.search(r"(20\d\d)[-_]?(0[1-9]|1[0-2])(?!\d)", path.name) or re.search(
            r"(20\d\d)[-_]?(0[1-9]|1[0-2])(?!\d)", path.parent.name
        )
        if not name:
            return []
        found[int(name[1]) * 12 + int(name[2]) - 1] = path
    holes = [month for month in range(min(found, default=0), max(found, default=-1)) if month not in found]
    return [
        Problem(
            f"the file of {month // 12}-{month % 12 + 1:02d} is missing between {min(found.values()).name} "
            f"and {max(found.values()).name}; "
            "add it, or a file without rows if nothing was bought",
            rule="missing_partition",
            table="usage",
            file=str(files[0].parent),
        )
        for month in holes
    ]


def check_schema(schema: pa.Schema, table: str, file: str | None = None, place: str = "") -> list[Problem]:
    """Return what is wrong with a ledger's columns: missing ones and types that cannot be read exactly."""
    known = {"hospital_id": _is_text, "product_id": _is_text, "amount_yuan": _is_money}
    wanted = {
        **known,
        **{name: _is_day for name in ("month", "date") if name in schema.names},
        **{name: _is_number for name in QUANTITIES if name in schema.names},
    }
    problems = [
        Problem(
            f"the column {name} is missing{place and f' ({place})'}",
            rule="missing_column",
            table=table,
            file=file,
            column=name,
        )
        for name in known
        if name not in schema.names
    ]
    for names in (("month", "date"), QUANTITIES):
        if not any(name in schema.names for name in names):
            problems.append(
                Problem(
                    f"needs a column {' or '.join(names)}{place and f' ({place})'}",
                    rule="missing_column",
                    table=table,
                    file=file,
                    column=names[0],
                )
            )
    for name, check in wanted.items():
        if name in schema.names and not check(schema.field(name).type):
            problems.append(
                Problem(
                    f"has the type {schema.field(name).type}{place and f' in {place}'}; it must be {check.__doc__}",
                    rule="column_type",
                    table=table,
                    file=file,
                    column=name,
                )
            )
    return problems


def _is_text(kind: pa.DataType) -> bool:
    """text (codes keep their leading zeros only as text)"""
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or (pa.types.is_dictionary(kind) and _is_text(kind.value_type))
    )


def _is_money(kind: pa.DataType) -> bool:
    """a decimal with at most two places, an integer, or a double"""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or (pa.types.is_decimal(kind) and kind.scale <= 2)


def _is_number(kind: pa.DataType) -> bool:
    """a decimal with at most six places, an integer, or a double"""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or (pa.types.is_decimal(kind) and kind.scale <= 6)


def _is_day(kind: pa.DataType) -> bool:
    """a date (the first of the month in the column month), or a time without a time zone"""
    return pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)


def _unlike(first: pa.Schema, schema: pa.Schema, file: str, place: str) -> list[Problem]:
    """Return columns whose type differs from the first file's."""
    names = [
        name
        for name in ("hospital_id", "product_id", "month", "date", *QUANTITIES, "amount_yuan")
        if name in first.names
    ]
    kinds = {name: str(schema.field(name).type) if name in schema.names else "missing" for name in names}
    return [
        Problem(
            f"is {kind} in {place}, but {first.field(name).type} in the first; all files of a ledger must "
            "have the same types",
            rule="column_type",
            table="usage",
            file=file,
            column=name,
        )
        for name, kind in kinds.items()
        if kind != str(first.field(name).type)
    ]


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:160]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def table_digest(table: pa.Table) -> str:
    """Return the SHA-256 of an Arrow table's schema and values."""
    state = hashlib.sha256(table.schema.to_string().encode())
    with pa.ipc.new_stream(pa.PythonFile(Hashed(state), mode="w"), table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return state.hexdigest()


class Hashed(io.RawIOBase):
    """A file that keeps nothing of what is written but its hash."""

    def __init__(self, state: Any) -> None:
        super().__init__()
        self._state = state

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Add bytes to the hash."""
        self._state.update(data)
        return memoryview(data).nbytes
