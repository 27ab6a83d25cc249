"""The payout formula of a projection (national-2020 rules): who completes is settled, net first per hospital.

S = Σ over completed items (Q0·P0 − Q·P1 − N)·f, f = Σ over funds of r·s·(1 − x); R = k·max(S, 0), k at the full band.
A projection supposes that the assessment is passed; the settlement itself is `vbp surplus`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from vbp.funds import COMMON, Terms, factors

FULL_BAND = 0.50


def payouts(
    items: pd.DataFrame,
    selected: np.ndarray,
    nonselected_fen: np.ndarray,
    factor: np.ndarray,
    codes: np.ndarray,
) -> np.ndarray:
    """Return the payout in fen per draw and hospital.

    `items` has `base, agreed, p0, p1` (units, fen per unit) of n items; `selected` (draws × n units), `nonselected_fen`
    (draws × n) what is bought; `factor` f and `codes` the hospital of each item.
    """
    base, agreed, p0, p1 = (items[name].to_numpy(dtype=float) for name in ("base", "agreed", "p0", "p1"))
    surplus = (base * p0 - agreed * p1 - nonselected_fen) * factor
    surplus = np.where(selected >= agreed, surplus, 0.0)
    return np.maximum(by_hospital(surplus, codes), 0.0) * FULL_BAND


def by_hospital(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return draws × items summed over the items of each hospital; `codes` holds every number from 0 on at least once."""
    order = np.argsort(codes, kind="stable")
    firsts = np.searchsorted(codes[order], np.arange(codes.max() + 1))
    return np.add.reduceat(values[:, order], firsts, axis=1)


def fund_factors(items: pd.DataFrame, fund: pd.DataFrame | None, terms: Terms = COMMON) -> np.ndarray:
    """Return f = Σ r·s·(1 − x) of each item as the settlement will take it (`vbp.funds`); NaN where no row holds for it.

    An item without an `agreement_year` is one of the first year. Ties and insured shares over 1 are refused.
    """
    if fund is None or fund.empty:
        return np.full(len(items), np.nan)
    asked = items if "agreement_year" in items else items.assign(agreement_year=1)
    found = factors(asked, fund, terms, gaps=True)
    return np.array([np.nan if factor is None else float(factor) for factor in found], dtype=float)
