"""A copy of the user's files with the problem cells coloured and commented."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vbp.check.show import Headers, column_shown, headers, rule_zh
from vbp.errors import Problem
from vbp.tables import Inputs, Origin
from vbp.tables.encoding import to_utf8
from vbp.tables.excel import legible, put, save
from vbp.tables.folder import TEXT
from vbp.whole import whole_file
from vbp.words import say

COLOURS = {"error": "FFC7CE", "warning": "FFEB9C"}
WHOLE = 20_000
"""Files with more rows are shown by their header and problem rows only."""
COLUMNS = ("level", "file", "row", "column", "value", "problem", "message", "table", "rule")
WIDTHS = (15, 22, 7, 24, 20, 22, 70, 12, 18)


def _raw(origin: Origin) -> Iterator[tuple[int, list[Any]]]:
    """Yield (row as the user sees it, cells) of the file or sheet that an origin came from."""
    suffix = origin.path.suffix.lower()
    if suffix in TEXT:
        from vbp.tables.csvfile import delimiter_of

        data = to_utf8(origin.path.read_bytes())[0][:]
        yield from enumerate(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=delimiter_of(data)), 1)
    elif suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.ParquetFile(origin.path).read()
        yield 0, list(table.column_names)
        for number, row in enumerate(table.to_pylist(), 1):
            yield number, list(row.values())
    else:
        from vbp.tables.sheets import open_sheets

        for sheet in open_sheets(origin.path):
            if sheet.name == origin.sheet:
                yield from enumerate(sheet.rows, 1)


def _marks(origin: Origin, problems: list[Problem]) -> dict[tuple[int, int], list[Problem]]:
    """Return problem cells as (row, place of the column) → problems; a problem without a known column marks the first
    cell."""
    marks: dict[tuple[int, int], list[Problem]] = {}
    for problem in problems:
        if problem.file == origin.label and problem.row is not None:
            marks.setdefault((problem.row, origin.places.get(problem.column or "", 0)), []).append(problem)
    return marks


def _mark(cell: Any, problems: list[Problem]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    level = "error" if any(problem.level == "error" for problem in problems) else "warning"
    cell.fill = PatternFill("solid", start_color=COLOURS[level])
    text = "\n".join(
        f"{rule_zh(problem.rule)} ({problem.level} {problem.rule}): {problem.message}" for problem in problems
    )
    cell.comment = Comment(legible(text)[:2000], "vbp", width=420, height=160)


def _plain(value: Any) -> Any:
    return (
        value
        if isinstance(value, (str, int, float, bool)) or value is None or hasattr(value, "isoformat")
        else str(value)
    )


def _copy(sheet: Any, origin: Origin, problems: list[Problem]) -> None:
    """Copy one file or sheet; rows keep their numbers unless the file is too long to be copied whole."""
    marks = _marks(origin, problems)
    wanted = {row for row, _ in marks} | {origin.header_row}
    whole = len(origin.rows) <= WHOLE
    shift = 1 if origin.header_row == 0 else 0
    out, widest = 1, 0
    if not whole:
        put(sheet.cell(1, 1), say("check.partial", "zh", rows=WHOLE) + " " + say("check.partial", "en", rows=WHOLE))
    for number, cells in _raw(origin):
        if not whole and number not in wanted:
            continue
        out = number + shift if whole else out + 1
        for place, value in enumerate(([] if whole else [number]) + list(cells)):
            if value not in (None, ""):
                put(sheet.cell(out, place + 1), _plain(value))
        widest = max(widest, len(cells))
        for (_, place), found in ((key, found) for key, found in marks.items() if key[0] == number):
            _mark(sheet.cell(out, place + 1 + (not whole)), found)
    for place in range(1, widest + 1 + (not whole)):
        sheet.column_dimensions[sheet.cell(1, place).column_letter].width = 18
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _cells(problem: Problem, named: Headers) -> dict[str, Any]:
    """Return a problem as the cells of its line in the list."""
    level = f"{say(f'issues.{problem.level}', 'zh')} {problem.level}"
    return {**asdict(problem), "level": level, "column": column_shown(problem, named), "problem": rule_zh(problem.rule)}


def _lines(value: Any, width: int) -> int:
    """Return how many lines a text takes in a column (a Chinese character is two wide)."""
    wide = sum(2 if ord(character) > 0x2E80 else 1 for character in str(value or ""))
    return max(1, -(-wide // max(width - 2, 1)))


def _list(sheet: Any, problems: tuple[Problem, ...], named: Headers) -> None:
    """Write the list of problems, ready to be printed on landscape pages one page wide."""
    from openpyxl.styles import Alignment, Font, PatternFill

    for place, name in enumerate(COLUMNS, 1):
        put(sheet.cell(1, place), f"{say(f'issues.{name}', 'zh')} {name}").font = Font(bold=True)
    for row, problem in enumerate(problems, 2):
        values = _cells(problem, named)
        for place, name in enumerate(COLUMNS, 1):
            cell = sheet.cell(row, place)
            if values[name] is not None:
                put(cell, values[name])
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[row].height = 14.0 * max(
            _lines(values[name], width) for name, width in zip(COLUMNS, WIDTHS, strict=True)
        )
        sheet.cell(row, 1).fill = PatternFill("solid", start_color=COLOURS[problem.level])
    for letter, width in zip("ABCDEFGHI", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _title(label: str, taken: set[str]) -> str:
    base = re.sub(r"[\\/*?:\[\]]", " ", label).strip()[:27] or "sheet"
    title, number = base, 2
    while title.casefold() in taken:
        title, number = f"{base} {number}", number + 1
    taken.add(title.casefold())
    return title


def annotate(inputs: Inputs, problems: tuple[Problem, ...], out: Path) -> Path:
    """Write the annotated copy of every file read, with the list of problems first; whole or not at all."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = say("check.issues_sheet", "zh")
    _list(book.active, problems, headers(inputs))
    taken = {book.active.title}
    for origins in inputs.origins.values():
        for origin in origins:
            _copy(book.create_sheet(_title(origin.label, taken)), origin, list(problems))
    with whole_file(out) as scratch:
        save(book, scratch)
    return out
