"""Spoil a right folder in every way people's files are spoilt, and say what must come of it.

Run for hours:  PYTHONPATH=lib python -m tests.mutate --seed 1 --count 100000
Each case is read right (the sums are the same), or refused with file and row, or (bytes flipped) agrees with a plain
reader written here; never an exception. A failing case prints its number: `--seed S --only N` repeats it.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests import small_folder

HEADER = ["hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"]
CHINESE = ["医疗机构编码", "采购月份", "药品编码", "采购数量(盒)", "采购金额(元)"]
SAID = {
    "total_differs",
    "returns",
    "duplicate_row",
    "repeated_key",
    "last_line",
    "rounded",
    "rows_left_out",
    "price_outlier",
}


@dataclass
class Case:
    """A usage table on its way to a file: cells as texts, how it is written, and what must come of it.

    `expect`: "same" (no error, equal sums), "error" (refused; `row` and `column` named where given), "plain" (as the
    plain reader).
    """

    rows: list[list[str]]
    name: str = "usage.csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    end: str = "\n"
    above: list[list[str]] = field(default_factory=list)
    spoil: Callable[[bytes], bytes] | None = None
    expect: str = "same"
    row: int | None = None
    column: str | None = None
    steps: list[str] = field(default_factory=list)


def base(rng: random.Random) -> Case:
    """A right table of 3 to 40 rows."""
    rows = [[str(cell) for cell in row] for row in small_folder.usage_rows()]
    return Case([rows[0], *rng.sample(rows[1:], rng.randint(3, 40))])


def sums(rows: Sequence[Sequence[str]]) -> tuple[Decimal, Decimal]:
    """Packs and yuan of a table as it was before it was spoilt."""
    return sum((Decimal(row[3]) for row in rows[1:]), Decimal(0)), sum(
        (Decimal(row[4]) for row in rows[1:]), Decimal(0)
    )


# harmless: must be read right


def encoding(case: Case, rng: random.Random) -> None:
    case.rows[0] = list(CHINESE)
    case.encoding = rng.choice(["gbk", "gb18030", "utf-8-sig", "utf-16", "utf-8"])


def line_ends(case: Case, rng: random.Random) -> None:
    case.end = rng.choice(["\r\n", "\r", "\n"])


def delimiter(case: Case, rng: random.Random) -> None:
    case.delimiter = rng.choice(["\t", ";", ","])


def swapped_columns(case: Case, rng: random.Random) -> None:
    order = rng.sample(range(5), 5)
    case.rows = [[row[place] for place in order] for row in case.rows]


def title_rows(case: Case, rng: random.Random) -> None:
    case.above += [["某市2024年药品采购明细表"], ["单位：见表头", "", "打印日期：2024/3/1"]][: rng.randint(1, 2)]


def total_rows(case: Case, rng: random.Random) -> None:
    packs, yuan = sums(_ordered(case))
    word = rng.choice(["合计", "总计", "合 计：", "Total", "共计"])
    case.rows.append(_by_header(case, {"hospital_id": word, "quantity_packs": f"{packs}", "amount_yuan": f"{yuan}"}))


def blank_rows(case: Case, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 3)):
        case.rows.insert(rng.randint(1, len(case.rows)), rng.choice([[], [""] * len(case.rows[0]), ["  "]]))


def blank_column(case: Case, rng: random.Random) -> None:
    place = rng.randint(0, len(case.rows[0]))
    case.rows = [[*row[:place], "", *row[place:]] if row else row for row in case.rows]


def note_below(case: Case, rng: random.Random) -> None:
    case.rows.append([rng.choice(["注：本表数据由平台导出", "制表人：张三", "备注：含税", "数据来源：省平台"])])


def thousands(case: Case, rng: random.Random) -> None:
    _each(case, "amount_yuan", lambda text: f"{Decimal(text):,}" if text else text)


def full_width(case: Case, rng: random.Random) -> None:
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    _each(case, rng.choice(["amount_yuan", "quantity_packs"]), lambda text: text.translate(wide))


def months_written(case: Case, rng: random.Random) -> None:
    ways = [
        lambda y, m: f"{y}年{m}月",
        lambda y, m: f"{y}{m:02d}",
        lambda y, m: f"{y}/{m}",
        lambda y, m: f"{y}-{m:02d}-15",
        lambda y, m: f"{y}/{m}/1 0:00:00",
        lambda y, m: f"{y}.{m:02d}",
        lambda y, m: f"{y}年{m:02d}月{3:02d}日",
    ]

    def change(text: str) -> str:
        match = re.fullmatch(r"(\d{4})-(\d\d)", text)
        return rng.choice(ways)(int(match[1]), int(match[2])) if match else text

    _each(case, "month", change)


def serials(case: Case, rng: random.Random) -> None:
    import datetime as dt

    def change(text: str) -> str:
        match = re.fullmatch(r"(\d{4})-(\d\d)", text)
        return (
            str((dt.date(int(match[1]), int(match[2]), rng.randint(1, 28)) - dt.date(1899, 12, 30)).days)
            if match
            else text
        )

    _each(case, "month", change)


def wan_yuan(case: Case, rng: random.Random) -> None:
    place = _place(case, "amount_yuan")
    if place is None:
        return
    case.rows[0][place] = rng.choice(["采购金额(万元)", "采购金额（万元）", "金额[万元]", "采购金额/万元"])
    for row in case.rows[1:]:
        if len(row) > place and re.fullmatch(r"[\d.]+", row[place]):
            row[place] = f"{Decimal(row[place]) / 10000:f}"


def forced_text(case: Case, rng: random.Random) -> None:
    place = _place(case, "product_id")
    for row in case.rows[1:]:
        if place is not None and len(row) > place and row[place]:
            row[place] = rng.choice(['="{}"', "{}\t", " {} ", "{}"]).format(row[place])


def injected_text(case: Case, rng: random.Random) -> None:
    case.rows[0].append(rng.choice(["备注", "说明文字", "remark"]))
    for row in case.rows[1:]:
        if len(row) == len(case.rows[0]) - 1:
            row.append(
                rng.choice(
                    ["=cmd|' /C calc'!A0", "@SUM(A1)", "+1+1", "<script>alert(1)</script>", "换\n行", 'a "b" c', "\x07"]
                )
            )


def cell_units(case: Case, rng: random.Random) -> None:
    _each(case, "quantity_packs", lambda text: f"{text}盒" if re.fullmatch(r"\d+", text) else text)
    _each(
        case,
        "amount_yuan",
        lambda text: rng.choice(["￥{}", "{}元", "{}"]).format(text) if re.fullmatch(r"[\d.]+", text) else text,
    )


def repeated_header(case: Case, rng: random.Random) -> None:
    case.rows.insert(rng.randint(2, len(case.rows)), list(case.rows[0]))


# harmful: must be refused


def bad_cell(case: Case, rng: random.Random) -> None:
    column, text = rng.choice(
        [
            ("amount_yuan", "abc"),
            ("amount_yuan", "12,34"),
            ("amount_yuan", "1.2.3"),
            ("quantity_packs", "十盒"),
            ("quantity_packs", ""),
            ("amount_yuan", "#REF!"),
            ("month", "2024-13"),
            ("month", "3/1/24"),
            ("month", "2024.1"),
            ("month", "2024Q1"),
            ("month", ""),
            ("hospital_id", ""),
            ("product_id", "1.23E+17"),
            ("product_id", ""),
            ("quantity_packs", "5片"),
            ("amount_yuan", "9" * 30),
            ("month", "二〇二四年"),
            ("amount_yuan", "=1+1"),
            ("quantity_packs", "１０Ｏ"),
        ]
    )
    place = _place(case, column)
    rows = [
        number
        for number, row in enumerate(case.rows)
        if number
        and place is not None
        and len(row) > place
        and row[place]
        and len(row) >= 5
        and all(row[:5])
        and row[0] != case.rows[0][0]
    ]
    if place is None or not rows:
        return
    number = rng.choice(rows)
    case.rows[number][place] = text
    case.expect, case.row, case.column = "error", number, column


def missing_header(case: Case, rng: random.Random) -> None:
    case.rows[0][rng.randrange(len(case.rows[0]))] = rng.choice(["随便", "??", "xyz"])
    named = set(case.rows[0])
    if not set(HEADER) <= named and not set(CHINESE) <= named:
        case.expect = "plain"


def unquoted_comma(case: Case, rng: random.Random) -> None:
    if case.delimiter != "," or case.name != "usage.csv":
        return
    number = rng.randrange(1, len(case.rows))
    if len(case.rows[number]) < len(case.rows[0]):
        return
    case.rows[number] = [*case.rows[number], "00"]
    case.expect, case.row = "error", number


def unknown_id(case: Case, rng: random.Random) -> None:
    bad_cell_value(case, rng.choice(["hospital_id", "product_id"]), rng.choice(["X9", "0001", "<b>"]), rng)


def bad_cell_value(case: Case, column: str, text: str, rng: random.Random) -> None:
    place = _place(case, column)
    rows = [
        number
        for number, row in enumerate(case.rows)
        if number and place is not None and len(row) >= 5 and all(row[:5]) and row[0] != case.rows[0][0]
    ]
    if place is not None and rows:
        number = rng.choice(rows)
        case.rows[number][place] = text
        case.expect, case.row, case.column = "check", number, column


def empty_file(case: Case, rng: random.Random) -> None:
    case.spoil, case.expect = (lambda data: rng.choice([b"", b"\n\n\n", b"\xef\xbb\xbf", b"   "])), "error"


def only_header(case: Case, rng: random.Random) -> None:
    case.rows, case.expect = case.rows[:1], "error"


# bytes: must agree with the plain reader, or be refused


def cut(case: Case, rng: random.Random) -> None:
    case.spoil, case.expect = (lambda data: data[: rng.randrange(1, max(len(data), 2))]), "plain"


def flip(case: Case, rng: random.Random) -> None:
    def change(data: bytes) -> bytes:
        spoilt = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        return bytes(spoilt)

    case.spoil, case.expect = change, "plain"


def quotes(case: Case, rng: random.Random) -> None:
    def change(data: bytes) -> bytes:
        place = rng.randrange(len(data))
        return data[:place] + b'"' + data[place:]

    case.spoil, case.expect = change, "plain"


def doubled(case: Case, rng: random.Random) -> None:
    case.spoil, case.expect = (lambda data: data + data), "plain"


def long_cell(case: Case, rng: random.Random) -> None:
    size = rng.choice([1000, 200_000])
    bad_cell_value(case, "hospital_id", "长" * size, rng)


def wide_rows(case: Case, rng: random.Random) -> None:
    case.rows = [row + [""] * rng.choice([0, 50, 300]) for row in case.rows]


HARMLESS = (
    encoding,
    line_ends,
    delimiter,
    swapped_columns,
    title_rows,
    total_rows,
    blank_rows,
    blank_column,
    note_below,
    thousands,
    full_width,
    months_written,
    serials,
    wan_yuan,
    forced_text,
    injected_text,
    cell_units,
    repeated_header,
    wide_rows,
)
HARMFUL = (
    bad_cell,
    bad_cell,
    bad_cell,
    missing_header,
    unquoted_comma,
    unknown_id,
    empty_file,
    only_header,
    cut,
    flip,
    quotes,
    doubled,
    long_cell,
)
ORDER = (
    total_rows,
    encoding,
    line_ends,
    delimiter,
    title_rows,
    wan_yuan,
    months_written,
    serials,
    thousands,
    full_width,
    cell_units,
    forced_text,
    swapped_columns,
    blank_column,
    injected_text,
    note_below,
    blank_rows,
    repeated_header,
    wide_rows,
)
"""The order in which harmless steps are taken: totals before cells are rewritten, columns before odd rows."""
BOOK_SAFE = (
    swapped_columns,
    title_rows,
    total_rows,
    blank_rows,
    blank_column,
    note_below,
    thousands,
    full_width,
    months_written,
    serials,
    wan_yuan,
    cell_units,
    repeated_header,
    injected_text,
)


def _name(cell: str) -> str | None:
    cell = re.sub(r"[(（\[/].*", "", cell)
    known = dict(zip(HEADER, HEADER, strict=True)) | dict(
        zip([re.sub(r"\(.*", "", head) for head in CHINESE], HEADER, strict=True)
    )
    return {**known, "金额": "amount_yuan"}.get(cell)


def _place(case: Case, column: str) -> int | None:
    return next((place for place, cell in enumerate(case.rows[0]) if _name(cell) == column), None)


def _each(case: Case, column: str, change: Callable[[str], str]) -> None:
    place = _place(case, column)
    for row in case.rows[1:]:
        if place is not None and len(row) > place and row[place] and _name(row[place]) != column:
            row[place] = change(row[place])


def _by_header(case: Case, cells: dict[str, str]) -> list[str]:
    return [cells.get(_name(cell) or "", "") for cell in case.rows[0]]


def _ordered(case: Case) -> list[list[str]]:
    """The table's data rows in the order of HEADER (before cells were rewritten)."""
    places = [_place(case, column) for column in HEADER]
    rows = [row for row in case.rows[1:] if row and row[0] and any(row)]
    return [
        HEADER,
        *([row[place] if place is not None and place < len(row) else "" for place in places] for row in rows),
    ]


def make(seed: int, number: int) -> tuple[Case, tuple[Decimal, Decimal]]:
    """Case `number` of `seed`, with the sums of the right table."""
    rng = random.Random(f"{seed}/{number}")
    case = base(rng)
    right = sums(case.rows)
    book = rng.random() < 0.25
    steps = rng.sample(BOOK_SAFE if book else HARMLESS, rng.randint(0, 3))
    steps = sorted(steps, key=ORDER.index)
    if wan_yuan in steps and cell_units in steps:
        steps.remove(cell_units)
    if rng.random() < 0.5:
        steps.append(rng.choice(HARMFUL[:3] if book else HARMFUL))
    for step in steps:
        step(case, rng)
        case.steps.append(step.__name__)
    if book:
        case.name = "usage.xlsx"
    return case, right


def _quoted(cell: str, delimiter: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in (delimiter, '"', "\n", "\r")) else cell


def write(case: Case, folder: Path) -> Path:
    """Write a case's folder and return the path of its usage file."""
    small_folder.write(folder)
    (folder / "usage.csv").unlink()
    path = folder / case.name
    rows = case.above + case.rows
    if case.name.endswith(".xlsx"):
        return small_folder.write_book(path, {"Sheet1": rows})
    text = "".join(case.delimiter.join(_quoted(cell, case.delimiter) for cell in row) + case.end for row in rows)
    data = text.encode(case.encoding)
    path.write_bytes(case.spoil(data) if case.spoil else data)
    return path


def plain_sums(data: bytes) -> tuple[Decimal, Decimal] | None:
    """Sums by the plainest reader there is; None where a cell is no plain number, or nothing can be made of the
    bytes."""
    for encoding_name in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding_name)
            break
        except UnicodeError:
            continue
    else:
        return None
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        return None
    heads = [number for number, row in enumerate(rows) if {"quantity_packs", "amount_yuan"} <= set(row)]
    if not heads:
        return None
    packs, yuan = rows[heads[0]].index("quantity_packs"), rows[heads[0]].index("amount_yuan")
    body = [row for number, row in enumerate(rows) if number > heads[0] and row != rows[heads[0]]]
    cells = [(row[packs].strip(), row[yuan].strip()) if len(row) == len(rows[heads[0]]) else ("?", "?") for row in body]
    if not all(re.fullmatch(r"-?\d+(\.\d{1,2})?", cell) for pair in cells for cell in pair):
        return None
    return sum((Decimal(first) for first, _ in cells), Decimal(0)), sum(
        (Decimal(second) for _, second in cells), Decimal(0)
    )


def judge(case: Case, right: tuple[Decimal, Decimal], path: Path) -> str | None:
    """Read the case and return what is wrong with the outcome, None where all is well."""
    import pyarrow.compute as pc

    from vbp.check import check

    checked = check(path.parent)
    errors = [problem for problem in checked.problems if problem.level == "error"]
    usage = checked.inputs.tables.get("usage")
    got = None
    if usage is not None and {"quantity_packs", "amount_yuan"} <= set(usage.column_names):
        got = tuple(Decimal(pc.sum(usage[name]).as_py() or 0) for name in ("quantity_packs", "amount_yuan"))
    if case.expect == "same":
        if errors:
            return f"refused: {errors[0].line()}"
        return None if got == right else f"sums {got}, should be {right}"
    if case.expect in ("error", "check"):
        return _judge_error(case, errors)
    if errors:
        return (
            None
            if all(problem.file for problem in errors if problem.rule not in ("missing_table", "mixed_basis"))
            else "no file named"
        )
    plain = plain_sums(path.read_bytes()) if path.suffix == ".csv" and case.delimiter == "," else None
    if plain is None and "cut" in case.steps and path.read_bytes().endswith((b"\n", b"\r")):
        return None  # cut between two rows: nothing in the file can show it
    said = {problem.rule for problem in checked.problems} & SAID
    if plain is not None:
        return None if got == plain or "rows_left_out" in said else f"sums {got}, the plain reader has {plain}"
    return None if got == right or said else f"accepted without a word: {got}, was {right}"


def _judge_error(case: Case, errors: Sequence[object]) -> str | None:
    if not errors:
        return "accepted without a word"
    if case.row is None:
        return None
    row = case.row + 1 + len(case.above)
    found = [problem for problem in errors if getattr(problem, "row", None) == row]
    if not found:
        return f"row {row} not named: {errors[0].line()}"  # type: ignore[attr-defined]
    if case.column and all(
        getattr(problem, "column", None) not in (case.column, "quantity_packs", "month", None) for problem in found
    ):
        return f"column {case.column} not named: {found[0].line()}"  # type: ignore[attr-defined]
    return None


def run(seed: int, numbers: Sequence[int], folder: Path) -> list[str]:
    """Run cases and return one line for each that fails."""
    failures = []
    for number in numbers:
        case, right = make(seed, number)
        own = folder / f"case{number}"
        try:
            wrong = judge(case, right, write(case, own))
        except Exception as error:
            wrong = f"exception {type(error).__name__}: {error}"
        if wrong:
            failures.append(f"seed {seed} case {number} ({', '.join(case.steps)}; {case.expect}): {wrong}")
        else:
            for path in own.iterdir():
                path.unlink()
            own.rmdir()
    return failures


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path, help="where failing cases are left")
    chosen = parser.parse_args()
    numbers = [chosen.only] if chosen.only is not None else range(chosen.count)
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="vbp-mutate-"))
    failures = run(chosen.seed, numbers, folder)
    print("\n".join(failures))
    print(f"{len(numbers)} cases, {len(failures)} failures; failing folders in {folder}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
