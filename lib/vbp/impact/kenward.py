"""Confirming inference: REML-AR(1) with the Kenward–Roger correction of variance and degrees of freedom.

Kenward & Roger (1997), with V(s², rho) = s² rho^|lag| in the *marginal* variance s² (a slip of (1 − rho²) here looks
like sizes of 15–35 %). All but the likelihood of a series depends on the design only and is tabulated over rho.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from vbp.impact.kernel import Array, NodeTable, Projection, node_table, residual_forms
from vbp.impact.mixture import Inference

NODES = 60
CHUNK = 2_000


@dataclass(frozen=True)
class KenwardTable:
    """Per node of rho = sin(angle): GLS maps, adjusted variance factor (J, q) and degrees of freedom (J, q)."""

    projection: Projection
    angle: Array
    nodes: NodeTable
    factor: Array
    df: Array


def ar1_derivatives(rho: Array, lags: Array) -> tuple[Array, Array, Array]:
    """Return V, dV/drho and d²V/drho² (J, n, n) of the AR(1) correlation rho^|lag|."""
    lag, base = np.arange(int(lags.max()) + 1.0), rho[:, None]
    # powers once a lag, then spread over the pairs of points
    paths = (
        base**lag,
        np.where(lag >= 1, lag * base ** np.maximum(lag - 1, 0), 0.0),
        np.where(lag >= 2, lag * (lag - 1) * base ** np.maximum(lag - 2, 0), 0.0),
    )
    at = lags.astype(int)
    return paths[0][:, at], paths[1][:, at], paths[2][:, at]


def adjusted(basis: Array, rho: Array, lags: Array) -> tuple[Array, Array, Array, Array]:
    """Return Phi, Phi_A (J, k, k), the covariance of (s², rho) (J, 2, 2) and P_rho (J, k, k), all at s² = 1.

    Phi_A = Phi + 2 Phi {sum_ij W_ij (Q_ij − P_i Phi P_j − R_ij / 4)} Phi, the sum over the parameters (s², rho).
    """
    correlation, first, second = ar1_derivatives(rho, lags)
    inverse = np.linalg.inv(correlation)
    right = inverse @ basis
    left = np.swapaxes(right, 1, 2)
    phi = np.linalg.inv(basis.T @ right)
    residual = inverse - right @ phi @ left
    derivative = (correlation, first)
    crossed = [residual @ part for part in derivative]
    information = np.array([[0.5 * np.einsum("jab,jba->j", a, b) for b in crossed] for a in crossed])
    covariance = np.linalg.inv(np.moveaxis(information, 2, 0))
    p = [-left @ part @ right for part in derivative]
    r = {(0, 0): 0.0 * phi, (0, 1): left @ first @ right, (1, 0): left @ first @ right, (1, 1): left @ second @ right}
    middle = np.zeros_like(phi)
    for i in range(2):
        for j in range(2):
            q = left @ derivative[i] @ inverse @ derivative[j] @ right
            middle += covariance[:, i, j, None, None] * (q - p[i] @ phi @ p[j] - r[i, j] / 4)
    return phi, phi + 2 * phi @ middle @ phi, covariance, p[1]


def kenward_table(projection: Projection, nodes: int = NODES) -> KenwardTable:
    """Return the Kenward–Roger table of one design over `nodes` values of rho."""
    angle = -np.pi / 2 + (np.arange(nodes) + 0.5) * np.pi / nodes
    rho = np.sin(angle)
    phi, corrected, covariance, p_rho = adjusted(projection.basis, rho, projection.lags)
    contrast = projection.to_contrast
    plain = np.einsum("qk,jkl,ql->jq", contrast, phi, contrast)
    slope = -np.einsum("qk,jkl,jlm,jmo,qo->jq", contrast, phi, p_rho, phi, contrast, optimize=True)
    gradient = np.stack([plain, slope], axis=2)
    noise = np.einsum("jqa,jab,jqb->jq", gradient, covariance, gradient)
    factor = np.maximum(np.einsum("qk,jkl,ql->jq", contrast, corrected, contrast), plain)
    table = node_table(projection, ar1_derivatives(rho, projection.lags)[0])
    return KenwardTable(projection, angle, table, factor, np.maximum(1.0, 2 * plain**2 / noise))


def _peak(table: KenwardTable, rss: Array) -> Array:
    """Return the REML maximum as a fractional node position (N,), refined by a parabola through three nodes."""
    log_like = table.nodes.log_det[:, None] - table.projection.nu / 2 * np.log(np.maximum(rss, 1e-300))
    top = np.clip(log_like.argmax(axis=0), 1, table.angle.size - 2)
    at = np.arange(rss.shape[1])
    left, middle, right = log_like[top - 1, at], log_like[top, at], log_like[top + 1, at]
    bend = left - 2 * middle + right
    offset = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    edge = np.where(left > middle, -1.0, np.where(right > middle, 1.0, offset))
    return top + np.clip(edge, -1.0, 1.0)


def _chunk(table: KenwardTable, values: Array) -> tuple[Array, ...]:
    rss, shift = residual_forms(table.nodes, table.projection.complement @ values)
    position = _peak(table, rss)
    low = np.minimum(position.astype(int), table.angle.size - 2)
    share, at = position - low, np.arange(values.shape[1])

    def between(grid: Array) -> Array:
        return (1 - share) * grid[low, ..., at].T + share * grid[low + 1, ..., at].T

    def design(grid: Array) -> Array:
        return (1 - share) * grid[low].T + share * grid[low + 1].T

    estimate = table.projection.contrast_map @ values + between(shift)
    error = np.sqrt(between(rss) / table.projection.nu * design(table.factor))
    df = design(table.df)
    p_value = np.clip(2 * stdtr(df, -np.abs(estimate / error)), np.finfo(float).tiny, 1.0)
    half = stdtrit(df, 0.975) * error
    return estimate, error, p_value, estimate - half, estimate + half


def kenward(table: KenwardTable, values: Array) -> Inference:
    """Return Kenward–Roger inference on every contrast for series `values` (n, N)."""
    parts = [_chunk(table, values[:, start : start + CHUNK]) for start in range(0, values.shape[1], CHUNK)]
    return Inference(*(np.concatenate(part, axis=1) for part in zip(*parts, strict=True)))
