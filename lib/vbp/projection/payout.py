"""The payout formula of a projection (national-2020 rules): who completes is settled, net first per hospital.

S = Σ over completed items (Q0·P0 − Q·P1 − N)·f, f = Σ over funds of r·s·(1 − x); R = k·max(S, 0), k at the full band.
A projection supposes that the assessment is passed; the settlement itself is `vbp surplus`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

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


def fund_factors(items: pd.DataFrame, fund: pd.DataFrame | None) -> np.ndarray:
    """Return f = Σ r·s·(1 − x) of each item; NaN where the table `fund` has no row for it.

    An empty key means all; per fund the row with most filled keys wins. An unnamed row stands for all funds together:
    it is never added to a named one, and wins where it is fuller than every named row.
    """
    if fund is None or fund.empty:
        return np.full(len(items), np.nan)
    keys = [
        name
        for name in ("hospital_id", "batch_id", "generic", "agreement_year")
        if name in fund and fund[name].notna().any()
    ]
    kinds = (
        fund["fund"].astype(object).where(fund["fund"].notna(), "")
        if "fund" in fund
        else pd.Series("", index=fund.index)
    )
    excluded = pd.to_numeric(fund["excluded_share"]).fillna(0) if "excluded_share" in fund else 0.0
    value = pd.to_numeric(fund["fund_ratio"]) * pd.to_numeric(fund["insured_share"]) * (1 - excluded)
    total, named_rank = np.zeros(len(items)), np.full(len(items), -1)
    whole, whole_rank = np.zeros(len(items)), np.full(len(items), -1)
    year = items.assign(agreement_year=1)
    named = fund[keys].notna()
    for kind in kinds.unique():
        best, rank = np.zeros(len(items)), np.full(len(items), -1)
        for place in fund.index[kinds == kind]:
            filled = [key for key in keys if bool(named[key][place])]
            fits = np.ones(len(items), dtype=bool)
            for key in filled:
                fits &= (year[key].astype(object) == fund.at[place, key]).to_numpy()
            better = fits & (len(filled) > rank)
            best[better], rank[better] = float(value[place]), len(filled)
        if kind == "":
            whole, whole_rank = best, rank
        else:
            total, named_rank = total + best, np.maximum(named_rank, rank)
    total = np.where(whole_rank > named_rank, whole, total)
    return np.where(np.maximum(whole_rank, named_rank) >= 0, total, np.nan)
