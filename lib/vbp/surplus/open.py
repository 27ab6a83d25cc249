"""From what the user named (an inputs folder or an items file) to a settlement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from vbp.errors import UsageError
from vbp.rules import load_profile, profile_of_place
from vbp.surplus.explain import LedgerRows
from vbp.surplus.read import read_items
from vbp.surplus.result import Settlement, settle


def day(text: str | None) -> date | None:
    """Return an ISO date, None for None; UsageError where it is no date."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"--as-of {text!r} is no date; write YYYY-MM-DD, e.g. 2024-12-31") from None


def open_settlement(
    inputs: Path | None, items: Path | None, profile: str | None, as_of: str | None, warn: Callable[[str], None]
) -> Settlement:
    """Settle an inputs folder or an items file; warnings go to `warn`, problems are raised all at once."""
    return open_with_ledger(inputs, items, profile, as_of, warn)[0]


def open_with_ledger(
    inputs: Path | None, items: Path | None, profile: str | None, as_of: str | None, warn: Callable[[str], None]
) -> tuple[Settlement, LedgerRows | None]:
    """Settle as `open_settlement` does; also return the look-up of ledger rows behind an item, where there is one."""
    if (inputs is None) == (items is None):
        raise UsageError("give either an inputs folder or --items FILE")
    ends = day(as_of)
    if inputs is not None:
        from vbp.surplus.folder import open_folder, settle_inputs

        read, panels = open_folder(inputs, warn)
        rules = load_profile(profile) if profile else profile_of_place(read.place.rule_profile, inputs)
        return settle_inputs(read, panels, rules, ends, warn), panels.rows
    assert items is not None
    rules = load_profile(profile)
    file = read_items(items, rules)
    for problem in file.problems:
        warn(problem.line())
    if ends and not ("end_date" in file.frame and file.frame["end_date"].notna().any()):
        warn("warning: --as-of has no effect: the items file has no end_date column")
    return settle(file.frame.drop(columns="row"), rules, ends), None
