"""Six cells of the size table, 10,000 series each, with the bounds that the issue sets (three Monte Carlo errors)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "validate"))
import impact_simulation as simulation

SERIES = 10_000


def margin(rate: float) -> float:
    return 3 * np.sqrt(rate * (1 - rate) / SERIES)


@pytest.mark.parametrize(
    "cell",
    [
        simulation.Cell("ar.4", 36, 1 / 2, 0),
        simulation.Cell("ar.8", 24, 2 / 3, 2),
        simulation.Cell("ar2(.5,.3)", 36, 1 / 2, 2),
        simulation.Cell("ar.8+noise", 36, 1 / 3, 0),
        simulation.Cell("skewed", 24, 1 / 2, 0),
        simulation.Cell("random walk", 36, 1 / 2, 0),
    ],
    ids=lambda cell: f"{cell.process}-{cell.n}",
)
def test_size_and_verdict_stay_inside_their_bounds(cell):
    rows = simulation.measure(cell, SERIES)
    assert [row["contrast"] for row in rows] == list(simulation.CONTRASTS)
    for row in rows:
        assert row["size"] > 0 and row["both"] <= 0.09 + margin(0.09)
        if cell.process in simulation.CORE:
            bound = 0.10 if cell.n >= 36 else 0.12
            assert row["size"] <= bound + margin(bound)
            if row["contrast"] == "level":
                assert 0.03 - margin(0.03) <= row["size"], "coverage of a level at most 97 %"


def test_power_of_a_level_change_against_an_oracle_with_eighty_percent():
    for process, least in (("ar0", 0.60), ("ar.4", 0.70), ("ar.8", 0.75)):
        row = simulation.measure(simulation.Cell(process, 36, 1 / 2, 0), 4_000)[0]
        assert row["power"] >= least - 3 * np.sqrt(least * (1 - least) / 4_000), process


def test_simulated_noise_has_the_moments_of_its_name():
    rng = np.random.default_rng(1)
    lag_one = {
        "ar0": 0.0,
        "ar.8": 0.8,
        "ma.5": 0.4,
        "ar2(.5,.3)": 0.5 / 0.7,
        "ar2(.6,-.3)": 0.6 / 1.3,
        "ar.8+noise": 0.4,
        "t4": 0.6,
        "skewed": 0.4,
    }
    for process, expected in lag_one.items():
        y = simulation.noise(process, 40, 8_000, rng)
        assert y.shape == (40, 8_000)
        found = (y[20] * y[21]).mean() / np.sqrt((y[20] ** 2).mean() * (y[21] ** 2).mean())
        assert found == pytest.approx(expected, abs=0.05), process
        assert y.std(axis=1)[35] == pytest.approx(y.std(axis=1)[3], rel=0.1)
    assert len(list(simulation.cells())) == 14 * 24
