"""Estimates with intervals, from published figures alone or from amounts by round."""

from vbp.estimate.amounts import estimate_from_amounts
from vbp.estimate.published import estimate_from_published
from vbp.estimate.result import Assumption, Estimate, EstimateSet, NotEstimated, nothing_to_estimate

__all__ = [
    "Assumption",
    "Estimate",
    "EstimateSet",
    "NotEstimated",
    "estimate_from_amounts",
    "estimate_from_published",
    "nothing_to_estimate",
]
