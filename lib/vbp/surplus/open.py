"""From what the user named (an inputs folder or an items file) to a settlement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from vbp.errors import UsageError
from vbp.rules import load_profile, profile_of_place
from vbp.surplus.explain import LedgerRows
from vbp.surplus.read import read_items
from vbp.surplus.result import Settlement, settle
from vbp.whole import same_place

if TYPE_CHECKING:
    from vbp.tables import Inputs


def day(text: str | None) -> date | None:
    """Return an ISO date, None for None; UsageError where it is no date."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"--as-of {text!r} is no date; write YYYY-MM-DD, e.g. 2024-12-31") from None


@dataclass(frozen=True)
class Opened:
    """A settlement with what it was made from: an inputs folder's tables and ledger, or an items file (`read_from`)."""

    settlement: Settlement
    read_from: tuple[Path, ...]
    inputs: Inputs | None = None
    ledger: LedgerRows | None = None

    def refuse_over(self, out: Path) -> None:
        """Raise UsageError where `out` is a file that the settlement was made from."""
        if any(same_place(out, path) for path in self.read_from):
            raise UsageError(f"{out} holds the data themselves: name another file to write")


def open_settlement(
    inputs: Path | None, items: Path | None, profile: str | None, as_of: str | None, warn: Callable[[str], None]
) -> Opened:
    """Settle an inputs folder or an items file; warnings go to `warn`, problems are raised all at once."""
    if (inputs is None) == (items is None):
        raise UsageError("give either an inputs folder or --items FILE")
    ends = day(as_of)
    if inputs is not None:
        return _folder(inputs, profile, ends, warn)
    assert items is not None
    return _items(items, profile, ends, warn)


def _folder(folder: Path, profile: str | None, ends: date | None, warn: Callable[[str], None]) -> Opened:
    from vbp.surplus.folder import open_folder, settle_inputs

    read, panels = open_folder(folder, warn)
    rules = load_profile(profile) if profile else profile_of_place(read.place.rule_profile, folder)
    settlement = settle_inputs(read, panels, rules, ends, warn)
    return Opened(settlement, tuple(folder / record.name for record in read.provenance), read, panels.rows)


def _items(items: Path, profile: str | None, ends: date | None, warn: Callable[[str], None]) -> Opened:
    rules = load_profile(profile)
    file = read_items(items, rules)
    for problem in file.problems:
        warn(problem.line())
    if ends and not ("end_date" in file.frame and file.frame["end_date"].notna().any()):
        warn("warning: --as-of has no effect: the items file has no end_date column")
    return Opened(settle(file.frame.drop(columns="row"), rules, ends), (items,))
