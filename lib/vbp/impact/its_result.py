"""What an interrupted time series gives: terms with intervals and verdicts, their words, the document of `vbp its --json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vbp.impact.checks import Check
from vbp.impact.counterfactual import Counterfactual
from vbp.impact.design import Options
from vbp.impact.verdict import Verdict
from vbp.words import say


@dataclass(frozen=True)
class Term:
    """One term with its 95 % interval on the link's scale, the confirming p-value, and its verdict.

    `p_value` is None where a tariff step is exact and nothing is tested. `classical_estimate` and `classical_error`
    are statsmodels' (least squares, or the Poisson family's own).
    """

    name: str
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float | None
    p_confirm: float | None
    classical_estimate: float
    classical_error: float
    detectable: float
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """Return the term as the command's JSON holds it."""
        p_bound = self.p_value is not None and self.p_value < 1e-3
        return {
            "name": self.name,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "p_value": self.p_value,
            "verdict": self.verdict.word,
            "sentence": self.verdict.text("en"),
            "sentence_zh": self.verdict.text("zh"),
            "p_confirm": self.p_confirm,
            "p_is_bound": p_bound,
            "detectable": self.detectable,
            "classical_estimate": self.classical_estimate,
            "classical_std_error": self.classical_error,
        }


@dataclass(frozen=True)
class ItsResult:
    """The result of an interrupted time series.

    `terms` are the reported terms; `cumulative_term` is the expected cumulative effect as a term (for the log and
    Poisson families: the sum of log effects); amounts in the outcome's unit are in `counterfactual`.
    """

    outcome: str
    measure: str
    family: str
    inference: str
    options: Options
    start: str | float | int
    points: int
    left_out: tuple[str | float | int, ...]
    gaps: tuple[str | float | int, ...]
    terms: tuple[Term, ...]
    cumulative_term: Term
    counterfactual: Counterfactual
    dispersion: float | None
    exact: bool
    checks: tuple[Check, ...]

    def term(self, name: str) -> Term:
        """Return a term by name; KeyError where the model has no such term."""
        for term in self.terms:
            if term.name == name:
                return term
        raise KeyError(name)

    @property
    def table(self) -> pd.DataFrame:
        """Return the terms as a frame: name, estimate, std_error, ci_low, ci_high, p_value, p_confirm, verdict."""
        columns = ["name", "estimate", "std_error", "ci_low", "ci_high", "p_value", "p_confirm", "verdict"]
        return pd.DataFrame([term.as_json() for term in (*self.terms, self.cumulative_term)])[columns]

    @property
    def verdict(self) -> Verdict:
        """Return the verdict on the level change."""
        return self.term("level").verdict

    @property
    def rate_ratio(self) -> dict[str, dict[str, float]] | None:
        """Return exp of the effect terms with intervals (log and Poisson families), else None."""
        if self.family == "gaussian":
            return None
        effects = [term for term in self.terms if term.name.startswith(("level", "slope", "anticipation", "phase_in"))]
        return {
            term.name: {
                "estimate": float(np.exp(term.estimate)),
                "ci_low": float(np.exp(term.ci_low)),
                "ci_high": float(np.exp(term.ci_high)),
            }
            for term in effects
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return the keys of the assumptions that this design rests on (group `impact_assumption`)."""
        made = ["its_trend", "its_no_other_shock", "its_date_known"]
        if self.options.windows == "model" and (self.options.anticipation or self.options.phase_in):
            made.append("its_windows_modelled")
        if self.left_out:
            made.append("its_windows_dropped")
        if self.family != "gaussian":
            made.append("its_proportional")
        if "mixture" in self.inference:
            made.append("its_noise")
        elif not self.exact:
            made.append("its_classical")
        return tuple(made)

    def text(self, lang: str = "zh") -> str:
        """Return the result in words: what changed, how sure, what it amounts to, what the checks say."""
        from vbp.impact.speak import its_text

        return its_text(self, lang)

    def as_json(self) -> dict[str, Any]:
        """Return the document that `vbp its --json` prints."""
        path = self.counterfactual.path
        document: dict[str, Any] = {
            "terms": [term.as_json() for term in self.terms],
            "inference": self.inference,
            "family": self.family,
            "date": self.start,
            "points": self.points,
            "gaps": list(self.gaps),
            "left_out": list(self.left_out),
        }
        if self.rate_ratio:
            document["rate_ratio"] = self.rate_ratio
        if self.dispersion is not None:
            document["dispersion"] = self.dispersion
        document["counterfactual"] = path.to_dict("records")
        cumulative = self.counterfactual.as_json()
        cumulative |= {"p_value": self.cumulative_term.p_value, "verdict": self.cumulative_term.verdict.word}
        document["cumulative"] = cumulative
        document["exact_step"] = self.exact
        document["verdict"] = {
            "word": self.verdict.word,
            "text": self.verdict.text("en"),
            "text_zh": self.verdict.text("zh"),
        }
        document["checks"] = [check.as_json() for check in self.checks]
        document["assumptions"] = [say(f"impact_assumption.{key}", "en") for key in self.assumptions]
        document["text"] = {"zh": self.text("zh"), "en": self.text("en")}
        return document
