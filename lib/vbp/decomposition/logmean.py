"""Multiplicative decomposition by logarithmic means (LMDI-I, which is Vartia I): factors whose product is the ratio.

Each factor of the chain v = Q · s₁ · … · x · p enters with the weight L(v1, v0) / L(V1, V0), L the logarithmic mean;
price × volume × structure is then the ratio of spending on matched products, exactly. New and lost products enter as
one factor of their own, so that all factors together give the ratio of all spending. Source:
Ang (2005), Energy Policy 33.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import log

import numpy as np
import pandas as pd

from vbp.decomposition.changes import match
from vbp.exact import DEEP
from vbp.indices.formulas import log_mean
from vbp.words import say
from vbp.words.said import Said


@dataclass(frozen=True)
class LogMean:
    """Factors of the ratio of spending: `table` has `factor, ratio, log_share`; their product is `value_ratio`."""

    table: pd.DataFrame
    value_ratio: float
    matched_ratio: float
    assumptions: tuple[Said, ...]

    @property
    def factors(self) -> dict[str, float]:
        """Return each factor's ratio: price, volume, structure_…, new_and_lost."""
        return dict(zip(self.table["factor"], self.table["ratio"], strict=True))

    def text(self, lang: str) -> str:
        """Return the factors in one sentence."""
        factors = self.factors
        structure = float(np.prod([ratio for name, ratio in factors.items() if name.startswith("structure")]))
        return say(
            "decomposition.factors",
            lang,
            price=f"{factors['price']:.4f}",
            volume=f"{factors['volume']:.4f}",
            structure=f"{structure:.4f}",
            turnover=f"{factors['new_and_lost']:.4f}",
            ratio=f"{self.value_ratio:.4f}",
        )


def log_mean_parts(table: pd.DataFrame, levels: Sequence[str] = ()) -> LogMean:
    """Return the multiplicative decomposition of `changes`; parameters as for `bennet`; NaN where nothing matches."""
    groups = match(table, levels)
    totals = [sum(groups.table[f"value_{side}"], Decimal(0)) for side in (0, 1)]
    both = groups.table.loc[list(groups.both)]
    sums = [sum(both[f"value_{side}"], Decimal(0)) for side in (0, 1)]
    if not groups.both:
        return _result({name: float("nan") for name in groups.factors}, totals, sums)
    with localcontext(DEEP):
        logs = np.array(
            [[log(b / a) for a, b in zip(chain.first, chain.second, strict=True)] for chain in groups.chains()]
        )
    weights = log_mean(*(both[name].to_numpy(dtype=float) for name in ("value_1", "value_0"))) / log_mean(
        float(sums[1]), float(sums[0])
    )
    ratios = np.exp(weights @ logs)
    return _result(dict(zip(groups.factors, (float(r) for r in ratios), strict=True)), totals, sums)


def _result(ratios: dict[str, float], totals: list[Decimal], sums: list[Decimal]) -> LogMean:
    whole = float(totals[1] / totals[0]) if totals[0] and totals[1] else float("nan")
    inside = float(sums[1] / sums[0]) if sums[0] else float("nan")
    factors = {"price": ratios.pop("price"), **ratios, "new_and_lost": whole / inside if inside else float("nan")}
    logs = np.log(list(factors.values()))
    share = logs / np.log(whole) if whole == whole and whole != 1 else np.full(len(logs), np.nan)
    table = pd.DataFrame({"factor": list(factors), "ratio": list(factors.values()), "log_share": share})
    return LogMean(table, whole, inside, (Said("decomposition.assume_log_mean"), Said("decomposition.assume_new_lost")))
