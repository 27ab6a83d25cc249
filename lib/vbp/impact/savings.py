"""Savings against the counterfactual: what the policy saved or cost, beside official and realised savings.

Official and realised savings price a volume at P0 and at P1; the counterfactual asks what would have been *spent*.
They differ by growth of volume, by structure (selected or not, originator or generic) and by spillover to alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from vbp.errors import UsageError
from vbp.impact.checks import Check
from vbp.impact.counterfactual import Amount
from vbp.impact.its_result import ItsResult
from vbp.words import money, say


@dataclass(frozen=True)
class CounterfactualSavings:
    """Savings with interval (yuan; a cost is negative) and the parts of the difference.

    `expected` and `realised` are the negative cumulative effects on spending. `volume_part`: the realised change of
    quantity at the mean price after the date; `structure_part`: what remains between `official` and `realised`;
    `spillover`: the realised change of spending on alternatives. Parts without data are None.
    """

    points: int
    expected: Amount
    realised: Amount
    official: Decimal | None
    realised_at_prices: Decimal | None
    volume_part: Amount | None
    structure_part: float | None
    spillover: Amount | None
    checks: tuple[Check, ...]

    @property
    def table(self) -> pd.DataFrame:
        """Return every kind of saving, named: kind, yuan, ci_low, ci_high, mark."""
        rows: list[tuple[object, ...]] = [
            ("expected_against_counterfactual", *_ends(self.expected), "estimated with interval"),
            ("realised_against_counterfactual", *_ends(self.realised), "estimated with interval"),
        ]
        for name, given in (("official", self.official), ("realised_at_prices", self.realised_at_prices)):
            if given is not None:
                rows.append((name, float(given), None, None, "computed"))
        for name, part in (("volume_change_cost", self.volume_part), ("spillover_cost", self.spillover)):
            if part is not None:
                rows.append((name, *_ends(part), "estimated with interval"))
        if self.structure_part is not None:
            rows.append(("structure_and_rest", self.structure_part, None, None, "computed"))
        return pd.DataFrame(rows, columns=["kind", "yuan", "ci_low", "ci_high", "mark"])

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return the keys of the assumptions (group `impact_assumption`)."""
        return "its_trend", "its_no_other_shock", "its_date_known"

    def text(self, lang: str = "zh") -> str:
        """Return the savings in words, and why they differ from the official figure."""
        effect = self.realised.scaled(-1)
        word = say("impact_savings.lower" if effect.estimate < 0 else "impact_savings.higher", lang)
        ends = sorted((abs(effect.ci_low), abs(effect.ci_high)))
        crosses = effect.ci_low < 0 < effect.ci_high
        low, high = (effect.ci_low, effect.ci_high) if crosses else ends
        parts = [
            say(
                "impact_savings.text",
                lang,
                points=self.points,
                word=word,
                amount=_yuan(abs(effect.estimate), lang),
                low=_yuan(low, lang),
                high=_yuan(high, lang),
            )
        ]
        if self.volume_part is not None:
            parts.append(say("impact_savings.volume", lang, amount=_yuan(self.volume_part.estimate, lang)))
        if self.structure_part is not None:
            parts.append(say("impact_savings.structure", lang, amount=_yuan(self.structure_part, lang)))
        if self.spillover is not None:
            parts.append(say("impact_savings.spillover", lang, amount=_yuan(self.spillover.estimate, lang)))
        return ("" if lang == "zh" else " ").join(parts)


def _ends(amount: Amount) -> tuple[float, float, float]:
    return amount.estimate, amount.ci_low, amount.ci_high


def _yuan(value: float, lang: str) -> str:
    text = money(value, lang)
    return text.removesuffix("元").removesuffix(" yuan")


def counterfactual_savings(
    spending: ItsResult,
    quantity: ItsResult | None = None,
    alternatives: ItsResult | None = None,
    official: Decimal | None = None,
    realised_at_prices: Decimal | None = None,
) -> CounterfactualSavings:
    """Return the savings of a fitted spending series, beside official and realised ones where given.

    Parameters
    ----------
    spending, quantity, alternatives : interrupted time series of yuan, units and yuan over the same points.
    official, realised_at_prices : Σ (P0 − P1)·agreed and Σ (P0 − P1)·actual, yuan, over the same points.

    Raises
    ------
    UsageError
        Where the series do not cover the same number of points after the same date.
    """
    for other in (quantity, alternatives):
        if other is not None and (other.start, other.counterfactual.points) != (
            spending.start,
            spending.counterfactual.points,
        ):
            raise UsageError("the series must cover the same points after the same date to be set beside each other")
    made = spending.counterfactual
    volume = None
    if quantity is not None:
        path = quantity.counterfactual.path
        after = path.loc[path["ci_low"].notna(), "observed"].sum()
        spent = made.path.loc[made.path["ci_low"].notna(), "observed"].sum()
        volume = quantity.counterfactual.realised.scaled(float(spent / after))
    saved = made.realised.scaled(-1)
    structure = None
    if official is not None and volume is not None:
        # official − volume growth at the new price + structure = saved against the counterfactual
        structure = saved.estimate - (float(official) - volume.estimate)
    return CounterfactualSavings(
        made.points,
        made.expected.scaled(-1),
        saved,
        official,
        realised_at_prices,
        volume,
        structure,
        alternatives.counterfactual.realised if alternatives is not None else None,
        spending.checks,
    )
