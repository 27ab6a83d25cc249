"""One cell of an items file: text into an exact value, or a sentence that says what is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from vbp.surplus.columns import Column

MISSING = {"", "-", "—", "–", "/", "\\", "na", "n/a", "nan", "null", "none", "无", "缺", "暂无"}
_NUMBER = re.compile(r"[+-]?(\d{1,18}|\d{1,3}(,\d{3}){1,5})(\.\d{0,20})?([eE][+-]?\d{1,2})?|[+-]?\.\d{1,20}", re.ASCII)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
HIGHEST = Decimal(10) ** 15
FINEST = 24


def parse(cell: Any, column: Column, shift: int = 0) -> tuple[Any, str | None]:
    """Return (value, None) or (None, what is wrong); an empty cell is None where the column allows it.

    `shift`: powers of ten that the header's own unit adds (万元: 4, %: −2).
    """
    if isinstance(cell, float) and cell != cell:
        cell = None
    text = "" if cell is None else unicodedata.normalize("NFKC", str(cell)).strip()
    if column.kind == "text":
        return _text(cell, column)
    if text.lower() in MISSING:
        may = not column.required or column.blank
        return None, None if may else f"empty; give {column.meaning_zh} ({column.meaning_en})"
    if column.kind == "date":
        return _date(cell, text)
    number = _number(cell, text, column)
    return (None, number) if isinstance(number, str) else _ranged(number.scaleb(shift) if shift else number, column)


def _text(cell: Any, column: Column) -> tuple[str | None, str | None]:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = "" if cell is None else str(cell).strip()
    if text:
        return text, None
    return "" if column.name in ("spec", "fund") else None, (
        f"empty; give {column.meaning_zh} ({column.meaning_en})" if column.required else None
    )


def _number(cell: Any, text: str, column: Column) -> Decimal | str:
    if isinstance(cell, bool):
        return "a yes/no value where a number belongs"
    percent = text.endswith("%") and column.kind == "share"
    digits = text.removesuffix("%").strip() if percent else text
    if not _NUMBER.fullmatch(digits):
        return f"not a number; give {column.meaning_zh} as digits, e.g. 1234.56"
    number = Decimal(digits.replace(",", ""))
    number = number.scaleb(-2) if percent else number
    if abs(number) >= HIGHEST or -int(number.as_tuple().exponent) > FINEST:
        return "too large, or too many decimals, to be a figure of a settlement"
    return number


def _ranged(number: Decimal, column: Column) -> tuple[Any, str | None]:
    if column.kind in ("year", "count"):
        whole = number == number.to_integral_value() and 1 <= number <= 9999
        return (int(number), None) if whole else (None, "must be a whole number from 1")
    if number < 0:
        return None, f"negative; {column.meaning_zh} ({column.meaning_en}) cannot lie below zero"
    if column.kind == "share" and number > 1:
        return None, "a share lies between 0 and 1; write 0.70 or 70%"
    if column.kind == "score" and number > 100:
        return None, "a score lies between 0 and 100"
    return number, None


def _date(cell: Any, text: str) -> tuple[date | None, str | None]:
    if isinstance(cell, datetime):
        return cell.date(), None
    if isinstance(cell, date):
        return cell, None
    found = _DATE.match(text)
    try:
        return (date(*map(int, found.groups())), None) if found else (None, "not a date; write 2024-12-31")
    except ValueError:
        return None, "no such day in the calendar"
