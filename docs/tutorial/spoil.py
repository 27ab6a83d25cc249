"""Makes sixteen of the mistakes that people make, in a copy of the workbook. python docs/tutorial/spoil.py WORKBOOK COPY."""

import sys
from pathlib import Path

import openpyxl

MISTAKES = {  # sheet, cell: what was typed
    ("city", "B5"): "national-2002",
    ("hospitals", "A6"): "02",
    ("products", "F6"): None,
    ("awards", "C4"): "2024年13月1日",
    ("awards", "H5"): "2023年12月31日",
    ("agreements", "C4"): "氨氯地平片",
    ("agreements", "H5"): "24万",
    ("usage", "D2"): "采购数量(箱)",
    ("usage", "C10"): "P9",
    ("usage", "D14"): "-",
    ("usage", "E16"): -0.5,
    ("usage", "A20"): 1,
    ("usage", "E24"): "=D24*23.5",
    ("fund", "F4"): 75,
    ("fund", "G5"): 0.7,
    ("assessments", "E4"): 920,
}

book = openpyxl.load_workbook(sys.argv[1])
for (sheet, cell), value in MISTAKES.items():
    book[sheet][cell].value = value
Path(sys.argv[2]).parent.mkdir(parents=True, exist_ok=True)
book.save(sys.argv[2])
print(f"{sys.argv[2]}: {len(MISTAKES)} mistakes made")
