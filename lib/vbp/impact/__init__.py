"""Policy impact on short series: interrupted time series, difference-in-differences, synthetic control, scan."""

from __future__ import annotations

from vbp.impact.checks import Check
from vbp.impact.did import did
from vbp.impact.did_result import DidResult
from vbp.impact.its import its
from vbp.impact.its_result import ItsResult
from vbp.impact.savings import CounterfactualSavings, counterfactual_savings
from vbp.impact.scan import ScanResult, scan
from vbp.impact.synthetic import SyntheticResult, synthetic_control
from vbp.impact.verdict import Verdict

__all__ = [
    "Check",
    "CounterfactualSavings",
    "DidResult",
    "ItsResult",
    "ScanResult",
    "SyntheticResult",
    "Verdict",
    "counterfactual_savings",
    "did",
    "its",
    "scan",
    "synthetic_control",
]
