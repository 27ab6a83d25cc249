"""The result of `savings`: totals by kind, tables by every cut, and what had to stay out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from vbp.errors import UsageError, unknown
from vbp.words import money, say
from vbp.words.said import Said

KINDS = ("official", "realised", "excess", "potential", "potential_lawful", "potential_beyond", "alternatives")
"""official: (P0 − P1)·agreed. realised: P0·bought − paid. excess: paid above the selected price (within realised).
potential: what non-selected use would still save; its lawful part, the contract-free remainder, and the part beyond.
alternatives: change of spending on substitutes outside the batch (above zero: the saving leaks)."""
OF_AGREEMENTS = ("official", "potential_lawful", "potential_beyond")
"""The kinds that rest on agreements: without any they are gaps and not zero."""
CUTS = ("generic", "hospital", "batch", "month", "year")


@dataclass(frozen=True)
class Savings:
    """Savings of one city, each kind apart (never added to another), in yuan to the fen.

    `totals` by kind; `cuts` one table per cut, every column of which adds up to its total, both None for a kind that is
    not known (of alternatives also in rows without a substitute group or a month to compare with); `left_out` the varieties
    without P0 (or P1) with their spending and share: in no total; `alternatives` the comparison behind spillover;
    `baselines` the realised and official saving by where P0 comes from.
    """

    totals: Mapping[str, Decimal | None]
    cuts: Mapping[str, pd.DataFrame]
    left_out: pd.DataFrame
    left_out_share: float
    alternatives: pd.DataFrame
    baselines: pd.DataFrame
    as_of: dt.date
    assumptions: tuple[Said, ...]

    @property
    def table(self) -> pd.DataFrame:
        """Return the cut by generic."""
        return self.cuts["generic"]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that are known: all, or those that need no agreements."""
        return tuple(kind for kind, total in self.totals.items() if total is not None)

    def by(self, cut: str) -> pd.DataFrame:
        """Return one cut: generic, hospital, batch, month, year."""
        if cut not in self.cuts:
            raise UsageError(unknown("cut", cut, CUTS))
        return self.cuts[cut]

    @property
    def checks(self) -> dict[str, bool]:
        """Return, per cut, whether every kind's rows add up to its total to the fen."""
        return {
            name: all(sum(table[f"{kind}_yuan"].dropna(), Decimal(0)) == self.totals[kind] for kind in self.kinds)
            for name, table in self.cuts.items()
        }

    def text(self, lang: str) -> str:
        """Return the savings in a few sentences, each kind named, with what stays out."""
        shown = {kind: money(amount, lang) for kind, amount in self.totals.items()}
        if "alternatives" in self.kinds:
            shown["alternatives"] = say("savings.of_alternatives", lang, amount=shown["alternatives"])
        else:
            shown["alternatives"] = say("savings.of_alternatives_unknown", lang)
        lines = [
            say(f"savings.sentence{'' if 'official' in self.kinds else '_not_agreed'}", lang, as_of=self.as_of, **shown)
        ]
        if len(self.left_out):
            lines.append(say("savings.left_out", lang, items=len(self.left_out), share=f"{self.left_out_share:.1%}"))
        return "\n".join(lines)

    def document(self, cut: str = "generic") -> dict[str, Any]:
        """Return the JSON document: totals, the rows of one cut, what stays out, assumptions."""
        return {
            "as_of": self.as_of,
            "unit": "yuan",
            "totals": dict(self.totals),
            "by": cut,
            "rows": self.by(cut).to_dict("records"),
            "left_out": self.left_out.to_dict("records"),
            "left_out_share_of_spending": self.left_out_share,
            "baselines": self.baselines.to_dict("records"),
            "alternatives": self.alternatives.to_dict("records"),
            "checks": self.checks,
            "assumptions": [{"zh": said.text("zh"), "en": said.text("en")} for said in self.assumptions],
        }
