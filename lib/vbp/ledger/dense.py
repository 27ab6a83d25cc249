"""Coded rows added up in arrays, one place for every possible cell: quicker than grouping wherever the cells are few.

The sums are those of `vbp.ledger.query.PANELS`, exact in int64; a test holds the two ways equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.ledger.lookup import MONTHS

CELLS = 4_000_000
"""Largest array of places of one panel (some 25 bytes each); beyond it rows are grouped by a query."""


@dataclass(frozen=True)
class Sizes:
    """How many codes there are: look-up rows, hospitals, slots, batches, months; and the type of the month bits."""

    looks: int
    hospitals: int
    slots: int
    batches: int
    months: int
    bits: np.dtype[Any]

    @classmethod
    def of(cls, look: pa.Table, hospital: pa.Table) -> Sizes:
        """Return the sizes of the row pass's tables `look` and `hospital`."""
        batch, month = np.divmod(look["pm"].to_numpy(), MONTHS)
        return cls(
            look.num_rows,
            int(hospital["h"].to_numpy().max(initial=-1)) + 1,
            int(look["slot"].to_numpy().max(initial=-1)) + 2,  # the last one's cheaper twin too
            int(batch.max(initial=-1)) + 1,
            int(month[batch >= 0].max(initial=-1)) + 1,
            look["bit"].to_numpy().dtype,
        )

    def places(self) -> dict[str, int]:
        """Return how many places each panel's arrays need."""
        owned = self.batches * self.months
        return {"a": self.looks, "b": self.hospitals * self.slots, "c": self.hospitals * owned}


class Adder:
    """Adds coded rows of one city up in arrays; `fits` names the panels that it holds, the others are left to queries.

    The arrays live on from city to city: only the places that were used are cleared.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, dict[str, np.ndarray]] = {}
        self._sizes = Sizes(0, 0, 0, 0, 0, np.dtype(np.int32))
        self.fits: frozenset[str] = frozenset()

    def open(self, sizes: Sizes) -> None:
        """Get ready for a city."""
        places = sizes.places()
        self._sizes, self.fits = sizes, frozenset(name for name, count in places.items() if count <= CELLS)
        for name in self.fits:
            held = self._arrays.get(name)
            if held is None or len(held["seen"]) < places[name] or (name == "b" and held["bits"].dtype != sizes.bits):
                self._arrays[name] = _blank(name, places[name], sizes.bits)

    def add(self, rows: pa.RecordBatch) -> None:
        """Add coded rows."""
        h, s, look, pm, bit, q, a = (
            rows.column(name).to_numpy(zero_copy_only=False) for name in ("h", "s", "l", "pm", "bit", "q", "a")
        )
        if "a" in self.fits:
            self._sum("a", look.astype(np.intp), q, a)
        if "b" in self.fits:
            place = h.astype(np.intp) * self._sizes.slots + s
            np.bitwise_or.at(self._arrays["b"]["bits"], place, bit)
            self._sum("b", place, q, a)
        if "c" in self.fits:
            chosen = np.flatnonzero(pm >= 0)
            batch, month = np.divmod(pm[chosen], MONTHS)
            owner = h[chosen].astype(np.intp) * self._sizes.batches + batch
            self._sum("c", owner * self._sizes.months + month, q[chosen], a[chosen])

    def _sum(self, name: str, place: np.ndarray, quantity: np.ndarray, amount: np.ndarray) -> None:
        held = self._arrays[name]
        np.add.at(held["q"], place, quantity)
        np.add.at(held["a"], place, amount)
        if name == "a":
            np.add.at(held["seen"], place, 1)
        else:
            held["seen"][place] = 1

    def panels(self) -> dict[str, pa.Table]:
        """Return the panels that fit and clear their places."""
        return {name: pa.table(self._taken(name)) for name in sorted(self.fits)}

    def _taken(self, name: str) -> dict[str, pa.Array]:
        held, sizes = self._arrays[name], self._sizes
        place = np.flatnonzero(held["seen"])
        values = {column: pa.array(array[place].astype(np.int64)) for column, array in held.items()}
        for array in held.values():
            array[place] = 0
        seen = values.pop("seen")
        if name == "a":
            return {"l": pa.array(place.astype(np.int32)), **values, "n": seen}
        owner, rest = np.divmod(place, sizes.slots if name == "b" else sizes.batches * sizes.months)
        if name == "c":
            rest = rest // sizes.months * MONTHS + rest % sizes.months
        return {"h": pa.array(owner.astype(np.int32)), "s" if name == "b" else "pm": pa.array(rest.astype(np.int32)), **values}


def _blank(name: str, count: int, bits: np.dtype[Any]) -> dict[str, np.ndarray]:
    """Return a panel's arrays; `seen` counts purchases of product × month, elsewhere it only marks."""
    arrays = {"q": np.zeros(count, np.int64), "a": np.zeros(count, np.int64)}
    if name == "b":
        arrays["bits"] = np.zeros(count, bits)
    arrays["seen"] = np.zeros(count, np.int64 if name == "a" else np.int8)
    return arrays
