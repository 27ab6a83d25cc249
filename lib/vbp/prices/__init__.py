"""Prices: per unit, per DDD, per representative spec; cuts with their baseline named."""

from vbp.prices.cuts import Cuts, award_cuts, cuts
from vbp.prices.ddd import DddResult, city_ddds, ddd_cost_change, did, per_ddd
from vbp.prices.ratio_rules import Conversion, Spec, content_ratio, convert, pack_ratio

__all__ = [
    "Conversion",
    "Cuts",
    "DddResult",
    "Spec",
    "award_cuts",
    "city_ddds",
    "content_ratio",
    "convert",
    "cuts",
    "ddd_cost_change",
    "did",
    "pack_ratio",
    "per_ddd",
]
