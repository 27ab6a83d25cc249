"""Coded rows added up in arrays, one place for every possible cell: quicker than grouping wherever the cells are few.

The sums are those of `vbp.ledger.query.PANELS`, exact in int64; a test holds the two ways equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.ledger.arrays import column, numbers
from vbp.ledger.lookup import MONTHS

PLACES = 24_000_000
"""Most places of a panel of hospitals: four bytes each in the index, sums take room only where there are purchases."""
LOOKS = 4_000_000
"""Most places of product × month, 24 bytes each."""


class Dense:
    """Exact sums with a place for every key: product × month, where most keys are met."""

    def __init__(self) -> None:
        self._columns: dict[str, np.ndarray] = {name: np.zeros(0, np.int64) for name in "qan"}

    def open(self, count: int) -> None:
        """Make room for so many keys."""
        if len(self._columns["n"]) < count:
            self._columns = {name: np.zeros(count, np.int64) for name in self._columns}

    def add(self, key: np.ndarray, quantity: np.ndarray, amount: np.ndarray) -> None:
        """Add quantities, amounts and one purchase at each key."""
        place = key.astype(np.intp)
        for name, values in (("q", quantity), ("a", amount), ("n", 1)):
            np.add.at(self._columns[name], place, values)

    def taken(self) -> tuple[np.ndarray, dict[str, pa.Array]]:
        """Return the keys that were met and their sums, and forget them."""
        keys = np.flatnonzero(self._columns["n"])
        sums = {name: column(held[keys]) for name, held in self._columns.items()}
        for held in self._columns.values():
            held[keys] = 0
        return keys, sums


def join_bits(held: np.ndarray, place: np.ndarray, bits: np.ndarray) -> None:
    """Join bits into `held` at places, as `np.bitwise_or.at` does in twice the time.

    Of a place that is named several times the last bits stand; the others take a turn of their own.
    """
    while len(place):
        held[place] |= bits
        left = np.flatnonzero(bits & ~held[place])
        place, bits = place[left], bits[left]


class Sums:
    """Exact sums by key where few keys are met: an index says where each key's sums stand, in the order of meeting.

    Arrays live on from city to city; only the keys that were used are cleared. `bits`: the type of month bits, if any.
    """

    def __init__(self, bits: np.dtype[Any] | None = None) -> None:
        self._index = np.zeros(0, np.int32)
        self._count = 0
        self._columns: dict[str, np.ndarray] = {name: np.zeros(1024, np.int64) for name in "qa"}
        if bits is not None:
            self._columns["bits"] = np.zeros(1024, bits)
        self._keys = np.zeros(1024, np.intp)

    def places(self, key: np.ndarray, limit: int) -> np.ndarray:
        """Return where the sums of each key stand; keys lie below `limit`."""
        if len(self._index) < limit:
            index = np.full(limit, -1, np.int32)
            index[: len(self._index)] = self._index
            self._index = index
        place = self._index[key]
        strange = key[place < 0]
        if len(strange):
            self._meet(strange)
            place = self._index[key]
        return place.astype(np.intp)

    def _meet(self, strange: np.ndarray) -> None:
        """Give each key not met before a place; of a key that stands several times the last one speaks for all."""
        number = np.arange(len(strange), dtype=np.int32)
        self._index[strange] = number
        fresh = strange[self._index[strange] == number]
        end = self._count + len(fresh)
        if end > len(self._keys):
            room = max(end, len(self._keys) * 3 // 2) - len(self._keys)
            self._keys = np.concatenate([self._keys, np.zeros(room, np.intp)])
            self._columns = {
                name: np.concatenate([held, np.zeros(room, held.dtype)]) for name, held in self._columns.items()
            }
        self._keys[self._count : end] = fresh
        self._index[fresh] = np.arange(self._count, end)
        self._count = end

    def add(self, place: np.ndarray, **values: np.ndarray) -> None:
        """Add values by column at places; `bits` are joined."""
        for name, one in values.items():
            if name == "bits":
                join_bits(self._columns[name], place, one)
            else:
                np.add.at(self._columns[name], place, one)

    def taken(self) -> tuple[np.ndarray, dict[str, pa.Array]]:
        """Return the keys that were met, in order, and their sums, and forget them."""
        few = self._count < len(self._index) // 32
        keys = np.sort(self._keys[: self._count]) if few else np.flatnonzero(self._index >= 0)
        place = self._index[keys]
        sums = {name: column(held[place], pa.int64()) for name, held in self._columns.items()}
        for held in self._columns.values():
            held[: self._count] = 0
        self._index[keys] = -1
        self._count = 0
        return keys, sums


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
    def of(cls, look: pa.Table, hospitals: int) -> Sizes:
        """Return the sizes of the row pass's table `look` for codes of so many hospitals."""
        batch, month = np.divmod(numbers(look["pm"]), MONTHS)
        return cls(
            look.num_rows,
            hospitals,
            int(numbers(look["slot"]).max(initial=-1)) + 2,  # the last one's cheaper twin too
            int(batch.max(initial=-1)) + 1,
            int(month[batch >= 0].max(initial=-1)) + 1,
            numbers(look["bit"]).dtype,
        )

    @property
    def widths(self) -> dict[str, int]:
        """Return the places that a hospital takes in panels b and c."""
        return {"b": self.slots, "c": self.batches * self.months}


class Adder:
    """Adds coded rows of one city up in arrays, as far as they fit; what does not is left to queries.

    Hospitals get their rows in the arrays as they are met.
    """

    def __init__(self) -> None:
        self._sizes = Sizes(0, 0, 0, 0, 0, np.dtype(np.int32))
        self._months, self._cells, self._progress = Dense(), Sums(self._sizes.bits), Sums()
        self._open: frozenset[str] = frozenset()
        self._local = np.zeros(0, np.intp)
        self._owners = np.zeros(0, np.int32)

    def open(self, sizes: Sizes) -> None:
        """Get ready for a city."""
        if sizes.bits != self._sizes.bits:
            self._cells = Sums(sizes.bits)
        self._sizes, self._open = sizes, frozenset("abc" if sizes.looks <= LOOKS else "bc")
        self._months.open(sizes.looks if sizes.looks <= LOOKS else 0)
        self._local, self._owners = np.full(sizes.hospitals, -1, np.intp), np.zeros(0, np.int32)

    def add(self, rows: pa.RecordBatch) -> frozenset[str]:
        """Add coded rows; return the panels for which they did not fit (these and all later rows)."""
        h, s, look, pm, bit, q, a = (numbers(rows.column(name)) for name in ("h", "s", "l", "pm", "bit", "q", "a"))
        sizes, local = self._sizes, self._places(h)
        limits = {name: len(self._owners) * width for name, width in sizes.widths.items()}
        if "a" in self._open:
            self._months.add(look, q, a)
        if "b" in self._open:
            key = local * sizes.slots + s
            self._cells.add(self._cells.places(key, limits["b"]), q=q, a=a, bits=bit)
        if "c" in self._open:
            chosen = np.flatnonzero(pm >= 0)
            coded = pm[chosen]
            batch, month = coded >> (MONTHS.bit_length() - 1), coded & (MONTHS - 1)  # a tenth of the time of divmod
            key = (local[chosen] * sizes.batches + batch) * sizes.months + month
            self._progress.add(self._progress.places(key, limits["c"]), q=q[chosen], a=a[chosen])
        return frozenset("abc") - self._open

    def _places(self, h: np.ndarray) -> np.ndarray:
        """Return each row's hospital's place; hospitals not met before get theirs, as long as there is room for all."""
        place = self._local[h]
        if place.min(initial=0) >= 0:
            return place
        fresh = np.unique(h[place < 0])
        count = len(self._owners) + len(fresh)
        if count * max(self._sizes.widths.values()) > PLACES:
            self._open -= {"b", "c"}
            return place
        self._local[fresh] = np.arange(len(self._owners), count)
        self._owners = np.concatenate([self._owners, fresh])
        return self._local[h]

    def panels(self) -> dict[str, pa.Table]:
        """Return the sums of what fitted, and forget them."""
        sizes = self._sizes
        found = {}
        look, sums = self._months.taken()
        if sizes.looks <= LOOKS:
            found["a"] = pa.table({"l": column(look, pa.int32()), **sums})
        for name, code, held in (("b", "s", self._cells), ("c", "pm", self._progress)):
            keys, sums = held.taken()
            owner, rest = np.divmod(keys, max(sizes.widths[name], 1))
            if name == "c":
                rest = rest // max(sizes.months, 1) * MONTHS + rest % max(sizes.months, 1)
            owners = column(self._owners[owner], pa.int32())
            found[name] = pa.table({"h": owners, code: column(rest, pa.int32()), **sums})
        return found


KEYS = {"a": ("m", "p", "s"), "b": ("h", "s"), "c": ("h", "pm")}
"""What a row of each panel is the sum of, in the order in which rows stand."""


def _joined(name: str, *tables: pa.Table) -> list[np.ndarray]:
    """Return one integer a row for the keys of each table, of one scale."""
    keys = [np.zeros(table.num_rows, np.int64) for table in tables]
    for key in KEYS[name]:
        parts = [numbers(table[key]) for table in tables]
        width = max(int(part.max(initial=0)) for part in parts) + 1
        keys = [one * width + part for one, part in zip(keys, parts, strict=True)]
    return keys


def in_order(name: str, table: pa.Table) -> pa.Table:
    """Return a panel in the order of its keys, so that the same ledger gives the same files however it was read."""
    (key,) = _joined(name, table)
    return table if _rising(key) else table.take(column(np.argsort(key)))


def _rising(keys: np.ndarray) -> bool:
    """Return whether each key is above the one before."""
    return bool((keys[1:] > keys[:-1]).all())


def added_up(name: str, kept: pa.Table, new: pa.Table) -> pa.Table:
    """Add a new part's sums to the kept ones of one panel, as `vbp.ledger.query.MERGED` does.

    Each key stands once in either, in order.
    """
    one, other = _joined(name, kept, new)
    if not _rising(one) or not _rising(other):
        return added_up(name, in_order(name, kept), in_order(name, new))
    if not len(one) or not len(other) or one[-1] < other[0]:
        return pa.concat_tables([kept, new.cast(kept.schema)]).combine_chunks()
    place = np.searchsorted(one, other)
    met = np.append(one, -1)[place] == other
    fresh = np.flatnonzero(~met)
    landed = place[fresh] + np.arange(len(fresh))
    held = np.ones(len(one) + len(fresh), dtype=bool)
    held[landed] = False
    stays = np.flatnonzero(held)
    columns = {}
    for field in kept.schema:
        values, more = numbers(kept[field.name]), numbers(new[field.name])
        out = np.empty(len(held), values.dtype)
        out[stays], out[landed] = values, more[fresh]
        if field.name not in KEYS[name]:
            ufunc = np.bitwise_or if field.name == "bits" else np.add
            ufunc.at(out, stays[place[met]], more[met])
        columns[field.name] = column(out, field.type)
    return pa.table(columns)
