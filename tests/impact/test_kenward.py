"""Kenward–Roger against derivatives by finite differences and a slow recomputation from the definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from tests.impact.impact_helpers import ar1, setup
from vbp.impact import kenward
from vbp.impact.kernel import project


def correlation(rho, steps):
    return rho ** np.abs(np.subtract.outer(steps, steps)).astype(float)


def test_derivatives_of_the_correlation_by_finite_differences():
    steps = np.array([0, 1, 2, 5, 6, 9])
    lags = np.abs(np.subtract.outer(steps, steps)).astype(float)
    for rho in (-0.6, 0.3, 0.85):
        h = 1e-4
        value, first, second = (part[0] for part in kenward.ar1_derivatives(np.array([rho]), lags))
        up, down = correlation(rho + h, steps), correlation(rho - h, steps)
        assert value == pytest.approx(correlation(rho, steps))
        assert first == pytest.approx((up - down) / (2 * h), abs=1e-5)
        assert second == pytest.approx((up - 2 * value + down) / h**2, abs=1e-4)


def slow(design, contrasts, steps, s2, rho):
    """Adjusted covariance and df from the definition, every derivative in (s², rho) by finite differences."""

    def v(a, b):
        return a * correlation(b, steps)

    def phi(a, b):
        return np.linalg.inv(design.T @ np.linalg.inv(v(a, b)) @ design)

    h = 1e-4
    inverse = np.linalg.inv(v(s2, rho))
    first = [(v(s2 + h, rho) - v(s2 - h, rho)) / (2 * h), (v(s2, rho + h) - v(s2, rho - h)) / (2 * h)]
    cross = (v(s2 + h, rho + h) - v(s2 + h, rho - h) - v(s2 - h, rho + h) + v(s2 - h, rho - h)) / (4 * h * h)
    twice = (v(s2, rho + h) - 2 * v(s2, rho) + v(s2, rho - h)) / h**2
    second = [[np.zeros_like(cross), cross], [cross, twice]]
    p_matrix = inverse - inverse @ design @ phi(s2, rho) @ design.T @ inverse
    information = np.array([[0.5 * np.trace(p_matrix @ a @ p_matrix @ b) for b in first] for a in first])
    w = np.linalg.inv(information)
    base = phi(s2, rho)
    total = np.zeros_like(base)
    for i in range(2):
        for j in range(2):
            p_i, p_j = (-design.T @ inverse @ first[at] @ inverse @ design for at in (i, j))
            q = design.T @ inverse @ first[i] @ inverse @ first[j] @ inverse @ design
            r = design.T @ inverse @ second[i][j] @ inverse @ design
            total += w[i, j] * (q - p_i @ base @ p_j - r / 4)
    adjusted = base + 2 * base @ total @ base
    df = []
    for c in contrasts:
        gradient = np.array(
            [
                (c @ phi(s2 + h, rho) @ c - c @ phi(s2 - h, rho) @ c) / (2 * h),
                (c @ phi(s2, rho + h) @ c - c @ phi(s2, rho - h) @ c) / (2 * h),
            ]
        )
        df.append(2 * (c @ base @ c) ** 2 / (gradient @ w @ gradient))
    return np.diag(contrasts @ adjusted @ contrasts.T), np.array(df), np.diag(contrasts @ base @ contrasts.T)


@pytest.mark.parametrize("gaps", [(), (2, 9, 10)])
def test_table_equals_the_definition_by_finite_differences(gaps):
    steps, design, contrasts = setup(gaps=gaps)
    table = kenward.kenward_table(project(design, steps, contrasts))
    rho = np.sin(table.angle)
    for node in (20, 32, 45, 52):
        factor, df, plain = slow(design, contrasts, steps, 1.0, rho[node])
        assert table.factor[node] == pytest.approx(np.maximum(factor, plain), rel=2e-3)
        assert table.df[node] == pytest.approx(np.maximum(df, 1), rel=2e-3)


def test_degrees_of_freedom_do_not_depend_on_the_variance_unit():
    steps, design, contrasts = setup()
    one = slow(design, contrasts, steps, 1.0, 0.5)
    four = slow(design, contrasts, steps, 4.0, 0.5)
    assert four[1] == pytest.approx(one[1], rel=1e-4)
    assert four[0] == pytest.approx(4 * one[0], rel=1e-4)


def test_estimate_and_p_equal_reml_maximised_without_a_grid():
    steps, design, contrasts = setup()
    y = ar1(30, 0.5, 21)[:, 0] + design @ [1, 0, 1.5, 0]
    n, k = design.shape

    def profile(rho):
        v = correlation(rho, steps)
        inverse = np.linalg.inv(v)
        information = design.T @ inverse @ design
        residual = y - design @ np.linalg.solve(information, design.T @ inverse @ y)
        return (
            0.5 * np.linalg.slogdet(v)[1]
            + 0.5 * np.linalg.slogdet(information)[1]
            + (n - k) / 2 * np.log(residual @ inverse @ residual)
        )

    rho = optimize.minimize_scalar(profile, bounds=(-0.9, 0.98), method="bounded", options={"xatol": 1e-9}).x
    inverse = np.linalg.inv(correlation(rho, steps))
    beta = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ y)
    residual = y - design @ beta
    s2 = residual @ inverse @ residual / (n - k)
    factor, df, plain = slow(design, contrasts, steps, 1.0, rho)
    error = np.sqrt(s2 * np.maximum(factor, plain))
    found = kenward.kenward(kenward.kenward_table(project(design, steps, contrasts)), y[:, None])
    assert found.estimate[:, 0] == pytest.approx(contrasts @ beta, rel=0.01, abs=0.01)
    expected = 2 * stats.t.sf(np.abs(contrasts @ beta) / error, df)
    assert found.p_value[:, 0] == pytest.approx(expected, abs=0.004)


def test_white_noise_gives_nearly_the_ordinary_t_test():
    steps, design, contrasts = setup(48, 24)
    y = ar1(48, 0.0, 5, 400)
    found = kenward.kenward(kenward.kenward_table(project(design, steps, contrasts)), y)
    assert 0.02 < (found.p_value[0] < 0.05).mean() < 0.09
