"""Problems as a user reads them: in the order of the file, with the file's own header and the rule in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vbp.errors import Problem
from vbp.tables import Inputs
from vbp.words import known, say

Headers = Mapping[tuple[str, str], str]


def rule_zh(rule: str) -> str:
    """Return what a rule is about in Chinese; nothing for a rule without a phrase."""
    return say(f"rule.{rule}", "zh") if known(f"rule.{rule}") else ""


def headers(inputs: Inputs) -> Headers:
    """Return (file, column) → the header that the file itself gives the column."""
    return {
        (origin.label, column): header
        for origins in inputs.origins.values()
        for origin in origins
        for column, header in origin.headers.items()
    }


def column_shown(problem: Problem, named: Headers) -> str | None:
    """Return a problem's column as its file calls it, with our name behind where the two differ."""
    header = named.get((problem.file or "", problem.column or ""), problem.column)
    return header if header == problem.column else f"{header} = {problem.column}"


def ordered(problems: Sequence[Problem]) -> list[Problem]:
    """Return errors before warnings, each file's in the order of its rows; what has no row stands where it stood."""
    files = {problem.file: place for place, problem in reversed(list(enumerate(problems)))}
    keyed: list[tuple[tuple[bool, int, int], Problem]] = []
    before: Problem | None = None
    row = 0
    for problem in problems:
        same = before is not None and (before.rule, before.file, before.level) == (
            problem.rule,
            problem.file,
            problem.level,
        )
        row = problem.row if problem.row is not None else row if same else 0
        keyed.append(((problem.level != "error", files[problem.file], row), problem))
        before = problem
    return [problem for _, problem in sorted(keyed, key=lambda pair: pair[0])]


def line(problem: Problem, named: Headers) -> str:
    """Return a problem as one line: place, value, message, rule; the rule in Chinese behind it."""
    said = replace(problem, column=column_shown(problem, named)).line()
    zh = rule_zh(problem.rule)
    return f"{said} {zh}" if zh else said
