"""The oracle: what came out of the chain held against what had to come."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fuzz.chain import EXPORT, RESULTS, Outcome
from tests.fuzz.content import Content
from tests.fuzz.reader import Lost, read
from tests.fuzz.steps import Case
from tests.fuzz.truth import Totals, Truth, sums
from vbp.errors import Problem
from vbp.rules import Profile, load_profile

STAGE = {
    "savings.realised": "savings",
    "savings.official": "savings",
    "items.actual": "completion",
    "payout": "surplus",
    "payout.rows": "surplus",
}
TOLD = {
    "last_line",
    "rows_left_out",
    "duplicate_row",
    "repeated_key",
    "rounded",
    "total_differs",
    "unknown_column",
    "table_by_columns",
    "unknown_file",
    "encoding_unsure",
    "empty_table",
    "unknown_word",
    "units_mixed",
    "unit_assumed",
    "data_above_header",
}
"""Rules of warnings that say that a file was not taken as it stands."""
SISTERS = {
    "generic": {"batch_id"},
    "quantity_packs": {"quantity_units", "quantity_unit"},
    "month": {"date"},
    "date": {"month"},
}
REST = re.compile(r"and [\d,]+ more rows like these, the last one row (?P<last>\d+)")


def judge(case: Case, outcome: Outcome, folder: Path) -> str | None:
    """Return what is wrong with the outcome of a case, None where all is well."""
    if outcome.defects:
        return f"defect: {outcome.defects[0]}"
    errors = outcome.errors
    for problem in errors:
        if not problem.file and not problem.table:
            return f"a refusal names no file: {problem.line()}"
    if errors:
        return _refusal(case, errors)
    if case.expect in ("error", "refused"):
        return f"accepted without a word: {case.at[:4]}"
    if case.expect == "reader":
        return _as_read(case, outcome, folder)
    return _warned(case, outcome) or differences(case.content, outcome)


def _refusal(case: Case, errors: list[Problem]) -> str | None:
    if case.expect == "same":
        return f"refused: {errors[0].line()}"
    if (
        case.expect in ("error", "either")
        and case.at
        and not any(_names(case, problem, case.expect == "error") for problem in errors)
    ):
        return f"{case.at} not named: {' | '.join(problem.line() for problem in errors[:3])}"
    return None


def _names(case: Case, problem: Problem, strictly: bool) -> bool:
    """Whether a problem names one of the case's places; where a consequence may be refused, any row of a file will do."""
    if case.folder.book and problem.rule == "unreadable":  # of a workbook that cannot be opened no table can be named
        return True
    for table, place, column in case.at:
        mine = problem.table == table or (problem.file or "").startswith(f"{table}")
        if not strictly and (problem.row is not None or problem.table is not None):
            return True
        if not mine:
            continue
        if place is None or problem.rule == "unreadable":  # a file that cannot be read has no rows to name
            return True
        sheet = case.folder.sheets.get(table)
        row = None if sheet is None else _row(sheet, place, case.folder.book)
        same_column = column is None or problem.column in {column, *SISTERS.get(column, ())} or problem.column is None
        rest = problem.row is None and REST.match(
            problem.message
        )  # of very many rows the rest is counted, up to the last one
        if same_column and row is not None and (problem.row == row or (rest and row <= int(rest["last"]))):
            return True
    return False


def _row(sheet: Any, place: int, book: bool) -> int:
    if sheet.suffix == ".parquet" and not book:  # no header, nothing above: rows count from 1
        return place + 1
    row = sheet.row_of(place)
    if sheet.parts > 1 and sheet.suffix == ".csv" and not book:  # a workbook holds a table on one sheet
        half = len(sheet.rows) // 2
        return row - half if place >= half else row
    return int(row)


def _warned(case: Case, outcome: Outcome) -> str | None:
    if "(must warn)" not in case.steps:
        return None
    rows = {
        _row(case.sheet(table), place, case.folder.book)
        for table, place, _ in case.at
        if place is not None and table in case.folder.sheets
    }
    if any(problem.row in rows for problem in outcome.problems):
        return None
    return f"a row that stands twice is not told: {case.at}"


def _as_read(case: Case, outcome: Outcome, folder: Path) -> str | None:
    """Hold a spoilt file against the plain reader; where that is lost, the totals stand or a warning tells of the file."""
    if case.spoilt is None:  # the one workbook of all tables
        wrong = differences(case.content, outcome)
        told = any(problem.rule in TOLD for problem in outcome.problems)
        return None if wrong is None or told else f"a spoilt workbook changed totals without a word: {wrong}"
    sheet = case.folder.sheets[case.spoilt]
    path = folder / (EXPORT if sheet.export else "") / f"{sheet.name}{sheet.suffix}"
    mine = [problem for problem in outcome.problems if problem.table == case.spoilt or problem.file == path.name]
    told = any(problem.rule in TOLD for problem in mine)
    try:
        if not sheet.plain_body or sheet.suffix != ".csv":
            raise Lost("not plain")
        rows = read(sheet, path.read_bytes())
    except Lost as error:
        wrong = differences(case.content, outcome)
        return (
            None
            if wrong is None or told
            else f"the plain reader is lost ({error}), totals changed without a word: {wrong}"
        )
    if not rows:
        return None if told else "a table without rows is not told"
    content = case.content.copy()
    content.tables[case.spoilt] = rows
    return (
        None
        if told and "last_line" in {problem.rule for problem in outcome.problems}
        else differences(content, outcome)
    )


profile_of = functools.cache(load_profile)


def own_rules(content: Content) -> Profile | None:
    """The rules of the folder's own file, if its city.yaml names one: the parent's with a threshold of its own."""
    if not content.rules:
        return None
    parent, threshold = content.rules
    base = profile_of(parent)
    return base.model_copy(
        update={"settlement": base.settlement.model_copy(update={"completion_threshold": threshold})}
    )


def differences(content: Content, outcome: Outcome) -> str | None:
    """Return the first total that differs from the recomputed one."""
    profile = own_rules(content) or profile_of(content.city["rule_profile"])
    expected: Totals = sums(content)
    if all(content.tables.get(name) for name in ("usage", "products", "varieties", "awards")):
        expected |= Truth(content, profile).totals(results=not set(RESULTS) <= outcome.missing)
    for name, value in expected.items():
        later = name.startswith(("panel", "items", "savings", "payout")) and "panels" in outcome.missing
        if value is None or later or STAGE.get(name) in outcome.missing:
            continue
        if name not in outcome.totals:
            if name == "items.nonselected":
                continue
            return f"{name} is not there (should be {shown(value)})"
        if outcome.totals[name] != value:
            return f"{name} is {shown(outcome.totals[name], value)}, should be {shown(value, outcome.totals[name])}"
    return _agree(outcome.totals)


def _agree(totals: Totals) -> str | None:
    """Return where the card or the workbook shows another number than the result."""
    for shown_name, name in (
        ("card.payout", "payout"),
        ("statement.total", "payout"),
        ("card.realised", "savings.realised"),
        ("card.official", "savings.official"),
    ):
        if shown_name in totals and name in totals and Decimal(totals[shown_name]) != totals[name]:
            return f"{shown_name} is {totals[shown_name]}, the result {totals[name]}"
    return None


def shown(value: Any, other: Any = None) -> str:
    """A total for a message; of a dictionary what differs."""
    if isinstance(value, dict):
        keys: Iterable[Any] = (
            value if not isinstance(other, dict) else [key for key in value if value[key] != other.get(key, "absent")]
        )
        return str({key: value[key] for key in list(keys)[:3]})
    return str(value)
