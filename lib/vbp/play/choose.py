"""What a notebook looks at: the hospital, series, payout or rules that a parameter names, else those worth a look first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vbp.errors import InputError, UsageError, unknown
from vbp.results.missing import Missing, missing

if TYPE_CHECKING:
    import pandas as pd

    from vbp.city import City
    from vbp.impact.did import DidResult
    from vbp.impact.its import ItsResult
    from vbp.surplus.compare import Comparison


@dataclass(frozen=True)
class Chosen:
    """One series of the scan: its row in the ranked table, and its result in full with checks."""

    row: int
    result: ItsResult


def chosen_hospital(city: City, hospital: str = "") -> str:
    """Return the hospital named, else the one with most agreements behind time; UsageError where it is not known."""
    assert city.inputs is not None
    known = sorted(city.inputs.frame("hospitals")["hospital_id"].astype(str))
    if hospital:
        if hospital not in known:
            raise UsageError(unknown("hospital", hospital, known))
        return hospital
    if not city.completion:
        return known[0]
    by_hospital = city.completion.rolled("hospital")
    return str(
        by_hospital.sort_values(["at_risk_items", "hospital_id"], ascending=[False, True])["hospital_id"].iloc[0]
    )


def chosen_series(city: City, generic: str = "", measure: str = "spending") -> Chosen | Missing:
    """Return the scan's first series of a measure, of one generic where it is named; UsageError where there is none such."""
    found = city.scan
    if not found:
        return _why(found)
    table = found.table
    for name, given, column in (("measure", measure, "measure"), ("generic", generic, "generic")):
        known = list(dict.fromkeys(table[column].astype(str)))
        if given and given not in known:
            raise UsageError(unknown(name, given, known))
    own = table[(table["measure"] == measure) & ((table["generic"].astype(str) == generic) | (not generic))]
    if not len(own):
        raise UsageError(f"the scan has no series of {measure} for {generic}")
    assessed = own[own["level_se"].notna()]
    row = int((assessed if len(assessed) else own).index[0])
    return Chosen(row, found.fitted(row)) if len(assessed) else missing("series_short")


def chosen_payout(city: City, hospital: str = "", batch: str = "") -> dict[Any, Any] | Missing:
    """Return the largest payout's row of the settlement, of one hospital or round where they are named."""
    found = city.surplus
    if not found:
        return _why(found)
    rows = found.table.to_dict("records")
    for name, given, column in (("hospital", hospital, "hospital_id"), ("batch", batch, "batch_id")):
        known = list(dict.fromkeys(str(row[column]) for row in rows))
        if given and given not in known:
            raise UsageError(unknown(name, given, known))
        rows = [row for row in rows if not given or row[column] == given]
    if not rows:
        raise UsageError(f"no row of the settlement has hospital {hospital} and batch {batch}")
    return max(rows, key=lambda row: (row["retained_yuan"] is not None, row["retained_yuan"] or 0))


def compare_rules(city: City, profile: str) -> Comparison | Missing:
    """Return the settlement beside the same items under another rule profile (a name in data/rules, or a file)."""
    from vbp.rules import load_profile
    from vbp.surplus.compare import compare

    second = load_profile(profile)
    found = city.surplus
    return compare(found.lines, found.profile, second, found.as_of) if found else _why(found)


def compare_groups(city: City, measure: str = "price") -> tuple[pd.DataFrame, DidResult] | Missing:
    """Return the units (logarithms) and the difference-in-differences of tendered generics against those never tendered."""
    import numpy as np

    from vbp.impact import did
    from vbp.impact.ledger_series import batch_dates, generic_series, generic_units

    panels = city.panels
    if not panels:
        return _why(panels)
    assert city.inputs is not None
    products = city.inputs.frame("products")
    try:
        series = generic_series(panels.product_month, products, panels.awards)
        units = generic_units(series, measure, batch_dates(panels.prices), products)
        units = units.assign(value=np.log(units["value"]))
        return units, did(units, "value", "generic", "month", "", cohort="cohort")
    except InputError:  # no generic to compare with, or no month before the first round
        return missing("comparison")


def _why(found: object) -> Missing:
    """Return what a place without a result lacks."""
    return found if isinstance(found, Missing) else missing("no_payout")
