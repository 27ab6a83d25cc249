"""Synthetic control: weights against a general optimiser, placement that counts the treated unit, donors' fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from vbp.errors import InputError
from vbp.impact import synthetic_control
from vbp.impact.synthetic import simplex_weights


def panel(effect: float, donors: int = 24, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factor = np.cumsum(rng.normal(size=30))
    loads = rng.uniform(0.5, 1.5, donors)
    paths = {f"d{at}": load * factor + 0.1 * rng.normal(size=30) for at, load in enumerate(loads)}
    paths["us"] = 0.6 * paths["d0"] + 0.4 * paths["d1"] + 0.1 * rng.normal(size=30)
    paths["us"][18:] += effect
    return pd.DataFrame(
        [(unit, t, y, int(unit == "us")) for unit, path in paths.items() for t, y in enumerate(path)],
        columns=["unit", "t", "y", "treated"],
    )


def test_weights_equal_a_general_optimiser():
    rng = np.random.default_rng(1)
    donors, target = rng.normal(size=(5, 12)), rng.normal(size=12)
    found = simplex_weights(target, donors)
    best = minimize(
        lambda w: ((target - w @ donors) ** 2).sum(),
        np.full(5, 0.2),
        bounds=[(0, 1)] * 5,
        method="SLSQP",
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert ((target - found @ donors) ** 2).sum() == pytest.approx(best.fun, rel=1e-5)


def test_a_planted_effect_is_found_and_placed_first():
    result = synthetic_control(panel(-4.0), "y", "unit", "t", "treated", 18)
    assert result.estimate == pytest.approx(-4, abs=0.5)
    assert result.p_value == result.smallest_possible_p == pytest.approx(1 / 25)
    assert result.checks[0].verdict == "pass" and result.weights.sum() == pytest.approx(1)
    assert "有证据支持" in result.text("zh") and "Supported" in result.text("en")
    assert (result.path["observed"] - result.path["synthetic"]).to_numpy() == pytest.approx(
        result.path["gap"].to_numpy()
    )


def test_p_counts_the_treated_unit_and_is_never_below_one_over_units():
    for seed in range(6):
        result = synthetic_control(panel(0.0, donors=9, seed=seed), "y", "unit", "t", "treated", 18)
        assert result.p_value >= 0.1 and "0.1" in result.text("en")
        rank = 1 + (result.placebo_ratios >= result.ratio).sum()
        assert result.p_value == pytest.approx(rank / 10)


def test_a_bad_fit_before_the_date_is_no_evidence():
    frame = panel(-4.0)
    frame.loc[(frame["unit"] == "us") & (frame["t"] < 18), "y"] += 40 * np.sin(np.arange(18))
    result = synthetic_control(frame, "y", "unit", "t", "treated", 18)
    assert result.checks[0].verdict == "fail" and "Supported" not in result.text("en")


def test_donors_are_needed_and_gaps_of_the_treated_are_refused():
    frame = panel(-4.0)
    with pytest.raises(InputError, match="at least 2"):
        synthetic_control(frame[frame["unit"].isin(["us", "d0"])], "y", "unit", "t", "treated", 18)
    with pytest.raises(InputError, match="no control unit"):
        synthetic_control(frame[frame["unit"] == "us"], "y", "unit", "t", "treated", 18)
    frame.loc[(frame["unit"] == "us") & (frame["t"] == 4), "y"] = np.nan
    with pytest.raises(InputError, match="complete"):
        synthetic_control(frame, "y", "unit", "t", "treated", 18)
    frame = panel(-4.0)
    frame.loc[(frame["unit"] == "d3") & (frame["t"] == 4), "y"] = np.nan
    assert "d3" not in synthetic_control(frame, "y", "unit", "t", "treated", 18).weights.index
