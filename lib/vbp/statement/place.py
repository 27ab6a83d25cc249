"""The statement of an open place, as it stands beside the place's report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vbp.statement.book import write_statement
from vbp.statement.heading import heading_of

if TYPE_CHECKING:
    from vbp.city import City


def write_beside(place: City, folder: str) -> bool:
    """Write `statement.xlsx` into `folder` where the place's tables allow a settlement; return whether they do."""
    if not place.surplus:
        return False
    write_statement(place.surplus, Path(folder) / "statement.xlsx", heading_of(place.inputs))
    return True
