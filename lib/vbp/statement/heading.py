"""What every sheet and page says of itself: place, synthetic or not, files behind it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


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


def heading_of(inputs: Path | None, items: Path | None) -> Heading:
    """Return the heading of an inputs folder, or of an items file, with the hashes of the files behind it."""
    if inputs is None:
        assert items is not None
        digest = hashlib.sha256(items.read_bytes()).hexdigest()
        return Heading(provenance=(f"{items.name}（SHA-256 {digest[:16]}…）",))
    from vbp.surplus.folder import read_place

    place, provenance = read_place(inputs)
    files = tuple(f"{record.name}（SHA-256 {record.sha256[:16]}…）" for record in provenance)
    return Heading(place.name_zh, bool(place.synthetic), files)
