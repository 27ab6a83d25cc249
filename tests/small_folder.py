"""A small inputs folder that is right in every way, for tests to spoil: two hospitals, three products, fourteen
months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

Rows = Sequence[Sequence[object]]
CITY = "name_zh: 演示市\nname_en: Demo\nprovince: 演示省\nrule_profile: national-2020\n"
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)][:14]
HOSPITALS: list[list[object]] = [
    ["hospital_id", "name", "tier", "ownership"],
    ["H001", "第一医院", "三级", "公立"],
    ["H002", "第二医院", "二级", "公立"],
]
PRODUCTS: list[list[object]] = [
    ["product_id", "generic", "category", "dosage_form", "strength", "units_per_pack", "manufacturer"],
    ["P1", "甲片", "药品", "片剂", "5mg", 28, "甲厂"],
    ["P2", "甲片", "药品", "片剂", "5mg", 14, "乙厂"],
    ["P3", "乙注射液", "药品", "注射剂", "1g", 1, "丙厂"],
]
PRICES = {"P1": 28, "P2": 42, "P3": 100}


def usage_rows() -> list[list[object]]:
    """Usage: every hospital buys every product every month, 10 to 23 packs at a fixed price."""
    rows: list[list[object]] = [["hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"]]
    for hospital in ("H001", "H002"):
        for number, month in enumerate(MONTHS):
            rows += [
                [hospital, month, product, 10 + number, f"{(10 + number) * price}.00"]
                for product, price in PRICES.items()
            ]
    return rows


def text(rows: Rows) -> str:
    """Rows as csv text; cells with a comma or quote are quoted."""

    def cell(value: object) -> str:
        shown = "" if value is None else str(value)
        return '"' + shown.replace('"', '""') + '"' if any(mark in shown for mark in ',"\n') else shown

    return "".join(",".join(cell(value) for value in row) + "\n" for row in rows)


def write(folder: Path, tables: Mapping[str, Rows] | None = None, **more: Rows) -> Path:
    """Write the small folder, with `tables` (or named tables) in place of or beside its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "city.yaml").write_text(CITY, encoding="utf-8")
    own: dict[str, Rows] = {
        "hospitals": HOSPITALS,
        "products": PRODUCTS,
        "usage": usage_rows(),
        **(tables or {}),
        **more,
    }
    for name, rows in own.items():
        (folder / f"{name}.csv").write_text(text(rows), encoding="utf-8")
    return folder


def write_book(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """Write an xlsx; texts stay texts, numbers and dates stay what they are."""
    import openpyxl
    from openpyxl.utils.escape import escape

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row, 1):
                cell = sheet.cell(number, place)
                if value is not None:
                    cell.value = escape(value) if isinstance(value, str) else value
                    if isinstance(value, str):
                        cell.data_type = "s"
    book.save(path)
    return path


SETTLING: dict[str, Rows] = {
    "varieties": [
        ["batch_id", "generic", "unit_name", "level", "category", "cycle"],
        ["N1", "甲片", "片", "国家", "药品", 1],
    ],
    "awards": [
        ["batch_id", "product_id", "start_date", "selected_price_yuan", "supply_role", "end_date"],
        ["N1", "P1", "2024-01-01", 28, "main", "2024-12-31"],
    ],
    "agreements": [
        [
            "batch_id",
            "hospital_id",
            "generic",
            "agreement_year",
            "start_date",
            "end_date",
            "base_quantity_units",
            "agreed_quantity_units",
        ],
        ["N1", "H001", "甲片", 1, "2024-01-01", "2024-12-31", 2000, 1000],
        ["N1", "H002", "甲片", 1, "2024-01-01", "2024-12-31", 2000, 1000],
    ],
    "fund": [["hospital_id", "fund_ratio", "insured_share"], ["", "0.7", "0.9"]],
    "assessments": [
        ["batch_id", "hospital_id", "agreement_year", "score"],
        ["N1", "H001", 1, 90],
        ["N1", "H002", 1, 85],
    ],
}
"""The other tables that a settlement of the small folder needs: one round, begun when the ledger has two months to go."""


def write_settling(folder: Path, without: Sequence[str] = (), **more: Rows) -> Path:
    """Write the small folder with all that a settlement needs, less the tables `without`."""
    write(folder, {**SETTLING, **more})
    for name in without:
        (folder / f"{name}.csv").unlink()
    return folder
