"""One interrupted time series: planted effects, families, windows, gaps, verdicts, the exact step, bad input."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.impact.impact_helpers import ar1, monthly
from vbp.cli.output import plain
from vbp.errors import InputError, UsageError
from vbp.impact import its


def step_series(n: int = 40, start: int = 20, level: float = -4.0, rho: float = 0.2, seed: int = 3) -> pd.DataFrame:
    t = np.arange(n)
    return pd.DataFrame({"t": t + 1, "y": 30 + 0.1 * t + level * (t >= start) + ar1(n, rho, seed)[:, 0]})


def test_planted_effects_are_found_with_the_default(planted):
    result = its(planted, "value", "month", "2020-01")
    assert result.inference == "mixture-ar2 confirmed by kenward-roger-ar1"
    level, slope = result.term("level"), result.term("slope")
    assert level.ci_low < -5 < level.ci_high and level.estimate == pytest.approx(-5, abs=1)
    assert slope.ci_low < -0.2 < slope.ci_high
    assert level.verdict.word == "supported" and result.verdict is level.verdict
    assert [term.name for term in result.terms] == ["intercept", "time", "level", "slope"]


def test_statsmodels_estimates_stand_beside_the_default(planted):
    t = np.arange(48)
    after = (t >= 24) * 1.0
    fit = sm.OLS(planted["value"], np.column_stack([np.ones(48), t, after, after * (t - 24)])).fit()
    terms = its(planted, "value", "month", "2020-01").terms
    assert [term.classical_estimate for term in terms] == pytest.approx(list(fit.params), abs=1e-8)
    assert [term.classical_error for term in terms] == pytest.approx(list(fit.bse), rel=1e-8)
    model = its(planted, "value", "month", "2020-01", inference="model")
    assert [term.p_value for term in model.terms] == pytest.approx(list(fit.pvalues), rel=1e-6, abs=1e-300)
    assert [term.ci_low for term in model.terms] == pytest.approx(list(fit.conf_int()[0]), rel=1e-8)


def test_numeric_time_keeps_its_own_numbering():
    frame = step_series()
    fit = sm.OLS(frame["y"], sm.add_constant(np.column_stack([frame["t"], frame["t"] >= 21]).astype(float))).fit()
    result = its(frame, "y", "t", 21, effect="level", inference="model")
    assert [term.estimate for term in result.terms] == pytest.approx(list(fit.params), abs=1e-9)


def test_slope_is_zero_at_the_first_point_at_or_after_the_date(planted):
    by_month = its(planted, "value", "month", "2019-12-20", inference="model")
    assert by_month.start == "2020-01"
    assert by_month.term("level").estimate == pytest.approx(
        its(planted, "value", "month", "2020-01", inference="model").term("level").estimate
    )


@pytest.mark.parametrize("name", ["hac", "prais-winsten", "gls-ar", "kenward-roger", "mixture", "model"])
def test_every_inference_stays_available_by_name(planted, name):
    result = its(planted, "value", "month", "2020-01", inference=name)
    assert name.split("-")[0] in result.inference
    assert result.term("level").ci_low < -5 < result.term("level").ci_high
    assert 0 < result.term("level").p_value < 1e-3


def test_hac_equals_statsmodels():
    frame = step_series()
    design = sm.add_constant(np.column_stack([frame["t"], frame["t"] >= 21]).astype(float))
    fit = sm.OLS(frame["y"], design).fit(cov_type="HAC", cov_kwds={"maxlags": 3})
    result = its(frame, "y", "t", 21, effect="level", inference="hac")
    assert result.term("level").std_error == pytest.approx(fit.bse.iloc[2])
    assert result.term("level").p_value == pytest.approx(fit.pvalues.iloc[2])


def test_prais_winsten_keeps_calendar_lags_over_a_gap():
    frame = step_series().drop(index=[7, 8]).reset_index(drop=True)
    result = its(frame, "y", "t", 21, effect="level", inference="prais-winsten")
    assert result.term("level").estimate == pytest.approx(-4, abs=2)
    with pytest.raises(UsageError, match="prais-winsten"):
        its(frame, "y", "t", 21, inference="gls-ar")


def test_a_named_inference_is_not_called_supported_unless_the_default_confirms():
    """Newey–West rejects many random walks; the verdict must not follow it."""
    called, rejected = 0, 0
    for seed in range(25):
        frame = pd.DataFrame({"t": np.arange(36), "y": np.cumsum(ar1(36, 0.0, seed)[:, 0])})
        level = its(frame, "y", "t", 18, inference="hac", checks=False).term("level")
        rejected += level.p_value < 0.05
        called += level.verdict.word == "supported"
    assert rejected >= 7 and called <= 3


def test_log_family_gives_relative_effects_and_amounts():
    t = np.arange(48)
    amount = np.exp(10 + 0.01 * t - 0.7 * (t >= 24) + 0.05 * ar1(48, 0.3, 2)[:, 0])
    result = its(monthly(amount), "value", "month", "2020-01", family="log", measure="spending")
    ratio = result.rate_ratio["level"]
    assert ratio["ci_low"] < np.exp(-0.7) < ratio["ci_high"]
    made = result.counterfactual
    truth = amount[24:].sum() * (1 - np.exp(0.7))
    assert made.realised.ci_low < truth < made.realised.ci_high
    assert made.expected.ci_low < made.expected.estimate < made.expected.ci_high < 0
    path = made.path[made.path["ci_low"].notna()]
    assert (path["observed"] - path["counterfactual"]).sum() == pytest.approx(made.realised.estimate)
    assert made.relative.estimate == pytest.approx(np.exp(-0.7) - 1, abs=0.08)
    assert "符合集采目的" in result.text("zh") and "as the policy aims" in result.text("en")


def test_poisson_families_default_to_a_level_and_the_models_own_errors():
    rng = np.random.default_rng(1)
    t = np.arange(60)
    exposure = rng.uniform(900, 1100, 60)
    counts = rng.poisson(exposure * np.exp(-2 + 0.002 * t - 0.25 * (t >= 30)))
    frame = pd.DataFrame({"t": t, "n": counts, "exposure": exposure})
    result = its(frame, "n", "t", 30, family="poisson", offset="exposure")
    design = np.column_stack([np.ones(60), t, t >= 30]).astype(float)
    fit = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(exposure)).fit()
    assert [term.name for term in result.terms] == ["intercept", "time", "level"]
    assert [term.estimate for term in result.terms] == pytest.approx(list(fit.params), abs=1e-8)
    assert [term.std_error for term in result.terms] == pytest.approx(list(fit.bse), rel=1e-6)
    assert result.dispersion == pytest.approx(fit.pearson_chi2 / fit.df_resid)
    quasi = its(frame, "n", "t", 30, family="quasipoisson", offset="exposure")
    assert quasi.term("level").std_error == pytest.approx(fit.bse[2] * np.sqrt(result.dispersion), rel=1e-6)
    assert result.verdict.word == "supported"


def test_counts_with_zeros_need_clean_residuals_for_a_verdict():
    rng = np.random.default_rng(4)
    t = np.arange(48)
    frame = pd.DataFrame({"t": t, "n": rng.poisson(np.where(t < 24, 6.0, 1.5))})
    assert (frame["n"] == 0).any()
    result = its(frame, "n", "t", 24, family="quasipoisson")
    assert result.term("level").p_value < 0.05
    assert result.verdict.word in ("supported", "inconclusive")
    residual = next(check for check in result.checks if check.name == "residual_autocorrelation")
    assert (result.verdict.word == "supported") == (residual.verdict == "pass")
    assert result.term("level").p_confirm is None
    assert result.verdict.reason in ("supported_clean", "unconfirmed") and "zeros" in result.text("en")
    loose = pd.DataFrame({"t": t, "n": rng.negative_binomial(1, 0.2, 48) * (t % 5 > 0)})
    loose.loc[t >= 24, "n"] = 0
    loose.loc[47, "n"] = 1
    assert its(loose, "n", "t", 24, family="poisson").verdict.reason in ("unconfirmed", "imprecise")


def test_several_dates_get_terms_of_their_own():
    t = np.arange(60)
    y = 10 - 3 * (t >= 20) - 2 * (t >= 40) + 0.3 * ar1(60, 0.2, 5)[:, 0]
    result = its(monthly(y), "value", "month", ["2019-09", "2021-05"], effect="level")
    assert result.term("level").estimate == pytest.approx(-3, abs=0.6)
    assert result.term("level_2").estimate == pytest.approx(-2, abs=0.6)
    assert result.counterfactual.expected.estimate == pytest.approx(-3 * 40 - 2 * 20, abs=25)


def test_windows_are_left_out_or_modelled():
    t = np.arange(48)
    y = 20 - 4 * (t >= 24) + 0.2 * ar1(48, 0.2, 6)[:, 0]
    y[22:24] += 6
    y[24:26] -= 3
    frame = monthly(y)
    blind = its(frame, "value", "month", "2020-01", effect="level")
    dropped = its(frame, "value", "month", "2020-01", effect="level", anticipation=2, phase_in=2)
    modelled = its(frame, "value", "month", "2020-01", effect="level", anticipation=2, phase_in=2, windows="model")
    assert abs(blind.term("level").estimate + 4) > abs(dropped.term("level").estimate + 4)
    assert dropped.term("level").estimate == pytest.approx(-4, abs=0.5)
    assert dropped.left_out == ("2019-11", "2019-12", "2020-01", "2020-02") and dropped.points == 44
    assert modelled.term("anticipation").estimate == pytest.approx(6, abs=0.6)
    assert modelled.term("phase_in").estimate == pytest.approx(-3, abs=0.6)
    assert modelled.term("level").estimate == pytest.approx(-4, abs=0.5)
    assert next(c for c in dropped.checks if c.name == "excluded_windows").verdict in ("fail", "inconclusive", "pass")


def test_excluded_window_is_out_of_fit_and_sums():
    t = np.arange(48)
    y = 20 - 4 * (t >= 24) + 0.2 * ar1(48, 0.2, 7)[:, 0]
    y[30:34] -= 15
    result = its(monthly(y), "value", "month", "2020-01", effect="level", exclude=("2020-07:2020-10",))
    assert result.left_out == ("2020-07", "2020-08", "2020-09", "2020-10")
    assert result.term("level").estimate == pytest.approx(-4, abs=0.5)
    assert result.counterfactual.points == 20
    assert not result.counterfactual.path["in_fit"].iloc[30:34].any()


def test_gaps_stay_gaps_and_are_reported():
    frame = step_series(48, 24)
    frame.loc[[5, 30], "y"] = np.nan
    frame = frame.drop(index=[10])
    result = its(frame, "y", "t", 25)
    assert result.gaps == (6, 11, 31) and result.points == 45
    length = next(check for check in result.checks if check.name == "length_and_gaps")
    assert length.verdict == "inconclusive" and "6, 11, 31" in length.text("en")


def test_seasons_by_harmonics_dummies_and_spring_festival():
    t = np.arange(60)
    months = pd.period_range("2018-01", periods=60, freq="M")
    season = 3 * np.sin(2 * np.pi * t / 12) + 2 * np.cos(4 * np.pi * t / 12)
    y = 40 - 5 * (t >= 30) + season + 0.3 * ar1(60, 0.2, 8)[:, 0]
    frame = monthly(y)
    assert months[30].strftime("%Y-%m") == "2020-07"
    plain_fit = its(frame, "value", "month", "2020-07", effect="level", checks=False)
    for options in ({"harmonics": 2}, {"month_dummies": True}):
        result = its(frame, "value", "month", "2020-07", effect="level", checks=False, **options)
        assert result.term("level").estimate == pytest.approx(-5, abs=0.6)
        assert result.term("level").std_error < plain_fit.term("level").std_error
    assert result.terms[-1].name == "month_12"
    festival = its(frame, "value", "month", "2020-07", spring_festival=True, checks=False)
    assert "spring_festival_days" in [term.name for term in festival.terms]


def test_listed_price_of_one_product_is_an_exact_step_without_a_test():
    frame = monthly(np.where(np.arange(36) < 18, 5.0, 1.25))
    result = its(frame, "value", "month", "2019-07", measure="price")
    level = result.term("level")
    assert result.exact and level.p_value is None and level.estimate == pytest.approx(-3.75)
    assert level.ci_low == level.ci_high == level.estimate
    assert level.verdict.word == "not_assessable" and level.verdict.reason == "exact"
    assert "5变为1.25（−75.00%）" in result.text("zh") and "价格下降，符合集采目的" in result.text("zh")
    logs = its(frame, "value", "month", "2019-07", family="log", measure="price")
    assert logs.rate_ratio["level"]["estimate"] == pytest.approx(0.25)
    assert result.as_json()["terms"][2]["p_value"] is None


def test_short_sides_are_not_assessable_with_the_reason():
    frame = step_series(30, 23)
    result = its(frame, "y", "t", 24)
    assert {term.verdict.word for term in result.terms} == {"not_assessable"}
    assert "7" in result.verdict.text("en") and "at least 8" in result.verdict.text("en")
    short = its(step_series(20, 10), "y", "t", 11)
    assert short.verdict.reason == "short"


def test_no_material_effect_needs_a_margin_set_in_advance():
    frame = step_series(60, 30, level=0.0, rho=0.0, seed=12)
    open_ = its(frame, "y", "t", 31, effect="level")
    assert open_.verdict.word == "inconclusive" and open_.verdict.reason == "imprecise"
    assert open_.term("level").detectable > 0
    wide = its(frame, "y", "t", 31, effect="level", margin=10)
    assert wide.verdict.word == "no_material_effect"
    assert its(frame, "y", "t", 31, effect="level", margin=0.01).verdict.word == "inconclusive"


def test_what_could_be_found_is_told_in_the_unit_of_the_effect():
    frame = step_series(60, 30, level=0.0, rho=0.0, seed=12)
    logs = its(frame.assign(y=np.exp(frame["y"] / 10)), "y", "t", 31, effect="level", family="log")
    assert logs.verdict.reason == "imprecise"
    told = logs.verdict.values["detectable"]
    assert told == f"{100 * np.expm1(logs.term('level').detectable):.1f}%"
    assert told in logs.text("zh") and told in logs.text("en")
    plain = its(frame, "y", "t", 31, effect="level")
    assert plain.verdict.values["detectable"] == f"{plain.term('level').detectable:.4g}"


def test_words_name_a_known_measure_and_write_spending_in_yuan():
    frame = step_series(48, 24, level=-4.0)
    frame["value"] = 100_000 * (frame["y"] + 20)
    text = its(frame, "value", "t", 25, measure="spending").text("zh")
    assert text.startswith("采购金额在") and "value" not in text
    assert text.split("累计效应")[1].split("（")[0].endswith("万元")
    assert its(frame, "value", "t", 25).text("en").startswith("Level change of value at")


def test_persistent_noise_is_named_as_the_reason():
    found = set()
    for seed in range(60):
        frame = pd.DataFrame({"t": np.arange(36), "y": np.cumsum(ar1(36, 0.0, seed)[:, 0])})
        found |= {term.verdict.reason for term in its(frame, "y", "t", 18, checks=False).terms[2:]}
    assert "persistent" in found


def test_json_holds_what_the_contract_names(planted):
    document = plain(its(planted, "value", "month", "2020-01").as_json())
    json.dumps(document)
    assert {"terms", "inference", "counterfactual", "cumulative", "checks"} <= document.keys()
    for term in document["terms"]:
        assert {"name", "estimate", "std_error", "ci_low", "ci_high", "p_value", "verdict"} <= term.keys()
        assert term["verdict"] in ("supported", "inconclusive", "no_material_effect", "not_assessable")
    assert len(document["counterfactual"]) == 48
    assert {"time", "observed", "fitted", "counterfactual"} <= document["counterfactual"][0].keys()
    assert {"name", "verdict", "text"} <= document["checks"][0].keys()
    assert {"expected", "realised"} <= document["cumulative"].keys()
    assert "rate_ratio" not in document and "dispersion" not in document


def test_words_exist_in_both_languages_for_every_outcome(planted):
    for result in (
        its(planted, "value", "month", "2020-01", measure="price"),
        its(step_series(30, 23), "y", "t", 24),
        its(step_series(), "y", "t", 21, inference="hac"),
    ):
        assert len(result.text("zh")) > 40 and len(result.text("en")) > 80
        assert "{" not in result.text("zh") + result.text("en")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"date": "2031-01"}, "outside the data"),
        ({"date": "2017-01"}, "outside the data"),
        ({"family": "log", "poison": -1.0}, "above 0"),
        ({"family": "poisson", "poison": -1.0}, "negative"),
    ],
)
def test_bad_input_is_refused_with_its_reason(planted, change, message):
    change = dict(change)
    if "poison" in change:
        planted.loc[3, "value"] = change.pop("poison")
    date = change.pop("date", "2020-01")
    with pytest.raises(InputError, match=message):
        its(planted, "value", "month", date, **change)


def test_constant_empty_and_repeated_series_are_refused():
    with pytest.raises(InputError, match="constant"):
        its(monthly(np.ones(36)), "value", "month", "2019-06")
    with pytest.raises(InputError, match="every value is missing"):
        its(monthly(np.full(36, np.nan)), "value", "month", "2019-06")
    twice = pd.concat([monthly(np.arange(30.0)), monthly(np.arange(3.0))])
    with pytest.raises(InputError) as error:
        its(twice, "value", "month", "2019-06")
    assert [problem.row for problem in error.value.problems] == [32, 33, 34]


def test_every_bad_value_is_listed():
    frame = monthly(np.arange(30.0)).astype({"value": object})
    frame.loc[[4, 9], "value"] = ["x", "1,2"]
    with pytest.raises(InputError) as error:
        its(frame, "value", "month", "2019-06")
    assert [(problem.row, problem.value) for problem in error.value.problems] == [(6, "x"), (11, "1,2")]


def test_wrong_names_are_usage_errors(planted):
    for options in ({"family": "gausian"}, {"inference": "nw"}, {"measure": "pric"}, {"effect": "jump"}):
        with pytest.raises(UsageError, match="unknown"):
            its(planted, "value", "month", "2020-01", **options)
    with pytest.raises(UsageError, match="unknown column"):
        its(planted, "valeu", "month", "2020-01")
    with pytest.raises(UsageError, match="not a date"):
        its(planted, "value", "month", "24")


@pytest.mark.reference
@pytest.mark.parametrize(
    ("family", "harmonics", "ratio", "dispersion"),
    [
        ("poisson", 0, ("0.8944", "0.8647", "0.9251"), None),
        ("quasipoisson", 0, ("0.8944", "0.8392", "0.9532"), "3.5592"),
        ("quasipoisson", 2, ("0.8851", "0.8394", "0.9332"), "2.2622"),
    ],
)
def test_sicily_replicates_to_the_printed_digits(reference, family, harmonics, ratio, dispersion):
    """Lopez Bernal, Cummins and Gasparrini 2017: smoking ban, acute coronary events, in R."""
    frame = pd.read_csv(reference / "its" / "sicily.csv")
    date = int(frame.loc[frame["smokban"] == 1, "time"].min())
    result = its(frame, "aces", "time", date, family=family, offset="stdpop", harmonics=harmonics)
    found = result.rate_ratio["level"]
    assert tuple(f"{found[key]:.4f}" for key in ("estimate", "ci_low", "ci_high")) == ratio
    if dispersion:
        assert f"{result.dispersion:.4f}" == dispersion
