"""What would have been without the policy: path, predictive band, and cumulative effects with their own intervals.

*Expected*: the model's effect summed over the points after the date. *Realised*: what was observed less the
counterfactual; its interval also holds the noise of the months themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from vbp.impact import mixture
from vbp.impact.design import Design
from vbp.impact.grid import Grid
from vbp.impact.inference import Fit, tables
from vbp.impact.kernel import Array

DRAWS, SEED = 4_000, 20_190_319


@dataclass(frozen=True)
class Amount:
    """An amount with its 95 % interval, in the outcome's unit."""

    estimate: float
    ci_low: float
    ci_high: float

    def as_json(self) -> dict[str, float]:
        """Return estimate and ends."""
        return {"estimate": self.estimate, "ci_low": self.ci_low, "ci_high": self.ci_high}

    def scaled(self, factor: float) -> Amount:
        """Return the amount times a factor (ends swapped under a negative one)."""
        low, high = sorted((self.ci_low * factor, self.ci_high * factor))
        return Amount(self.estimate * factor, low, high)


@dataclass(frozen=True)
class Counterfactual:
    """The path per point (`time, observed, fitted, counterfactual, ci_low, ci_high, in_fit`) and the two sums.

    `relative` is the realised effect as a share of the counterfactual's total; its interval takes that total as given.
    """

    path: pd.DataFrame
    expected: Amount
    realised: Amount
    total: float
    points: int

    @property
    def relative(self) -> Amount | None:
        """Return the realised effect over the counterfactual total, None where the total is not positive."""
        return self.realised.scaled(1 / self.total) if self.total > 0 else None

    def as_json(self) -> dict[str, object]:
        """Return the cumulative part of the command's JSON."""
        relative = self.relative
        return {
            "points": self.points,
            "expected": self.expected.as_json(),
            "realised": self.realised.as_json(),
            "counterfactual_total": self.total,
            "relative": relative.as_json() if relative else None,
        }


def _realised_rows(design: Design, fit: Fit, targets: Array) -> Array:
    """Return per node the weights (J, r, n) on the data of `targets` (r, n) @ (y − counterfactual)."""
    made = tables(design)
    terms = made.projection.contrast_map[:-1] + made.mix.nodes.shift[:, :-1] @ made.projection.complement
    return targets - (targets @ design.baseline) @ np.linalg.solve(design.reported, terms)


def _mixture_sums(design: Design, fit: Fit, values: Array) -> tuple[Array, Array, Amount]:
    """Return the band's ends at the points after the date (m,), and the realised sum (gaussian scale)."""
    after = np.flatnonzero(design.after)
    targets = np.vstack([np.eye(values.size)[after], design.after.astype(float)])
    table = mixture.with_functionals(tables(design).mix, _realised_rows(design, fit, targets))
    series = values[:, None]
    low, high = mixture.quantiles(table, series, (0.025, 0.975))[:, :, 0]
    mean = mixture.mixture(table, series, interval=False).estimate[-1, 0]
    return values[after] - high[:-1], values[after] - low[:-1], Amount(float(mean), float(low[-1]), float(high[-1]))


def _plain_sums(design: Design, fit: Fit, values: Array) -> tuple[Array, Array, Amount]:
    """The same from a covariance matrix and independent noise (named classical inference)."""
    after, base = design.after, design.baseline
    assert fit.covariance is not None
    df = fit.reference.df
    half = float(ndtri(0.975) if df is None else stdtrit(df, 0.975))
    noise = float(fit.residuals @ fit.residuals) / max(1, values.size - base.shape[1])
    middle = base[after] @ fit.beta
    spread = half * np.sqrt(np.einsum("tk,kl,tl->t", base[after], fit.covariance, base[after]) + noise)
    total = base[after].sum(axis=0)
    error = half * float(np.sqrt(total @ fit.covariance @ total + noise * after.sum()))
    sum_ = float(values[after].sum() - middle.sum())
    return middle - spread, middle + spread, Amount(sum_, sum_ - error, sum_ + error)


def _draw_linear(design: Design, fit: Fit, values: Array) -> tuple[Array, Array, Array]:
    """Draw coefficients (DRAWS, k), noise after the date (DRAWS, m) and s² (DRAWS,) from the mixture."""
    rng = np.random.default_rng(SEED)
    made = tables(design).mix
    weight, variance = mixture.node_weights(made, values)
    nodes = rng.choice(weight.size, DRAWS, p=weight)
    nu = made.projection.nu
    s2 = variance[nodes] * nu / rng.chisquare(nu, DRAWS)
    beta, after = np.empty((DRAWS, design.matrix.shape[1])), np.flatnonzero(design.after)
    noise = np.empty((DRAWS, after.size))
    for node in np.unique(nodes):
        at = np.flatnonzero(nodes == node)
        correlation = mixture.ar2_correlation(made.r1[[node]], made.r2[[node]], made.projection.lags)[0]
        right = np.linalg.solve(correlation, design.matrix)
        covariance = np.linalg.inv(design.matrix.T @ right)
        centre = covariance @ (right.T @ values)
        scale = np.sqrt(s2[at])[:, None]
        beta[at] = centre + scale * (rng.standard_normal((at.size, centre.size)) @ np.linalg.cholesky(covariance).T)
        root = np.linalg.cholesky(correlation[np.ix_(after, after)])
        noise[at] = scale * (rng.standard_normal((at.size, after.size)) @ root.T)
    return beta, noise, s2


def _interval(estimate: float, draws: Array) -> Amount:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Amount(float(estimate), float(min(low, estimate)), float(max(high, estimate)))


def _log_sums(design: Design, fit: Fit, logs: Array, exposure: Array, observed: Array) -> tuple[Array, Amount, Amount]:
    """Return the counterfactual mean on the outcome's own scale (n,) and both sums, by simulation (fixed seed)."""
    after = design.after
    beta, noise, s2 = _draw_linear(design, fit, logs)
    smear = np.exp(float(np.mean(s2)) / 2) if fit.covariance is None else np.exp(float(np.var(fit.residuals)) / 2)
    base = np.exp(design.baseline @ fit.beta) * exposure * smear
    fitted = np.exp(fit.fitted) * exposure * smear
    drawn_base = np.exp(beta @ design.baseline[after].T) * exposure[after]
    drawn_fit = np.exp(beta @ design.matrix[after].T) * exposure[after]
    expected = ((drawn_fit - drawn_base) * np.exp(s2 / 2)[:, None]).sum(axis=1)
    realised = observed[after].sum() - (drawn_base * np.exp(noise)).sum(axis=1)
    return base, _interval((fitted - base)[after].sum(), expected), _interval((observed - base)[after].sum(), realised)


def _count_sums(design: Design, fit: Fit, values: Array, exposure: Array) -> tuple[Array, Array, Array, Amount, Amount]:
    """Return counterfactual (n,), band ends after the date, and both sums of a Poisson family, by simulation."""
    rng = np.random.default_rng(SEED)
    after = design.after
    assert fit.covariance is not None
    base = np.exp(design.baseline @ fit.beta) * exposure
    beta = fit.beta + rng.standard_normal((DRAWS, fit.beta.size)) @ np.linalg.cholesky(fit.covariance).T
    drawn = np.exp(beta @ design.baseline[after].T) * exposure[after]
    drawn_fit = np.exp(beta @ design.matrix[after].T) * exposure[after]
    spread = np.sqrt((fit.reference.dispersion or 1.0) if fit.family == "quasipoisson" else 1.0)
    months = np.maximum(drawn + spread * np.sqrt(drawn) * rng.standard_normal(drawn.shape), 0.0)
    low, high = np.quantile(months, [0.025, 0.975], axis=0)
    expected = _interval((fit.fitted - base)[after].sum(), (drawn_fit - drawn).sum(axis=1))
    realised = _interval((values - base)[after].sum(), values[after].sum() - months.sum(axis=1))
    return base, low, high, expected, realised


def _expected(fit: Fit) -> Amount:
    main = fit.estimates.main
    return Amount(float(main.estimate[-1, 0]), float(main.low[-1, 0]), float(main.high[-1, 0]))


def _whole_path(grid: Grid, design: Design, fit: Fit, observed: Array, exposure: Array, scale: float) -> pd.DataFrame:
    """Return the path at every point with data, those left out of the fit among them."""
    link = (lambda eta: eta) if fit.family == "gaussian" else (lambda eta: np.exp(eta) * exposure * scale)
    return pd.DataFrame(
        {
            "time": [grid.label(int(step)) for step in design.all_steps],
            "observed": observed,
            "fitted": link(design.all_matrix @ fit.beta),
            "counterfactual": link(design.without_policy(design.all_matrix) @ fit.beta),
            "ci_low": np.nan,
            "ci_high": np.nan,
            "in_fit": design.keep,
        }
    )


def counterfactual(grid: Grid, design: Design, fit: Fit, observed: Array, exposure: Array | None) -> Counterfactual:
    """Return path, band and cumulative effects of a fitted series.

    Parameters
    ----------
    observed, exposure : at every point with data (those left out of the fit too).
    """
    whole = np.ones(observed.size) if exposure is None else exposure
    values, used = observed[design.keep], whole[design.keep]
    scale, after = 1.0, design.after
    if fit.family == "gaussian":
        sums = _mixture_sums if fit.covariance is None else _plain_sums
        low, high, realised = sums(design, fit, values)
        expected, base = _expected(fit), design.baseline @ fit.beta
    elif fit.family == "log":
        logs = np.log(values) - np.log(used)
        sums = _mixture_sums if fit.covariance is None else _plain_sums
        low, high, _ = sums(design, fit, logs)
        low, high = np.exp(low) * used[after], np.exp(high) * used[after]
        base, expected, realised = _log_sums(design, fit, logs, used, values)
        scale = float(base[0] / (np.exp(design.baseline[0] @ fit.beta) * used[0]))
    else:
        base, low, high, expected, realised = _count_sums(design, fit, values, used)
    path = _whole_path(grid, design, fit, observed, whole, scale)
    rows = np.flatnonzero(design.keep)[after]
    path.loc[rows, "ci_low"], path.loc[rows, "ci_high"] = low, high
    return Counterfactual(path, expected, realised, float(base[after].sum()), int(after.sum()))
