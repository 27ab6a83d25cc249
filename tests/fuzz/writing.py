"""A content written as files: each table a sheet of cells in some spelling, and where each row came to stand."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fuzz.content import COLUMNS, Content, Row
from vbp.schema import TABLES
from vbp.tables.headers import index
from vbp.tables.texts import compact

D = Decimal
WIDE = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
FLAGS = {True: ("是", "1", "Y", "√", "true", "TRUE"), False: ("否", "0", "N", "×", "false")}


def plain(value: Any) -> str:
    """The plainest text of a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


@dataclass
class Sheet:
    """One table on its way to a file: columns in order, headers, spelling by column, cells put in place of others."""

    table: str
    rows: list[Row]
    columns: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    spell: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    replaced: dict[tuple[int, str], Any] = field(default_factory=dict)
    name: str = ""
    suffix: str = ".csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    end: str = "\n"
    above: list[list[Any]] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)
    blanks: set[int] = field(default_factory=set)
    more: list[tuple[int, str, list[Any]]] = field(default_factory=list)
    """Columns that the schema does not know: place, header, cells."""
    merge: list[str] = field(default_factory=list)
    damage: Callable[[bytes], bytes] | None = None
    parts: int = 1
    inside: str = ""
    """What the file is where its name says .xls: "text", "html", "xlsx" or "ole"."""
    export: bool = False
    """Whether it is an export, to be imported by a profile of the folder's own."""
    plain_body: bool = True
    """Whether cells stand in their plainest spelling under English names, so that a plain reader can follow."""

    def cell(self, place: int, column: str) -> Any:
        """The cell of a row as it is written."""
        if (place, column) in self.replaced:
            return self.replaced[place, column]
        value = self.rows[place].get(column)
        return self.spell.get(column, plain)(value) if value is not None else ""

    def row_of(self, place: int) -> int:
        """The row in the file (from 1) of a data row."""
        return len(self.above) + 2 + place + sum(blank <= place for blank in self.blanks)

    def grid(self) -> list[list[Any]]:
        """All cells of the file, from the first row."""
        header = [self.headers.get(name, name) for name in self.columns]
        body = [[self.cell(place, name) for name in self.columns] for place in range(len(self.rows))]
        for at, title, cells in sorted(self.more, key=lambda one: one[0]):
            header.insert(at, title)
            for place, row in enumerate(body):
                row.insert(at, cells[place % len(cells)])
        lines = [*self.above, header]
        for place, row in enumerate(body):
            lines += [[""] * len(header)] * (place in self.blanks)
            lines.append(row)
        return lines + self.below


@dataclass
class Folder:
    """Every table's sheet and the text of city.yaml; `book` holds all tables as sheets of one workbook."""

    sheets: dict[str, Sheet]
    city: bytes
    book: bool = False
    others: dict[str, bytes] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    damage: Callable[[bytes], bytes] | None = None
    """What becomes of the one workbook's bytes."""

    def write(self, folder: Path) -> None:
        """Write all files."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.city:
            (folder / "city.yaml").write_bytes(self.city)
        for name, data in self.others.items():
            (folder / name).write_bytes(data)
        if self.book:
            path = folder / "inputs.xlsx"
            write_book(path, {sheet.name: sheet for sheet in self.sheets.values()}, self.hidden)
            if self.damage:
                path.write_bytes(self.damage(path.read_bytes()))
            return
        for sheet in self.sheets.values():
            write_sheet(folder, sheet, self.hidden)


def write_sheet(folder: Path, sheet: Sheet, hidden: list[str]) -> None:
    """Write one table as a file, or as parts by year."""
    path = folder / f"{sheet.name}{sheet.suffix}"
    if sheet.export:
        write_export(folder / EXPORT, sheet)
        return
    if sheet.suffix == ".xls":
        path.write_bytes(misnamed(sheet, folder))
        return
    if sheet.suffix == ".xlsx":
        write_book(path, {"Sheet1": sheet}, hidden)
        if sheet.damage:
            path.write_bytes(sheet.damage(path.read_bytes()))
        return
    if sheet.suffix == ".parquet":
        write_parquet(path, sheet)
        return
    grid = sheet.grid()
    if sheet.parts > 1:
        head, body = grid[: len(sheet.above) + 1], grid[len(sheet.above) + 1 :]
        half = len(body) // 2
        for year, rows in (("2023", body[:half]), ("2024", body[half:])):
            (folder / f"{sheet.name}-{year}.csv").write_bytes(encoded(sheet, head + rows))
        return
    path.write_bytes(encoded(sheet, grid))


EXPORT = "export"


def write_export(folder: Path, sheet: Sheet) -> None:
    """Write usage as an export of a platform of its own, with orders that were cancelled, and the profile to read it by."""
    folder.mkdir()
    grid = sheet.grid()
    titles = grid[0]
    cancelled = [[*row[:-1], "作废"] for row in grid[1:4]]
    (folder / f"{sheet.name}.csv").write_bytes(encoded(sheet, [*grid, *cancelled]))
    kinds = {"quantity_packs": "quantity, unit: 盒", "amount_yuan": "amount", "date": "date", "month": "month"}
    lines = ["title: {zh: 自有平台, en: a platform of its own}", "columns:"]
    lines += [
        f"  {name}: {{kind: {kinds.get(name, 'code')}, headers: ['{sheet.headers[name]}']}}" for name in sheet.columns
    ]
    lines += [f"  status: {{kind: name, headers: ['{titles[-1]}']}}", "drop: {status: [作废]}"]
    lines += ["totals: [quantity_packs, amount_yuan]", "tables:", "  usage:"]
    lines += [f"    columns: {{{', '.join(f'{name}: {name}' for name in sheet.columns)}}}"]
    (folder / "own.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def misnamed(sheet: Sheet, folder: Path) -> bytes:
    """A table under .xls as systems write it: text with tabs, a web page, a new workbook, an old one cut off."""
    grid = [[str(cell) for cell in row] for row in sheet.grid()]
    if sheet.inside == "text":
        return "".join("\t".join(row) + "\r\n" for row in grid).encode("gbk", "replace")
    if sheet.inside == "html":
        rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in grid)
        return f"<html><meta charset=gbk><table border=1>{rows}</table></html>".encode("gbk", "replace")
    if sheet.inside == "ole":
        return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"\x09\x08\x10\x00" * 300
    path = folder / f"{sheet.name}.made"
    write_book(path, {"Sheet1": sheet}, [])
    data = path.read_bytes()
    path.unlink()
    return data


def encoded(sheet: Sheet, grid: list[list[Any]]) -> bytes:
    """A grid as the bytes of a text file."""

    def quoted(cell: str) -> str:
        odd = any(mark in cell for mark in (sheet.delimiter, '"', "\n", "\r"))
        return '"' + cell.replace('"', '""') + '"' if odd else cell

    text = "".join(sheet.delimiter.join(quoted(str(cell)) for cell in row) + sheet.end for row in grid)
    data = text.encode(sheet.encoding, "replace")
    return sheet.damage(data) if sheet.damage else data


def write_book(path: Path, sheets: dict[str, Sheet], hidden: list[str]) -> None:
    """Write sheets as a workbook; Decimals become numbers, texts stay texts."""
    import openpyxl
    from openpyxl.utils.escape import escape

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, sheet in sheets.items():
        made = book.create_sheet(name)
        if name in hidden:
            made.sheet_state = "hidden"
        for number, row in enumerate(sheet.grid(), 1):
            for place, value in enumerate(row, 1):
                if value in ("", None):
                    continue
                cell = made.cell(number, place)
                if isinstance(value, str):
                    cell.value = escape(value)
                    cell.data_type = "s"
                elif isinstance(value, Formula):
                    cell.value = f"={value.text}"
                else:
                    cell.value = float(value) if isinstance(value, Decimal) else value
        for area in sheet.merge:
            made.merge_cells(area)
    if all(made.sheet_state == "hidden" for made in book.worksheets):
        book.create_sheet("空")
    book.save(path)


@dataclass(frozen=True)
class Formula:
    """A formula without a stored result."""

    text: str


def write_parquet(path: Path, sheet: Sheet) -> None:
    """Write a table as Parquet in its canonical types."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(sheet), path)


def arrow_table(sheet: Sheet) -> Any:
    """A table in its canonical types; ArrowInvalid where a number is too large for them."""
    import pyarrow as pa

    from vbp.tables.kinds import arrow_type

    table = TABLES[sheet.table]
    data = {
        name: pa.array([row.get(name) for row in sheet.rows], arrow_type(table.column(name).kind))
        for name in sheet.columns
    }
    return pa.table(data)


def folder_of(content: Content) -> Folder:
    """The plainest folder of a content: csv, English names, UTF-8."""
    sheets = {}
    for name, rows in content.tables.items():
        columns = [
            column
            for column in COLUMNS[name]
            if any(row.get(column) is not None for row in rows) or TABLES[name].column(column).required
        ]
        if name == "usage":
            columns = [column for column in columns if column != ("month" if content.dated else "date")]
        sheets[name] = Sheet(name, rows, columns, name=name)
    return Folder(sheets, city_text(content.city).encode())


def city_text(city: dict[str, Any]) -> str:
    """City.yaml as people write it."""
    return "".join(f"{name}: {value}\n" for name, value in city.items())


# spellings: what a value of each kind may look like, its meaning unchanged


def number_spellings(rng: random.Random, column: Any, excel: bool) -> Callable[[Any], Any]:
    """A way to write numbers of a column."""
    ways: list[Callable[[Any], Any]] = [
        lambda value: plain(value).translate(WIDE),
        lambda value: f" {plain(value)} ",
        lambda value: f"{value:,f}" if isinstance(value, D) else f"{value:,}",
        lambda value: f"+{plain(value)}" if value >= 0 else plain(value),
        lambda value: f"{plain(value)}.0" if value == int(value) and "." not in plain(value) else plain(value),
        lambda value: f"({plain(-value)})" if value < 0 else plain(value),
        lambda value: f"{plain(value)}0" if "." in plain(value) else plain(value),
        lambda value: plain(value).replace("-", "\u2212"),
        lambda value: f"\u00a0{plain(value)}\u200b",
    ]
    if column.kind == "amount":
        ways += [
            lambda value: f"￥{plain(value)}",
            lambda value: f"{plain(value)}元",
            lambda value: f"{plain(value / 10000)}万元",
        ]
    if column.kind == "ratio":
        ways += [lambda value: f"{plain(value * 100)}%", lambda value: f"{plain((value * 100).normalize())}％"]
    if column.name == "quantity_packs":
        ways += [lambda value: f"{plain(value)}盒"]
    if excel:
        ways += [D, lambda value: int(value) if value == int(value) else D(value)]
    return rng.choice(ways)


def date_spellings(rng: random.Random, excel: bool) -> Callable[[Any], Any]:
    """A way to write days."""
    ways: list[Callable[[Any], Any]] = [
        lambda day: f"{day.year}/{day.month}/{day.day}",
        lambda day: f"{day.year}年{day.month}月{day.day}日",
        lambda day: f"{day:%Y%m%d}",
        lambda day: f"{day.year}.{day.month}.{day.day}",
        lambda day: f"{day} 00:00:00",
        lambda day: str((day - dt.date(1899, 12, 30)).days),
        lambda day: f"{day:%Y-%m-%d}".translate(WIDE),
    ]
    if excel:
        ways += [lambda day: day, lambda day: dt.datetime(day.year, day.month, day.day)]
    return rng.choice(ways)


def month_spellings(rng: random.Random, excel: bool) -> Callable[[Any], Any]:
    """A way to write months."""
    ways: list[Callable[[Any], Any]] = [
        lambda day: f"{day:%Y-%m}",
        lambda day: f"{day:%Y%m}",
        lambda day: f"{day.year}年{day.month}月",
        lambda day: f"{day.year}/{day.month}",
        lambda day: f"{day.year}-{day.month:02d}-17",
        lambda day: f"{day.year}年{day.month:02d}月".translate(WIDE),
        lambda day: f"{day.year}/{day.month}/1 0:00:00",
    ]
    if excel:
        ways += [lambda day: dt.datetime(day.year, day.month, 9), lambda day: int(f"{day:%Y%m}")]
    return rng.choice(ways)


def spelling(rng: random.Random, column: Any, excel: bool) -> Callable[[Any], Any]:
    """A way to write the values of a column, never a change of meaning."""
    if column.numeric:
        return number_spellings(rng, column, excel)
    if column.kind == "date":
        return date_spellings(rng, excel)
    if column.kind == "month":
        return month_spellings(rng, excel)
    if column.kind == "flag":
        pick = rng.randrange(5)
        return lambda value: FLAGS[value][pick]
    if column.kind == "word" and column.words:
        return lambda value: rng.choice([value, *column.words.words.get(value, ())])
    if column.kind == "code":
        return rng.choice(
            [
                lambda text: f" {text}",
                lambda text: f'="{text}"',
                lambda text: f"{text}\t",
                lambda text: text.translate(WIDE),
            ]
        )
    return rng.choice([lambda text: f" {text} ", lambda text: f"{text}\u3000", lambda text: text])


def header_forms(table: str, column: str) -> list[str]:
    """Every header that names a column for certain."""
    known = index(TABLES[table])
    forms = [column, TABLES[table].column(column).zh, *TABLES[table].column(column).headers]
    return [form for form in forms if known.get(compact(form)) == column and not {"(", "（", "/"} & set(form)] or [
        column
    ]
