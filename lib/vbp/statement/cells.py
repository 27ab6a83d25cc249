"""Cells, styles and page set-up of the workbook: inputs unlocked, formulas locked, names that stay text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter

from vbp.tables.excel import legible

FONT, TITLE_FONT = "宋体", "黑体"
MONEY, PRICE, QUANTITY, SHARE, PLAIN = "#,##0.00", "#,##0.0000######", "#,##0.####", "0.00%", "General"
WEIGHT, RATIO = "0.0000######", "0%"
_BODY = Font(name=FONT, size=10)
_BOLD = Font(name=FONT, size=10, bold=True)
_TITLE = Font(name=TITLE_FONT, size=15, bold=True)
_SMALL = Font(name=FONT, size=9, color="FF595959")
_THIN = Side(style="thin", color="FFBFBFBF")
_GRID = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD = PatternFill("solid", fgColor="FFDDE7F0")
_INPUT = PatternFill("solid", fgColor="FFFFF9E5")
_WRAP = Alignment(wrap_text=True, vertical="center")
_HEAD_ALIGN = Alignment(wrap_text=True, vertical="center", horizontal="center")
_OPEN = Protection(locked=False)
RED = PatternFill("solid", bgColor="FFFF5050")
HEADER = 120
"""Characters of a printed header: Excel takes 255 with its codes, and every & counts twice."""


@dataclass(frozen=True)
class Formula:
    """A formula, without its leading '='."""

    text: str


def text_cell(sheet: Any, value: object, font: Font = _BODY, wrap: bool = True) -> Any:
    """Return a cell that holds text whatever it looks like: '=1+1' stays the name it is."""
    cell = WriteOnlyCell(sheet, value=legible(str(value))[:32_000])
    cell.data_type = "s"
    if str(value)[:1] in "=+-@":
        cell.quotePrefix = True
    cell.font = font
    if wrap:
        cell.alignment = _WRAP
    return cell


def title_cell(sheet: Any, value: str) -> Any:
    """Return a sheet's title."""
    return text_cell(sheet, value, _TITLE, wrap=False)


def small_cell(sheet: Any, value: str) -> Any:
    """Return a line of small print."""
    return text_cell(sheet, value, _SMALL, wrap=False)


def head_cell(sheet: Any, value: str) -> Any:
    """Return a column's heading."""
    cell = text_cell(sheet, value, _BOLD)
    cell.fill, cell.border, cell.alignment = _HEAD, _GRID, _HEAD_ALIGN
    return cell


def cell(sheet: Any, value: Any, number_format: str = PLAIN, input_cell: bool = False) -> Any:
    """Return a body cell: a Formula (locked), a number or text; an input is unlocked and tinted."""
    if isinstance(value, Formula):
        made = WriteOnlyCell(sheet, value="=" + value.text)
    elif value is None or isinstance(value, (int, float, Decimal)):
        made = WriteOnlyCell(sheet, value=value)
    else:
        made = WriteOnlyCell(sheet, value=legible(str(value))[:32_000])
        made.data_type = "s"
    is_text = made.data_type == "s"
    made._style = _style(sheet, number_format, input_cell, is_text, is_text and str(value)[:1] in tuple("=+-@"))
    return made


def _style(sheet: Any, number_format: str, input_cell: bool, is_text: bool, quoted: bool) -> Any:
    """Return a body cell's style, made once per workbook: styling a million cells one by one takes minutes."""
    cache = sheet.parent.__dict__.setdefault("_vbp_styles", {})
    key = (number_format, input_cell, is_text, quoted)
    if key not in cache:
        model = WriteOnlyCell(sheet, value=0)
        model.font, model.number_format, model.border = _BODY, number_format, _GRID
        if input_cell:
            model.fill, model.protection = _INPUT, _OPEN
        if is_text:
            model.alignment = _WRAP
        model.quotePrefix = quoted
        cache[key] = model._style
    return cache[key]


def page(sheet: Any, widths: Sequence[float], freeze: str | None, header: str, landscape: bool = True) -> None:
    """Set widths, frozen panes, paper, page numbers and protection (formulas locked, no password)."""
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = freeze
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddHeader.center.text = legible(header)[:HEADER].replace("&", "&&")
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = False


def red_where_different(sheet: Any, area: str, first: str) -> None:
    """Turn check cells red where they do not say 一致."""
    sheet.conditional_formatting.add(area, FormulaRule(formula=[f'{first}<>"一致"'], fill=RED, stopIfTrue=True))


def sheet_name(number: int, name: str) -> str:
    """Return a sheet's name that Excel takes: at most 31 characters, none of []:*?/\\ or apostrophes."""
    clean = re.sub(r"[\[\]:*?/\\'\x00-\x1f]", "", legible(name)).strip()
    return f"{number:03d}_{clean[:26]}".rstrip("_")
