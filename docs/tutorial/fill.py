"""Plays the analyst: pastes the tables of docs/tutorial/yunxi into a template workbook. python docs/tutorial/fill.py WORKBOOK."""

import csv
import sys
from pathlib import Path

import openpyxl

CITY = {"name_zh": "云溪市", "name_en": "Yunxi", "province": "某某省", "synthetic": "是"}
TABLES = Path(__file__).parent / "yunxi"


def typed(text):
    """Return what Excel makes of a typed cell: a number where it looks like one and is no code."""
    try:
        return text if text[:1] == "0" and text[1:2] != "." else float(text)
    except ValueError:
        return text or None


book = openpyxl.load_workbook(sys.argv[1])
for row in book["city"].iter_rows(min_row=2):
    row[1].value = CITY.get(row[0].value.split()[-1], row[1].value)
for path in sorted(TABLES.glob("*.csv")):
    header, *rows = csv.reader(path.open(encoding="utf-8"))
    sheet = book[path.stem]
    if path.stem == "usage":  # pasted with the platform's own headers, over the template's; its example goes
        sheet.delete_rows(3)
        for place in range(sheet.max_column):
            sheet.cell(2, place + 1).value = header[place] if place < len(header) else None
    for number, row in enumerate(rows, 3 if path.stem == "usage" else 4):
        for place, text in enumerate(row, 1):
            sheet.cell(number, place).value = typed(text)
book.save(sys.argv[1])
print(f"{sys.argv[1]}: filled in")
