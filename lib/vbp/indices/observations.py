"""What the indices start from: one price and quantity per product and period, read and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem
from vbp.exact import DEEP
from vbp.tables.sheets import cell_text, open_sheets
from vbp.tables.unreadable import Unreadable

COLUMNS = ("period", "product_id", "price", "quantity")
HEADERS = {
    "period": ("period", "期间", "时期", "月份", "年份", "month", "year"),
    "product_id": ("product_id", "产品编码", "product", "产品", "药品编码", "产品代码"),
    "price": ("price", "价格", "单价", "采购单价"),
    "quantity": ("quantity", "数量", "采购数量", "采购量"),
}
MOST_PROBLEMS = 200


@dataclass(frozen=True)
class Observations:
    """One row per period and product, sorted: `period, product_id, price, quantity, value` (Decimal, exact).

    `periods` are the labels as the file has them, in natural order (t2 before t10); `notes` are problems of level
    warning: rows put together, rows without quantity left out.
    """

    table: pd.DataFrame
    periods: tuple[str, ...]
    notes: tuple[Problem, ...]

    def wide(self, column: str) -> pd.DataFrame:
        """Return `column` as floats, a row per period and a column per product; NaN where a product was not bought."""
        cells = self.table.assign(**{column: self.table[column].astype(float)})
        return cells.pivot(index="period", columns="product_id", values=column).reindex(list(self.periods))


def natural(label: str) -> tuple[Any, ...]:
    """Return a sorting key under which 2 stands before 10 and t2 before t10."""
    try:
        return (0, Decimal(label), label)
    except InvalidOperation:
        parts = re.split(r"(\d+)", label)
        return (1, tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts), label)


def read_observations(path: Path) -> Observations:
    """Read `period, product_id, price, quantity` from a csv, xlsx or parquet file; labels and codes stay text.

    Raises
    ------
    InputError
        With every problem of the file at once: no such file, a missing column, a number that is none, a price of zero.
    """
    if not path.is_file():
        raise InputError(
            Problem(
                "no such file; give a csv, xlsx or parquet with period, product_id, price, quantity",
                rule="file_missing",
                file=str(path),
            )
        )
    return observe(_named(_cells(path), path), file=str(path), first_row=2)


def _cells(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        if path.suffix.lower() in (".xlsx", ".xls"):
            return _sheet(path)
        return _csv(path)
    except pd.errors.EmptyDataError:
        raise InputError(Problem("the file is empty", rule="unreadable", file=str(path))) from None
    except (Unreadable, ValueError, OSError) as error:
        raise InputError(Problem(f"cannot be read as a table: {error}", rule="unreadable", file=str(path))) from None


def _sheet(path: Path) -> pd.DataFrame:
    """Return the first sheet of a workbook as text, through the reader (and its bounds) of all workbooks."""
    rows = next((sheet.rows for sheet in open_sheets(path)), None)
    if rows is None:
        raise Unreadable("the workbook holds nothing")
    head, *body = [[cell_text(cell) for cell in row] for row in rows]
    return pd.DataFrame(body, columns=head, dtype=str)


def _csv(path: Path) -> pd.DataFrame:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding, skip_blank_lines=False)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GB18030; save it as CSV UTF-8")


def _named(cells: pd.DataFrame, path: Path) -> pd.DataFrame:
    found = {str(name).strip().lower(): name for name in cells.columns}
    names = {column: next((found[h] for h in heads if h in found), None) for column, heads in HEADERS.items()}
    missing = [column for column in COLUMNS if names[column] is None]
    if missing:
        has = ", ".join(map(str, cells.columns)) or "(none)"
        raise InputError(
            [
                Problem(
                    f"missing column {column} ({HEADERS[column][1]}); the file has: {has}",
                    rule="missing_column",
                    file=str(path),
                    column=column,
                )
                for column in missing
            ]
        )
    return pd.DataFrame({column: cells[names[column]] for column in COLUMNS})


def observe(frame: pd.DataFrame, file: str | None = None, first_row: int = 0) -> Observations:
    """Return checked observations from a frame with `period, product_id, price, quantity`.

    Rows of one product and period are put together: quantities added, the price their mean weighted by quantity. A row
    with quantity 0 says "not bought" and is left out with a note, whatever price it names; otherwise a price of zero or
    below is an error.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InputError(
            [Problem(f"missing column {name}", rule="missing_column", file=file, column=name) for name in missing]
        )
    rows = frame.loc[:, list(COLUMNS)].reset_index(drop=True)
    for name in ("period", "product_id"):
        rows[name] = [_label(value) for value in rows[name]]
    # an empty line of a csv stays in the count of rows, so that the numbers reported are those of the file
    empty = (rows[["period", "product_id"]] == "").all(axis=1) & rows[["price", "quantity"]].map(_blank).all(axis=1)
    numbers, problems = _numbers(rows[~empty], file, first_row)
    if not problems and numbers.empty:
        problems = [Problem("no rows", rule="empty", file=file)]
    if problems:
        raise InputError(problems)
    return _together(numbers, file, first_row)


def _blank(value: Any) -> bool:
    return value is None or value is pd.NA or value != value or str(value).strip() == ""


def _label(value: Any) -> str:
    if _blank(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    return str(value).strip()


def _decimal(value: Any) -> Decimal | None:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        return None
    # beyond these sizes nothing is a price, and arithmetic in 60 digits would no longer be exact
    return number if number.is_finite() and (number == 0 or abs(number.adjusted()) <= 18) else None


def _numbers(rows: pd.DataFrame, file: str | None, first_row: int) -> tuple[pd.DataFrame, list[Problem]]:
    """Return rows with Decimal price and quantity, and every problem found on the way."""
    problems: list[Problem] = []

    def problem(row: int, column: str, value: Any, rule: str, text: str) -> None:
        problems.append(Problem(text, rule=rule, file=file, row=row + first_row, column=column, value=str(value)))

    columns: dict[str, Any] = {"price": [], "quantity": []}
    for row, period, product, *cells in rows.itertuples():
        for column, label in (("period", period), ("product_id", product)):
            if label == "":
                problem(row, column, "", "missing_value", f"{column} is empty; name the {column} of the row")
        for column, cell in zip(("price", "quantity"), cells, strict=True):
            number = _decimal(cell)
            columns[column].append(number)
            if number is None:
                problem(row, column, cell, "number", f"{column} is no number; give it as digits with a decimal point")
            elif column == "price" and number <= 0 and _decimal(cells[1]) != 0:
                problem(
                    row,
                    column,
                    cell,
                    "positive",
                    "a price must be above zero; correct it or leave the row out (价格须大于零)",
                )
            elif column == "quantity" and number < 0:
                problem(
                    row,
                    column,
                    cell,
                    "not_negative",
                    "a quantity below zero: net returns against purchases first (退货须先冲抵)",
                )
    kept = problems[:MOST_PROBLEMS]
    if len(problems) > MOST_PROBLEMS:
        kept.append(Problem(f"and {len(problems) - MOST_PROBLEMS} more problems", rule="more", file=file))
    return rows.assign(**columns), kept


def _together(rows: pd.DataFrame, file: str | None, first_row: int) -> Observations:
    notes = []
    none = rows["quantity"] == 0
    if none.any():
        notes.append(
            Problem(
                f"{int(none.sum())} rows with quantity 0 are read as not bought",
                rule="zero_quantity",
                level="warning",
                file=file,
                row=int(rows.index[none][0]) + first_row,
            )
        )
    rows = rows[~none]
    twice = rows.duplicated(["period", "product_id"])
    if twice.any():
        notes.append(
            Problem(
                f"{int(twice.sum())} rows repeat a product in a period: put together, price weighted by quantity",
                rule="repeated",
                level="warning",
                file=file,
                row=int(rows.index[twice][0]) + first_row,
            )
        )
    sums: dict[tuple[str, str], list[Any]] = {}
    for _, period, product, price, quantity in rows.itertuples():
        value = DEEP.multiply(price, quantity)
        known = sums.setdefault((period, product), [Decimal(0), Decimal(0), price])
        known[0], known[1] = DEEP.add(known[0], value), DEEP.add(known[1], quantity)
        known[2] = price if known[2] == price else None
    records = [
        (period, product, DEEP.divide(value, quantity) if price is None else price, quantity, value)
        for (period, product), (value, quantity, price) in sums.items()
    ]
    return _sorted(records, notes)


def _sorted(records: Sequence[tuple[Any, ...]], notes: list[Problem]) -> Observations:
    periods = tuple(sorted({record[0] for record in records}, key=natural))
    place = {period: number for number, period in enumerate(periods)}
    table = pd.DataFrame(sorted(records, key=lambda r: (place[r[0]], r[1])), columns=[*COLUMNS, "value"])
    return Observations(table=table, periods=periods, notes=tuple(notes))


def matched(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which products were bought in both periods (a mask over the columns of `wide`)."""
    return np.asarray(~np.isnan(first) & ~np.isnan(second))
