"""Each check can pass and can fail, and says so in both languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.impact.impact_helpers import ar1, monthly
from vbp.impact import its
from vbp.impact.checks import deleted


def check(result, name):
    return next(found for found in result.checks if found.name == name)


def test_every_check_has_a_verdict_and_a_sentence_in_both_languages(planted):
    result = its(planted, "value", "month", "2020-01", exclude=("2020-03:2020-03",))
    names = {found.name for found in result.checks}
    assert names == {
        "length_and_gaps",
        "residual_autocorrelation",
        "placebo_dates",
        "pre_trend",
        "leave_one_out",
        "seasonality",
        "excluded_windows",
    }
    for found in result.checks:
        assert found.verdict in ("pass", "fail", "inconclusive")
        assert len(found.text("zh")) > 8 and "{" not in found.text("zh") + found.text("en")


def test_placebo_dates_fail_where_something_happened_before():
    t = np.arange(60)
    quiet = its(monthly(20 - 4 * (t >= 36) + 0.3 * ar1(60, 0.2, 2)[:, 0]), "value", "month", "2021-01")
    loud = its(monthly(20 - 4 * (t >= 36) - 6 * (t >= 18) + 0.3 * ar1(60, 0.2, 2)[:, 0]), "value", "month", "2021-01")
    assert check(quiet, "placebo_dates").verdict == "pass"
    assert check(loud, "placebo_dates").verdict == "fail"
    assert "安慰剂" in loud.text("zh")


def test_a_bent_trend_before_the_date_fails():
    t = np.arange(60.0)
    bent = its(monthly(0.02 * t**2 + 0.3 * ar1(60, 0.2, 2)[:, 0]), "value", "month", "2021-01")
    assert check(bent, "pre_trend").verdict == "fail"
    short = its(monthly(ar1(40, 0.2, 2)[:, 0]), "value", "month", "2018-11")
    assert check(short, "pre_trend").verdict == "inconclusive"
    assert check(short, "placebo_dates").verdict == "inconclusive"


def test_one_wild_month_is_found_by_leaving_it_out():
    t = np.arange(40)
    y = 10 + 0.05 * ar1(40, 0.1, 3)[:, 0]
    y[20] -= 30
    found = check(its(monthly(y), "value", "month", "2019-09"), "leave_one_out")
    assert found.verdict != "pass" and found.values["time"] == "2019-09"
    calm = 10 - 5 * (t >= 20) + 0.3 * ar1(40, 0.1, 3)[:, 0]
    assert check(its(monthly(calm), "value", "month", "2019-09"), "leave_one_out").verdict == "pass"


def test_deletion_formula_equals_fitting_again():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    fast = deleted(x, y)
    for at in range(20):
        keep = np.arange(20) != at
        assert fast[at] == pytest.approx(np.linalg.lstsq(x[keep], y[keep], rcond=None)[0])


def test_autocorrelation_fails_classical_errors_and_is_allowed_for_by_the_default():
    frame = monthly(20 + ar1(60, 0.7, 6)[:, 0])
    assert (
        check(its(frame, "value", "month", "2020-07", inference="model"), "residual_autocorrelation").verdict == "fail"
    )
    assert check(its(frame, "value", "month", "2020-07"), "residual_autocorrelation").verdict != "fail"
    walk = monthly(np.cumsum(ar1(60, 0.6, 7)[:, 0]))
    assert check(its(walk, "value", "month", "2020-07"), "residual_autocorrelation").verdict == "inconclusive"
    white = monthly(ar1(60, 0.0, 8)[:, 0])
    assert (
        check(its(white, "value", "month", "2020-07", inference="model"), "residual_autocorrelation").verdict == "pass"
    )


def test_an_unmodelled_season_shows_in_the_season_check():
    t = np.arange(42)
    y = 10 + 4 * np.sin(2 * np.pi * (t + 2) / 12) + 0.2 * ar1(42, 0.1, 9)[:, 0]
    frame = monthly(y)
    ignored = check(its(frame, "value", "month", "2019-10", inference="model"), "seasonality")
    assert ignored.verdict in ("inconclusive", "fail")
    assert (
        check(its(monthly(0.2 * ar1(42, 0.1, 9)[:, 0]), "value", "month", "2019-10"), "seasonality").verdict == "pass"
    )


def test_overdispersed_counts_fail_poisson_and_pass_quasipoisson():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"t": range(48), "n": rng.negative_binomial(3, 0.03, 48)})
    assert check(its(frame, "n", "t", 24, family="poisson"), "dispersion").verdict == "fail"
    assert check(its(frame, "n", "t", 24, family="quasipoisson"), "dispersion").verdict == "pass"


def test_length_and_gaps_grade_by_what_is_there():
    long = its(monthly(ar1(48, 0.1, 1)[:, 0]), "value", "month", "2020-01")
    short = its(monthly(ar1(28, 0.1, 1)[:, 0]), "value", "month", "2019-03")
    bad = its(monthly(ar1(28, 0.1, 1)[:, 0]), "value", "month", "2018-06")
    assert [check(result, "length_and_gaps").verdict for result in (long, short, bad)] == [
        "pass",
        "inconclusive",
        "fail",
    ]
