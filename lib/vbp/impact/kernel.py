"""One decomposition per design: least-squares map, orthonormal complement and the correlations of AR(2) noise.

Both tests of this package (`mixture`, `kenward`) start from the same `Projection`; a batch of series then costs
matrix products only. Shapes: n points, k columns, q contrasts, nu = n − k, J nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
"""A float64 array; shapes stand in the docstrings."""


@dataclass(frozen=True)
class Projection:
    """The design's algebra, made once.

    Attributes
    ----------
    lags : (n, n) calendar distance between points, in steps; a missing point only drops its row and column.
    complement : (nu, n) orthonormal rows orthogonal to the design.
    contrast_map : (q, n) least-squares contrasts, C (X'X)^-1 X'.
    basis : (n, k) orthonormal basis of the design; `to_contrast` (q, k) leads from it to the contrasts.
    """

    lags: Array
    complement: Array
    contrast_map: Array
    basis: Array
    to_contrast: Array

    @property
    def nu(self) -> int:
        """Residual degrees of freedom, n − k."""
        return self.complement.shape[0]


def project(design: Array, steps: Array, contrasts: Array) -> Projection:
    """Return the projection of a design (n, k) observed at integer `steps` (n,) with `contrasts` (q, k).

    Columns are scaled before the QR so that units of time or money do not touch the digits.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where columns of the design are linearly dependent or no degree of freedom is left.
    """
    rows, columns = design.shape
    scale = np.sqrt((design**2).sum(axis=0))
    if rows <= columns or not np.all(scale > 0):
        raise np.linalg.LinAlgError("the design leaves no degrees of freedom or has an empty column")
    q_full, r_full = np.linalg.qr(design / scale, mode="complete")
    upper = r_full[:columns]
    if np.abs(np.diag(upper)).min() < 1e-9:
        raise np.linalg.LinAlgError("columns of the design are linearly dependent")
    to_contrast = np.linalg.solve(upper.T, (contrasts / scale).T).T
    basis = q_full[:, :columns]
    return Projection(
        lags=np.abs(np.subtract.outer(steps, steps)),
        complement=q_full[:, columns:].T.copy(),
        contrast_map=to_contrast @ basis.T,
        basis=basis,
        to_contrast=to_contrast,
    )


def ar2_correlation(r1: Array, r2: Array, lags: Array) -> Array:
    """Return correlations (J, n, n) of AR(2) noise with partial autocorrelations `r1`, `r2` (J,).

    g_0 = 1, g_1 = r1, g_h = phi1 g_(h-1) + phi2 g_(h-2), with phi1 = r1 (1 − r2), phi2 = r2.
    """
    last = int(lags.max())
    path = np.ones((max(last, 1) + 1, r1.size))
    path[1] = r1
    for lag in range(2, last + 1):
        path[lag] = r1 * (1 - r2) * path[lag - 1] + r2 * path[lag - 2]
    return np.ascontiguousarray(path.T)[:, lags.astype(int)]


@dataclass(frozen=True)
class NodeTable:
    """What a node of a correlation grid needs for every series: whitening, contrasts, their variance.

    whiten (J, nu, nu): RSS = ‖whiten z‖²; shift (J, q, nu): GLS contrast = OLS contrast + shift z;
    variance (J, q) = c'(X'V^-1 X)^-1 c; log_det (J,) = −½ log det Z'VZ.
    """

    whiten: Array
    shift: Array
    variance: Array
    log_det: Array


def node_table(projection: Projection, correlation: Array) -> NodeTable:
    """Return the per-node maps of GLS under each `correlation` (J, n, n), by one Cholesky factor per node."""
    complement, contrast = projection.complement, projection.contrast_map
    whole = complement @ correlation
    factor = np.linalg.cholesky(whole @ complement.T)
    whiten = np.linalg.inv(factor)
    spread = contrast @ correlation
    cross = spread @ complement.T @ np.swapaxes(whiten, 1, 2)
    variance = np.einsum("jqn,qn->jq", spread, contrast) - (cross**2).sum(axis=2)
    log_det = -np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    return NodeTable(whiten, -cross @ whiten, np.maximum(variance, np.finfo(float).tiny), log_det)


def residual_forms(table: NodeTable, rotated: Array) -> tuple[Array, Array]:
    """Return RSS (J, N) and the GLS shift of contrasts (J, q, N) for rotated series z = Z'y (nu, N)."""
    nodes, nu = table.whiten.shape[:2]
    quantity = table.shift.shape[1]
    rss, shift = np.empty((nodes, rotated.shape[1])), np.empty((nodes, quantity, rotated.shape[1]))
    both = np.concatenate([table.whiten, table.shift], axis=1)
    for node in range(nodes):
        product = both[node] @ rotated
        np.einsum("ij,ij->j", product[:nu], product[:nu], out=rss[node])
        shift[node] = product[nu:]
    return rss, shift
