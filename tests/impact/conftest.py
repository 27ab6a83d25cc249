"""Series and panels that the impact tests share; every one is made here, with its seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.impact.impact_helpers import ar1, monthly


@pytest.fixture
def planted() -> pd.DataFrame:
    """Forty-eight months, a level change of −5 and a slope change of −0.2 from 2020-01 (step 24), AR(1) noise."""
    t = np.arange(48)
    after = (t >= 24).astype(float)
    return monthly(50 + 0.1 * t - 5 * after - 0.2 * after * (t - 24) + 0.5 * ar1(48, 0.3, 11)[:, 0])


@pytest.fixture
def units() -> pd.DataFrame:
    """Twenty units × 12 times; units 0–2 gain 3 from time 6 on; some cells missing."""
    rng = np.random.default_rng(5)
    rows = [
        (f"u{u}", t, 0.5 * u + 0.2 * t + rng.normal() + (3 if u < 3 and t >= 6 else 0), int(u < 3))
        for u in range(20)
        for t in range(12)
    ]
    frame = pd.DataFrame(rows, columns=["unit", "time", "y", "treated"])
    frame.loc[rng.choice(240, 12, replace=False), "y"] = np.nan
    return frame
