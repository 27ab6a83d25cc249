"""Difference-in-differences against statsmodels, brute force over assignments, and Card and Krueger's printed numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from vbp.errors import InputError, UsageError
from vbp.impact import did, permute
from vbp.impact.did_estimators import estimate_by, imputed
from vbp.impact.did_inference import wild_cluster
from vbp.impact.panel import NEVER, read_panel


def fixed_effects(frame, **options):
    used = frame.dropna().assign(d=lambda f: f["treated"] * (f["time"] >= 6))
    return smf.ols("y ~ d + C(unit) + C(time)", used).fit(**options), used


def test_two_way_effects_equal_dummies_on_an_unbalanced_panel(units):
    fit, _ = fixed_effects(units)
    result = did(units, "y", "unit", "time", "treated", 6)
    assert result.estimator == "two-way" and units["y"].isna().any()
    assert result.estimate == pytest.approx(fit.params["d"], abs=1e-9)


def test_clustered_error_equals_statsmodels_but_for_nested_effects(units):
    used = units.dropna()
    fit, used = fixed_effects(units, cov_type="cluster", cov_kwds={"groups": pd.factorize(used["unit"])[0]})
    result = did(units, "y", "unit", "time", "treated", 6, inference="cluster")
    n = len(used)
    ratio = np.sqrt((n - 20 - 12) / (n - 12 - 1))
    assert result.std_error == pytest.approx(fit.bse["d"] * ratio, rel=1e-9)


def test_cells_are_four_means_and_their_difference(units):
    result = did(units, "y", "unit", "time", "treated", 6, estimator="cells", inference="cluster")
    means = units.assign(after=units["time"] >= 6).groupby(["treated", "after"])["y"].mean()
    assert result.estimate == pytest.approx(means[1, True] - means[1, False] - means[0, True] + means[0, False])
    used = units.dropna().assign(p=lambda f: (f["time"] >= 6) * 1, tp=lambda f: f["treated"] * (f["time"] >= 6))
    fit = smf.ols("y ~ treated + p + tp", used).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(used["unit"])[0]}
    )
    assert result.std_error == pytest.approx(fit.bse["tp"], rel=1e-9)
    assert list(result.table["n"]) == [
        int(units[(units["treated"] == g) & ((units["time"] >= 6) == a)]["y"].count())
        for g in (0, 1)
        for a in (False, True)
    ]


def test_permutation_recomputes_the_estimator_for_every_assignment(units):
    few = units[units["unit"].isin([f"u{u}" for u in range(9)])]
    result = did(few, "y", "unit", "time", "treated", 6)
    assert "permutation" in result.inference
    names = sorted(few["unit"].unique())
    estimates = []
    for chosen in itertools.combinations(names, 3):
        fit, _ = fixed_effects(few.assign(treated=few["unit"].isin(chosen) * 1))
        estimates.append(fit.params["d"])
    expected = np.mean(np.abs(estimates) >= abs(result.estimate) - 1e-9)
    assert len(estimates) == 84
    assert result.p_value == pytest.approx(expected)
    assert result.smallest_possible_p == pytest.approx(1 / 84)


def test_one_treated_of_ten_cannot_reject_and_says_so(units):
    few = units[units["unit"].isin(["u0", *[f"u{u}" for u in range(3, 12)]])]
    result = did(few, "y", "unit", "time", "treated", 6)
    assert result.smallest_possible_p == pytest.approx(0.1) and result.p_value >= 0.1
    assert result.verdict == "not_assessable" and "0.1" in result.text("en")
    assert result.ci_low == -np.inf and result.ci_high == np.inf
    assert next(check for check in result.checks if check.name == "units").verdict == "fail"


@pytest.mark.parametrize(("treated", "units_in_all"), [(1, 10), (1, 20), (2, 10), (3, 10), (2, 20), (3, 20), (1, 30)])
def test_size_with_few_treated_units_is_the_largest_attainable_level(treated, units_in_all):
    rng = np.random.default_rng(100 * treated + units_in_all)
    flags = np.arange(units_in_all) < treated
    made = permute.assignments(flags)
    count, rejections, rounds = made.rows.shape[0], 0, 1200
    for _ in range(rounds):
        change = rng.standard_t(4, units_in_all)
        estimates = (made.rows @ change) / treated - ((1 - made.rows) @ change) / (units_in_all - treated)
        rejections += permute.p_value(estimates) <= 0.05
    attainable = np.floor(0.05 * count) / count
    assert rejections / rounds <= 0.06 + 0.013
    assert abs(rejections / rounds - attainable) <= 0.01 + 3 * np.sqrt(max(attainable, 1e-9) * 0.95 / rounds)


def test_assignments_are_all_different_and_start_with_the_actual_one():
    flags = np.array([False, True, False, True, False])
    made = permute.assignments(flags)
    assert made.exact and made.rows.shape == (10, 5)
    assert len({tuple(row) for row in made.rows}) == 10 and (made.rows[0] == flags).all()
    sampled = permute.assignments(np.arange(40) < 12, sampled=99)
    assert not sampled.exact and sampled.rows.shape[0] == 100 and sampled.smallest_p == 0.01
    assert (sampled.rows.sum(axis=1) == 12).all()


def test_inverted_interval_ends_where_p_crosses_five_percent(units):
    result = did(units, "y", "unit", "time", "treated", 6, inference="permutation")
    assert result.ci_low < 3 < result.ci_high
    for end, inside in ((result.ci_low, 1e-3), (result.ci_high, -1e-3)):
        for shift, rejected in ((-inside, True), (inside, False)):
            moved = units.assign(y=units["y"] - (end + shift) * units["treated"] * (units["time"] >= 6))
            p_value = did(moved, "y", "unit", "time", "treated", 6, inference="permutation").p_value
            assert (p_value <= 0.05) == rejected


def test_imputation_equals_dummies_fitted_to_untreated_cells(units):
    frame = units.assign(cohort=units["unit"].map({"u0": 5, "u1": 7, "u2": 9}))
    result = did(frame, "y", "unit", "time", "treated", cohort="cohort")
    clean = frame.dropna(subset=["y"])
    untreated = clean[~(clean["time"] >= clean["cohort"].fillna(99))]
    fit = smf.ols("y ~ C(unit) + C(time)", untreated).fit()
    treated = clean[clean["time"] >= clean["cohort"].fillna(99)]
    assert result.estimator == "imputation" and len(treated) > 10
    assert result.estimate == pytest.approx((treated["y"] - fit.predict(treated)).mean(), abs=1e-8)
    assert result.ci_low < 3 < result.ci_high and result.p_value <= 0.05
    assert list(result.event["relative_time"]) == list(range(7))


def test_imputation_leaves_out_what_no_untreated_cell_identifies():
    frame = pd.DataFrame(
        [(u, t, float(u + t), 3 if u < 2 else 4) for u in range(4) for t in range(6)],
        columns=["unit", "time", "y", "cohort"],
    )
    frame.loc[frame["unit"] == 3, "cohort"] = None
    frame = frame[~((frame["unit"] == 3) & (frame["time"] == 5))]
    panel = read_panel(frame, "y", "unit", "time", "", None, "cohort")
    effects = imputed(panel, panel.start)
    assert np.isnan(effects[:, 5]).all() and np.nanmax(np.abs(effects)) < 1e-9


def test_two_way_refuses_several_dates(units):
    frame = units.assign(cohort=units["unit"].map({"u0": 5, "u1": 7}))
    with pytest.raises(UsageError, match="imputation"):
        did(frame, "y", "unit", "time", "treated", cohort="cohort", estimator="two-way")


def test_event_study_equals_dummies(units):
    result = did(units, "y", "unit", "time", "treated", 6, inference="cluster")
    used = units.dropna()
    for time in range(12):
        if time != 5:
            used = used.assign(**{f"d{time}": used["treated"] * (used["time"] == time)})
    terms = " + ".join(f"d{time}" for time in range(12) if time != 5)
    fit = smf.ols(f"y ~ {terms} + C(unit) + C(time)", used).fit()
    expected = [fit.params[f"d{time}"] for time in range(12) if time != 5]
    assert result.event["estimate"].to_numpy() == pytest.approx(expected, abs=1e-8)
    assert list(result.event["relative_time"]) == [-6, -5, -4, -3, -2, 0, 1, 2, 3, 4, 5]


def test_diverging_groups_fail_the_pre_trend(units):
    diverging = units.assign(y=units["y"] + 1.5 * units["treated"] * units["time"])
    for inference in ("cluster", "permutation"):
        good = did(units, "y", "unit", "time", "treated", 6, inference=inference)
        bad = did(diverging, "y", "unit", "time", "treated", 6, inference=inference)
        assert [next(c for c in r.checks if c.name == "pre_trend").verdict for r in (good, bad)] == ["pass", "fail"]
        assert bad.verdict == "inconclusive" and good.verdict == "supported"


def test_wild_cluster_equals_refitting_with_flipped_residuals(units):
    panel = read_panel(units, "y", "unit", "time", "treated", 6)
    estimate = estimate_by(panel, "two-way")
    answer = wild_cluster(panel, estimate, draws=60)
    signs = np.random.default_rng(permute.SEED).choice([-1.0, 1.0], (60, 20))
    dummies = units.dropna().assign(d=lambda f: f["treated"] * (f["time"] >= 6))
    restricted = smf.ols("y ~ C(unit) + C(time)", dummies).fit()
    position = dummies["unit"].map({name: at for at, name in enumerate(panel.units)}).to_numpy()
    groups, ratios = {"groups": position}, []
    full = smf.ols("y ~ d + C(unit) + C(time)", dummies).fit(cov_type="cluster", cov_kwds=groups)
    for row in signs:
        again = dummies.assign(y=restricted.fittedvalues + row[position] * restricted.resid)
        fit = smf.ols("y ~ d + C(unit) + C(time)", again).fit(cov_type="cluster", cov_kwds=groups)
        ratios.append(abs(fit.tvalues["d"]))
    expected = (1 + np.sum(np.array(ratios) >= abs(full.tvalues["d"]) - 1e-9)) / 61
    assert answer.p == pytest.approx(expected)
    assert answer.low < estimate < answer.high


def test_synthetic_names_never_collide_and_units_without_values_drop_out(units):
    frame = pd.concat([units, pd.DataFrame({"unit": ["empty"] * 12, "time": range(12), "y": np.nan, "treated": 0})])
    assert did(frame, "y", "unit", "time", "treated", 6).control_units == 17
    panel = read_panel(frame, "y", "unit", "time", "treated", 6)
    assert "empty" not in panel.units and (panel.start[~panel.treated] == NEVER).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f[f["treated"] == 1], "no control unit"),
        (lambda f: f[f["treated"] == 0], "no treated unit"),
        (lambda f: f.assign(y=np.nan), "every value is missing"),
        (lambda f: f.assign(y=1.0), "constant"),
        (lambda f: f[f["time"] < 6], "outside the data"),
        (lambda f: f[f["time"] >= 6], "outside the data"),
        (lambda f: f.assign(treated="maybe"), "1 or 0"),
        (lambda f: pd.concat([f, f.head(2)]), "stand twice"),
    ],
)
def test_bad_panels_are_refused_with_the_reason(units, change, message):
    with pytest.raises(InputError, match=message):
        did(change(units), "y", "unit", "time", "treated", 6)


def test_wrong_names_are_usage_errors(units):
    for options in ({"estimator": "ols"}, {"inference": "robust"}):
        with pytest.raises(UsageError, match="unknown"):
            did(units, "y", "unit", "time", "treated", 6, **options)
    with pytest.raises(UsageError, match="unknown column"):
        did(units, "y", "hospital", "time", "treated", 6)


def card_krueger(path):
    """FTE = EMPFT + NMGRS + 0.5·EMPPT in both waves; sheet 407 stands for two restaurants."""
    rows = []
    for line in path.read_text(encoding="latin-1").splitlines():
        cells = [float("nan") if cell == "." else float(cell) for cell in line.split()]
        for wave, first in ((0, 11), (1, 31)):
            rows.append((int(cells[0]), wave, cells[first] + cells[first + 2] + 0.5 * cells[first + 1], int(cells[3])))
    return pd.DataFrame(rows, columns=["sheet", "wave", "fte", "nj"])


@pytest.mark.reference
def test_card_and_krueger_replicate_to_the_printed_digits(reference):
    frame = card_krueger(reference / "did" / "public.dat")
    result = did(frame, "fte", "sheet", "wave", "nj", 1)
    printed = [f"{row.mean:.2f} ({row.std_error:.2f})" for row in result.table.itertuples()]
    assert printed == ["23.33 (1.35)", "21.17 (0.94)", "20.44 (0.51)", "21.03 (0.52)"]
    assert result.treated_units + result.control_units == 410
    assert f"{result.estimate:.3f}" == "2.754"
    assert round(result.alternatives["balanced"], 2) == 2.75
    balanced = did(frame, "fte", "sheet", "wave", "nj", 1, balanced=True)
    assert f"{balanced.estimate:.2f} ({balanced.std_error:.2f})" == "2.75 (1.34)"
