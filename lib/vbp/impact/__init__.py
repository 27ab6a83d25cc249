"""Policy impact on short series: interrupted time series, difference-in-differences, synthetic control, scan."""
from __future__ import annotations

from vbp.impact.checks import Check
from vbp.impact.its import ItsResult, its
from vbp.impact.verdict import Verdict

__all__ = ["Check", "ItsResult", "Verdict", "its"]
