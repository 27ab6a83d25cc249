"""One hospital's part of a settlement, made ready to be written: items with row, unit and rate numbers, rows, reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vbp.statement.layout import Area
from vbp.surplus import Settlement
from vbp.surplus.settle import unit_codes


@dataclass(frozen=True)
class Data:
    """One hospital's lines, made ready: `items` of the settlement with codes beside, `rows` of its table."""

    items: pd.DataFrame
    rows: pd.DataFrame
    reasons: list[str]


def hospital_data(settlement: Settlement, hospital: str) -> Data:
    """Return one hospital's part of a settlement with row, unit, rate and first-line numbers."""
    lines = settlement.lines
    mask = (lines.facts["hospital_id"] == hospital).to_numpy()
    items = settlement.items_of(hospital_id=hospital)
    row, unit = lines.row[mask], unit_codes(lines, settlement.profile)[mask]
    rates, _ = pd.factorize(
        pd.MultiIndex.from_frame(
            pd.DataFrame(
                {
                    "fund": items["fund"].astype(str),
                    "r": items["fund_ratio"].map(str),
                    "s": items["insured_share"].map(str),
                    "x": _column(items, "excluded_share").map(str),
                }
            )
        )
    )
    unit_first = np.zeros(len(items), dtype=int)
    unit_first[np.unique(unit, return_index=True)[1]] = 1
    items = items.assign(
        row_no=np.searchsorted(np.unique(row), row) + 1,
        unit_no=np.unique(unit, return_inverse=True)[1] + 1,
        rate_no=rates + 1,
        unit_first=unit_first,
        item_first=lines.first_of_item()[mask].astype(int),
        is_open=_open(settlement)[mask],
        pooled_actual=None,
        pooled_agreed=None,
    )
    if settlement.profile.settlement.completion_by == "county_group":
        items = _pooled(settlement, items, mask)
    places = np.unique(row)
    texts = ["；".join(reason.text("zh") for reason in settlement.reasons_of(int(place))) for place in places]
    return Data(items, settlement.table.iloc[places].reset_index(drop=True), texts)


def _open(settlement: Settlement) -> np.ndarray:
    """Return which lines belong to a row whose year has not ended."""
    flags = settlement.table["codes"].map(lambda codes: "YEAR_NOT_ENDED" in codes).to_numpy(dtype=bool)
    return flags[settlement.lines.row]


def _pooled(settlement: Settlement, items: pd.DataFrame, mask: np.ndarray) -> pd.DataFrame:
    from vbp.surplus.judge import pooled_quantities

    actual, agreed = pooled_quantities(settlement.lines, settlement.profile)
    index = np.flatnonzero(mask)
    return items.assign(
        pooled_actual=pd.Series(actual.take(index).decimals(), dtype=object),
        pooled_agreed=pd.Series(agreed.take(index).decimals(), dtype=object),
    )


def _column(items: pd.DataFrame, name: str) -> pd.Series[Any]:
    return items[name] if name in items else pd.Series(None, index=items.index, dtype=object)


def area_of(data: Data) -> Area:
    """Return where rates, items and arithmetic will stand, before anything is written."""
    rates = 5
    rates_last = rates + int(data.items["rate_no"].max()) - 1
    first = rates_last + 4
    last = first + len(data.items) - 1
    sums = last + 4
    return Area(first, last, sums, sums + len(data.rows) - 1, rates, rates_last)
