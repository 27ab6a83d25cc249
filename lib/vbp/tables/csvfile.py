"""Text tables (csv, tsv, txt): Arrow's reader where the file is regular, a careful one where it is not; both agree."""
from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from vbp.errors import Problem
from vbp.schema import Column, Table
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.headers import LOOK_AT, Heading, choose, recognise
from vbp.tables.kinds import arrow_type

SAMPLE = 1 << 16
DELIMITERS = ",\t;|"
CODED = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Text:
    """A text file in UTF-8: its bytes, delimiter, first records, and the name the user knows it by."""

    file: str
    data: bytes
    encoding: str
    delimiter: str
    first: list[list[str]]


def sample(data: bytes, delimiter: str) -> list[list[str]]:
    """Return the first records of a text file, for finding its header."""
    head = data[:SAMPLE]
    text = head[:head.rfind(b"\n") + 1 if len(data) > SAMPLE else None].decode("utf-8", "replace")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= LOOK_AT:
                break
    except csv.Error:
        pass
    return rows


def delimiter_of(data: bytes) -> str:
    """Return the delimiter that makes the most cells in the first rows; the comma where none does better."""
    def rank(mark: str) -> tuple[int, int]:
        rows = sample(data, mark)
        return sum(len(row) > 1 for row in rows), max((len(row) for row in rows), default=0)

    return max(DELIMITERS, key=rank)


def text_of(file: str, data: bytes, encoding: str) -> Text:
    """Return the text file with its delimiter and first records; an empty one raises `Unreadable`."""
    if not data[:SAMPLE].strip() and not data.strip():
        raise Unreadable("the file is empty", "empty_file")
    if b"\0" in data[:SAMPLE]:
        raise Unreadable("this is no text table (it holds binary zeros): save it as csv or xlsx", "unreadable")
    delimiter = delimiter_of(data)
    return Text(file, data, encoding, delimiter, sample(data, delimiter))


def heading_of(text: Text, tables: Sequence[Table]) -> Heading | None:
    """Return the header of a text file for the best of `tables`, None where no row names a column."""
    chosen = choose(text.first, tables)
    return None if chosen is None else recognise(text.first[chosen[0]], chosen[1], chosen[0] + 1)


def _fast_type(column: Column | None, typed: bool, unit_factor: int) -> pa.DataType:
    if column is None or column.textual or column.kind in ("flag", "date", "month"):
        return CODED
    return arrow_type(column.kind) if typed and unit_factor == 1 else pa.string()


def _column_types(heading: Heading, typed: bool) -> dict[str, pa.DataType]:
    kinds = {}
    for place in range(len(heading.headers)):
        hit = heading.found.get(place)
        kinds[f"f{place}"] = _fast_type(hit.column if hit else None, typed, int(hit.unit.factor == 1) if hit else 1)
    return kinds


def _regular(text: Text, heading: Heading) -> bool:
    """Return whether Arrow's reader sees what the careful one sees: no lone carriage returns, no odd quotes, plain title rows."""
    data = text.data
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    if b'"' not in data:
        return True
    above = data.split(b"\n", heading.row)[:heading.row]
    return not any(b'"' in line for line in above) and not data.count(b'"') % 2 and b'=""' not in data


def fast(text: Text, heading: Heading) -> Grid | None:
    """Read a regular text file with Arrow; None where anything is out of the ordinary (blank lines, uneven rows, quotes)."""
    if not _regular(text, heading):
        return None
    for typed in (True, False):
        try:
            table = _arrow(text, heading, typed)
        except pa.ArrowInvalid:
            continue
        expected = text.data.count(b"\n") + (not text.data.endswith(b"\n")) - heading.row
        if table.num_rows != expected:
            return None
        rows = range(heading.row + 1, heading.row + 1 + table.num_rows)
        return Grid(text.file, heading, table.columns, rows, None, text.encoding, 0, heading.row - 1)
    return None


def _arrow(text: Text, heading: Heading, typed: bool) -> pa.Table:
    kinds = _column_types(heading, typed)
    return pacsv.read_csv(
        pa.BufferReader(text.data),
        read_options=pacsv.ReadOptions(skip_rows=heading.row, column_names=list(kinds), block_size=4 << 20),
        parse_options=pacsv.ParseOptions(delimiter=text.delimiter, newlines_in_values=False),
        convert_options=pacsv.ConvertOptions(column_types=kinds, null_values=[""], strings_can_be_null=True,
                                             quoted_strings_can_be_null=True))


def careful(text: Text, heading: Heading) -> Grid:
    """Read any text file record by record: blank lines, uneven rows, quoted line ends; odd rows are reported."""
    width = len(heading.headers)
    cells: list[list[str]] = []
    rows: list[int] = []
    blank = 0
    problems: list[Problem] = []
    for number, record in _records(text):
        if number <= heading.row:
            continue
        if not any(cell.strip() for cell in record):
            blank += 1
            continue
        if len(record) > width and any(cell.strip() for cell in record[width:]):
            problems.append(_too_wide(record, width, number))
        cells.append((record + [""] * width)[:width])
        rows.append(number)
    columns = [pa.array(column, pa.string()) for column in zip(*cells, strict=True)] if cells else [pa.array([], pa.string())] * width
    return Grid(text.file, heading, columns, np.array(rows, np.int64), None, text.encoding, blank, heading.row - 1, problems)


def _too_wide(record: list[str], width: int, number: int) -> Problem:
    return Problem(f"{len(record)} cells where the header has {width}: a separator stands inside a value (a thousands comma, a name "
                   "with a comma?); put such values in double quotes", "too_many_cells", row=number, value=",".join(record)[:120])


def _records(text: Text) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.data.decode("utf-8"), newline=""), delimiter=text.delimiter, strict=True)
    records: list[tuple[int, list[str]]] = []
    try:
        records.extend(enumerate(reader, 1))
    except csv.Error as error:
        row = len(records) + 1
        raise Unreadable(f"the quotes do not close from row {row} on ({error}): the file is cut or a quote is missing",
                         "quotes", row) from error
    return records


def cut_short(text: Text) -> Problem | None:
    """Return a warning where the last line has no line end although the others have: the file may have been cut."""
    if text.data.endswith((b"\n", b"\r")) or not text.data.count(b"\n"):
        return None
    return Problem("the last line has no line end: if the file was cut in copying, rows are missing; check the last row",
                   "last_line", "warning")


def read(text: Text, heading: Heading) -> Grid:
    """Read a text file below its header, the fast way where that is safe."""
    grid = fast(text, heading) or careful(text, heading)
    warning = cut_short(text)
    grid.problems.extend([warning] if warning else [])
    return grid
