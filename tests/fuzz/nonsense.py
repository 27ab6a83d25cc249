"""Nonsense: cells, sheets and texts that mean nothing; they must be refused with file, row and column."""

from __future__ import annotations

from openpyxl.utils import get_column_letter

from tests.fuzz import writing
from tests.fuzz.case import Case, Skipped, pick, put
from tests.fuzz.writing import Formula
from vbp.schema import TABLES

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
    """Two cells merged, one above the other: a text holds for both rows; whose a number is, nobody can tell."""
    sheet = pick(case, "usage", "agreements")
    if sheet.suffix != ".xlsx" and not case.folder.book:
        return
    if sheet.more or sheet.blanks or sheet.below:
        return
    place, table = case.rng.randrange(len(sheet.rows) - 1), TABLES[sheet.table]
    numbers = {column.name for column in table.columns if column.numeric} - set(table.key)
    held = [name for name in sheet.columns if name in numbers and sheet.rows[place].get(name) is not None]
    name = case.rng.choice([sheet.columns[0], *held])
    letter, row = get_column_letter(sheet.columns.index(name) + 1), sheet.row_of(place)
    if name in numbers:
        case.at = [(sheet.table, place, name)]
        case.harden("error")
    elif name in {column.name for column in table.columns}:
        put(case, sheet.table, place + 1, name, sheet.rows[place][name])
        case.at[-1] = (sheet.table, place + 1, None)
        case.harden("either")
    else:
        return
    sheet.merge.append(f"{letter}{row}:{letter}{row + 1}")


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
    if not broken and any(sheet.export for sheet in case.folder.sheets.values()):
        return  # an import writes the city.yaml that is not there
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
