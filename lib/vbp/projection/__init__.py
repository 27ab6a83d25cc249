"""Projection (测算): awards announced, last year's use known; intervals from how earlier batches went."""

from vbp.projection.evidence import Evidence, evidence
from vbp.projection.project import Projection, announced, project

__all__ = ["Evidence", "Projection", "announced", "evidence", "project"]
