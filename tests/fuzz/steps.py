"""Steps that spoil a folder, and what must come of each: the same totals, other totals, a refusal, or either.

A *spelling* leaves the meaning as it is. A *change* alters the meaning, which the truth is then computed from.
*Nonsense* puts a cell that means nothing: it must be refused with file, row and column. *Damage* spoils bytes.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pyarrow import ArrowInvalid

from tests.fuzz import writing
from tests.fuzz.content import MONTHS, PROFILES, Content
from tests.fuzz.writing import Folder, Formula, Sheet, header_forms, plain, spelling
from vbp.schema import TABLES

D = Decimal


class Skipped(LookupError):
    """The step does not apply to this case."""


@dataclass
class Case:
    """One spoilt folder: its meaning, how it is written, and what must come of it.

    `expect`: "same" (totals of `content`), "either" (these totals, or a refusal that names the place), "error" (refused
    at `at`), "reader" (what a plain reader of the spoilt file has, or a refusal), "refused" (whatever the place).
    """

    content: Content
    folder: Folder
    rng: random.Random
    number: int
    expect: str = "same"
    at: list[tuple[str, int | None, str | None]] = field(default_factory=list)
    """(table, place of the row or None, column or None) that a refusal or a warning must name one of."""
    steps: list[str] = field(default_factory=list)
    spoilt: str | None = None

    def sheet(self, table: str) -> Sheet:
        """The sheet of a table; `Skipped` where a step before has taken it away."""
        if table not in self.folder.sheets:
            raise Skipped(table)
        return self.folder.sheets[table]

    def harden(self, expect: str) -> None:
        """Expect more caution: same < either < error."""
        order = ["same", "either", "reader", "refused", "error"]
        self.expect = max(self.expect, expect, key=order.index)

    def moved(self, table: str, before: list[Any]) -> None:
        """Follow the rows that `at` names to where they stand since `before`."""
        now = {id(row): place for place, row in enumerate(self.sheet(table).rows)}
        self.at = [
            (name, now[id(before[place])] if name == table and place is not None else place, column)
            for name, place, column in self.at
        ]


Step = Callable[[Case], None]


def pick(case: Case, *among: str) -> Sheet:
    """A random table's sheet."""
    left = [name for name in (among or case.folder.sheets) if name in case.folder.sheets]
    return case.sheet(case.rng.choice(left or ["none"]))


# spellings


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


# changes of meaning


def amounts(case: Case) -> None:
    """Some amounts or quantities become other numbers: negative, nothing, tiny, huge."""
    sheet = case.sheet("usage")
    column = case.rng.choice(["amount_yuan", "quantity_packs"])
    for _ in range(case.rng.choice([1, 1, 3, 40])):
        place = case.rng.randrange(len(sheet.rows))
        value = sheet.rows[place][column]
        new = case.rng.choice(
            [
                -value,
                D(0),
                value * 10,
                value * 10000,
                D("0.01"),
                D("0.0001") if column == "quantity_packs" else D("0.01"),
                D("12345.67"),
            ]
        )
        _set(case, "usage", place, column, new)
    case.harden("either")


def huge(case: Case) -> None:
    """Amounts near and beyond what can be kept."""
    sheet = case.sheet("usage")
    column = case.rng.choice(["amount_yuan", "quantity_packs"])
    digits = case.rng.choice([9, 11, 12, 13, 14, 15, 16, 18])
    for _ in range(case.rng.choice([1, 20, 200])):
        place = case.rng.randrange(len(sheet.rows))
        _set(case, "usage", place, column, D(10**digits - 1 - place))
    case.harden("either")


def small_tables(case: Case) -> None:
    """A number of a small table becomes another."""
    table, column, values = case.rng.choice(
        [
            ("agreements", "agreed_quantity_units", [D(0), D("0.0001"), D("1234.5678"), D(10**9), D(10**13)]),
            ("agreements", "base_quantity_units", [D(0), D("33.3333"), D("1234.5678"), D(10**9), D(10**13)]),
            ("awards", "selected_price_yuan", [D("0.000001"), D("0.1"), D("99999.999999"), D(10**7)]),
            ("varieties", "pre_price_yuan_per_unit", [D("0.000001"), D("3.333333"), D(10**7), None]),
            ("products", "units_per_pack", [1, 3, 100000]),
            ("products", "spec_factor", [D("0.33333333"), D("0.00000001"), D(10000), None]),
            ("fund", "fund_ratio", [D(0), D(1), D("0.33333333")]),
            ("fund", "insured_share", [D(0), D("0.12345678")]),
            ("fund", "excluded_share", [D(0), D(1), D("0.05")]),
            ("assessments", "score", [D(0), D("59.9999"), D(60), D(100), D("79.9999"), D(80)]),
        ]
    )
    if table in case.content.tables:
        for _ in range(case.rng.choice([1, 1, 4])):
            place = case.rng.randrange(len(case.sheet(table).rows))
            _set(case, table, place, column, case.rng.choice(values))
        case.harden("either")


def text_changes(case: Case) -> None:
    """A word, a role, a flag, a group or a cycle becomes another."""
    table, column, values = case.rng.choice(
        [
            ("awards", "supply_role", ["main", "backup1", "backup2", "elsewhere"]),
            ("hospitals", "county_group", [None, "G1", "G2"]),
            ("products", "originator", [True, False]),
            ("products", "consistency_evaluated", [True, False, None]),
            ("products", "substitute_group", [None, "S1", "S2"]),
            ("products", "exempt_reason", [None, "短缺"]),
            ("products", "generic", ["甲片", "乙注射液", "丙胶囊"]),
            ("varieties", "cycle", [1, 2, 3]),
            ("varieties", "category", ["drug", "consumable", "reagent"]),
            ("usage", "product_id", ["P1", "P2", "P3", "P4"]),
            ("usage", "hospital_id", ["H001", "H002", "H005"]),
            ("usage", "month", MONTHS),
        ]
    )
    place = case.rng.randrange(len(case.sheet(table).rows))
    if table == "usage" and column == "month" and case.content.dated:
        return
    _set(case, table, place, column, case.rng.choice(values))
    case.harden("either")


def dates(case: Case) -> None:
    """Awards or agreements start or end on other days."""
    table = case.rng.choice(["awards", "agreements"])
    shift = dt.timedelta(days=case.rng.choice([-40, -15, -1, 1, 14, 15, 16, 30, 200]))
    column = case.rng.choice(["start_date", "end_date"])
    whole = case.rng.random() < 0.5
    places = range(len(case.sheet(table).rows)) if whole else [case.rng.randrange(len(case.sheet(table).rows))]
    for place in places:
        _set(case, table, place, column, case.sheet(table).rows[place][column] + shift)
    case.harden("either")


def rows_gone(case: Case) -> None:
    """Rows are missing: an equally valid, smaller folder, or one that lacks what it refers to."""
    table = case.rng.choice([name for name in case.folder.sheets if name not in ("fund",)])
    sheet = case.sheet(table)
    gone = set(case.rng.sample(range(len(sheet.rows)), min(case.rng.choice([1, 1, 3]), len(sheet.rows) - 1)))
    gone -= {
        place for name, place, _ in case.at if name == table and place is not None
    }  # what a step before has spoilt
    if not gone or sheet.replaced or sheet.more:
        return
    _rows(case, table, [row for place, row in enumerate(sheet.rows) if place not in gone])
    case.harden("either")


def rows_twice(case: Case) -> None:
    """A row stands twice: counted twice with a warning where that may be right, refused where it cannot."""
    table = case.rng.choice(list(case.folder.sheets))
    sheet = case.sheet(table)
    if sheet.replaced or sheet.more:
        return
    place = case.rng.randrange(len(sheet.rows))
    again = case.rng.choice([place + 1, len(sheet.rows)])
    _rows(case, table, [*sheet.rows[:again], dict(sheet.rows[place]), *sheet.rows[again:]])
    if table == "usage":
        case.at.append(("usage", again, None))
        case.harden("either")
        case.steps.append("(must warn)")
    else:
        case.harden("error")
        case.at = [(table, again, None), (table, place, None)]


def columns_crossed(case: Case) -> None:
    """The headers of two columns have changed places."""
    sheet = pick(case)
    one, two = case.rng.sample(sheet.columns, 2)
    if (
        sheet.headers
        or sheet.spell
        or sheet.replaced
        or sheet.more
        or case.folder.book
        or sheet.suffix != ".csv"
        or sheet.below
    ):
        return
    sheet.headers = {one: two, two: one}
    sheet.plain_body = True
    case.spoilt = sheet.table
    case.harden("reader")


def profile(case: Case) -> None:
    case.content.city["rule_profile"] = case.rng.choice(PROFILES)
    case.folder.city = writing.city_text(case.content.city).encode()


def table_gone(case: Case) -> None:
    table = case.rng.choice(
        ["assessments", "settlements", "agreements", "fund", "usage", "products", "hospitals", "varieties", "awards"]
    )
    if table in case.content.tables:
        del case.content.tables[table], case.folder.sheets[table]
        case.harden("error" if table in ("usage", "products", "hospitals") else "either")
        case.at.append((table, None, None))


def funds(case: Case) -> None:
    """Another fund row: one that wins, one that ties, one that matches nothing."""
    sheet = case.sheet("fund") if "fund" in case.folder.sheets else None
    if sheet is None or sheet.replaced or sheet.more:
        return
    keys = case.rng.choice(
        [
            {"hospital_id": "H002"},
            {"batch_id": "B1"},
            {"generic": "甲片"},
            {"agreement_year": 1},
            {"hospital_id": "H003", "batch_id": "B2"},
            {"fund": "employee"},
            {},
        ]
    )
    row = {**dict.fromkeys(sheet.rows[0]), **keys, "fund_ratio": D("0.5"), "insured_share": D("0.3")}
    _rows(case, "fund", [*sheet.rows, row])
    sheet.columns = [*dict.fromkeys([*keys, *sheet.columns])]
    case.harden("either")
    case.at.append(("fund", None, None))


# nonsense: must be refused with file, row and column

NUMBERS = [
    "abc",
    "12,34",
    "1.2.3",
    "#REF!",
    "#N/A",
    "=1+1",
    "9" * 30,
    "１０Ｏ",
    "inf",
    "-inf",
    "∞",
    "1/2",
    "十二",
    "0x1F",
    "1_000",
    "--5",
    "1e999",
    "5.",
    "1 2",
    "5吨",
    "1,2345",
    "٣x",
    "²",
]
BAD: dict[str, list[str]] = {
    "amount": [*NUMBERS, "5片"],
    "quantity": [*NUMBERS, "5吨"],
    "price": NUMBERS,
    "ratio": [*NUMBERS, "1.7", "-0.1", "170%"],
    "factor": [*NUMBERS, "-1", "0"],
    "score": [*NUMBERS, "101", "-1", "优"],
    "count": [*NUMBERS, "1.5", "-1", "0"],
    "date": [
        "abc",
        "2023-02-30",
        "2023-13-01",
        "3/1/24",
        "2023",
        "99999",
        "1889-01-01",
        "2023-03",
        "#REF!",
        "２０２３",
        "昨天",
        "2023-03-01T25",
    ],
    "month": ["abc", "2023-13", "3/1/24", "2023", "2023.1", "99999", "2023Q1", "二〇二三年一月", "#REF!", "2023-00"],
    "flag": ["maybe", "2", "#REF!", "是否"],
    "code": ["1.23E+17", "#REF!"],
}


def nonsense(case: Case) -> None:
    """A cell that means nothing."""
    table = case.rng.choice([*case.folder.sheets, "usage"])
    sheet = case.sheet(table)
    choices = [column for column in sheet.columns if TABLES[table].column(column).kind in BAD]
    column = case.rng.choice(choices)
    kind = TABLES[table].column(column)
    place = case.rng.randrange(len(sheet.rows))
    texts = [
        *BAD[kind.kind],
        *(["", "-", "NaN", "无", "—"] if kind.required and not (column == "amount_yuan" and sheet.below) else []),
    ]
    if sheet.suffix == ".parquet":
        return
    text = case.rng.choice(texts)
    if kind.kind == "flag" and text == "无":  # that is a word for no
        return
    sheet.replaced[place, column] = text
    case.at = [(table, place, column)]
    case.harden("error")


def strange_id(case: Case) -> None:
    """A row names a hospital, product, batch or word that is nowhere."""
    table, column, value = case.rng.choice(
        [
            ("usage", "hospital_id", "H999"),
            ("usage", "product_id", "p1"),
            ("agreements", "hospital_id", "H0001"),
            ("agreements", "generic", "甲 片"),
            ("awards", "product_id", "P1 x"),
            ("awards", "supply_role", "替补"),
            ("varieties", "level", "宇宙级"),
            ("products", "category", "玩具"),
            ("assessments", "hospital_id", "H9"),
            ("fund", "share_basis", "猜"),
            ("usage", "product_id", "'; DROP TABLE usage; --"),
        ]
    )
    if column == "generic" and "varieties" not in case.folder.sheets:
        raise Skipped("varieties")  # nothing says which generics there are, and nothing is computed of agreements
    if table in case.folder.sheets and column in case.sheet(table).columns and case.sheet(table).suffix != ".parquet":
        place = case.rng.randrange(len(case.sheet(table).rows))
        case.sheet(table).replaced[place, column] = value
        case.at = [(table, place, column)]
        case.harden("error")


def excel_faults(case: Case) -> None:
    """A formula without a stored result, where a number is needed."""
    sheet = pick(case, "usage", "awards", "agreements")
    if case.folder.book or sheet.suffix == ".xlsx":
        column = case.rng.choice([name for name in sheet.columns if TABLES[sheet.table].column(name).numeric])
        place = case.rng.randrange(len(sheet.rows))
        sheet.replaced[place, column] = Formula("A1+1")
        case.at = [(sheet.table, place, column)]
        case.harden("error")


def merged(case: Case) -> None:
    """Two cells merged: the second has lost its value."""
    sheet = pick(case, "usage", "agreements")
    if sheet.suffix != ".xlsx" and not case.folder.book:
        return
    place, column = case.rng.randrange(len(sheet.rows) - 1), 0
    if not TABLES[sheet.table].column(sheet.columns[column]).required or sheet.more or sheet.blanks or sheet.below:
        return
    row = sheet.row_of(place)
    sheet.merge.append(f"A{row}:A{row + 1}")
    case.at = [(sheet.table, place + 1, sheet.columns[0])]
    case.harden("error")


def hidden_sheet(case: Case) -> None:
    if case.folder.book:
        sheet = pick(case)
        case.folder.hidden.append(sheet.name)
        case.content.tables.pop(sheet.table)
        case.folder.sheets[sheet.table].rows = case.folder.sheets[sheet.table].rows
        case.harden("error" if sheet.table in ("usage", "products", "hospitals") else "either")
        case.at.append((sheet.table, None, None))


def city_broken(case: Case) -> None:
    text = writing.city_text(case.content.city)
    broken = case.rng.choice(
        [
            b"",
            b"[]",
            text.encode("gbk"),
            b"name_zh: !!python/object/apply:os.system ['true']\n",
            text.replace("rule_profile", "profile").encode(),
            text.replace("national", "nationl").replace("quanzhou", "q").replace("zhoukou", "z").encode()
            + b"rule_profile: nowhere\n",
            b"name_zh: [1, 2]\n" + text.encode(),
            text.encode() + b"\tbad: 1\n",
            text.encode() + b"population: many\n",
            text.encode() + b"synthetic: perhaps\n",
            b"\x00\x01\x02",
            text.encode()
            + b"a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\nname_zh: *a\n",
            text.replace(": ", ":").encode(),
        ]
    )
    case.folder.city = broken
    case.at = [("city", None, None)]
    case.harden("error")


def other_files(case: Case) -> None:
    sheet = case.sheet(case.rng.choice(list(case.folder.sheets)))
    data = writing.encoded(sheet, sheet.grid()) if sheet.suffix == ".csv" and not case.folder.book else b"a,b\n1,2\n"
    name, expect = case.rng.choice(
        [
            ("notes.txt", "same"),
            ("readme.md", "same"),
            ("photo.jpg", "same"),
            (f"{sheet.table} - 副本.csv", "refused"),
            (f"{sheet.table} (1).csv", "refused"),
            ("~$usage.xlsx", "same"),
            (".hidden.csv", "same"),
        ]
    )
    if expect == "refused" and (
        case.folder.book or sheet.suffix != ".csv" or sheet.parts > 1 or sheet.name != sheet.table
    ):
        return
    case.folder.others[name] = (
        data if expect == "refused" else b"\x00\x01binary" if name == "photo.jpg" else b"text without a table\n"
    )
    case.harden(expect)


# damage: bytes spoilt


def _damage(case: Case, change: Callable[[bytes], bytes]) -> None:
    sheet = pick(case)
    if sheet.suffix == ".xls" or case.folder.book or sheet.parts > 1 or sheet.suffix == ".parquet" or sheet.damage:
        return
    sheet.damage = change
    case.spoilt = sheet.table
    case.harden("reader")


def cut(case: Case) -> None:
    share = case.rng.random()
    _damage(case, lambda data: data[: max(int(len(data) * share), 1)])


def cut_near_end(case: Case) -> None:
    left = case.rng.randint(1, 40)
    _damage(case, lambda data: data[:-left] or data[:1])


def flip(case: Case) -> None:
    seed = case.rng.random()

    def change(data: bytes) -> bytes:
        rng, spoilt = random.Random(seed), bytearray(data)
        for _ in range(rng.randint(1, 4)):
            spoilt[rng.randrange(len(spoilt))] = rng.choice(
                [rng.randrange(256), ord(rng.choice('0123456789,".\n\r-')) if rng.random() < 0.8 else 0]
            )
        return bytes(spoilt)

    _damage(case, change)


def book_damaged(case: Case) -> None:
    """The one workbook of all tables is cut off, or some of its bytes are others."""
    if case.spoilt or any(sheet.damage or sheet.export for sheet in case.folder.sheets.values()):
        raise Skipped("damaged already")
    case.folder.book = True
    share, seed = case.rng.random(), case.rng.random()

    def flipped(data: bytes) -> bytes:
        rng, spoilt = random.Random(seed), bytearray(data)
        for _ in range(rng.choice([1, 4, 40])):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        return bytes(spoilt)

    ways: list[Callable[[bytes], bytes]] = [flipped, flipped, lambda data: data[: max(int(len(data) * share), 1)]]
    case.folder.damage = case.rng.choice(ways)
    case.harden("reader")


def called_xls(case: Case) -> None:
    """A file that is called .xls and is none: text with tabs, a web page, a new workbook, an old one cut off."""
    sheet = pick(case)
    if case.folder.book or sheet.parts > 1 or sheet.suffix != ".csv" or sheet.damage or sheet.export:
        raise Skipped("no such file")
    sheet.suffix, sheet.inside = ".xls", case.rng.choice(["text", "html", "xlsx", "ole"])
    case.at.append((sheet.table, None, None))
    case.harden("either")


def emptied(case: Case) -> None:
    data = case.rng.choice([b"", b"\n\n\n", b"\xef\xbb\xbf", b"   ", b"\xff\xfe", b"PK\x03\x04", b"\x00" * 50])
    _damage(case, lambda _: data)


def doubled(case: Case) -> None:
    _damage(case, lambda data: data + data)


def _set(case: Case, table: str, place: int, column: str, value: Any) -> None:
    row = case.sheet(table).rows[place]
    row[column] = value
    sheet = case.sheet(table)
    if column not in sheet.columns and value is not None:
        sheet.columns.append(column)
    case.at.append((table, place, column))
    if sheet.below and column in ("amount_yuan", "quantity_packs"):
        sheet.below = [line for line in sheet.below if "合计" not in line]


def _rows(case: Case, table: str, rows: list[Any]) -> None:
    before = case.sheet(table).rows
    case.content.tables[table] = case.sheet(table).rows = rows
    case.moved(table, before)
    case.sheet(table).below = []
    case.sheet(table).blanks = set()


CHANGES: tuple[Step, ...] = (
    amounts,
    amounts,
    huge,
    small_tables,
    small_tables,
    text_changes,
    text_changes,
    dates,
    rows_gone,
    rows_twice,
    profile,
    table_gone,
    funds,
)
SPELLINGS: tuple[Step, ...] = (
    workbook,
    as_xlsx,
    as_parquet,
    chinese_headers,
    chinese_names,
    in_units,
    wan,
    year_and_month,
    spelt,
    spelt,
    order,
    rows_shuffled,
    more_columns,
    frames,
    in_parts,
    separators,
    encodings,
    city_spelt,
    own_rules,
    exported,
)
NONSENSE: tuple[Step, ...] = (
    nonsense,
    nonsense,
    nonsense,
    nonsense,
    strange_id,
    excel_faults,
    merged,
    hidden_sheet,
    city_broken,
    other_files,
)
DAMAGE: tuple[Step, ...] = (
    cut,
    cut_near_end,
    flip,
    flip,
    flip,
    emptied,
    doubled,
    columns_crossed,
    book_damaged,
    called_xls,
    called_xls,
)
