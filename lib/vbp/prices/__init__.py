"""Prices: per unit, per DDD, per representative spec; cuts with their baseline named."""

from vbp.prices.cuts import Cuts, award_cuts, cuts
from vbp.prices.ddd import DddResult, did, per_ddd
from vbp.prices.ratio_rules import Conversion, Spec, content_ratio, convert, pack_ratio

__all__ = [
    "Conversion",
    "Cuts",
    "DddResult",
    "Spec",
    "award_cuts",
    "content_ratio",
    "convert",
    "cuts",
    "did",
    "pack_ratio",
    "per_ddd",
]
