"""The kernel against generalised least squares written out, dense integration, and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.impact.impact_helpers import ar1, setup
from vbp.impact import kenward, mixture
from vbp.impact.kernel import ar2_correlation, node_table, project, residual_forms


def brute_gls(design, contrasts, correlation, y):
    inverse = np.linalg.inv(correlation)
    phi = np.linalg.inv(design.T @ inverse @ design)
    beta = phi @ design.T @ inverse @ y
    residual = y - design @ beta
    rss = residual @ inverse @ residual
    reml = -0.5 * np.linalg.slogdet(correlation)[1] + 0.5 * np.linalg.slogdet(phi)[1]
    return contrasts @ beta, np.diag(contrasts @ phi @ contrasts.T), rss, reml


@pytest.mark.parametrize("gaps", [(), (3, 4, 20)])
def test_gls_contrasts_variances_and_reml_equal_brute_force(gaps):
    steps, design, contrasts = setup(gaps=gaps)
    r1, r2 = np.array([0.0, 0.5, -0.4, 0.9]), np.array([0.0, 0.3, -0.5, 0.2])
    projection = project(design, steps, contrasts)
    correlation = ar2_correlation(r1, r2, projection.lags)
    table = node_table(projection, correlation)
    y = ar1(30, 0.5, 1)[steps]
    rss, shift = residual_forms(table, projection.complement @ y)
    constants = []
    for j in range(4):
        estimate, variance, brute_rss, reml = brute_gls(design, contrasts, correlation[j], y[:, 0])
        assert projection.contrast_map @ y[:, 0] + shift[j, :, 0] == pytest.approx(estimate, abs=1e-9)
        assert table.variance[j] == pytest.approx(variance, rel=1e-8)
        assert rss[j, 0] == pytest.approx(brute_rss, rel=1e-9)
        constants.append(table.log_det[j] - reml)
    assert constants == pytest.approx([constants[0]] * 4, abs=1e-9), "log det Z'VZ differs from REML by a constant"


def test_ar2_correlation_solves_yule_walker_and_stays_positive_definite():
    lags = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    r1, r2, _ = mixture.grid()
    correlation = ar2_correlation(r1, r2, lags)
    phi1, phi2 = r1 * (1 - r2), r2
    assert correlation[:, 0, 1] == pytest.approx(phi1 / (1 - phi2))
    assert correlation[:, 0, 7] == pytest.approx(phi1 * correlation[:, 0, 6] + phi2 * correlation[:, 0, 5])
    assert np.linalg.eigvalsh(correlation).min() > 0


def test_grid_has_the_documented_nodes():
    r1, r2, log_prior = mixture.grid()
    assert r1.min() > -0.95 and np.abs(r2).max() < np.sin(1.2)
    assert r1.size == r2.size == log_prior.size == 22 * 12


def dense_p(design, contrasts, y, which, tilt, first=60, second=40):
    """p by Gauss–Legendre over the angles, every node by plain GLS: shares no code with the library."""
    x1, w1 = np.polynomial.legendre.leggauss(first)
    x2, w2 = np.polynomial.legendre.leggauss(second)
    low = np.arcsin(-0.95)
    a1, a2 = low + (x1 + 1) / 2 * (np.pi / 2 - low), 1.2 * x2
    n, k = design.shape
    total, found = [], []
    for u, wu in zip(a1, w1, strict=True):
        for v, wv in zip(a2, w2, strict=True):
            p, q = np.sin(u), np.sin(v)
            g = [1.0, p]
            for _ in range(2, n):
                g.append(p * (1 - q) * g[-1] + q * g[-2])
            correlation = np.array(g)[np.abs(np.subtract.outer(np.arange(n), np.arange(n)))]
            estimate, variance, rss, reml = brute_gls(design, contrasts, correlation, y)
            prior = np.cos(u) * np.cos(v) * (1 - q * q) ** 4 * (1 + p) ** tilt
            total.append(np.log(wu * wv * prior) + reml - (n - k) / 2 * np.log(rss))
            found.append(stats.t.cdf(estimate[which] / np.sqrt(rss / (n - k) * variance[which]), n - k))
    weight = np.exp(np.array(total) - max(total))
    above = (weight * np.array(found)).sum() / weight.sum()
    return 2 * min(above, 1 - above)


@pytest.mark.parametrize(("rho", "seed"), [(0.2, 3), (0.8, 4)])
def test_mixture_p_equals_a_dense_numerical_integration(rho, seed):
    steps, design, contrasts = setup()
    y = ar1(30, rho, seed)[:, 0] + design @ [0, 0, 1.5, 0.05]
    projection = project(design, steps, contrasts)
    tilt = np.array([0.5, 1.0, 1.0])
    found = mixture.mixture(mixture.mixture_table(projection, tilt=tilt), y[:, None], interval=False).p_value[:, 0]
    for which in range(2):
        assert found[which] == pytest.approx(dense_p(design, contrasts, y, which, tilt[which]), abs=2e-3)
    fine = mixture.mixture_table(projection, 96, 48, tilt)
    closer = mixture.mixture(fine, y[:, None], interval=False).p_value[0, 0]
    assert closer == pytest.approx(dense_p(design, contrasts, y, 0, 0.5), abs=3e-4)


def test_interval_excludes_zero_exactly_where_p_is_below_five_percent():
    steps, design, contrasts = setup()
    y = ar1(30, 0.4, 8, 600) + (design @ [0, 0, 1.2, 0.1])[:, None]
    table = mixture.mixture_table(project(design, steps, contrasts), tilt=np.array([0.5, 1.0, 1.0]))
    found = mixture.mixture(table, y)
    outside = (found.low > 0) | (found.high < 0)
    assert 0.05 < outside.mean() < 0.95, "the test needs both kinds"
    assert (outside == (found.p_value < 0.05)).all()
    assert (found.low < found.high).all()


def test_interval_ends_hold_two_and_a_half_percent_of_the_mixture():
    steps, design, contrasts = setup()
    y = ar1(30, 0.6, 9, 40)
    table = mixture.mixture_table(project(design, steps, contrasts))
    found = mixture.mixture(table, y)
    for end, goal in ((found.low, 0.05), (found.high, 0.05)):
        for row in range(3):
            direction = contrasts[row] / (contrasts[row] @ contrasts[row])
            moved = y - (design @ direction)[:, None] * end[row]
            assert mixture.mixture(table, moved, interval=False).p_value[row] == pytest.approx(goal, abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-3, 1e6), shift=st.floats(-1e5, 1e5), trend=st.floats(-1e3, 1e3), effect=st.floats(-50, 50))
def test_changing_units_baseline_or_effect_moves_estimate_and_interval_alike(scale, shift, trend, effect):
    steps, design, contrasts = setup(24, 12)
    y = ar1(24, 0.5, 2)
    table = mixture.mixture_table(project(design, steps, contrasts), 12, 6)
    plain = mixture.mixture(table, y)
    other = mixture.mixture(table, scale * (y + (design @ [shift, trend, effect, 0])[:, None]))
    tolerance = 1e-6 * scale * (1 + abs(shift) / 100 + abs(trend))
    assert other.estimate[0] == pytest.approx(scale * (plain.estimate[0] + effect), abs=tolerance)
    assert other.low[0] == pytest.approx(scale * (plain.low[0] + effect), abs=tolerance)
    assert other.high[1] == pytest.approx(scale * plain.high[1], abs=tolerance)


def test_batch_and_single_series_agree_across_chunks():
    steps, design, contrasts = setup()
    y = ar1(30, 0.3, 6, mixture.CHUNK + 3)
    projection = project(design, steps, contrasts)
    mix, kr = mixture.mixture_table(projection), kenward.kenward_table(projection)
    whole, whole_kr = mixture.mixture(mix, y), kenward.kenward(kr, y)
    for at in (0, mixture.CHUNK - 1, mixture.CHUNK, mixture.CHUNK + 2):
        one, one_kr = mixture.mixture(mix, y[:, [at]]), kenward.kenward(kr, y[:, [at]])
        for name in ("estimate", "std_error", "p_value", "low", "high"):
            assert getattr(whole, name)[:, at] == pytest.approx(getattr(one, name)[:, 0], abs=1e-9)
            assert getattr(whole_kr, name)[:, at] == pytest.approx(getattr(one_kr, name)[:, 0], abs=1e-9)


def test_p_keeps_its_digits_and_is_never_zero():
    steps, design, contrasts = setup()
    y = 1e-3 * ar1(30, 0.1, 1) + (design @ [0, 0, 1e4, 0])[:, None]
    projection = project(design, steps, contrasts)
    for found in (
        mixture.mixture(mixture.mixture_table(projection), y, False),
        kenward.kenward(kenward.kenward_table(projection), y),
    ):
        assert 0 < found.p_value[0, 0] < 1e-20


def test_functionals_of_the_data_reproduce_contrasts():
    steps, design, contrasts = setup()
    table = mixture.mixture_table(project(design, steps, contrasts))
    rows = table.projection.contrast_map + table.nodes.shift @ table.projection.complement
    again = mixture.with_functionals(table, rows)
    y = ar1(30, 0.5, 12, 5)
    one, two = mixture.mixture(table, y), mixture.mixture(again, y)
    assert two.estimate == pytest.approx(one.estimate, abs=1e-9)
    assert two.low == pytest.approx(one.low, abs=1e-6)


def test_dependent_columns_are_refused():
    steps, design, _ = setup()
    with pytest.raises(np.linalg.LinAlgError):
        project(np.column_stack([design, design[:, 2]]), steps, np.zeros((1, 5)))
