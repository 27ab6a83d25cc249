"""False-discovery control over many tests, from p-values that are never trusted below what was simulated."""

from __future__ import annotations

import numpy as np

from vbp.impact.inference import P_FLOOR
from vbp.impact.kernel import Array


def q_values(p_values: Array, method: str) -> Array:
    """Return false-discovery q-values (N,) of p-values (N,); NaN (not tested) stays NaN.

    Parameters
    ----------
    method : "bh" (Benjamini–Hochberg, independent or positively dependent tests) or "by" (Benjamini–Yekutieli, any
        dependence). p-values below .001 count as .001: the reference distribution is not supported further out.
    """
    from statsmodels.stats.multitest import multipletests

    q = np.full(p_values.shape, np.nan)
    tested = np.isfinite(p_values)
    if tested.any():
        floored = np.maximum(p_values[tested], P_FLOOR)
        q[tested] = multipletests(floored, method={"bh": "fdr_bh", "by": "fdr_by"}[method])[1]
    return q
