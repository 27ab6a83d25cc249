"""Interrupted time series of one outcome: fit, verdicts, counterfactual, cumulative effects, checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.impact import verdict as rule
from vbp.impact.checks import Check, Series, autocorrelation, run_checks
from vbp.impact.counterfactual import counterfactual
from vbp.impact.design import Design, Options, make_design
from vbp.impact.inference import FAMILIES, INFERENCES, Estimates, Fit, infer
from vbp.impact.its_result import ItsResult, Term
from vbp.impact.kernel import Array
from vbp.impact.mixture import Inference
from vbp.impact.observations import read_series, refuse_domain
from vbp.impact.verdict import Verdict

MEASURES = ("price", "quantity", "spending", "selected_share", "originator_share", "alternatives", "other")


def exact_fit(design: Design, values: Array, family: str, exposure: Array | None) -> Fit | None:
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


def refuse_unusable(design: Design, values: Array) -> None:
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
    estimates: Estimates, confirm: Array, barrier: Verdict | None, margin: float | None, at: int = 0
) -> list[Verdict]:
    """Return the verdict on every contrast of series `at` (shared by the scan)."""
    if barrier:
        return [barrier] * estimates.main.estimate.shape[0]
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
        )
        for row in range(main.estimate.shape[0])
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
        return [
            rule.judge_alone(float(p), clean, float(found))
            for p, found in zip(main.p_value[:, 0], reach[:, 0], strict=True)
        ]
    return judge_all(fit.estimates, confirm, barrier, margin)


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
    grid, steps, values, exposure = read_series(frame, outcome, time, offset)
    if offset and family == "gaussian":
        raise UsageError("an offset is an exposure for the log and Poisson families; divide first for gaussian")
    refuse_domain(grid, steps, values, exposure, family, outcome)
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
    refuse_unusable(design, values)
    exact = exact_fit(design, values, series.family, exposure)
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
