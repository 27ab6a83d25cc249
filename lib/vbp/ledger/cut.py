"""The ledger up to a day: what was not known then is left out before panels are made."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import InputError, Problem

if TYPE_CHECKING:
    from vbp.tables import Inputs


def cut_usage(inputs: Inputs, until: dt.date) -> Inputs:
    """Return the inputs with purchases up to `until`: by date where the ledger has dates, else whole months ended."""
    usage = inputs.tables["usage"]
    following = until + dt.timedelta(days=1)
    ended = pc.less(usage["month"], pa.scalar(following.replace(day=1), pa.date32()))
    if "date" in usage.column_names:
        ended = pc.coalesce(pc.less_equal(usage["date"], pa.scalar(until, pa.date32())), ended)
    kept = usage.filter(ended)
    if kept.num_rows == 0:
        raise InputError(Problem(f"no purchases up to {until}", rule="empty", table="usage"))
    return dataclasses.replace(inputs, tables={**inputs.tables, "usage": kept})
