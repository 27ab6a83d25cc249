"""Integer keys over the panels' text columns, so that sums by hospital, batch, generic are sums of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from vbp.ledger import Panels

MISSING = -1


def codes(column: pd.Series, index: pd.Index) -> np.ndarray:
    """Return each value's place in `index` (−1: missing or not in it); fast on categories."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        places = index.get_indexer(column.cat.categories.astype(object))
        own = column.cat.codes.to_numpy()
        return np.where(own >= 0, np.append(places, MISSING)[own], MISSING)
    dates = isinstance(index, pd.DatetimeIndex)
    return np.asarray(index.get_indexer(pd.Index(column if dates else column.astype(object))))


def numbers(column: pd.Series, missing: int = 0) -> np.ndarray:
    """Return an integer column as int64 with `missing` where a value is missing."""
    return column.fillna(missing).to_numpy(dtype=np.int64) if column.hasnans else column.to_numpy(dtype=np.int64)


@dataclass(frozen=True)
class Keys:
    """The city's hospitals, batches, generics and months, sorted, and the prices of varieties (batch × generic)."""

    hospitals: pd.Index
    batches: pd.Index
    generics: pd.Index
    months: pd.Index
    p0_e10: np.ndarray
    p1_main_e10: np.ndarray

    @classmethod
    def of(cls, panels: Panels) -> Keys:
        """Return the keys of a city's panels."""
        frames = (panels.cells, panels.product_month, panels.items, panels.prices)
        names = {column: _sorted(column, frames) for column in ("hospital_id", "batch_id", "generic")}
        seen = panels.product_month["month"]
        months = pd.date_range(seen.min(), seen.max(), freq="MS")
        shape = len(names["batch_id"]) * len(names["generic"])
        p0, p1 = np.full(shape, MISSING, dtype=np.int64), np.full(shape, MISSING, dtype=np.int64)
        keys = cls(names["hospital_id"], names["batch_id"], names["generic"], months, p0, p1)
        at = keys.variety(panels.prices)
        p0[at], p1[at] = (numbers(panels.prices[name], MISSING) for name in ("p0_e10", "p1_main_e10"))
        return keys

    def variety(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the code of each row's batch × generic; −1 without a batch."""
        batch, generic = codes(frame["batch_id"], self.batches), codes(frame["generic"], self.generics)
        return np.where((batch >= 0) & (generic >= 0), batch * len(self.generics) + generic, MISSING)

    def batch_of(self, variety: np.ndarray) -> np.ndarray:
        """Return the batch's code of varieties."""
        return np.where(variety >= 0, variety // len(self.generics), MISSING)

    def generic_of(self, variety: np.ndarray) -> np.ndarray:
        """Return the generic's code of varieties."""
        return np.where(variety >= 0, variety % len(self.generics), MISSING)


def _sorted(column: str, frames: tuple[pd.DataFrame, ...]) -> pd.Index:
    found: set[Any] = set()
    for frame in frames:
        if column in frame:
            values = frame[column]
            found |= set(
                values.cat.categories if isinstance(values.dtype, pd.CategoricalDtype) else values.dropna().unique()
            )
    return pd.Index(sorted(found), dtype=object)
