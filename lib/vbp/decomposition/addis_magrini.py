"""Price × volume × structure after Addis and Magrini: what most Chinese studies of VBP spending print.

price = Σ p1·q1 / Σ p0·q1, volume = Σ q1 / Σ q0, structure = (Σ p0·q1 / Σ q1) / (Σ p0·q0 / Σ q0); their product is the
ratio of spending. Quantities must be of one unit over all products: DDDs (限定日剂量), or a generic's converted units.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

import pandas as pd

from vbp.decomposition.changes import Matched, match
from vbp.errors import InputError, Problem
from vbp.exact import DEEP
from vbp.words import say
from vbp.words.said import Said


@dataclass(frozen=True)
class AddisMagrini:
    """Three ratios whose product is the ratio of spending on matched products; `unmatched` counts what stays out."""

    price: float
    volume: float
    structure: float
    unmatched: int
    assumptions: tuple[Said, ...]

    @property
    def value_ratio(self) -> float:
        """Return price × volume × structure."""
        return self.price * self.volume * self.structure

    @property
    def table(self) -> pd.DataFrame:
        """Return the factors as a table."""
        names = ("price", "volume", "structure", "value_ratio")
        return pd.DataFrame({"factor": names, "ratio": [getattr(self, name) for name in names]})

    def text(self, lang: str) -> str:
        """Return the three factors in one sentence."""
        return say(
            "decomposition.addis_magrini",
            lang,
            price=f"{self.price:.4f}",
            volume=f"{self.volume:.4f}",
            structure=f"{self.structure:.4f}",
            ratio=f"{self.value_ratio:.4f}",
            unmatched=self.unmatched,
        )


def addis_magrini(table: pd.DataFrame) -> AddisMagrini:
    """Return price, volume and structure of `changes` (quantities of one unit); unmatched products stay out."""
    groups = match(table)
    if not groups.both:
        raise InputError(Problem("no product was bought in both windows; nothing can be compared", rule="no_match"))
    price, volume, structure = _ratios(groups)
    return AddisMagrini(
        price,
        volume,
        structure,
        len(groups.new) + len(groups.lost),
        (Said("decomposition.assume_addis_magrini"), Said("decomposition.assume_one_unit")),
    )


def _ratios(groups: Matched) -> tuple[float, float, float]:
    rows = groups.table.loc[list(groups.both)]
    with localcontext(DEEP):
        old_price = [value / quantity for value, quantity in zip(rows["value_0"], rows["quantity_0"], strict=True)]
        at_old = sum((p * q for p, q in zip(old_price, rows["quantity_1"], strict=True)), Decimal(0))
        q0, q1, v0, v1 = (sum(rows[name], Decimal(0)) for name in ("quantity_0", "quantity_1", "value_0", "value_1"))
        return float(v1 / at_old), float(q1 / q0), float((at_old / q1) / (v0 / q0))
