"""Text tables (csv, tsv, txt): Arrow's reader where the file is regular, a careful one where it is not; both agree."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from vbp.errors import Problem
from vbp.schema import Column, Table
from vbp.tables.arrays import flat
from vbp.tables.encoding import Bytes
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.headers import LOOK_AT, Heading, data_above, find
from vbp.tables.kinds import arrow_type

SAMPLE = 1 << 16
DELIMITERS = ",\t;|"
CODED = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Text:
    """A text file in UTF-8: its bytes, delimiter, first records, and the name the user knows it by."""

    file: str
    data: Bytes
    encoding: str
    delimiter: str
    first: list[list[str]]


def sample(data: Bytes, delimiter: str) -> list[list[str]]:
    """Return the first records of a text file, for finding its header."""
    head = data[:SAMPLE]
    end = head.rfind(b"\n") + 1 if len(data) > SAMPLE else 0
    text = head[: end or None].decode("utf-8", "replace")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= LOOK_AT:
                break
    except csv.Error:
        pass
    return rows


def delimiter_of(data: Bytes) -> str:
    """Return the delimiter that makes the most cells in the first rows; the comma where none does better."""

    def rank(mark: str) -> tuple[int, int]:
        rows = sample(data, mark)
        return sum(len(row) > 1 for row in rows), max((len(row) for row in rows), default=0)

    return max(DELIMITERS, key=rank)


def text_of(file: str, data: Bytes, encoding: str) -> Text:
    """Return the text file with its delimiter and first records; an empty one raises `Unreadable`."""
    if not data[:SAMPLE].strip() and not data[:].strip():
        raise Unreadable("the file is empty", "empty_file")
    if b"\0" in data[:SAMPLE]:
        raise Unreadable("this is no text table (it holds binary zeros): save it as csv or xlsx", "unreadable")
    delimiter = delimiter_of(data)
    return Text(file, data, encoding, delimiter, sample(data, delimiter))


def heading_of(text: Text, tables: Sequence[Table]) -> Heading | None:
    """Return the header of a text file for the best of `tables`, None where no row names a column."""
    return find(text.first, tables)


def _fast_type(column: Column | None, way: int, plain: bool) -> pa.DataType:
    """Return the type to ask Arrow for: way 0 whole quantities, 1 exact decimals, 2 texts; words always coded."""
    if column is None or not column.numeric:
        return CODED
    if way == 2 or not plain:
        return pa.string()
    return pa.int64() if way == 0 and column.kind in ("quantity", "count") else arrow_type(column.kind)


def _column_types(heading: Heading, way: int) -> dict[str, pa.DataType]:
    found = heading.found
    return {
        f"f{place}": _fast_type(found[place].column, way, found[place].unit.factor == 1) if place in found else CODED
        for place in range(len(heading.headers))
    }


def _regular(text: Text, heading: Heading) -> bool:
    """Return whether Arrow's reader sees what the careful one sees: no lone carriage returns, no odd quotes."""
    data = text.data
    if data.find(b"\r") >= 0 and (whole := data[:]).count(b"\r") != whole.count(b"\r\n"):
        return False
    if _ends_at_point(text) or _hexadecimal(text):
        return False
    if data.find(b'"') < 0:
        return True
    whole = data[:]
    above = whole.split(b"\n", heading.row)[: heading.row]
    return not any(b'"' in line for line in above) and not whole.count(b'"') % 2 and b'=""' not in whole


def _hexadecimal(text: Text) -> bool:
    """Return whether a cell begins as 0x10 does: Arrow would read it as a whole number, 16."""
    data, mark = text.data, text.delimiter.encode()
    if data.find(b"0x") < 0 and data.find(b"0X") < 0:
        return False
    return re.search(rb'(?:\A|[\r\n"]|' + re.escape(mark) + rb")[ +-]*0[xX]", data) is not None


def _ends_at_point(text: Text) -> bool:
    """Return whether a number ends at its point (2200.): Arrow would read it as whole, although it may be cut."""
    data, mark = text.data, text.delimiter.encode()
    near = any(data.find(b"." + after) >= 0 for after in (mark, b"\n", b"\r")) or data[-1:] == b"."
    return near and re.search(rb"\d\.(?:" + re.escape(mark) + rb"|[\r\n]|\Z)", data) is not None


def fast(text: Text, heading: Heading) -> Grid | None:
    """Read a regular text file with Arrow; None where anything is out of the ordinary (blank lines, uneven rows,
    quotes)."""
    if not _regular(text, heading):
        return None
    for way in range(3):
        try:
            table = _arrow(text, heading, way)
        except pa.ArrowInvalid as error:
            if "columns" in str(error):
                return None
            continue
        rows = range(heading.row + 1, heading.row + 1 + table.num_rows)
        return Grid(
            text.file,
            heading,
            [flat(column) for column in table.columns],
            rows,
            None,
            text.encoding,
            0,
            heading.row - 1,
        )
    return None


def _arrow(text: Text, heading: Heading, way: int) -> pa.Table:
    kinds = _column_types(heading, way)
    return pacsv.read_csv(
        pa.BufferReader(text.data),
        read_options=pacsv.ReadOptions(skip_rows=heading.row, column_names=list(kinds), block_size=4 << 20),
        parse_options=pacsv.ParseOptions(delimiter=text.delimiter, newlines_in_values=False, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(
            column_types=kinds, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )


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
    columns = (
        [pa.array(column, pa.string()) for column in zip(*cells, strict=True)]
        if cells
        else [pa.array([], pa.string())] * width
    )
    return Grid(
        text.file, heading, columns, np.array(rows, np.int64), None, text.encoding, blank, heading.row - 1, problems
    )


def _too_wide(record: list[str], width: int, number: int) -> Problem:
    return Problem(
        f"{len(record)} cells where the header has {width}: a separator stands inside a value (a thousands "
        "comma, a name "
        "with a comma?); put such values in double "
        "quotes",
        "too_many_cells",
        row=number,
        value=",".join(record)[:120],
    )


def _records(text: Text) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.data[:].decode("utf-8"), newline=""), delimiter=text.delimiter, strict=True)
    records: list[tuple[int, list[str]]] = []
    try:
        records.extend(enumerate(reader, 1))
    except csv.Error as error:
        row = len(records) + 1
        if "field limit" in str(error):
            raise Unreadable(
                f"a cell in or after row {row} holds more than 128 KiB of text: a quote is missing, or "
                "this is no table",
                "huge_cell",
                row,
            ) from error
        raise Unreadable(
            f"the quotes do not close from row {row} on ({error}): the file is cut or a quote is missing", "quotes", row
        ) from error
    return records


def cut_short(text: Text) -> Problem | None:
    """Return a warning where the last line has no line end although the others have: the file may have been cut."""
    if text.data[-1:] in (b"\n", b"\r") or text.data.find(b"\n") < 0:
        return None
    return Problem(
        "the last line has no line end: if the file was cut in copying, rows are missing; check the last row",
        "last_line",
        "warning",
    )


def read(text: Text, heading: Heading) -> Grid:
    """Read a text file below its header, the fast way where that is safe."""
    grid = fast(text, heading) or careful(text, heading)
    warning = cut_short(text)
    grid.problems.extend([warning] if warning else [])
    grid.problems.extend(data_above(text.first, heading))
    return grid
