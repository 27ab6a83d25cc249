"""Every rule on a folder: what must be mended (errors) and what deserves a look (warnings), all at once.

`check(folder)` reads the folder and runs every rule in `RULES`; a rule is a function from a `View` to its problems.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vbp.check import funds, ledger, references, small, volumes
from vbp.check.show import headers, line, ordered
from vbp.check.view import View
from vbp.errors import InputError, Problem
from vbp.tables import Inputs, load
from vbp.tables.report import LIMIT
from vbp.words import LANGUAGES, say

Rule = Callable[[View], list[Problem]]
ON_PRICES: tuple[Rule, ...] = (
    ledger.pack_unit,
    ledger.above_selected,
    ledger.outside_award,
    ledger.returns,
    ledger.outliers,
)
"""Rules that share the price of every usage row; they run beside the others."""
RULES: tuple[Rule, ...] = (
    references.rule_profile,
    references.unknown_ids,
    references.unknown_varieties,
    references.without_award,
    references.two_batches,
    references.one_award,
    funds.fund_rows,
    references.group_leads,
    references.renewals,
    small.period_order,
    small.agreement_periods,
    small.agreed_above_base,
    small.mixed_agreements,
    small.award_prices,
    small.award_unit_prices,
    small.code_lengths,
    small.paid_before_invoice,
    ledger.mixed_basis,
    ledger.pack_unit,
    ledger.above_selected,
    ledger.outside_award,
    ledger.returns,
    ledger.missing_months,
    ledger.duplicates,
    ledger.outliers,
    ledger.packs_and_units,
    volumes.over_reported,
    volumes.stockpiling,
    volumes.stock_at_start,
    volumes.stock_identity,
    volumes.stock_against_usage,
)
"""Every rule, in the order in which its problems are listed."""


@dataclass(frozen=True)
class Checked:
    """The outcome of a check: the inputs as far as they could be read, and every problem, errors first."""

    inputs: Inputs
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error (warnings may stand)."""
        return not any(problem.level == "error" for problem in self.problems)

    def text(self) -> str:
        """Return the problems, one a line, then the tables read and the verdict in Chinese and English."""
        errors = sum(problem.level == "error" for problem in self.problems)
        tables = ", ".join(f"{name} {table.num_rows:,}" for name, table in self.inputs.tables.items())
        verdict = "check.ok" if self.ok else "check.failed"
        named = headers(self.inputs)
        lines = [line(problem, named) for problem in self.problems]
        lines.append(f"{say('check.rows', 'zh')} {say('check.rows', 'en')}: {tables or '—'}")
        return "\n".join(
            [*lines, *(say(verdict, lang, errors=errors, warnings=len(self.problems) - errors) for lang in LANGUAGES)]
        )

    def as_json(self) -> dict[str, Any]:
        """Return the document of `vbp check --json`: ok, tables with their rows, issues, provenance."""
        return {
            "ok": self.ok,
            "tables": {name: {"rows": table.num_rows} for name, table in self.inputs.tables.items()},
            "issues": [problem.as_json() for problem in self.problems],
            "provenance": [record.as_json() for record in self.inputs.provenance],
        }


def _lane(view: View, rules: Sequence[Rule]) -> dict[Rule, list[Problem]]:
    return {rule: rule(view) for rule in rules}


def run_rules(inputs: Inputs, limit: int | None = LIMIT) -> list[Problem]:
    """Run every rule on inputs already read: those on prices beside the others, reported in the order of `RULES`."""
    view = View(inputs, limit)
    view.prepare()
    others = [rule for rule in RULES if rule not in ON_PRICES]
    with ThreadPoolExecutor(2) as pool:
        lanes = [pool.submit(_lane, view, rules) for rules in (ON_PRICES, others)]
        found = lanes[0].result() | lanes[1].result()
    return [problem for rule in RULES for problem in found[rule]]


def check(folder: Path | str, limit: int | None = LIMIT) -> Checked:
    """Read a folder and run every rule; all problems at once, errors before warnings, then as the files stand.

    `limit` is how many rows each rule lists before the rest is only counted; None lists all.
    """
    loaded = load(folder, limit=limit)
    problems = [*loaded.problems, *run_rules(loaded.inputs, limit)]
    return Checked(loaded.inputs, tuple(ordered(problems)))


@contextmanager
def listing_all_errors(folder: Path) -> Iterator[None]:
    """Run a stage that reads `folder`; where it finds errors, raise all errors of the folder instead of its own alone.

    A stage stops at the first kind of error it meets; whoever mends the folder wants the whole list.
    """
    try:
        yield
    except InputError as found:
        errors = [problem for problem in check(folder).problems if problem.level == "error"]
        raise InputError(errors or found.problems) from None
