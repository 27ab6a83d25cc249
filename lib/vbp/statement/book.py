"""Write the workbook: summary, one sheet per hospital, parameters, sources and checks; or one file per hospital."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from vbp.statement import cells
from vbp.statement.cells import Formula
from vbp.statement.data import hospital_data
from vbp.statement.heading import Heading
from vbp.statement.hospital import RowCells, write_hospital
from vbp.statement.parameters import SHEET, write_parameters, write_sources
from vbp.surplus import Settlement
from vbp.surplus.lines import records
from vbp.tables.excel import save
from vbp.whole import probe, whole_file, whole_folder

LARGEST_LINES, LARGEST_HOSPITALS = 40_000, 120
"""Above either, Excel opens one workbook only with pain: one file per hospital and a summary instead."""
HEADS = (
    "医疗机构代码",
    "医疗机构",
    "批次",
    "协议年度",
    "预算B(元)",
    "支出E(元)",
    "净额(元)",
    "结余测算基数(元)",
    "留用比例k",
    "结余留用额(元)",
    "系统核算额(元)",
    "核对",
    "说明",
)
OURS = re.compile(r"\d{3,}_.*\.xlsx", re.DOTALL)
"""Names of a large city's workbooks: what a new statement may take the place of."""
WIDTHS = (16, 28, 12, 9, 17, 17, 17, 17, 10, 17, 17, 9, 46)
FIRST = 5
HINT = "“系统核算额”为程序精确计算结果；“核对”变红表示与表内公式结果不一致（例如改动了参数）。"


def write_statement(settlement: Settlement, out: Path, heading: Heading | None = None) -> list[Path]:
    """Write the statement to `out` (.xlsx) and return the files written.

    A large city gets a summary in `out` and one workbook per hospital in the folder `<out's name>_hospitals` beside.
    Files are written to temporary siblings first: a failure leaves what was there.
    """
    probe(out)
    heading = heading or Heading()
    hospitals = list(dict.fromkeys(settlement.table["hospital_id"]))
    if len(settlement.lines) <= LARGEST_LINES and len(hospitals) <= LARGEST_HOSPITALS:
        return [_replaced(out, _whole(settlement, hospitals, heading))]
    folder = out.with_name(f"{out.stem}_hospitals")
    with whole_folder(folder, OURS) as fresh:
        for number, hospital in enumerate(hospitals, start=1):
            book = _whole(settlement, [hospital], heading)
            save(book, fresh / f"{cells.sheet_name(number, hospital)}.xlsx")
    return [_replaced(out, _summary_only(settlement, heading)), *sorted(folder.iterdir())]


def _replaced(out: Path, book: Workbook) -> Path:
    with whole_file(out) as scratch:
        save(book, scratch)
    return out


def _book() -> Workbook:
    book = Workbook(write_only=True)
    # a fixed date: the same inputs give the same contents
    book.properties.created = book.properties.modified = datetime(2000, 1, 1)
    book.properties.creator = "vbp"
    book.calculation.fullCalcOnLoad = True
    return book


def _whole(settlement: Settlement, hospitals: Sequence[str], heading: Heading) -> Workbook:
    book = _book()
    summary = book.create_sheet("汇总")
    sheets, links, names = [], [], []
    for number, hospital in enumerate(hospitals, start=1):
        data = hospital_data(settlement, hospital)
        name = _hospital_name(data.items, hospital)
        sheet = book.create_sheet(cells.sheet_name(number, name))
        links += write_hospital(
            sheet,
            data,
            settlement.profile,
            heading.title(f"{name}结余留用核算表"),
            _subtitle(settlement),
            heading.header,
        )
        names += [name] * len(data.rows)
        sheets.append(sheet)
    _summary(summary, settlement, set(hospitals), links, names, heading)
    write_parameters(book.create_sheet(SHEET), settlement.profile, heading.title("参数"), heading.header)
    write_sources(
        book.create_sheet("来源与核对"), settlement, heading.title("来源与核对"), heading.header, heading.provenance
    )
    return book


def _hospital_name(items: Any, hospital: str) -> str:
    name = items["hospital_name"].iloc[0] if "hospital_name" in items else None
    return str(name) if isinstance(name, str) and name else hospital


def _subtitle(settlement: Settlement) -> str:
    profile = settlement.profile
    until = f"　截至 {settlement.as_of}" if settlement.as_of else ""
    return f"规则：{profile.title.zh}（{profile.source.document}）{until}　金额单位：元"


def _summary(
    sheet: Any, settlement: Settlement, hospitals: set[str], links: list[RowCells], names: list[str], heading: Heading
) -> None:
    """Write the summary: each amount links to the hospital's sheet, the total is the sum of rounded rows."""
    mask = settlement.table["hospital_id"].isin(hospitals)
    table = settlement.table[mask]
    last = FIRST + len(table) - 1
    _summary_head(sheet, heading, settlement, last)
    for place, (row, link, name) in enumerate(zip(records(table), links, names, strict=True)):
        sheet.append(_linked(sheet, row, link, name, FIRST + place))
    known = [value for value in table["retained_yuan"] if value is not None]
    _total(sheet, last, sum(known))


def _summary_head(sheet: Any, heading: Heading, settlement: Settlement, last: int) -> None:
    cells.page(sheet, WIDTHS, f"C{FIRST}", heading.header)
    sheet.print_title_rows = f"{FIRST - 1}:{FIRST - 1}"
    sheet.print_area = f"A1:M{last + 1}"
    sheet.auto_filter.ref = f"A{FIRST - 1}:M{last}"
    cells.red_where_different(sheet, f"L{FIRST}:L{last + 1}", f"$L{FIRST}")
    sheet.append([cells.title_cell(sheet, heading.title("结余留用汇总表"))])
    sheet.append([cells.small_cell(sheet, _subtitle(settlement))])
    sheet.append([cells.small_cell(sheet, HINT)])
    sheet.append([cells.head_cell(sheet, head) for head in HEADS])


def _linked(sheet: Any, row: dict[str, Any], link: RowCells, name: str, n: int) -> list[Any]:
    def at(column: str) -> Formula:
        return Formula(f"'{link.sheet}'!{column}{link.line}")

    money = [cells.cell(sheet, at(column), cells.MONEY) for column in "GHIJ"]
    return [
        cells.cell(sheet, row["hospital_id"]),
        cells.cell(sheet, name),
        cells.cell(sheet, row["batch_id"]),
        cells.cell(sheet, int(row["agreement_year"])),
        *money,
        cells.cell(sheet, at("E"), cells.RATIO),
        cells.cell(sheet, at("M"), cells.MONEY),
        cells.cell(sheet, at("N"), cells.MONEY),
        cells.cell(sheet, at("O")),
        cells.cell(sheet, Formula(f"'{link.sheet}'!P{link.line}&\"\"")),
    ]


def _total(sheet: Any, last: int, library: Any) -> None:
    n = last + 1
    blank = [cells.cell(sheet, "合计"), *(cells.cell(sheet, None) for _ in range(8))]
    sheet.append(
        [
            *blank,
            cells.cell(sheet, Formula(f"SUM(J{FIRST}:J{last})"), cells.MONEY),
            cells.cell(sheet, library, cells.MONEY),
            cells.cell(sheet, Formula(f'IF(ABS(J{n}-K{n})<0.005,"一致","不一致")')),
            cells.cell(sheet, "未到期、未知的行不计入合计"),
        ]
    )


def _summary_only(settlement: Settlement, heading: Heading) -> Workbook:
    """Return the summary of a large city: the library's amounts, summed by a formula; items in the files."""
    book = _book()
    sheet = book.create_sheet("汇总")
    table = settlement.table
    last = FIRST + len(table) - 1
    _summary_head(sheet, heading, settlement, last)
    lines = settlement.lines
    names = (
        lines.text("hospital_name")[lines.row_starts]
        if "hospital_name" in lines.facts
        else table["hospital_id"].to_numpy()
    )
    for place, row in enumerate(records(table)):
        n, due = FIRST + place, row["retained_yuan"]
        reasons = "；".join(reason.text("zh") for reason in settlement.reasons_of(place))
        shown = due if due is not None else "未到期或未知"
        money = [
            cells.cell(sheet, row[name], cells.MONEY)
            for name in ("budget_yuan", "expenditure_yuan", "net_yuan", "base_yuan")
        ]
        sheet.append(
            [
                cells.cell(sheet, row["hospital_id"]),
                cells.cell(sheet, names[place] or row["hospital_id"]),
                cells.cell(sheet, row["batch_id"]),
                cells.cell(sheet, int(row["agreement_year"])),
                *money,
                cells.cell(sheet, row["ratio"], cells.RATIO),
                cells.cell(sheet, shown, cells.MONEY),
                cells.cell(sheet, shown, cells.MONEY),
                cells.cell(sheet, Formula(f'IF(J{n}=K{n},"一致","不一致")')),
                cells.cell(sheet, reasons),
            ]
        )
    _total(sheet, last, settlement.total_yuan)
    write_parameters(book.create_sheet(SHEET), settlement.profile, heading.title("参数"), heading.header)
    write_sources(
        book.create_sheet("来源与核对"), settlement, heading.title("来源与核对"), heading.header, heading.provenance
    )
    return book
