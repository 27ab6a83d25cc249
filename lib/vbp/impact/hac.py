"""Least squares with Newey–West errors for many series at once, equal to statsmodels series by series.

For comparison with published work and for speed; on short series these tests reject far too often (see `mixture`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from vbp.impact.kernel import Array
from vbp.impact.mixture import Inference, normal_two_sided

CHUNK = 500
HALF = float(ndtri(0.975))


def _errors(pseudo: Array, residuals: Array, lags: int) -> Array:
    """Return Newey–West standard errors (k, N): root of the sum of squares of window sums of influence × residual."""
    points, series = residuals.shape
    padded = np.zeros((points + 2 * lags, series))
    out = np.empty((pseudo.shape[0], series))
    for row, influence in enumerate(pseudo):
        np.multiply(residuals, influence[:, None], out=padded[lags : lags + points])
        window = padded[lags:].copy() if lags else padded
        for lag in range(1, lags + 1):
            window += padded[lags - lag : points + 2 * lags - lag]
        np.einsum("ij,ij->j", window, window, out=out[row])
    return np.sqrt(out / (lags + 1))


def hac_batch(design: Array, values: Array, lags: int) -> Inference:
    """Return coefficients, Newey–West errors, normal p-values and 95 % intervals, each (k, N).

    Parameters
    ----------
    design : (n, k); `values`: (n, N), one series a column; `lags`: Bartlett bandwidth, as statsmodels' `maxlags`.
    """
    scale = np.sqrt((design**2).sum(axis=0))
    basis, upper = np.linalg.qr(design / scale)
    pseudo = np.linalg.solve(upper, basis.T) / scale[:, None]
    estimate, error = (np.empty((design.shape[1], values.shape[1])) for _ in range(2))
    for start in range(0, values.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        estimate[:, part] = pseudo @ values[:, part]
        error[:, part] = _errors(pseudo, values[:, part] - design @ estimate[:, part], lags)
    half = HALF * error
    return Inference(estimate, error, normal_two_sided(estimate / error), estimate - half, estimate + half)
