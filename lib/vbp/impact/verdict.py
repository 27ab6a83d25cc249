"""The verdict on one effect: supported, inconclusive (why), no material effect, or not assessable (why).

The rule and its measured errors: an effect is *supported* only where the mixture and Kenward–Roger both reject at
5 %; without an effect that happens in 3 % of series on average and in at most 9 % of any core noise process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vbp.impact.speak import size
from vbp.words import say

ALPHA = 0.05
SHORTEST, SHORTEST_SIDE = 24, 8
WORDS = ("supported", "inconclusive", "no_material_effect", "not_assessable")


@dataclass(frozen=True)
class Verdict:
    """One of four words, the reason's key in the phrase table, and the numbers of the sentence."""

    word: str
    reason: str
    values: dict[str, Any] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`."""
        return say(f"impact_verdict.{self.reason}", lang, **self.values)


def obstacle(points: int, before: int, after: int) -> Verdict | None:
    """Return why a series of this length is not assessable, or None."""
    if min(before, after) < SHORTEST_SIDE:
        return Verdict("not_assessable", "few_points", {"before": before, "after": after, "needed": SHORTEST_SIDE})
    if points < SHORTEST:
        return Verdict("not_assessable", "short", {"points": points, "needed": SHORTEST})
    return None


def exact_step(values: np.ndarray, fitted: np.ndarray) -> bool:
    """Return whether the design fits the series to rounding: a tariff step, not a noisy series."""
    spread = float(np.abs(values - values.mean()).max())
    return bool(np.abs(values - fitted).max() <= 1e-9 * max(spread, np.abs(values).max() * 1e-3))


def constant(values: np.ndarray) -> bool:
    """Return whether a series never changes."""
    return bool(np.ptp(values) <= 1e-12 * max(1e-300, np.abs(values).max()))


def judge(
    p_value: float,
    p_confirm: float,
    inner: tuple[float, float] | None = None,
    margin: float | None = None,
    detectable: float = float("nan"),
    family: str = "gaussian",
) -> Verdict:
    """Return the verdict on an effect that can be assessed.

    Parameters
    ----------
    p_value, p_confirm : of the inference used and of the confirming test.
    inner : 90 % interval; `margin`: the smallest effect that matters, set in advance, in the effect's own unit.
    detectable : the effect that would be found with a chance of 80 %; named where the answer is open, as a percentage
        where the `family` is on the log scale.
    """
    if p_value < ALPHA and p_confirm < ALPHA:
        return Verdict("supported", "supported", {"p": show_p(p_value), "confirm": show_p(p_confirm)})
    if p_value < ALPHA:
        return Verdict("inconclusive", "persistent", {"p": show_p(p_value), "confirm": show_p(p_confirm)})
    if margin is not None and inner is not None and -margin < inner[0] and inner[1] < margin:
        return Verdict("no_material_effect", "no_material_effect", {"margin": f"{margin:g}"})
    return Verdict("inconclusive", "imprecise", {"p": show_p(p_value), "detectable": size(family, detectable)})


def judge_alone(p_value: float, clean: bool, detectable: float = float("nan"), family: str = "gaussian") -> Verdict:
    """Return the verdict where no second test exists (counts with zeros): residuals and dispersion must be clean."""
    if p_value < ALPHA:
        word, reason = ("supported", "supported_clean") if clean else ("inconclusive", "unconfirmed")
        return Verdict(word, reason, {"p": show_p(p_value)})
    return Verdict("inconclusive", "imprecise", {"p": show_p(p_value), "detectable": size(family, detectable)})


def show_p(p_value: float) -> str:
    """Return a p-value for people: three decimals, a bound below what the reference supports, never 0."""
    from vbp.impact.inference import P_FLOOR

    return f"< {P_FLOOR:g}" if p_value < P_FLOOR else f"{p_value:.3f}"
