"""What notebooks need besides the library: a place to explore, tables that sort, sliders, a workbook filled in.

Nothing here is used by reports. Everything shown is also shown as plain output, so that a notebook reads without a kernel.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from vbp.city import City
    from vbp.surplus import Settlement

HOSPITALS, MONTHS = 9, 60
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def fresh_folder() -> Path:
    """Return an empty folder that is removed when Python ends."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="vbp-"))
    return Path(_KEPT[-1].name)


def open_place(inputs: str = "", as_of: str = "") -> City:
    """Open the user's own inputs folder, or a small demonstration (示范市) made on the spot where none is named.

    Parameters
    ----------
    inputs
        A folder of the contract's tables; empty for the demonstration (same seed, same numbers).
    as_of
        ISO date; empty for the end of the last month in the ledger.
    """
    from vbp import paths
    from vbp.city import open_city
    from vbp.demo import make_demo

    folder = paths.inputs(inputs) if inputs else make_demo(fresh_folder() / "demo", hospitals=HOSPITALS, months=MONTHS)
    return open_city(folder.name, folder, as_of or None)


def live_table(frame: pd.DataFrame, lang: str = "") -> Any:
    """Return a table that sorts, searches and pages in JupyterLab, without a network (itables).

    `lang` names the columns in that language; empty leaves them as the frame has them.
    """
    from itables import init_notebook_mode, to_html_datatable

    from vbp.sections.frames import label
    from vbp.sections.html import Html

    init_notebook_mode(connected=False)
    shown = frame.map(lambda value: float(value) if isinstance(value, Decimal) else value)
    if lang:
        shown = shown.rename(columns={name: label(str(name), lang) for name in shown.columns})
    return Html(to_html_datatable(shown, connected=False, maxBytes=0))


def payout(settlement: Settlement, *, score_ratio: float, threshold: float, nonselected: str, change: float) -> Decimal:
    """Return the city's payout with other rules and prices before: what the sliders show.

    Parameters
    ----------
    score_ratio
        Retention ratio of every band that pays anything (0–0.5).
    threshold
        Completion from which an item counts (1 is the whole agreed volume).
    nonselected
        `all` or `none`: whether non-selected spending is deducted.
    change
        Relative change of the price before (−0.1 is ten percent less).
    """
    from vbp.surplus import settle
    from vbp.surplus.sensitivity import moved

    profile = settlement.profile.with_switches(completion_threshold=str(threshold), non_selected=nonselected)
    ratio = Decimal(str(score_ratio))
    bands: list[tuple[object, object, object]] = [
        (band.lowest, band.highest, ratio if band.ratio else band.ratio) for band in profile.assessment.bands
    ]
    lines = moved(settlement.lines, "pre_price_yuan", 1 + Decimal(str(change)))
    return settle(lines, profile.with_bands(bands), settlement.as_of).total_yuan


def payout_sliders(settlement: Settlement, lang: str) -> Any:
    """Return sliders over `payout` (ipywidgets): ratio, threshold, non-selected rule, price before."""
    from ipywidgets import Dropdown, FloatSlider, interactive

    from vbp.words import money, say

    style: dict[str, Any] = {"style": {"description_width": "initial"}, "layout": {"width": "460px"}}

    def shown(score_ratio: float, threshold: float, nonselected: str, change: float) -> None:
        total = payout(settlement, score_ratio=score_ratio, threshold=threshold, nonselected=nonselected, change=change)
        print(say("play.payout", lang, now=money(total, lang), before=money(settlement.total_yuan, lang)))

    return interactive(
        shown,
        score_ratio=FloatSlider(0.5, min=0, max=0.5, step=0.05, description=say("play.ratio", lang), **style),
        threshold=FloatSlider(1, min=0.7, max=1.0, step=0.05, description=say("play.threshold", lang), **style),
        nonselected=Dropdown(options=["all", "none"], description=say("play.nonselected", lang), **style),
        change=FloatSlider(0, min=-0.3, max=0.3, step=0.05, description=say("play.price_before", lang), **style),
    )


def fill_template(path: Path, tables: Mapping[str, pd.DataFrame]) -> Path:
    """Write rows into a template workbook as a user would type them, below the example row; return the workbook.

    Columns go by their schema names; a column that the template does not carry is refused (KeyError).
    """
    from openpyxl import load_workbook

    from vbp.schema import TABLES
    from vbp.template.workbook import header_of

    book = load_workbook(path)
    known = (
        {table.name: table for table in TABLES.values()} if isinstance(TABLES, Mapping) else {t.name: t for t in TABLES}
    )
    for name, frame in tables.items():
        sheet = book[name]
        headers = [cell.value for cell in sheet[2]]
        place = {column.name: headers.index(header_of(column)) + 1 for column in known[name].columns}
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
