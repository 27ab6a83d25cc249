"""Counterfactual, cumulative effects and their intervals, against slow recomputation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.impact.impact_helpers import ar1, monthly
from vbp.impact import its
from vbp.impact.checks import Series
from vbp.impact.counterfactual import Amount, _realised_rows
from vbp.impact.design import Options, make_design
from vbp.impact.grid import read_times
from vbp.impact.inference import infer, tables
from vbp.impact.mixture import mixture, with_functionals


def test_paths_and_sums_add_up(planted):
    result = its(planted, "value", "month", "2020-01")
    path, made = result.counterfactual.path, result.counterfactual
    after = path["ci_low"].notna()
    assert after.sum() == made.points == 24
    assert (path["fitted"] - path["counterfactual"])[after].sum() == pytest.approx(made.expected.estimate)
    assert (path["observed"] - path["counterfactual"])[after].sum() == pytest.approx(made.realised.estimate)
    assert (path["fitted"] == path["counterfactual"])[~after].all()
    assert (path["ci_low"] < path["counterfactual"])[after].all()
    assert (path["counterfactual"] < path["ci_high"])[after].all()
    level, slope = result.term("level").estimate, result.term("slope").estimate
    assert made.expected.estimate == pytest.approx(24 * level + 276 * slope)
    assert made.relative.estimate == pytest.approx(made.realised.estimate / made.total)


def test_predictive_band_is_wider_than_the_interval_of_the_line(planted):
    result = its(planted, "value", "month", "2020-01")
    realised, expected = result.counterfactual.realised, result.counterfactual.expected
    assert realised.ci_low < -5 * 24 - 0.2 * 276 + 30 and realised.ci_high > expected.estimate
    path = result.counterfactual.path.dropna(subset=["ci_low"])
    width = path["ci_high"] - path["ci_low"]
    assert width.iloc[-1] > width.iloc[0], "uncertainty grows with distance"


def test_realised_functional_is_gls_written_out():
    grid = read_times(range(30))
    design = make_design(grid, Options(dates=(15,)), np.arange(30))
    y = ar1(30, 0.5, 4)[:, 0]
    fit = infer(design, y)
    target = design.after.astype(float)[None, :]
    rows = _realised_rows(design, fit, target)
    made = tables(design).mix
    from vbp.impact.kernel import ar2_correlation

    for node in (0, 100, 200):
        v = ar2_correlation(made.r1[[node]], made.r2[[node]], made.projection.lags)[0]
        inverse = np.linalg.inv(v)
        beta = np.linalg.solve(design.matrix.T @ inverse @ design.matrix, design.matrix.T @ inverse @ y)
        by_hand = (y - design.baseline @ beta)[design.after].sum()
        assert rows[node, 0] @ y == pytest.approx(by_hand, abs=1e-8)
    table = with_functionals(made, rows)
    weight = rows[100, 0]
    assert table.nodes.variance[100, 0] == pytest.approx(
        weight @ ar2_correlation(made.r1[[100]], made.r2[[100]], made.projection.lags)[0] @ weight
    )


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_interval_of_the_realised_effect_covers_the_sum_of_what_the_policy_did(rho):
    grid = read_times(range(36))
    design = make_design(grid, Options(dates=(18,)), np.arange(36))
    y = ar1(36, rho, 31, 600)
    fit = infer(design, y[:, 0])
    table = with_functionals(tables(design).mix, _realised_rows(design, fit, design.after.astype(float)[None, :]))
    found = mixture(table, y)
    covered = ((found.low <= 0) & (found.high >= 0)).mean()
    assert 0.90 <= covered <= 0.99


def test_counts_in_sums_follow_the_counterfactual_mean():
    rng = np.random.default_rng(2)
    t = np.arange(48)
    frame = pd.DataFrame({"t": t, "n": rng.poisson(np.where(t < 24, 80.0, 60.0))})
    result = its(frame, "n", "t", 24, family="quasipoisson")
    made = result.counterfactual
    path = made.path.dropna(subset=["ci_low"])
    assert (path["observed"] - path["counterfactual"]).sum() == pytest.approx(made.realised.estimate)
    assert made.realised.ci_low < -20 * 24 < made.realised.ci_high
    assert made.expected.ci_high - made.expected.ci_low < made.realised.ci_high - made.realised.ci_low


def test_simulated_sums_are_the_same_every_time():
    frame = monthly(np.exp(3 + 0.1 * ar1(40, 0.3, 9)[:, 0]))
    one, two = (its(frame, "value", "month", "2019-09", family="log").counterfactual for _ in range(2))
    assert one.realised == two.realised and one.expected == two.expected


def test_named_inference_has_sums_of_its_own(planted):
    model = its(planted, "value", "month", "2020-01", inference="model").counterfactual
    assert model.realised.ci_low < -175 < model.realised.ci_high
    assert model.expected.ci_low < model.expected.estimate < model.expected.ci_high


def test_an_amount_scaled_by_a_negative_swaps_its_ends():
    assert Amount(-3.0, -5.0, 1.0).scaled(-2) == Amount(6.0, -2.0, 10.0)


def test_total_that_is_not_positive_has_no_relative_effect():
    frame = monthly(ar1(40, 0.2, 3)[:, 0] - 50)
    assert its(frame, "value", "month", "2019-09").counterfactual.relative is None


def test_series_designs_follow_the_options():
    grid = read_times(range(30))
    series = Series(grid, Options(dates=(15,)), np.arange(30), np.arange(30.0), None, "gaussian")
    assert series.design().names == ("intercept", "time", "level", "slope")
    assert series.design(Options(dates=(15,), harmonics=1)).names[-2:] == ("sin1", "cos1")
