"""Difference-in-differences: which estimator and inference a panel calls for, and the comparison.

Inference is clustered by unit where both groups are large, and by permutation over units where either is small.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.impact.checks import Check
from vbp.impact.did_estimators import cell_means, estimate_by, imputed
from vbp.impact.did_inference import clustered, permuted, wild_cluster
from vbp.impact.did_result import DidResult
from vbp.impact.event import event_study, pre_trend
from vbp.impact.panel import Panel, read_panel

ESTIMATORS = ("auto", "cells", "two-way", "imputation")
INFERENCES = ("auto", "cluster", "permutation", "wild-cluster")
FEW = 12
"""Fewer treated or control units than this: permutation instead of clustered errors."""


def _units_check(panel: Panel, smallest: float | None, possible: int) -> Check:
    numbers: dict[str, Any] = {
        "treated": int(panel.treated.sum()),
        "controls": int((~panel.treated).sum()),
        "incomplete": int((~panel.complete).sum()),
    }
    if smallest is not None and smallest > 0.05:
        return Check("units", "fail", "units_few", {"assignments": possible, "smallest": f"{smallest:.3g}"})
    if numbers["incomplete"]:
        return Check("units", "inconclusive", "units_gaps", numbers)
    return Check("units", "pass", "units_pass", numbers)


def _choose(panel: Panel, estimator: str, inference: str) -> tuple[str, str]:
    for kind, given, known in (("estimator", estimator, ESTIMATORS), ("inference", inference, INFERENCES)):
        if given not in known:
            raise UsageError(unknown(kind, given, known))
    several = np.unique(panel.start[panel.treated]).size > 1
    if estimator == "auto":
        estimator = "imputation" if several else "cells" if panel.times.size == 2 else "two-way"
    if several and estimator != "imputation":
        raise UsageError("several treatment dates need the imputation estimator (two-way effects mix early and late)")
    if inference == "auto":
        few = min(int(panel.treated.sum()), int((~panel.treated).sum())) < FEW
        inference = "permutation" if few else "cluster"
    if inference == "wild-cluster" and estimator != "two-way":
        raise UsageError("wild-cluster goes with the two-way estimator")
    return estimator, inference


def did(
    frame: pd.DataFrame,
    outcome: str,
    unit: str,
    time: str,
    treated: str,
    date: Any = None,
    *,
    cohort: str | None = None,
    estimator: str = "auto",
    inference: str = "auto",
    balanced: bool = False,
) -> DidResult:
    """Compare treated with untreated units before and after.

    Parameters
    ----------
    frame : one row a unit and time; empty values stay missing.
    treated : column of 1/0, `date` the common date; or `cohort`, a column with each unit's own date (empty: never).
    estimator : auto (cells for two times, two-way fixed effects for more, imputation for several dates) or a name.
    inference : auto (permutation where either group has fewer than 12 units, else clustered by unit) or a name.
    balanced : use units without a missing cell only.

    Raises
    ------
    InputError
        No treated or control unit, a date outside the data, values or flags that cannot be read (all listed).
    UsageError
        Unknown columns or names.
    """
    panel = read_panel(frame, outcome, unit, time, treated, date, cohort)
    panel = panel.only(panel.complete) if balanced else panel
    if not panel.treated.any() or panel.treated.all():
        raise InputError(Problem("no treated or no control unit is complete; leave out balanced", rule="no_donors"))
    return compare(panel, estimator, inference)


def compare(panel: Panel, estimator: str = "auto", inference: str = "auto") -> DidResult:
    """Return the difference-in-differences of a panel that is read already; see `did`."""
    estimator, inference = _choose(panel, estimator, inference)
    estimate = estimate_by(panel, estimator)
    if inference == "permutation":
        answer = permuted(panel, estimator)
    elif inference == "wild-cluster":
        answer = wild_cluster(panel, estimate)
    else:
        answer = clustered(panel, estimator, estimate)
    possible = math.comb(len(panel.units), int(panel.treated.sum()))
    several = np.unique(panel.start[panel.treated]).size > 1
    names = ["imputation"] if several else ["cells", "two-way", "imputation"]
    alternatives = {name: estimate_by(panel, name) for name in names if name != estimator}
    if not several and not panel.complete.all() and panel.only(panel.complete).treated.any():
        whole = panel.only(panel.complete)
        if not whole.treated.all():
            alternatives["balanced"] = estimate_by(whole, "cells")
    checks = (pre_trend(panel, inference), _units_check(panel, answer.smallest, possible))
    return DidResult(
        answer.estimate,
        answer.error,
        answer.low,
        answer.high,
        answer.p,
        answer.smallest,
        estimator,
        answer.name,
        cell_means(panel),
        event_study(panel, imputed(panel, panel.start) if several else None),
        int(panel.treated.sum()),
        int((~panel.treated).sum()),
        alternatives,
        checks,
    )
