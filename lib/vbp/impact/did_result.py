"""What a difference-in-differences gives: estimate, interval, cells, checks, its words, the document of `vbp did --json`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vbp.impact.checks import Check
from vbp.impact.verdict import show_p
from vbp.words import say


@dataclass(frozen=True)
class DidResult:
    """The result of a difference-in-differences.

    `std_error` is clustered by unit, or under permutation the standard deviation of the estimate over all assignments;
    `smallest_possible_p` is given under permutation; interval ends may be infinite where the design cannot reject.
    """

    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    smallest_possible_p: float | None
    estimator: str
    inference: str
    cells: pd.DataFrame
    event: pd.DataFrame
    treated_units: int
    control_units: int
    alternatives: dict[str, float]
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> str:
        """Return supported, inconclusive or not_assessable (the design cannot reach 5 %)."""
        if self.smallest_possible_p is not None and self.smallest_possible_p > 0.05:
            return "not_assessable"
        failed = any(check.name == "pre_trend" and check.verdict == "fail" for check in self.checks)
        return "supported" if self.p_value <= 0.05 and not failed else "inconclusive"

    @property
    def _way(self) -> str:
        first = self.inference.split()[0]
        return {"clustered": "cluster"}.get(first, first)

    @property
    def table(self) -> pd.DataFrame:
        """Return the cells: group, period, mean, std_error, n."""
        return self.cells

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return the keys of the assumptions (group `impact_assumption`)."""
        last = "did_permutation" if self.smallest_possible_p is not None else "did_cluster"
        return "did_parallel", "did_no_spillover", last

    def text(self, lang: str = "zh") -> str:
        """Return the result in words."""
        from vbp.impact.speak import number

        parts = [
            say(
                "impact_did.estimate",
                lang,
                estimate=number(self.estimate),
                p=show_p(self.p_value),
                inference=say(f"impact_did.{self._way}", lang),
            )
        ]
        if math.isfinite(self.ci_low) and math.isfinite(self.ci_high):
            parts.append(say("impact_did.interval", lang, low=number(self.ci_low), high=number(self.ci_high)))
        smallest = f"{self.smallest_possible_p:.3g}" if self.smallest_possible_p else ""
        parts.append(say(f"impact_did.{self.verdict}", lang, smallest=smallest))
        parts += [check.text(lang) for check in self.checks if check.verdict == "fail"]
        parts += [say(f"impact_assumption.{key}", lang) for key in self.assumptions]
        return ("" if lang == "zh" else " ").join(parts)

    def as_json(self) -> dict[str, Any]:
        """Return the document that `vbp did --json` prints."""
        document: dict[str, Any] = {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "p_value": self.p_value,
            "inference": self.inference,
            "estimator": self.estimator,
            "verdict": self.verdict,
            "cells": self.cells.to_dict("records"),
            "treated_units": self.treated_units,
            "control_units": self.control_units,
            "alternatives": self.alternatives,
            "event_study": self.event.to_dict("records"),
            "checks": [check.as_json() for check in self.checks],
            "text": {"zh": self.text("zh"), "en": self.text("en")},
        }
        if self.smallest_possible_p is not None:
            document["smallest_possible_p"] = self.smallest_possible_p
        return document
