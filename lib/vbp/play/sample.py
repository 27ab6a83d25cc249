"""A small invented place, and how a workbook is filled in as a user would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def fill_template(path: Path, tables: Mapping[str, pd.DataFrame]) -> Path:
    """Write rows into a template workbook as a user would type them, below the example row; return the workbook.

    Columns go by their schema names; a column that the template does not carry is refused (KeyError).
    """
    from openpyxl import load_workbook

    from vbp.schema import TABLES
    from vbp.template.workbook import header_of

    book = load_workbook(path)
    for name, frame in tables.items():
        sheet = book[name]
        headers = [cell.value for cell in sheet[2]]
        place = {column.name: headers.index(header_of(column)) + 1 for column in TABLES[name].columns}
        for number, record in enumerate(frame.to_dict("records"), 4):
            for column, value in record.items():
                sheet.cell(number, place[str(column)]).value = value
    book.save(path)
    return path


def sample_tables() -> dict[str, pd.DataFrame]:
    """Return invented tables of two hospitals and one variety, as small as a report can be made from: 26 months."""
    import pandas as pd

    months = [str(month) for month in pd.period_range("2022-01", "2024-02", freq="M")]
    usage = [
        (hospital, month, product, packs, packs * price)
        for hospital, size in (("H001", 3), ("H002", 1))
        for number, month in enumerate(months)
        for product, packs, price in _bought(number, size)
    ]
    batch, day = "B1", ("2023-01-01", "2023-12-31")
    agreed = [
        (batch, hospital, "示例甲片", 1, *day, base, base * 7 // 10)
        for hospital, base in (("H001", 90000), ("H002", 30000))
    ]
    return {
        "hospitals": pd.DataFrame(
            [("H001", "示例第一医院", "三级", "公立"), ("H002", "示例第二医院", "二级", "公立")],
            columns=["hospital_id", "name", "tier", "ownership"],
        ),
        "products": pd.DataFrame(
            [
                ("P1", "示例甲片", "药品", "片剂", "5mg", 28, "甲厂"),
                ("P2", "示例甲片", "药品", "片剂", "5mg", 14, "乙厂"),
            ],
            columns=["product_id", "generic", "category", "dosage_form", "strength", "units_per_pack", "manufacturer"],
        ),
        "varieties": pd.DataFrame(
            [(batch, "示例甲片", "片", "国家", "药品", 1)],
            columns=["batch_id", "generic", "unit_name", "level", "category", "cycle"],
        ),
        "awards": pd.DataFrame(
            [(batch, "P1", pd.Timestamp(day[0]), 14, "主供", pd.Timestamp("2024-12-31"))],
            columns=["batch_id", "product_id", "start_date", "selected_price_yuan", "supply_role", "end_date"],
        ),
        "agreements": pd.DataFrame(
            agreed,
            columns=[
                "batch_id",
                "hospital_id",
                "generic",
                "agreement_year",
                "start_date",
                "end_date",
                "base_quantity_units",
                "agreed_quantity_units",
            ],
        ),
        "usage": pd.DataFrame(usage, columns=["hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"]),
        "assessments": pd.DataFrame(
            [(batch, "H001", 1, 92), (batch, "H002", 1, 88)],
            columns=["batch_id", "hospital_id", "agreement_year", "score"],
        ),
        "batches": pd.DataFrame(
            [(batch, "示例第一批", "Sample round 1", "药品", 62.5, "加权平均", pd.Timestamp(day[0]))],
            columns=["batch_id", "name_zh", "name_en", "category", "average_cut_percent", "cut_kind", "start_date"],
        ),
        "batch_usage": pd.DataFrame(
            [
                (hospital, batch, pd.Timestamp("2022-01-01"), pd.Timestamp("2022-12-31"), amount, "集采前")
                for hospital, amount in (("H001", 181440), ("H002", 60480))
            ],
            columns=["hospital_id", "batch_id", "period_start", "period_end", "amount_yuan", "amount_basis"],
        ),
        "fund": pd.DataFrame(
            [("H001", 0.7, 0.9), ("H002", 0.75, 0.9)], columns=["hospital_id", "fund_ratio", "insured_share"]
        ),
    }


def _bought(month: int, size: int) -> tuple[tuple[str, int, int], ...]:
    """Return the packs bought of each product and their price in yuan: before the batch (month 12) and after."""
    return (
        (("P1", 60 * size, 42), ("P2", 90 * size, 28)) if month < 12 else (("P1", 80 * size, 14), ("P2", 40 * size, 28))
    )


CITY_YAML = """name_zh: {name}
name_en: {name_en}
province: 示例省
rule_profile: national-2020
synthetic: true
"""


def write_city_yaml(folder: Path, name: str = "示例市", name_en: str = "Example City") -> Path:
    """Write the page that names a place; the sample is marked synthetic."""
    path = folder / "city.yaml"
    path.write_text(CITY_YAML.format(name=name, name_en=name_en), encoding="utf-8")
    return path
