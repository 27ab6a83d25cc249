"""Fund parameters: employee and resident rows that pair, for all hospitals, the upper tier, and one exclusion."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.world import World

EMPLOYEE, RESIDENT = "employee", "resident"
GENERAL = ((EMPLOYEE, 0.78, 0.36), (RESIDENT, 0.60, 0.50))
"""Fund, its payment ratio and the share of the use by its insured, for every hospital not named."""
UPPER = ((EMPLOYEE, 0.80, 0.48), (RESIDENT, 0.58, 0.40))
"""The same for hospitals of the upper tier."""
EXCLUDED_SHARE = 0.2
"""Share of the first hospital's cost that a payment reform (DRG) already lets it keep."""


def make_funds(world: World) -> pa.Table:
    """Return the table `fund`: a general pair, and a pair for each hospital of the upper tier."""
    upper = [None, *(world.hospitals.ids[at] for at in np.flatnonzero(world.hospitals.tier == 0))]
    rows = [
        (hospital, fund, ratio, share, EXCLUDED_SHARE if hospital == world.hospitals.ids[0] else 0.0)
        for hospital in upper
        for fund, ratio, share in (UPPER if hospital else GENERAL)
    ]
    nothing = pa.nulls(len(rows), pa.string())
    ratio, share, excluded = (np.array([row[at] for row in rows], dtype=float) for at in (2, 3, 4))
    return pa.table(
        {
            "hospital_id": pa.array([row[0] for row in rows], pa.string()),
            "batch_id": nothing,
            "generic": nothing,
            "agreement_year": pa.nulls(len(rows), pa.int64()),
            "fund": pa.array([row[1] for row in rows]),
            "fund_ratio": arrays.scaled(ratio, arrays.RATIO),
            "insured_share": arrays.scaled(share, arrays.RATIO),
            "share_basis": pa.array(["volume"] * len(rows)),
            "excluded_share": arrays.scaled(excluded, arrays.RATIO),
        }
    )
