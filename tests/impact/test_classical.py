"""Classical inference beside statsmodels: batched Newey–West, Prais–Winsten, robust Poisson."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from tests.impact.impact_helpers import ar1, setup
from vbp.errors import UsageError
from vbp.impact.classical import hac_lags, poisson, prais_winsten
from vbp.impact.design import Options, make_design
from vbp.impact.grid import read_times
from vbp.impact.hac import CHUNK, hac_batch
from vbp.impact.inference import infer


@pytest.mark.parametrize("lags", [0, 1, 3, 7])
def test_batched_newey_west_equals_statsmodels(lags):
    _, design, _ = setup(36, 18)
    values = ar1(36, 0.5, 1, CHUNK + 4)
    made = hac_batch(design, values, lags)
    for at in (0, 3, CHUNK - 1, CHUNK, CHUNK + 3):
        fit = sm.OLS(values[:, at], design).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
        assert made.estimate[:, at] == pytest.approx(fit.params, abs=1e-10)
        assert made.std_error[:, at] == pytest.approx(fit.bse, rel=1e-9)
        assert made.p_value[:, at] == pytest.approx(fit.pvalues, abs=1e-12)
        assert np.column_stack([made.low[:, at], made.high[:, at]]) == pytest.approx(fit.conf_int(), abs=1e-9)


def test_newey_west_lies_on_short_series_and_the_default_does_not():
    """The reason for the default, in one test: 36 months of noise, level change."""
    _, design, _ = setup(36, 18)
    values = ar1(36, 0.6, 2, 2_000)
    assert (hac_batch(design, values, 3).p_value[2] < 0.05).mean() > 0.25
    steps = np.arange(36)
    made = make_design(read_times(list(steps)), Options(dates=(18,)), steps)
    from vbp.impact.inference import default_batch

    found = default_batch(made, values, interval=False)
    assert (found.main.p_value[2] < 0.05).mean() < 0.10
    assert ((found.main.p_value[2] < 0.05) & (found.p_confirm[2] < 0.05)).mean() < 0.09


def test_bandwidth_is_the_usual_rule():
    assert [hac_lags(n) for n in (24, 36, 60, 100)] == [2, 3, 3, 4]


def test_prais_winsten_solves_its_own_equations():
    steps = np.arange(60)
    design = make_design(read_times(list(steps)), Options(dates=(30,)), steps)
    y = ar1(60, 0.6, 3)[:, 0]
    fit = prais_winsten(design, y)
    residual = y - design.matrix @ fit.beta
    assert fit.rho == pytest.approx(residual[1:] @ residual[:-1] / (residual[:-1] @ residual[:-1]), abs=1e-6)
    x = np.vstack([np.sqrt(1 - fit.rho**2) * design.matrix[:1], design.matrix[1:] - fit.rho * design.matrix[:-1]])
    z = np.concatenate([np.sqrt(1 - fit.rho**2) * y[:1], y[1:] - fit.rho * y[:-1]])
    assert fit.beta == pytest.approx(np.linalg.lstsq(x, z, rcond=None)[0], abs=1e-6)


def test_robust_poisson_equals_statsmodels_and_named_errors_are_refused_elsewhere():
    steps = np.arange(48)
    design = make_design(read_times(list(steps)), Options(dates=(24,), effect="level"), steps)
    counts = np.random.default_rng(1).poisson(50, 48).astype(float)
    made = poisson(design, counts, None, quasi=False, robust=True)
    fit = sm.GLM(counts, design.matrix, family=sm.families.Poisson()).fit(cov_type="HAC", cov_kwds={"maxlags": 3})
    assert made.covariance == pytest.approx(fit.cov_params(), rel=1e-6)
    with pytest.raises(UsageError, match="auto, model and hac"):
        infer(design, counts, "poisson", "mixture")
