"""The place that a notebook explores: the user's own folder, or a small demonstration made on the spot."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vbp.city import City

HOSPITALS, MONTHS = 9, 60
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def fresh_folder() -> Path:
    """Return an empty folder that is removed when Python ends."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="vbp-"))
    return Path(_KEPT[-1].name)


def open_place(inputs: str = "", as_of: str = "") -> City:
    """Open the user's own inputs folder, or a small demonstration (示范市) made on the spot where none is named.

    Parameters
    ----------
    inputs
        A folder of the contract's tables; empty for the demonstration (same seed, same numbers).
    as_of
        ISO date; empty for the end of the last month in the ledger.
    """
    from vbp import paths
    from vbp.city import open_city
    from vbp.demo import make_demo

    folder = paths.inputs(inputs) if inputs else make_demo(fresh_folder() / "demo", hospitals=HOSPITALS, months=MONTHS)
    return open_city(folder.name, folder, as_of or None)
