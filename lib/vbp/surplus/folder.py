"""Settle an inputs folder: read it, make its panels, join items, settle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from vbp.rules import Profile
from vbp.surplus.items import coverage_warnings, items_from_panels
from vbp.surplus.result import Settlement, settle

NEEDED = ("hospitals", "products", "varieties", "awards", "agreements", "usage", "fund")
TABLES = (*NEEDED, "assessments", "settlements")


def open_folder(folder: Path, warn: Callable[[str], None]) -> tuple[Any, Any]:
    """Return a folder's inputs and panels (`vbp.tables.Inputs`, `vbp.ledger.Panels`); warnings go to `warn`.

    Raises
    ------
    InputError
        With every problem of the tables, or every table that a settlement lacks.
    """
    from vbp.ledger import build  # type: ignore[import-not-found,unused-ignore]
    from vbp.tables import read_inputs  # type: ignore[import-not-found,unused-ignore]

    inputs = read_inputs(folder, only=TABLES)
    inputs.need(NEEDED, "retained surplus (结余留用)")
    panels = build(inputs)
    for problem in (*inputs.problems, *panels.problems):
        warn(problem.line())
    return inputs, panels


def settle_inputs(
    inputs: Any,
    panels: Any,
    profile: Profile,
    as_of: date | None = None,
    warn: Callable[[str], None] = lambda text: None,
) -> Settlement:
    """Settle panels and small tables already at hand; `as_of` defaults to the end of the last usage month."""
    until = as_of or last_day(panels)
    coverage_warnings(panels, until, warn)
    return settle(items_from_panels(panels, inputs, profile), profile, until)


def last_day(panels: Any) -> date:
    """Return the last day of the last month of usage: never the clock."""
    last = pd.Timestamp(panels.totals["last_month"].iloc[0])
    return (last + pd.offsets.MonthEnd(0)).date()
