"""A settlement as a flat table for people and for CSV."""
from __future__ import annotations

import pandas as pd

from vbp.surplus.result import Settlement


def flat(settlement: Settlement, lang: str = "zh") -> pd.DataFrame:
    """Return the rows with their reasons as codes and as one sentence in `lang`."""
    comma = "；" if lang == "zh" else "; "
    table = settlement.table.drop(columns="codes")
    table["codes"] = [" ".join(codes) for codes in settlement.table["codes"]]
    table["reasons"] = [comma.join(reason.text(lang) for reason in reasons) for reasons in settlement.reasons]
    return table
