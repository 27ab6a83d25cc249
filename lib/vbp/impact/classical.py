"""Classical inference by statsmodels: OLS, HAC, Prais–Winsten, GLS-AR and the Poisson families.

On short series these reject true nulls far too often (Newey–West 10–65 %); they stay available by name, to set
beside published work.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from vbp.errors import UsageError
from vbp.impact.design import Design
from vbp.impact.kernel import Array


@dataclass(frozen=True)
class Classical:
    """A statsmodels fit in the design's own coefficients: beta (k,), covariance (k, k), and its reference.

    `df` is the t reference's degrees of freedom, None for the normal; `dispersion` of a Poisson family.
    """

    beta: Array
    covariance: Array
    df: float | None
    residuals: Array
    fitted: Array
    dispersion: float | None = None
    rho: float | None = None


def hac_lags(points: int) -> int:
    """Return the usual bandwidth floor(4 (n/100)^(2/9)): 3 for 36 points."""
    return int(4 * (points / 100) ** (2 / 9))


def ols(design: Design, values: Array) -> Classical:
    """Return ordinary least squares with its own errors (t with n − k degrees of freedom)."""
    import statsmodels.api as sm

    fit = sm.OLS(values, design.matrix).fit()
    return Classical(fit.params, fit.cov_params(), float(fit.df_resid), fit.resid, fit.fittedvalues)


def hac(design: Design, values: Array) -> Classical:
    """Return ordinary least squares with Newey–West errors (normal reference, as statsmodels)."""
    import statsmodels.api as sm

    fit = sm.OLS(values, design.matrix).fit(cov_type="HAC", cov_kwds={"maxlags": hac_lags(len(values))})
    return Classical(fit.params, fit.cov_params(), None, fit.resid, fit.fittedvalues)


def prais_winsten(design: Design, values: Array, rounds: int = 50) -> Classical:
    """Return GLS under AR(1) with the autocorrelation of the residuals, iterated; the first point is kept.

    Calendar lags: a gap of h points correlates with rho^h.
    """
    import statsmodels.api as sm

    lags = np.abs(np.subtract.outer(design.steps, design.steps))
    neighbours = np.flatnonzero(np.diff(design.steps) == 1)
    fit, rho = sm.OLS(values, design.matrix).fit(), 0.0
    for _ in range(rounds):
        residual = values - design.matrix @ fit.params
        new = float(residual[neighbours + 1] @ residual[neighbours] / (residual[neighbours] @ residual[neighbours]))
        new = float(np.clip(new, -0.99, 0.99))
        fit = sm.GLS(values, design.matrix, sigma=new**lags).fit()
        if abs(new - rho) < 1e-8:
            break
        rho = new
    return Classical(
        fit.params,
        fit.cov_params(),
        float(fit.df_resid),
        values - design.matrix @ fit.params,
        design.matrix @ fit.params,
        rho=rho,
    )


def gls_ar(design: Design, values: Array, order: int = 1) -> Classical:
    """Return statsmodels' GLSAR (Cochrane–Orcutt: the first points are lost), iterated."""
    import statsmodels.api as sm

    if np.any(np.diff(design.steps) != 1):
        raise UsageError("gls-ar needs a series without gaps; use prais-winsten, which keeps calendar lags")
    model = sm.GLSAR(values, design.matrix, rho=order)
    fit = model.iterative_fit(maxiter=50)
    return Classical(
        fit.params,
        fit.cov_params(),
        float(fit.df_resid),
        values - design.matrix @ fit.params,
        design.matrix @ fit.params,
        rho=float(np.atleast_1d(model.rho)[0]),
    )


def poisson(design: Design, values: Array, exposure: Array | None, quasi: bool, robust: bool = False) -> Classical:
    """Return a Poisson regression with log link; `quasi` scales its errors by Pearson's dispersion.

    The interval uses the normal reference, as the published replications do; `robust` takes Newey–West errors.
    """
    import statsmodels.api as sm

    offset = None if exposure is None else np.log(exposure)
    options: dict[str, Any] = {"scale": "X2"} if quasi else {}
    if robust:
        options = {"cov_type": "HAC", "cov_kwds": {"maxlags": hac_lags(len(values))}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.GLM(values, design.matrix, family=sm.families.Poisson(), offset=offset).fit(**options)
    return Classical(
        np.asarray(fit.params),
        np.asarray(fit.cov_params()),
        None,
        np.asarray(fit.resid_pearson),
        np.asarray(fit.fittedvalues),
        dispersion=float(fit.pearson_chi2 / fit.df_resid),
    )


GAUSSIAN = {"model": ols, "hac": hac, "prais-winsten": prais_winsten, "gls-ar": gls_ar}
