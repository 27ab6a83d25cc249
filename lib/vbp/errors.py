"""Problems with what a user gave us: one clear message each, all at once, never a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One problem in one place, in the words of the user's own file.

    `row` is the row as the user sees it in the file (the header is row 1 in a plain csv), None where no row applies.
    `rule` is a short stable code (`number`, `unknown_column` …); `message` says what is wrong and what to do.
    """

    message: str
    rule: str = "input"
    level: str = "error"
    table: str | None = None
    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def line(self) -> str:
        """Return the problem as one line: level, place, value, message."""
        place = [str(self.file)] if self.file else [str(self.table)] if self.table else []
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"column {self.column}")
        where = ", ".join(place)
        shown = f" [{self.value}]" if self.value is not None else ""
        return f"{self.level}: {where}{shown}{': ' if where or shown else ''}{self.message} ({self.rule})"

    def as_json(self) -> dict[str, Any]:
        """Return the problem as the JSON object that `vbp check --json` promises."""
        return asdict(self)


class InputError(Exception):
    """The input has problems; `problems` lists them all (at least one error). Exit status 1."""

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(problem.line() for problem in self.problems))

    def _render_traceback_(self) -> list[str]:
        """Show the problems alone in a notebook: where in the library they were found helps nobody."""
        return [str(self)]


class UsageError(Exception):
    """The command was called wrongly (unknown name, wrong type). Exit status 2."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in a notebook."""
        return [f"usage: {self}"]


MANY = 30
"""More known names than this are not listed where near ones are at hand."""


def unknown(kind: str, given: str, known: Sequence[str]) -> str:
    """Say that `given` is no known `kind`, with the nearest names first and then the list of what exists."""
    near = difflib.get_close_matches(given, known, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else ";"
    if near and len(known) > MANY:
        return f"unknown {kind} {given!r}{hint} ({len(known)} are known)"
    return f"unknown {kind} {given!r}{hint} known: {', '.join(known) or '(none)'}"
