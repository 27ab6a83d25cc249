"""Items for tests: the vectors of rules.md §1.4 and hypothesis strategies around them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from vbp.rules import Profile
from vbp.surplus import Settlement, settle

C1: dict[str, Any] = {
    "hospital_id": "H1",
    "batch_id": "B1",
    "agreement_year": 1,
    "generic": "阿莫西林",
    "base_quantity_units": "100000",
    "pre_price_yuan": "5.00",
    "agreed_quantity_units": "70000",
    "selected_price_yuan": "1.20",
    "actual_quantity_units": "70000",
    "nonselected_amount_yuan": "30000",
    "fund_ratio": "0.70",
    "insured_share": "0.90",
    "score": "90",
}
C2 = {**C1, "generic": "布洛芬", "nonselected_amount_yuan": "600000"}


def item(base: dict[str, Any] = C1, **changes: Any) -> dict[str, Any]:
    """Return vector C1 with changes."""
    return {**base, **changes}


def settled(profile: Profile, *items: dict[str, Any], **more: Any) -> Settlement:
    """Settle a few items given as dictionaries."""
    return settle(pd.DataFrame(list(items)), profile, **more)


def only(settlement: Settlement) -> dict[str, Any]:
    """Return the one row of a settlement as a dictionary."""
    assert len(settlement.table) == 1
    return dict(settlement.table.iloc[0])


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    """Decimals of a fixed number of places between two whole numbers."""
    return st.integers(low * 10**places, high * 10**places).map(lambda n: Decimal(n).scaleb(-places))


@st.composite
def item_rows(draw: st.DrawFn, hospitals: int = 3, most: int = 8, gaps: bool = True) -> list[dict[str, Any]]:
    """Items of a few hospitals, batches and years: incomplete, unscored, exempt, renewed, in two funds."""
    maybe = (lambda s: st.one_of(s, st.none())) if gaps else (lambda s: s)
    scores: dict[Any, Any] = {}
    rows = []
    for number in range(draw(st.integers(1, most))):
        key = (f"H{draw(st.integers(1, hospitals))}", f"B{draw(st.integers(1, 2))}", draw(st.integers(1, 2)))
        if key not in scores:
            scores[key] = draw(maybe(st.sampled_from(["0", "59.99", "60", "69.99", "70", "79.99", "80", "100"])))
        rows += draw(_lines(key, f"g{number % 5}", f"s{number}", scores[key], gaps))
    return rows


@st.composite
def _lines(draw: st.DrawFn, key: Any, generic: str, spec: str, score: Any, gaps: bool) -> list[dict[str, Any]]:
    maybe = (lambda s: st.one_of(s, s, s, st.none())) if gaps else (lambda s: s)
    agreed, spent = draw(decimals(0, 90000, 1)), draw(maybe(decimals(0, 300000, 2)))
    part = None if spent is None else (spent * draw(st.sampled_from([0, 25, 50, 100])) / 100)
    line = {
        "hospital_id": key[0],
        "batch_id": key[1],
        "agreement_year": key[2],
        "generic": generic,
        "spec": spec,
        "base_quantity_units": draw(decimals(0, 120000, 1)),
        "pre_price_yuan": draw(maybe(decimals(0, 60, 4))),
        "agreed_quantity_units": agreed,
        "selected_price_yuan": draw(decimals(0, 40, 6)),
        "actual_quantity_units": agreed * draw(st.sampled_from([0, 85, 100, 100, 140])) / 100,
        "nonselected_amount_yuan": spent,
        "nonselected_evaluated_yuan": part,
        "nonselected_cheaper_yuan": part,
        "fund_ratio": draw(decimals(0, 1, 3)),
        "insured_share": draw(decimals(0, 1, 4)),
        "score": score,
        "excluded_share": draw(decimals(0, 1, 2)),
        "last_year_quantity_units": draw(maybe(decimals(0, 120000, 0))),
        "exempt_reason": draw(st.sampled_from(["", "", "", "短缺"])),
        "cycle": draw(st.sampled_from([1, 1, 1, 2])),
        "county_group": draw(st.sampled_from(["", "", "", "G1"])),
        "fund": "",
    }
    if draw(st.booleans()):
        return [line]
    share = line["insured_share"] / 2
    return [
        {**line, "fund": "employee", "insured_share": share},
        {**line, "fund": "resident", "insured_share": share, "fund_ratio": draw(decimals(0, 1, 3))},
    ]
