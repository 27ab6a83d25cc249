"""Interrupted time series of one outcome: terms, verdicts, counterfactual, cumulative effects, checks, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.impact import verdict as rule
from vbp.impact.checks import Check, Series, autocorrelation, run_checks
from vbp.impact.counterfactual import Counterfactual, counterfactual
from vbp.impact.design import Design, Options, make_design
from vbp.impact.grid import Grid, read_times, refuse_repeats
from vbp.impact.inference import FAMILIES, INFERENCES, Estimates, Fit, infer
from vbp.impact.kernel import Array
from vbp.impact.mixture import Inference
from vbp.impact.verdict import Verdict
from vbp.words import say

MEASURES = ("price", "quantity", "spending", "selected_share", "originator_share", "alternatives", "other")


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


def _numbers(frame: pd.DataFrame, column: str) -> Array:
    """Return a column as floats with NaN for empty cells; a text that is no number is an error, all of them listed."""
    text = frame[column].astype("object").where(frame[column].notna(), None)
    values = pd.to_numeric(text, errors="coerce").to_numpy(float)
    bad = [
        at
        for at, (raw, value) in enumerate(zip(text, values, strict=True))
        if np.isnan(value) and raw is not None and str(raw).strip().lower() not in ("", "na", "nan", ".")
    ]
    if bad:
        raise InputError(
            [
                Problem(
                    "not a number; leave the cell empty where the value is missing",
                    rule="number",
                    row=at + 2,
                    column=column,
                    value=str(text.iloc[at]),
                )
                for at in bad
            ]
        )
    return values


def require_columns(frame: pd.DataFrame, columns: list[str]) -> None:
    """Raise UsageError where a named column is not in the frame."""
    for column in columns:
        if column not in frame.columns:
            raise UsageError(unknown("column", column, [str(name) for name in frame.columns]))


def _read(
    frame: pd.DataFrame, outcome: str, time: str, offset: str | None
) -> tuple[Grid, np.ndarray, Array, Array | None]:
    """Return grid, steps with data (sorted), values and exposure; rows without a value are gaps."""
    require_columns(frame, [outcome, time] + ([offset] if offset else []))
    frame = frame[frame[time].notna()].reset_index(drop=True)
    grid = read_times(frame[time], time)
    refuse_repeats(grid, time)
    values = _numbers(frame, outcome)
    exposure = _numbers(frame, offset) if offset else None
    there = np.isfinite(values) & (np.isfinite(exposure) if exposure is not None else True)
    if not there.any():
        raise InputError(Problem("every value is missing; nothing to fit", rule="all_missing", column=outcome))
    order = np.argsort(grid.steps[there], kind="stable")
    pick = np.flatnonzero(there)[order]
    return grid, grid.steps[pick], values[pick], None if exposure is None else exposure[pick]


def _refuse_domain(
    grid: Grid, steps: np.ndarray, values: Array, exposure: Array | None, family: str, outcome: str
) -> None:
    bad = np.zeros(values.size, dtype=bool)
    why = "the log family needs values above 0; use gaussian, or quasipoisson for counts"
    if family == "log":
        bad = values <= 0
    elif family != "gaussian":
        bad, why = values < 0, "a count cannot be negative"
    if exposure is not None and np.any(exposure <= 0):
        bad, why = bad | (exposure <= 0), "the exposure must be above 0: its logarithm enters"
    if bad.any():
        raise InputError(
            [
                Problem(f"{why} (time {grid.label(int(step))})", rule="domain", column=outcome, value=f"{value:g}")
                for step, value in zip(steps[bad], values[bad], strict=True)
            ]
        )


def _exact_fit(design: Design, values: Array, family: str, exposure: Array | None) -> Fit | None:
    """Return the fit of a tariff step (or any series that the design holds without noise), else None."""
    from vbp.impact.classical import ols
    from vbp.impact.inference import linked

    if family not in ("gaussian", "log"):
        return None
    scaled = linked(values, exposure, family)
    beta, _, rank, _ = np.linalg.lstsq(design.matrix, scaled, rcond=None)
    if rank < design.matrix.shape[1] or not rule.exact_step(scaled, design.matrix @ beta):
        return None
    if rule.constant(scaled):
        return None
    found = design.contrasts @ beta
    estimate = np.where(np.abs(found) < 1e-9 * np.abs(scaled).max(), 0.0, found)[:, None]
    zero, none = np.zeros_like(estimate), np.full_like(estimate, np.nan)
    return Fit(
        "exact",
        family,
        Estimates(Inference(estimate, zero, none, estimate, estimate), none, zero),
        beta,
        np.zeros((beta.size, beta.size)),
        design.matrix @ beta,
        np.zeros(values.size),
        ols(design, scaled),
        0.0,
    )


def _usable(design: Design, values: Array) -> None:
    """Raise InputError where nothing can be fitted: too few points, a constant series, dependent columns."""
    before, after = int((~design.after).sum()), int(design.after.sum())
    if rule.constant(values):
        raise InputError(Problem("the series is constant; there is no change to assess", rule="constant"))
    if values.size <= design.matrix.shape[1] + 2 or min(before, after) < 2:
        raise InputError(
            Problem(
                f"{before} points before and {after} after the date are too few for {design.matrix.shape[1]} terms; "
                f"at least {rule.SHORTEST_SIDE} on either side are needed",
                rule="few_points",
            )
        )
    scaled = design.matrix / np.sqrt((design.matrix**2).sum(axis=0))
    if np.linalg.matrix_rank(scaled) < design.matrix.shape[1]:
        raise InputError(
            Problem(
                "terms cannot be told apart at these points (two dates too near each other, or seasonal terms that the "
                "windows left out make equal); take out a term",
                rule="dependent_terms",
            )
        )


def _clean(fit: Fit, residuals: Check, points: int) -> bool:
    """Return whether counts that no second test can confirm (zeros) have clean residuals, dispersion and length."""
    spread = fit.reference.dispersion or 1.0
    return residuals.verdict == "pass" and points >= 36 and (fit.family == "quasipoisson" or spread <= 1.5)


def judge_all(
    estimates: Estimates, confirm: Array, barrier: Verdict | None, margin: float | None, at: int = 0, *, family: str
) -> list[Verdict]:
    """Return the verdict on every contrast of series `at` (shared by the scan); the last contrast is a sum of effects."""
    rows = estimates.main.estimate.shape[0]
    if barrier:
        return [barrier] * rows
    main = estimates.main
    # the 90 % interval from the 95 % one: its half widths times z(.95)/z(.975)
    inner = [main.estimate[:, at] + (end[:, at] - main.estimate[:, at]) * 0.8392 for end in (main.low, main.high)]
    return [
        rule.judge(
            float(main.p_value[row, at]),
            float(confirm[row]),
            (float(inner[0][row]), float(inner[1][row])),
            margin,
            float(estimates.reach[row, at]),
            family if row < rows - 1 else "gaussian",
        )
        for row in range(rows)
    ]


def _terms(design: Design, fit: Fit, verdicts: list[Verdict]) -> list[Term]:
    main, contrasts, confirm = fit.estimates.main, design.contrasts, fit.estimates.p_confirm[:, 0]
    classical = contrasts @ fit.reference.beta
    error = np.sqrt(np.maximum(np.einsum("qk,kl,ql->q", contrasts, fit.reference.covariance, contrasts), 0.0))
    exact = fit.inference == "exact"
    terms = []
    for row, name in enumerate((*design.names, "cumulative")):
        estimate, spread, low, high, p_value = (
            float(part[row, 0]) for part in (main.estimate, main.std_error, main.low, main.high, main.p_value)
        )
        terms.append(
            Term(
                name,
                estimate,
                spread,
                low,
                high,
                None if exact else p_value,
                float(confirm[row]) if np.isfinite(confirm[row]) else None,
                float(classical[row]),
                float(error[row]),
                float(fit.estimates.reach[row, 0]),
                verdicts[row],
            )
        )
    return terms


def _verdicts(design: Design, fit: Fit, margin: float | None, series: Series) -> list[Verdict]:
    if fit.inference == "exact":
        values = series.values[design.keep]
        before, after = values[~design.after][-1], values[design.after][0]
        change = (after / before - 1) * 100 if before else float("nan")
        said = Verdict(
            "not_assessable",
            "exact",
            {"before": f"{before:g}", "after": f"{after:g}", "change": f"{change:+.2f}".replace("-", "−")},
        )
        return [said] * (len(design.names) + 1)
    barrier = rule.obstacle(design.steps.size, int((~design.after).sum()), int(design.after.sum()))
    confirm = fit.estimates.p_confirm[:, 0]
    if barrier is None and not np.isfinite(confirm).all():
        clean = _clean(fit, autocorrelation(design, fit), design.steps.size)
        main, reach = fit.estimates.main, fit.estimates.reach
        units = [fit.family] * (main.p_value.shape[0] - 1) + ["gaussian"]
        return [
            rule.judge_alone(float(p), clean, float(found), unit)
            for p, found, unit in zip(main.p_value[:, 0], reach[:, 0], units, strict=True)
        ]
    return judge_all(fit.estimates, confirm, barrier, margin, family=fit.family)


def its(
    frame: pd.DataFrame,
    outcome: str,
    time: str,
    date: Any,
    *,
    family: str = "gaussian",
    effect: str | None = None,
    offset: str | None = None,
    inference: str = "auto",
    margin: float | None = None,
    measure: str = "other",
    checks: bool = True,
    **design_options: Any,
) -> ItsResult:
    """Fit an interrupted time series and say what it shows.

    Parameters
    ----------
    frame : one row a time; a missing row or an empty value is a gap and stays one.
    outcome, time, offset : columns; `offset` is an exposure, its logarithm enters (log and Poisson families).
    date : one known date or several, of the type of the time column; the effect starts at the first point at or after.
    family : gaussian, log, poisson, quasipoisson.
    effect : "level" or "level+slope"; by default level+slope for gaussian and log, level for the Poisson families.
    inference : auto (the mixture, confirmed by Kenward–Roger; the Poisson families' own errors), or one by name.
    margin : the smallest effect that matters, set in advance; allows the verdict "no material effect".
    measure : what the outcome is (`MEASURES`), for the words.
    design_options : harmonics, period, month_dummies, spring_festival, anticipation, phase_in, windows, exclude
        (see `vbp.impact.design.Options`).

    Raises
    ------
    InputError
        Values or times that cannot be read, a date outside the data, a constant or hopelessly short series.
    UsageError
        Unknown columns, names or a date of the wrong type.

    Examples
    --------
    >>> result = its(frame, "amount_yuan", "month", "2019-12", family="log", harmonics=2)   # doctest: +SKIP
    >>> result.term("level").estimate, result.verdict.word                                   # doctest: +SKIP
    """
    for kind, given, known in (
        ("family", family, FAMILIES),
        ("inference", inference, INFERENCES),
        ("measure", measure, MEASURES),
    ):
        if given not in known:
            raise UsageError(unknown(kind, given, known))
    dates = tuple(date) if isinstance(date, (list, tuple)) else (date,)
    chosen = effect or ("level" if "poisson" in family else "level+slope")
    options = Options(dates=dates, effect=chosen, **design_options).checked()
    grid, steps, values, exposure = _read(frame, outcome, time, offset)
    if offset and family == "gaussian":
        raise UsageError("an offset is an exposure for the log and Poisson families; divide first for gaussian")
    _refuse_domain(grid, steps, values, exposure, family, outcome)
    series = Series(grid, options, steps, values, exposure, family)
    return fit_series(series, outcome, inference, margin, measure, checks)


def fit_series(
    series: Series,
    outcome: str,
    inference: str = "auto",
    margin: float | None = None,
    measure: str = "other",
    checks: bool = True,
) -> ItsResult:
    """Fit a series that is read already; see `its`."""
    design = make_design(series.grid, series.options, series.steps)
    values = series.values[design.keep]
    exposure = None if series.exposure is None else series.exposure[design.keep]
    _usable(design, values)
    exact = _exact_fit(design, values, series.family, exposure)
    fit = exact or infer(design, values, series.family, inference, exposure)
    made = run_checks(series, design, fit) if checks and not exact else ()
    *terms, cumulative = _terms(design, fit, _verdicts(design, fit, margin, series))
    return ItsResult(
        outcome,
        measure,
        series.family,
        fit.inference,
        series.options,
        series.grid.label(design.starts[0]),
        values.size,
        design.left_out,
        tuple(series.grid.gaps(series.steps)),
        tuple(terms),
        cumulative,
        counterfactual(series.grid, design, fit, series.values, series.exposure),
        fit.reference.dispersion,
        exact is not None,
        made,
    )
