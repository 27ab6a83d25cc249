"""Assessments (考核): a score per hospital, round and ended agreement year, over all bands, one missing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.agreements import Agreements
from vbp.demo.world import World

SCORE_MEAN, SCORE_SD, SCORE_PER_ADHERENCE = 84.0, 6.0, 8.0
"""Scores are normal around 84 + 8 × the hospital's adherence, within 40–100, to one decimal."""


def assessed(world: World, agreements: Agreements) -> np.ndarray:
    """Return the (plan, hospital, year) that have an agreement and have ended, sorted (N × 3)."""
    keys = np.unique(np.column_stack([agreements.plan, agreements.hospital, agreements.year]), axis=0)
    ended = [world.rounds[plan].year(int(year))[1] <= world.calendar.end for plan, _, year in keys]
    return np.asarray(keys[np.array(ended, dtype=bool)])


def make_assessments(seed: int, world: World, agreements: Agreements) -> tuple[pa.Table, dict[str, object]]:
    """Return the table `assessments` and the key of the one whose score is missing (its row is left out)."""
    rng = arrays.stream(seed, "assessments")
    keys = assessed(world, agreements)
    mean = SCORE_MEAN + SCORE_PER_ADHERENCE * world.hospitals.adherence[keys[:, 1]]
    score = np.round(np.clip(rng.normal(mean, SCORE_SD), 40, 100), 1)
    timely = np.round(np.clip(rng.normal(94, 4, len(keys)), 60, 100), 1)
    missing = len(keys) // 2
    plan, hospital, year = keys[missing]
    absent: dict[str, object] = {
        "batch_id": world.rounds[plan].batch_id,
        "hospital_id": world.hospitals.ids[hospital],
        "agreement_year": int(year),
    }
    kept = np.arange(len(keys)) != missing
    return pa.table(
        {
            "batch_id": arrays.pick([one.batch_id for one in world.rounds], keys[kept, 0]),
            "hospital_id": arrays.pick(world.hospitals.ids, keys[kept, 1]),
            "agreement_year": pa.array(keys[kept, 2].astype(np.int64)),
            "score": arrays.scaled(score[kept], arrays.SCORE),
            "timely_reporting_percent": arrays.scaled(timely[kept], arrays.PERCENT),
        }
    ), absent
