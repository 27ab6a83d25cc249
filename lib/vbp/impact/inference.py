"""Which inference a family gets, by name, for one series or for many that share a design.

`auto` is the AR(2) mixture confirmed by Kenward–Roger for the gaussian and log families, and the model's own errors
for the Poisson families. Batches and single series run through the same function, so their numbers agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from vbp.errors import UsageError, unknown
from vbp.impact import classical, kenward, mixture
from vbp.impact.design import Design
from vbp.impact.kernel import Array, Projection, project

FAMILIES = ("gaussian", "log", "poisson", "quasipoisson")
INFERENCES = ("auto", "mixture", "kenward-roger", "model", "hac", "prais-winsten", "gls-ar")
P_FLOOR = 1e-3
"""Below this the reference distribution of the default is not supported by simulation: shown as a bound."""


@dataclass(frozen=True)
class Tables:
    """Both tests' tables of one design."""

    projection: Projection
    mix: mixture.MixtureTable
    kr: kenward.KenwardTable


@dataclass(frozen=True)
class Estimates:
    """Results for terms and, last, the expected cumulative effect; each (q, N).

    `p_confirm` is Kenward–Roger's p-value; `reach` the half width of its interval plus .84 of its error: the effect
    that it finds with a chance of 80 %.
    """

    main: mixture.Inference
    p_confirm: Array
    reach: Array


def _tables(
    matrix: bytes, steps: bytes, contrasts: bytes, shape: tuple[int, int, int], tilt: tuple[float, ...]
) -> Tables:
    n, k, q = shape
    projection = project(
        np.frombuffer(matrix).reshape(n, k),
        np.frombuffer(steps, dtype=np.int64),
        np.frombuffer(contrasts).reshape(q, k),
    )
    return Tables(projection, mixture.mixture_table(projection, tilt=np.array(tilt)), kenward.kenward_table(projection))


_kept = lru_cache(maxsize=4)(_tables)


def tables(design: Design) -> Tables:
    """Return the tables of a design; the last few are kept, as placebo dates and scans ask again."""
    contrasts = np.ascontiguousarray(design.contrasts)
    return _kept(
        np.ascontiguousarray(design.matrix).tobytes(),
        design.steps.astype(np.int64).tobytes(),
        contrasts.tobytes(),
        (*design.matrix.shape, contrasts.shape[0]),
        design.tilt,
    )


def _reach(fit: mixture.Inference) -> Array:
    return (fit.high - fit.low) / 2 + float(ndtri(0.8)) * fit.std_error


def narrowed(made: Tables, rows: list[int]) -> Tables:
    """Return the tables with the chosen contrasts only; intervals cost by the contrast."""
    projection = replace(
        made.projection, contrast_map=made.projection.contrast_map[rows], to_contrast=made.projection.to_contrast[rows]
    )
    mix = replace(made.mix.nodes, shift=made.mix.nodes.shift[:, rows], variance=made.mix.nodes.variance[:, rows])
    kr = replace(made.kr.nodes, shift=made.kr.nodes.shift[:, rows], variance=made.kr.nodes.variance[:, rows])
    return Tables(
        projection,
        replace(made.mix, projection=projection, nodes=mix, tilt=made.mix.tilt[rows]),
        replace(made.kr, projection=projection, nodes=kr, factor=made.kr.factor[:, rows], df=made.kr.df[:, rows]),
    )


def default_batch(design: Design, values: Array, interval: bool = True, rows: list[int] | None = None) -> Estimates:
    """Return the default inference for series (n, N) of one design: mixture, confirmed by Kenward–Roger.

    `rows` picks contrasts (terms in order, then the cumulative effect); all by default.
    """
    made = tables(design) if rows is None else narrowed(tables(design), rows)
    main = mixture.mixture(made.mix, values, interval)
    confirm = kenward.kenward(made.kr, values)
    return Estimates(main, confirm.p_value, np.fmax(_reach(main), _reach(confirm)))


@dataclass(frozen=True)
class Fit:
    """One fitted series. Terms (k,) are the reported ones; `cumulative` is the last contrast's (scale of the link).

    `beta` and `covariance` are in the design's own coefficients; `covariance` is None under the mixture.
    """

    inference: str
    family: str
    estimates: Estimates
    beta: Array
    covariance: Array | None
    fitted: Array
    residuals: Array
    reference: classical.Classical
    persistence: float


def _from_classical(fit: classical.Classical, contrasts: Array) -> mixture.Inference:
    estimate = contrasts @ fit.beta
    error = np.sqrt(np.einsum("qk,kl,ql->q", contrasts, fit.covariance, contrasts))
    if fit.df is None:
        half, p_value = float(ndtri(0.975)) * error, mixture.normal_two_sided(estimate / error)
    else:
        half = float(stdtrit(fit.df, 0.975)) * error
        p_value = np.clip(2 * stdtr(fit.df, -np.abs(estimate / error)), np.finfo(float).tiny, 1.0)
    column = [part[:, None] for part in (estimate, error, p_value, estimate - half, estimate + half)]
    return mixture.Inference(*column)


def linked(values: Array, exposure: Array | None, family: str) -> Array:
    """Return the outcome on the scale of a linear model: itself, or its logarithm (of the rate)."""
    if family == "gaussian":
        return values
    return np.log(values) - (0.0 if exposure is None else np.log(exposure))


def _gaussian(design: Design, values: Array, family: str, name: str) -> Fit:
    reference = classical.ols(design, values)
    default = default_batch(design, values[:, None])
    persistence = float(mixture.autocorrelation(tables(design).mix, values[:, None])[0])
    if name in ("auto", "mixture", "kenward-roger"):
        estimates = default
        if name == "kenward-roger":
            fitted_kr = kenward.kenward(tables(design).kr, values[:, None])
            estimates = Estimates(fitted_kr, default.main.p_value, default.reach)
        main = estimates.main
        beta, covariance = np.linalg.solve(design.reported, main.estimate[:-1, 0]), None
    else:
        fit = classical.GAUSSIAN[name](design, values)
        main = _from_classical(fit, design.contrasts)
        # a named inference that over-rejects is confirmed by both tests of the default before a word is given
        confirm = np.fmax(default.p_confirm, default.main.p_value)
        estimates = Estimates(main, confirm, np.fmax(default.reach, _reach(main)))
        beta, covariance = fit.beta, fit.covariance
    fitted = design.matrix @ beta
    shown = {"auto": "mixture-ar2 confirmed by kenward-roger-ar1", "mixture": "mixture-ar2"}.get(name, name)
    return Fit(shown, family, estimates, beta, covariance, fitted, values - fitted, reference, persistence)


def _counts(design: Design, values: Array, exposure: Array | None, family: str, name: str) -> Fit:
    if name not in ("auto", "model", "hac"):
        raise UsageError(f"inference {name!r} is for gaussian and log; {family} has auto, model and hac")
    fit = classical.poisson(design, values, exposure, family == "quasipoisson", name == "hac")
    main = _from_classical(fit, design.contrasts)
    confirm, reach = np.full_like(main.p_value, np.nan), _reach(main)
    persistence = np.nan
    if values.min() > 0:
        logs = linked(values, exposure, "log")[:, None]
        log_fit = default_batch(design, logs)
        confirm, persistence = log_fit.main.p_value, float(mixture.autocorrelation(tables(design).mix, logs)[0])
    shown = {"auto": "model", "model": "model"}.get(name, name)
    return Fit(
        f"{shown} ({family})",
        family,
        Estimates(main, confirm, reach),
        fit.beta,
        fit.covariance,
        fit.fitted,
        fit.residuals,
        fit,
        persistence,
    )


def infer(
    design: Design, values: Array, family: str = "gaussian", name: str = "auto", exposure: Array | None = None
) -> Fit:
    """Fit one series (n,) and infer by name.

    Parameters
    ----------
    family : gaussian, log (gaussian on the logarithm), poisson, quasipoisson.
    name : auto, mixture, kenward-roger, model, hac, prais-winsten, gls-ar.
    exposure : positive; its logarithm enters (log and Poisson families).

    Raises
    ------
    UsageError
        An unknown name, or one that the family does not have.
    """
    if family not in FAMILIES:
        raise UsageError(unknown("family", family, FAMILIES))
    if name not in INFERENCES:
        raise UsageError(unknown("inference", name, INFERENCES))
    if family in ("gaussian", "log"):
        return _gaussian(design, linked(values, exposure, family), family, name)
    return _counts(design, values, exposure, family, name)
