"""The plainest reader of a spoilt csv: English headers, plain cells, nothing forgiven. It shares no code with the library."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

from tests.fuzz.content import COLUMNS, Row
from tests.fuzz.writing import Sheet

WHOLE = re.compile(r"-?\d+")
NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)")
SCALE = {"amount_yuan": 2, "quantity_packs": 4, "base_quantity_units": 4, "agreed_quantity_units": 4, "score": 4}
DAYS = ("start_date", "end_date", "date", "invoice_date", "paid_date")
COUNTS = ("units_per_pack", "agreement_year", "cycle")
FLAGS = ("originator", "consistency_evaluated", "group_lead", "direct")
NUMBERS = (
    "amount_yuan",
    "quantity_packs",
    "selected_price_yuan",
    "pre_price_yuan_per_unit",
    "base_quantity_units",
    "agreed_quantity_units",
    "spec_factor",
    "fund_ratio",
    "insured_share",
    "excluded_share",
    "score",
)


class Lost(ValueError):
    """The plain reader cannot follow."""


def read(sheet: Sheet, data: bytes) -> list[Row]:
    """Return the rows of a spoilt file; raises `Lost` at the first thing that is not plain."""
    try:
        text = data.decode(sheet.encoding if sheet.encoding != "utf-8-sig" or data[:3] == b"\xef\xbb\xbf" else "utf-8")
        records = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sheet.delimiter, strict=True) if any(row)
        ]
    except (UnicodeError, csv.Error) as error:
        raise Lost(str(error)) from error
    if not records or not set(records[0]) <= set(COLUMNS[sheet.table]) or len(set(records[0])) < len(records[0]):
        raise Lost("no plain header")
    head = records[0]
    rows = []
    for record in records[1:]:
        if record == head:
            continue
        if len(record) != len(head):
            raise Lost("uneven row")
        row = dict.fromkeys(COLUMNS[sheet.table]) | {
            name: value(name, cell) for name, cell in zip(head, record, strict=True)
        }
        if row.get("date") and not row["month"]:  # a ledger by days says its month in the day
            row["month"] = row["date"].replace(day=1)
        rows.append(row)
    return rows


def value(name: str, cell: str) -> Any:
    """Return one cell's value."""
    if cell == "":
        return None
    if cell != cell.strip() or any(ord(mark) < 32 or ord(mark) == 127 for mark in cell):
        raise Lost(cell)
    if name in NUMBERS:
        if not NUMBER.fullmatch(cell) or not cell.isascii():
            raise Lost(cell)
        if len(cell.partition(".")[2]) > SCALE.get(name, 6):
            raise Lost(cell)
        return Decimal(cell)
    if name in COUNTS:
        if not WHOLE.fullmatch(cell) or not cell.isascii():
            raise Lost(cell)
        return int(cell)
    if name in FLAGS:
        if cell not in ("是", "否"):
            raise Lost(cell)
        return cell == "是"
    if name in DAYS or name == "month":
        try:
            day = dt.date.fromisoformat(cell if re.fullmatch(r"\d{4}-\d\d-\d\d", cell) else "?")
        except ValueError as error:
            raise Lost(cell) from error
        return day.replace(day=1) if name == "month" else day
    return cell
