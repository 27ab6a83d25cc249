"""What every sheet and page says of itself: place, synthetic or not, files behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vbp.tables import Inputs


@dataclass(frozen=True)
class Heading:
    """What every sheet says of itself: the place, whether its data are synthetic, and where the inputs came from."""

    place: str = ""
    synthetic: bool = False
    provenance: tuple[str, ...] = ()

    def title(self, text: str) -> str:
        """Return a sheet's title, marked 演示数据 where the data are synthetic."""
        return ("【演示数据】" if self.synthetic else "") + self.place + text

    @property
    def header(self) -> str:
        """The header printed on every page."""
        return ("演示数据　" if self.synthetic else "") + f"{self.place}集中带量采购医保资金结余留用核算表"


def heading_of(inputs: Inputs | None, items: Sequence[Path] = ()) -> Heading:
    """Return the heading of an inputs folder, or of items files, with the hashes of all the files behind it."""
    if inputs is None:
        return Heading(
            provenance=tuple(_file(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in items)
        )
    files = dict.fromkeys(_file(record.name, record.sha256) for record in inputs.provenance)
    return Heading(inputs.place.name_zh, bool(inputs.place.synthetic), tuple(files))


def _file(name: str, digest: str) -> str:
    return f"{name}（SHA-256 {digest[:16]}…）"
