"""`vbp template OUT.xlsx`: made from the schema, read back by `vbp.tables` without a word about the example rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from vbp.rules.load import DEFAULT
from vbp.schema import TABLES, Column, Table, vocabularies
from vbp.tables.excel import put, save
from vbp.tables.place import KNOWN, LABELS, SHEETS, TEXTS
from vbp.whole import whole_file
from vbp.words import LANGUAGES, say

ROWS = 2000
"""Rows that carry formats and drop-downs."""
UNITS = {"片/支/粒每盒": "片/支/粒"}
EXAMPLES = {
    "name_zh": "某某市",
    "name_en": "Some City",
    "province": "某某省",
    "population": "5000000",
    "insured": "4500000",
}
YELLOW, GREY = "FFF2CC", "D9D9D9"


def header_of(column: Column) -> str:
    """Return the header that the template carries for a column: the usual Chinese one with its unit, 采购金额(元)."""
    base = (column.headers or (column.name,))[0]
    unit = UNITS.get(column.unit, column.unit)
    return f"{base}({unit})" if unit and column.numeric and "(" not in base else base


def _words(column: Column) -> list[str]:
    if column.kind == "flag":
        return _words_of("yes_no")
    return [] if column.words is None else [forms[0] if forms else word for word, forms in column.words.words.items()]


def _comment(column: Column) -> str:
    parts = [f"{column.name}: {column.zh} / {column.en}"]
    if column.low is not None or column.high is not None:
        parts.append(
            "range: " + " – ".join("…" if bound is None else f"{bound:f}" for bound in (column.low, column.high))
        )
    parts.append("必填 required" if column.required else "可空 optional")
    return "\n".join(parts)


def _example(column: Column, first: bool) -> Any:
    text = column.example
    if first:
        return f"{say('template.example', 'zh')}:{text}"
    if column.kind == "date" and text:
        return dt.date.fromisoformat(text)
    if column.numeric and text:
        return float(text) if "." in text else int(text)
    if column.kind == "word" and text and column.words:
        return (column.words.words[text] or (text,))[0]
    return text or None


def _fill_sheet(sheet: Any, table: Table) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    put(sheet.cell(1, 1), say("template.title", "zh", zh=table.zh, en=table.name)).font = Font(bold=True)
    for place, column in enumerate(table.columns, 1):
        letter = get_column_letter(place)
        head = put(sheet.cell(2, place), header_of(column))
        head.comment = Comment(_comment(column), "vbp", width=320, height=110)
        head.font, head.fill = Font(bold=True), PatternFill("solid", start_color=YELLOW if column.required else GREY)
        example = put(sheet.cell(3, place), _example(column, place == 1))
        example.font = Font(italic=True, color="808080")
        sheet.column_dimensions[letter].width = max(14, 2 * len(header_of(column)) + 2)
        sheet.column_dimensions[letter].number_format = _format(column)
        if column.kind == "date":
            example.number_format = "yyyy-mm-dd"
        words = _words(column)
        if words:
            choice = DataValidation(
                type="list",
                formula1='"' + ",".join(words) + '"',
                allow_blank=True,
                showErrorMessage=bool(column.words is None or column.words.strict),
            )
            choice.error = say("template.wrong_word", "zh")
            choice.add(f"{letter}3:{letter}{ROWS}")
            sheet.add_data_validation(choice)
    sheet.freeze_panes = "A3"


def _format(column: Column) -> str:
    return {"code": "@", "month": "@", "date": "yyyy-mm-dd"}.get(column.kind, "General")


def _fill_notes(sheet: Any) -> None:
    lines = [say(f"template.note_{number}", lang) for number in range(1, 6) for lang in LANGUAGES]
    for row, line in enumerate(lines, 1):
        put(sheet.cell(row, 1), line)
    sheet.column_dimensions["A"].width = 110


def _fill_city(sheet: Any) -> None:
    """Write the page that says whose data the workbook holds: a label, a cell to fill in, an example."""
    from openpyxl.styles import Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    from vbp.rules import profile_names

    put(sheet.cell(1, 1), say("template.city_title", "zh")).font = Font(bold=True)
    choices = {"rule_profile": profile_names(), "synthetic": tuple(_words_of("yes_no"))}
    for row, name in enumerate(KNOWN, 2):
        put(sheet.cell(row, 1), f"{LABELS[name][0]} {name}").font = Font(bold=True)
        cell = put(sheet.cell(row, 2), DEFAULT if name == "rule_profile" else None)
        cell.fill = PatternFill("solid", start_color=YELLOW if name in TEXTS else GREY)
        said = (
            say("template.such_as", "zh", value=EXAMPLES[name]) if name in EXAMPLES else say(f"template.{name}", "zh")
        )
        put(sheet.cell(row, 3), said).font = Font(italic=True, color="808080")
        if name in choices:
            choice = DataValidation(
                type="list", formula1='"' + ",".join(choices[name]) + '"', allow_blank=True, showErrorMessage=False
            )
            choice.add(f"B{row}")
            sheet.add_data_validation(choice)
    for letter, width in (("A", 26), ("B", 26), ("C", 80)):
        sheet.column_dimensions[letter].width = width


def _words_of(name: str) -> list[str]:
    return [forms[0] if forms else word for word, forms in vocabularies()[name].words.items()]


def write_template(out: Path) -> Path:
    """Write the template workbook to `out` (whole or not at all) and return the path."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = say("template.notes_sheet", "zh")
    _fill_notes(book.active)
    _fill_city(book.create_sheet(SHEETS[0]))
    for table in TABLES.values():
        _fill_sheet(book.create_sheet(table.name), table)
    with whole_file(out) as scratch:
        save(book, scratch)
    return out
