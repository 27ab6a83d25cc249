"""Strength and pack out of texts like 20mg*7片/板*4板/盒: what one unit holds, and how many units a pack holds."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

DOSE = re.compile(
    r"\d(?:\.\d+)?\s*(?:mg|g|kg|ug|μg|µg|mcg|ng|ml|l|iu|u|miu|mmol|mol|万单位|单位|万u|万iu|%|cm|mm)(?![a-z])",
    re.IGNORECASE,
)
COUNT = re.compile(r"^(\d+)\s*([^\d/*]*?)(?:/([^\d/*]+))?$")
UNITS = ("片", "粒", "支", "丸", "枚", "袋", "瓶", "贴", "揿", "喷", "吸", "张", "包", "个", "只", "颗", "s", "t", "'s")
PLAIN_UNIT = {"s": "片", "t": "片", "'s": "片", "": "片"}


@dataclass(frozen=True)
class Pack:
    """A specification read: strength (of one unit), units in a pack, and the unit's name."""

    strength: str
    units: int
    unit_name: str


class UnreadPack(ValueError):
    """The text does not say how many units a pack holds."""


def tidy(text: str) -> str:
    """Return a specification with one multiplication sign (*), half-width, without spaces or enclosing brackets."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = re.sub(r"[×xX✕∗·](?=\s*\d)", "*", text)
    text = re.sub(r"[(\[（](?=[^()]*\*)([^()]*)[)\]）]", r"\1", text)
    return re.sub(r"\s+", "", text)


def _split_tail(piece: str) -> tuple[str, str, str]:
    """Return (dose, unit, container) of a piece like 500mg/瓶 or 20mg."""
    dose, _, rest = piece.partition("/")
    return (dose, rest, "") if rest and not DOSE.search(rest) else (piece, "", "")


def parse(text: str) -> Pack:
    """Return the strength, units per pack and unit of a specification.

    `20mg*7片/板*4板/盒` is 20mg, 28, 片; `500mg/瓶` is 500mg, 1, 瓶; `5ml:0.1g*1支/盒` is 5ml:0.1g, 1, 支.
    Raises `UnreadPack` where no count is found or a piece is not understood.
    """
    pieces = [piece for piece in tidy(text).split("*") if piece]
    strengths = [piece for piece in pieces if DOSE.search(piece)]
    counts = pieces[len(strengths) :]
    if pieces[: len(strengths)] != strengths:
        raise UnreadPack(f"strength and counts are mixed in {text!r}")
    if not counts and strengths:
        dose, unit, _ = _split_tail(strengths[-1])
        if not unit:
            raise UnreadPack(f"no pack size in {text!r}")
        return Pack("*".join([*strengths[:-1], dose]), 1, unit)
    units, name = _counted(counts, text)
    return Pack("*".join(strengths), units, name)


def _counted(pieces: list[str], text: str) -> tuple[int, str]:
    """Multiply the counts of the pieces; the first one names the unit."""
    units, name, outer = 1, "", ""
    for place, piece in enumerate(pieces):
        match = COUNT.match(piece)
        if not match:
            raise UnreadPack(f"{piece!r} is no count in {text!r}")
        number, word, container = int(match.group(1)), match.group(2).casefold(), match.group(3) or ""
        if (
            not number
            or (place == 0 and word not in UNITS and word not in PLAIN_UNIT)
            or (place and outer and word not in ("", outer))
        ):
            raise UnreadPack(f"{piece!r} does not fit in {text!r}")
        units *= number
        name = name or PLAIN_UNIT.get(word, word)
        outer = container
    if not pieces:
        raise UnreadPack(f"no pack size in {text!r}")
    return units, name
