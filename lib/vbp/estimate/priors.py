"""Bounds for inputs that no publication or table gives: `data/assumptions.csv`, one row an input, each with its source."""
from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from vbp import paths
from vbp.errors import InputError, Problem
from vbp.estimate.model import Unknown, between
from vbp.facts.load import read_rows
from vbp.facts.rows import Row


class Prior(Row):
    """Bounds of one input (every value between them equally likely) and why."""

    assumption: str
    low: Decimal
    high: Decimal
    source_zh: str
    source_en: str

    def unknown(self, name: str, seed: int, size: int) -> Unknown:
        """Return the input's draws under `name`."""
        return between(name, self.low, self.high, (self.source_zh, self.source_en), seed, size)


def load_priors(folder: Path | None = None) -> dict[str, Prior]:
    """Read `assumptions.csv`; raises InputError with every broken row."""
    problems: list[Problem] = []
    rows = [row for _, row in read_rows((folder or paths.data()) / "assumptions.csv", Prior, problems)]
    problems += [Problem("low is above high", "range", file="assumptions.csv", column="low", value=str(row.low)) for row in rows if row.low > row.high]
    if problems:
        raise InputError(problems)
    return {row.assumption: row for row in rows}
