"""What the verbs on an inputs folder share: read it, build its panels, tell its warnings, mark what is synthetic."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt

    from vbp.ledger import Panels
    from vbp.tables import Inputs
    from vbp.tables.place import Place


def title(place: Place, lang: str) -> str:
    """Return a place's name, marked where its data are synthetic."""
    name = place.name_zh if lang == "zh" else place.name_en
    mark = {"zh": "（演示数据）", "en": " (synthetic data, 演示数据)"}[lang] if place.synthetic else ""
    return f"{name}{mark}"


@dataclass(frozen=True)
class Opened:
    """An inputs folder with its panels."""

    inputs: Inputs
    panels: Panels

    @property
    def synthetic(self) -> bool:
        """Whether the folder is marked synthetic (演示数据)."""
        return bool(self.inputs.place.synthetic)

    def title(self, lang: str) -> str:
        """Return the place's name, marked where the data are synthetic."""
        return title(self.inputs.place, lang)

    def marked(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a JSON document with the place and whether it is synthetic in front."""
        place = self.inputs.place
        return {
            "slug": self.inputs.slug,
            "name_zh": place.name_zh,
            "name_en": place.name_en,
            "synthetic": self.synthetic,
            **document,
        }


def open_panels(folder: Path, what: str, needs: Sequence[str], until: dt.date | None = None) -> Opened:
    """Return the folder's tables and panels, purchases up to `until` only; warnings go to standard error.

    `needs` are the tables beside hospitals, products and usage without which `what` cannot be said.
    """
    from vbp.ledger import build
    from vbp.ledger.cut import cut_usage
    from vbp.tables import read_inputs

    inputs = read_inputs(folder)
    inputs.need(("usage", "products", *needs), what)
    cut = inputs if until is None else cut_usage(inputs, until)
    panels = build(cut)
    for problem in (*inputs.problems, *panels.problems):
        print(problem.line(), file=sys.stderr)
    return Opened(inputs, panels)


def day(text: str | None) -> dt.date | None:
    """Return a date given on the command line as YYYY-MM-DD."""
    import datetime as dt

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date; write it as 2024-06-30") from None
