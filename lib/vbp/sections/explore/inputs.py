"""Filling in and checking tables, in the notebook: the template's sheets, what a check found, what a report left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vbp.sections.explore.needs import said
from vbp.sections.frames import frame_table
from vbp.sections.html import Html
from vbp.words import known, say

if TYPE_CHECKING:
    from vbp.check import Checked
    from vbp.errors import Problem
    from vbp.play import Desk
    from vbp.render.city import Outcome

FIRST = ("hospitals", "products", "usage")
SETTLE = ("varieties", "awards", "agreements", "fund", "assessments")


def template_sheets(desk: Desk, lang: str) -> Html:
    """Return where the workbook is, and its sheets: what each holds, its required columns, and when it is needed."""
    from vbp.schema import TABLES

    rows = [
        (
            table.name,
            table.zh if lang == "zh" else table.en,
            say("play.comma", lang).join(
                column.zh if lang == "zh" else column.en for column in table.columns if column.required
            ),
            say(f"play_sheet.{'first' if table.name in FIRST else 'settle' if table.name in SETTLE else 'more'}", lang),
        )
        for table in TABLES.values()
    ]
    columns = ["table", "holds", "required", "needed_for"]
    place = "play.desk_sample" if desk.sample else "play.desk_own"
    words = say(place, lang, book=desk.book.name, folder=_shown(desk.folder))
    return said(words) + frame_table(pd.DataFrame(rows, columns=columns), lang, columns, rows=30, name="template")


def checked(found: Checked, lang: str, rows: int = 30) -> Html:
    """Return the verdict of a check, the rows that were read of each table, and every problem."""
    errors = sum(problem.level == "error" for problem in found.problems)
    verdict = say(
        "check.ok" if found.ok else "check.failed", lang, errors=errors, warnings=len(found.problems) - errors
    )
    tables = say("play.comma", lang).join(f"{name} {table.num_rows:,}" for name, table in found.inputs.tables.items())
    words = said(f"{verdict}\n{say('play.rows_read', lang, tables=tables or '—')}")
    return words + (problems(found.problems, lang, rows) if found.problems else Html(""))


def problems(found: tuple[Problem, ...], lang: str, rows: int = 30) -> Html:
    """Return problems: level, file, row as the user sees it, column, value, what it is about, what to do."""
    columns = ["level", "file", "row", "column", "value", "rule", "message"]
    records = [
        (
            p.level, p.file or p.table or "", str(p.row or ""), p.column or "", p.value or "",
            say(f"rule.{p.rule}", lang) if known(f"rule.{p.rule}") else p.rule, p.message,
        )
        for p in found
    ]  # fmt: skip
    return frame_table(pd.DataFrame(records, columns=columns), lang, columns, rows=rows, name="problems")


def report_made(made: tuple[Outcome, Path], lang: str) -> Html:
    """Return what became of a report: its files and what each is, or why there is none."""
    outcome, folder = made
    if not outcome.ok:
        return said(say("play.no_report", lang, reason=outcome.reason))
    rows = [
        (path.name, say(f"play_file.{_kind(path.name)}", lang))
        for path in sorted(folder.iterdir())
        if known(f"play_file.{_kind(path.name)}")
    ]
    columns = ["file", "holds"]
    return said(say("play.report", lang, folder=_shown(folder))) + frame_table(
        pd.DataFrame(rows, columns=columns), lang, columns, rows=30, name="report"
    )


def _kind(name: str) -> str:
    return name.split(".")[0] + "_" + name.rsplit(".", 1)[-1]


def _shown(folder: Path) -> str:
    """Return a folder as seen from the repository's top; one elsewhere (a sample's) by its name alone."""
    from vbp import paths

    top = paths.root().resolve()
    folder = folder.resolve()
    return folder.relative_to(top).as_posix() if folder.is_relative_to(top) else folder.name
