"""Draws: predictive t, truncation, streams, rounding."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vbp.estimate.draws import Predictive, interval, significant, uniforms, weighted_cut


def test_the_predictive_interval_is_the_textbook_one():
    values = np.log([1.103, 0.976, 0.939, 0.828, 0.843])
    fitted = Predictive.fit(values)
    mean, sd, n = sum(values) / 5, np.sqrt(sum((v - sum(values) / 5) ** 2 for v in values) / 4), 5
    t = stats.t.ppf(0.95, n - 1)
    expected = (mean - t * sd * np.sqrt(1 + 1 / n), mean + t * sd * np.sqrt(1 + 1 / n))
    np.testing.assert_allclose(fitted.quantile(np.array([0.05, 0.95])), expected, rtol=1e-12)


def test_three_values_are_the_least():
    with pytest.raises(ValueError, match="at least three"):
        Predictive.fit([0.1, 0.2])


@pytest.mark.parametrize("cut", [0.3, 0.53, 0.93, 0.99])
def test_a_weighted_cut_stays_below_one(cut):
    ratio = Predictive.fit(np.log([1.103, 0.976, 0.939, 0.828, 0.843]))
    draws = weighted_cut(cut, ratio, uniforms("x", 1, 50_000))
    assert 0 < draws.min() < draws.max() < 1


def test_truncation_only_reshapes_the_tail_it_cuts():
    ratio = Predictive.fit(np.log([1.103, 0.976, 0.939, 0.828, 0.843]))
    u = uniforms("x", 1, 200_000)
    free = 0.93 * np.exp(ratio.quantile(u))
    kept = free[free < 1]
    cut = weighted_cut(0.93, ratio, u)
    np.testing.assert_allclose(np.quantile(cut, [0.05, 0.5, 0.95]), np.quantile(kept, [0.05, 0.5, 0.95]), atol=0.004)


def test_each_input_has_its_own_stream_and_a_seed_repeats():
    assert (uniforms("a", 1) == uniforms("a", 1)).all()
    assert abs(np.corrcoef(uniforms("a", 1), uniforms("b", 1))[0, 1]) < 0.03
    assert not (uniforms("a", 1) == uniforms("a", 2)).any()


def test_the_interval_is_central():
    middle, low, high = interval(np.linspace(0, 100, 10_001))
    assert (middle, low, high) == pytest.approx((50, 5, 95))


@given(st.floats(1e-6, 1e13), st.integers(1, 6))
def test_significant_digits_keep_within_half_a_unit(value, digits):
    rounded = significant(value, digits)
    assert abs(float(rounded) - value) <= 0.5000001 * 10.0 ** (Decimal(repr(value)).adjusted() - digits + 1)
    assert len(rounded.normalize().as_tuple().digits) <= digits
    assert "E" not in str(rounded)
