"""Names from a user's tables as a figure can show them: short, on one line, inert; and units of amounts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.charts import theme
from vbp.words import say

if TYPE_CHECKING:
    from vbp.city import City

LONGEST = 24
# marks that turn the direction of all text after them, until closed
_TURNS = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)}
_FIRST_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def short(name: object, longest: int = LONGEST) -> str:
    """Return a name of at most `longest` columns (a Chinese character counts as two), without controls, kept apart if right-to-left."""
    letters = [" " if unicodedata.category(letter) == "Cc" else letter for letter in str(name) if letter not in _TURNS]
    kept, used = "", 0
    for letter in " ".join("".join(letters).split()):
        used += 2 if ord(letter) > 0x2E80 else 1
        if used > 2 * longest:
            kept += "…"
            break
        kept += letter
    turned = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in kept)
    return f"{_FIRST_ISOLATE}{kept}{_POP_ISOLATE}" if turned else kept


def label(name: object, longest: int = LONGEST) -> str:
    """Return a short name that plotly shows literally."""
    return theme.plain(short(name, longest))


def unique(names: Iterable[object], longest: int = LONGEST, width: int = 0) -> list[str]:
    """Return labels that differ where the names do: two long names that begin alike must not share a bar.

    `width`: columns of a line, for labels of several lines; 0 for one line.
    """
    seen: dict[str, int] = {}
    made = []
    for name in names:
        text = theme.wrap(short(name, longest), width) if width else label(name, longest)
        seen[text] = seen.get(text, 0) + 1
        made.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return made


def batch_names(city: City, lang: str) -> dict[str, str]:
    """Return rounds' names by identifier, the folder's own over the published ones."""
    from vbp.charts.rounds import _batch_names

    return _batch_names(city, lang)


def named(names: dict[str, str], key: object) -> str:
    """Return the name of an identifier, the identifier itself where it has none."""
    return names.get(str(key), str(key))


def scale(values: Iterable[Decimal | float], lang: str) -> tuple[float, str]:
    """Return by what amounts in yuan are divided for an axis, and the axis title: 万元 or 亿元, thousand or million yuan."""
    top = max((abs(float(value)) for value in values), default=0.0)
    large, size = (1e8, 1e8) if lang == "zh" else (1e6, 1e6)
    if top >= large:
        return size, say("chart.yi_or_million", lang)
    return (1e4 if lang == "zh" else 1e3), say("chart.wan_or_thousand", lang)


def digits(value: Any, factor: float = 1.0, places: int = 2) -> float:
    """Return a number divided and rounded for display: what a figure holds is what it shows."""
    return round(float(value) / factor, places) + 0.0


def note(city: City, lang: str) -> str:
    """Return what stands under a title of a figure from the ledger: 演示数据 for a synthetic place, else the source."""
    return say("page.synthetic" if city.synthetic else "chart.source_ledger", lang)
