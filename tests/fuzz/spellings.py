"""Spellings: the same meaning, written as other people write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pyarrow import ArrowInvalid

from tests.fuzz import writing
from tests.fuzz.case import Case, Skipped, pick
from tests.fuzz.content import PROFILES
from tests.fuzz.writing import Sheet, header_forms, plain, spelling
from vbp.schema import TABLES

D = Decimal


def chinese_headers(case: Case) -> None:
    for sheet in case.folder.sheets.values():
        taken: set[str] = set()
        for column in sheet.columns:
            forms = [form for form in header_forms(sheet.table, column) if form not in taken]
            sheet.headers[column] = case.rng.choice(forms or [column])
            taken.add(sheet.headers[column])
        if "quantity_packs" in sheet.columns:
            sheet.headers["quantity_packs"] = case.rng.choice(["采购数量(盒)", "采购量（盒）", "quantity_packs"])
        sheet.plain_body = False


def chinese_names(case: Case) -> None:
    for sheet in case.folder.sheets.values():
        sheet.name = case.rng.choice([TABLES[sheet.table].zh, sheet.table.upper(), *TABLES[sheet.table].names])


def spelt(case: Case) -> None:
    for _ in range(case.rng.randint(1, 6)):
        sheet = pick(case)
        column = case.rng.choice(sheet.columns)
        if column in sheet.spell or any(key[1] == column for key in sheet.replaced):
            continue
        sheet.spell[column] = spelling(
            case.rng, TABLES[sheet.table].column(column), sheet.suffix == ".xlsx" or case.folder.book
        )
        sheet.plain_body = False


def encodings(case: Case) -> None:
    for sheet in case.folder.sheets.values():
        if not case.folder.book and sheet.suffix == ".csv":
            sheet.encoding = case.rng.choice(["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
            for column, way in list(sheet.spell.items()):
                try:
                    for row in sheet.rows:
                        value = row.get(column)
                        _ = value is None or str(way(value)).encode(sheet.encoding)
                except UnicodeEncodeError:
                    sheet.encoding = "utf-8"


def separators(case: Case) -> None:
    for sheet in case.folder.sheets.values():
        sheet.delimiter, sheet.end = case.rng.choice([",", "\t", ";"]), case.rng.choice(["\n", "\r\n", "\r"])


def order(case: Case) -> None:
    sheet = pick(case)
    case.rng.shuffle(sheet.columns)


def rows_shuffled(case: Case) -> None:
    sheet = pick(case)
    before = list(sheet.rows)
    case.rng.shuffle(sheet.rows)
    sheet.replaced.clear()
    case.moved(sheet.table, before)


def frames(case: Case) -> None:
    sheet = pick(case, "usage", "agreements", "awards", "hospitals", "products")
    width = len(sheet.columns)
    if case.rng.random() < 0.5:
        sheet.above = [["某市药品集中采购明细表"], ["制表单位：某局", "", "2024/3/1"]][: case.rng.randint(1, 2)]
    if case.rng.random() < 0.5:
        sheet.blanks = {case.rng.randrange(len(sheet.rows)) for _ in range(2)}
    if case.rng.random() < 0.4 and sheet.table == "usage" and width >= 5:
        sheet.below.append(_total_row(sheet))
    if case.rng.random() < 0.4:
        sheet.below.append([case.rng.choice(["注：本表由平台导出", "制表人：张三", "备注：含税"])])
    sheet.plain_body = False


def _total_row(sheet: Sheet) -> list[Any]:
    row: list[Any] = []
    for number, column in enumerate(sheet.columns):
        money = column in ("amount_yuan", "quantity_packs")
        whole = sum((one[column] for one in sheet.rows), D(0)) if money else None
        row.append(sheet.spell.get(column, plain)(whole) if money else "合计" if number == 0 else "")
    return row if "合计" in row else []


def more_columns(case: Case) -> None:
    sheet = pick(case, "usage", "products", "hospitals", "agreements", "fund")
    texts = ["=cmd|' /C calc'!A0", "@SUM(A1)", "<script>alert(1)</script>", 'a "b" c', "\x07", "换\n行", "正常", ""]
    sheet.more.append(
        (
            case.rng.randint(0, len(sheet.columns)),
            case.rng.choice(["备注", "说明文字", "remark", ""]),
            case.rng.sample(texts, 3),
        )
    )
    sheet.plain_body = False


def wan(case: Case) -> None:
    sheet = case.sheet("usage")
    if "amount_yuan" in sheet.columns and not sheet.below and "amount_yuan" not in sheet.spell:
        sheet.headers["amount_yuan"] = case.rng.choice(
            ["采购金额(万元)", "采购金额（万元）", "金额[万元]", "采购金额/万元"]
        )
        sheet.spell["amount_yuan"] = lambda value: plain(value / 10000)
        sheet.plain_body = False


def in_units(case: Case) -> None:
    """Packs given as minimum units, in a column that says so, or row by row."""
    sheet = case.sheet("usage")
    size = {row["product_id"]: row["units_per_pack"] for row in case.content.tables.get("products", [])}
    if not {row["product_id"] for row in sheet.rows} <= set(size):
        raise Skipped("products")
    if "quantity_packs" not in sheet.columns or sheet.below or "quantity_packs" in sheet.spell or sheet.replaced:
        return
    sheet.plain_body = False
    if case.rng.random() < 0.5:
        sheet.headers["quantity_packs"] = case.rng.choice(["采购数量(片)", "采购数量（支）", "quantity_units"])
        for place, row in enumerate(sheet.rows):
            sheet.replaced[place, "quantity_packs"] = plain(row["quantity_packs"] * size[row["product_id"]])
        return
    words = []
    for place, row in enumerate(sheet.rows):
        unit = case.rng.random() < 0.3
        words.append("片" if unit else "盒")
        if unit:
            sheet.replaced[place, "quantity_packs"] = plain(row["quantity_packs"] * size[row["product_id"]])
    sheet.headers["quantity_packs"] = "采购数量"
    sheet.more.append((len(sheet.columns), "单位", words))


def year_and_month(case: Case) -> None:
    sheet = case.sheet("usage")
    if "month" not in sheet.columns or sheet.below or "month" in sheet.spell:
        return
    if any(row["month"] is None for row in sheet.rows):  # an earlier step took a month away
        return
    sheet.headers["month"] = "月份"
    sheet.spell["month"] = case.rng.choice(
        [lambda day: f"{day.month}", lambda day: f"{day.month:02d}", lambda day: f"{day.month}月"]
    )
    sheet.more.append((sheet.columns.index("month"), "年份", [str(row["month"].year) for row in sheet.rows]))
    sheet.plain_body = False


def workbook(case: Case) -> None:
    case.folder.book = True
    for sheet in case.folder.sheets.values():
        sheet.name = TABLES[sheet.table].zh if case.rng.random() < 0.5 else sheet.table


def as_xlsx(case: Case) -> None:
    sheet = pick(case)
    sheet.suffix = ".xlsx"
    typed = {column: spelling(case.rng, TABLES[sheet.table].column(column), True) for column in sheet.columns}
    sheet.spell |= {column: way for column, way in typed.items() if case.rng.random() < 0.5}
    sheet.plain_body = False


def as_parquet(case: Case) -> None:
    sheet = pick(case)
    if not sheet.more and not sheet.replaced and not sheet.headers:
        try:
            writing.arrow_table(sheet)
        except ArrowInvalid as error:  # a number that no such file can hold
            raise Skipped("number") from error
        sheet.suffix = ".parquet"


def in_parts(case: Case) -> None:
    sheet = pick(case, "usage", "agreements")
    if not sheet.below and not sheet.blanks:
        sheet.parts = 2


def city_spelt(case: Case) -> None:
    text = writing.city_text(case.content.city)
    ways = [
        lambda: b"\xef\xbb\xbf" + text.encode(),
        lambda: text.replace("\n", "\r\n").encode(),
        ("# 说明\n---\n" + text + "population: 8782285\nsynthetic: true\n").encode,
        lambda: "".join(f"{name}: '{value}'\n" for name, value in case.content.city.items()).encode(),
        lambda: text.encode("utf-8") + b"note: x\n",
    ]
    case.folder.city = case.rng.choice(ways)()


def exported(case: Case) -> None:
    """Usage as an export under headers of its own, with cancelled orders, and an import profile that reads it."""
    sheet = case.sheet("usage")
    plain_file = sheet.suffix == ".csv" and sheet.parts == 1 and not case.folder.book
    if not plain_file or sheet.above or sheet.below or sheet.blanks or sheet.more or sheet.headers:
        raise Skipped("usage")
    titles = case.rng.choice(
        [["JGDM", "RQ", "YPBM", "SL", "JE", "ZT"], ["字段一", "字段二", "字段三", "字段四", "字段五", "字段六"]]
    )
    sheet.headers = dict(zip(sheet.columns, titles, strict=False))
    sheet.more.append((len(sheet.columns), titles[-1], ["完成"]))
    sheet.export, sheet.plain_body, sheet.name = True, False, "usage"


def own_rules(case: Case) -> None:
    """The folder's own rule profile: a shipped one with another threshold of completion."""
    parent, threshold = case.content.city["rule_profile"], case.rng.choice([D("0.5"), D("0.85"), D("1")])
    if case.content.rules or parent not in PROFILES:
        raise Skipped("rules")
    case.content.rules = (parent, threshold)
    case.content.city["rule_profile"] = "own.yaml"
    case.folder.city = writing.city_text(case.content.city).encode()
    case.folder.others["own.yaml"] = (
        f"name: own\nextends: {parent}\ntitle: {{zh: 本市规则, en: Rules of our own}}\n"
        "place: {zh: 试验市, en: Trial}\neffective: {from: 2023-01-01}\n"
        'source: {document: 试验〔2023〕1号, publisher: 试验市医保局, date: "2023-01"}\n'
        f"settlement: {{completion_threshold: {threshold}}}\n"
    ).encode()
