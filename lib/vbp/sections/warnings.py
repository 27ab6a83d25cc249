"""Warnings from reading a user's tables as a page shows them: in its language, by the rule that each carries.

Problems are English where they arise (the command line); a page in Chinese says them from the phrases `problem.*`. What a
message tells besides its fields (how many rows, which variety) is read out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from vbp.words import known, say

if TYPE_CHECKING:
    from vbp.errors import Problem

TOLD = {
    "p0_months": re.compile(r"P0 of (?P<generic>.*) in batch (?P<batch>.*) rests on (?P<months>\d+) of 12"),
    "p0_one_hospital": re.compile(r"P0 of (?P<count>[\d,]+) varieties"),
    "rounded": re.compile(r"(?P<count>[\d,]+) cells have more than (?P<places>\d+) decimals"),
    "rows_left_out": re.compile(r": (?P<what>[^:]*)$"),
    "total_differs": re.compile(r"\((?P<printed>[^)]*)\) is not the sum of the rows read \((?P<read>[^;]*); difference (?P<gap>[^)]*)\)"),
}  # fmt: skip
"""What a rule's message tells besides the problem's fields."""
LEFT_OUT = re.compile(r"(\d+) ([a-z ]+)")


def warning_lines(problems: Iterable[Problem], lang: str) -> list[str]:
    """Return each problem as one line in `lang`: where, what, and what to do; English where a rule has no phrase."""
    return [warning(problem, lang) for problem in problems]


def warning(problem: Problem, lang: str) -> str:
    """Return one problem in `lang`."""
    words = _words(problem, lang)
    if words is None:
        return problem.line().removeprefix(f"{problem.level}: ")
    where = _where(problem, lang)
    return f"{where}：{words}" if where else words


def _words(problem: Problem, lang: str) -> str | None:
    """Return the phrase of a rule with what its message tells filled in; None where there is none in `lang`."""
    key = f"problem.{problem.rule}"
    if lang == "en" or not known(key):
        return None
    told: dict[str, str] = {}
    if problem.rule in TOLD:
        found = TOLD[problem.rule].search(problem.message)
        if found is None:
            return None
        told = found.groupdict()
    if "what" in told:
        told["what"] = "、".join(_left_out(count, name, lang) for count, name in LEFT_OUT.findall(told["what"]))
    return say(key, lang, **told)


def _left_out(count: str, name: str, lang: str) -> str:
    key = f"problem_row.{name.strip().replace(' ', '_')}"
    return say(key, lang, count=count) if known(key) else f"{name} {count}"


def table_name(name: str | None, lang: str) -> str:
    """Return a table's name as a page shows it: the schema's Chinese name, or the name itself."""
    from vbp.schema import TABLES

    return TABLES[name].zh if lang == "zh" and name in TABLES else name or ""


def _where(problem: Problem, lang: str) -> str:
    """Return file, row, column and value as one place."""
    place = [problem.file or table_name(problem.table, lang)]
    if problem.row is not None:
        place.append(say("problem_at.row", lang, row=f"{problem.row:,}"))
    if problem.column:
        place.append(say("problem_at.column", lang, column=problem.column))
    if problem.value is not None:
        place.append(say("problem_at.value", lang, value=problem.value))
    return "".join(part for part in place if part)
