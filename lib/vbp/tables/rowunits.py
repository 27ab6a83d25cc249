"""A unit beside each quantity (单位: 盒, 片, 支 …): which rows count packs and which minimum units, made one, exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from vbp.tables import units
from vbp.tables.arrays import codes, decimals, encoded, int64_view, missing
from vbp.tables.kinds import arrow_type

NONE, PACK, UNIT, EITHER, UNKNOWN = range(5)
BASES = {"pack": PACK, "unit": UNIT}
DEFAULT = {"袋": UNIT}
"""What a word that can mean both counts where nothing else says so; the others (瓶, 管 …) count packs."""
MEASURES = ("ml", "毫升", "g", "克")
CARTONS = ("箱", "提", "板", "中包装", "大包装", "排")
SAID = {PACK: "packs", UNIT: "minimum units"}
UNSIZED = (
    "this row counts packs, others minimum units: to make them one, the product's units_per_pack is needed in products"
)
EMPTY = "the unit beside the quantity is empty: write 盒 for packs, 片, 支 or 粒 for minimum units"
LARGEST = 10**18 - 1


@dataclass(frozen=True)
class Word:
    """What a unit beside a quantity says: what is counted, how many of them (万片: 10000), and whether it is a measure."""

    basis: int
    factor: int = 1
    measure: bool = False
    otherwise: int = PACK


@dataclass(frozen=True)
class Settled:
    """Quantities on one basis: `basis` pack or unit, the array, rows refused (row → rule, why), rows read by
    assumption, and how many rows counted packs and minimum units of packs that hold more than one."""

    basis: str
    array: pa.Array
    refused: dict[int, tuple[str, str]]
    assumed: np.ndarray
    packs: int
    units: int


@cache
def word(text: str | None) -> Word:
    """Return what a unit's text says; an empty one `NONE`, one that is no known word `UNKNOWN`."""
    tidy = units.tidy(text or "")
    if not tidy:
        return Word(NONE)
    bases = {units.WORDS.get(part) for part in re.split(r"[/、,或和及]", tidy)}
    if "unit" in bases and "pack" in bases:
        return Word(UNKNOWN)
    said = units.counted(tidy)
    if said is None:
        return Word(UNKNOWN)
    basis = EITHER if said.unsure else BASES[said.basis or "pack"]
    return Word(basis, int(said.factor), tidy.endswith(MEASURES), DEFAULT.get(tidy, PACK))


def unknown(text: str) -> str:
    """Return what to do about a unit that is not known."""
    if units.tidy(text) in CARTONS:
        return (
            f"{text} is neither a pack (盒) nor a minimum unit (片, 支): how many packs it holds is not known; give the "
            "quantity in packs or minimum units"
        )
    return (
        f"unknown unit {text!r} beside the quantity; known: 盒, 瓶, 包, 套 (packs), 片, 支, 粒, 袋, 丸, 枚, 贴, ml … (minimum "
        "units); mend the cell, or take the column out if it is not the quantity's unit"
    )


def _bases(words: pa.DictionaryArray, sizes: np.ndarray, names: pa.Array | None) -> tuple[np.ndarray, np.ndarray]:
    """Return, per row, what is counted, and the mask of rows where that is an assumption."""
    known = [word(text) for text in words.dictionary.to_pylist()] + [Word(NONE)]
    place = codes(words)
    basis = np.array([entry.basis for entry in known], np.int8)[place]
    either = basis == EITHER
    measured = np.array([entry.measure for entry in known])[place] & (sizes == 1)
    if not either.any():
        return basis, measured
    basis = np.where(either, np.array([entry.otherwise for entry in known], np.int8)[place], basis)
    same = np.zeros(len(basis), bool)
    if names is not None:
        texts, own = words.dictionary.to_pylist(), encoded(names)
        of = own.dictionary.to_pylist()
        for row in np.flatnonzero(either & ~missing(own)).tolist():
            same[row] = texts[place[row]] == of[own.indices[row].as_py()]
    return np.where(same, UNIT, basis), measured | (either & ~same & (sizes != 1))


def _factors(words: pa.DictionaryArray) -> np.ndarray:
    return np.array([word(text).factor for text in words.dictionary.to_pylist()] + [1], np.int64)[codes(words)]


def settle(
    quantity: pa.Array, beside: pa.Array, sizes: np.ndarray, names: pa.Array | None = None, header: str | None = None
) -> Settled:
    """Return quantities on one basis: packs where no row counts minimum units, else minimum units (packs × size).

    Parameters
    ----------
    quantity : decimal128(18, 4), as the file has it.
    beside : the unit's text, per row.
    sizes : minimum units per pack, per row; 0 where unknown.
    names : what a minimum unit is called (瓶, 片), per row, where known: it settles words that can mean both.
    header : the basis that the header states for certain (`pack`, `unit`), which no row may contradict.
    """
    words = encoded(beside)
    values, null = int64_view(quantity), missing(quantity)
    basis, assumed = _bases(words, sizes, names)
    refused = _unknown_rows(words, basis, values, null, sizes)
    differs = ~null & (sizes != 1)
    packs, counted = differs & (basis == PACK), differs & (basis == UNIT)
    if header is not None:
        refused |= _contrary(words, counted if header == "pack" else packs, header)
    wanted = header or ("unit" if counted.any() else "pack")
    times = _factors(words) * (np.where(packs, sizes, 1) if wanted == "unit" and header is None else 1)
    lost = np.flatnonzero(packs & (sizes == 0)).tolist() if wanted == "unit" and header is None else []
    refused |= dict.fromkeys(lost, ("unit_conversion", UNSIZED))
    large = np.flatnonzero(np.abs(values) > LARGEST // np.maximum(times, 1)).tolist()
    refused |= dict.fromkeys(large, ("number", "number too large to be true"))
    out, gone = values * np.where(np.isin(np.arange(len(values)), large), 0, times), null.copy()
    gone[list(refused)] = True
    return Settled(
        wanted,
        decimals(np.where(gone, 0, out), arrow_type("quantity"), gone),
        refused,
        np.flatnonzero(assumed & ~null),
        int(packs.sum()),
        int(counted.sum()),
    )


def _unknown_rows(
    words: pa.DictionaryArray, basis: np.ndarray, values: np.ndarray, null: np.ndarray, sizes: np.ndarray
) -> dict[int, tuple[str, str]]:
    """Return the rows whose unit is not known, or empty where it matters."""
    texts, place = words.dictionary.to_pylist(), codes(words)
    odd = {row: ("unknown_row_unit", unknown(texts[place[row]])) for row in np.flatnonzero(basis == UNKNOWN).tolist()}
    empty = np.flatnonzero((basis == NONE) & ~null & (values != 0) & (sizes != 1)).tolist()
    return odd | dict.fromkeys(empty, ("unit_missing", EMPTY))


def _contrary(words: pa.DictionaryArray, rows: np.ndarray, header: str) -> dict[int, tuple[str, str]]:
    """Return the rows whose unit contradicts the header's."""
    texts, place = words.dictionary.to_pylist(), codes(words)
    return {
        row: (
            "unit_contrary",
            f"the header counts {SAID[BASES[header]]}, the unit beside the quantity says "
            f"{texts[place[row]]}: mend the one that is wrong (take the unit out of the header if every row has its own)",
        )
        for row in np.flatnonzero(rows).tolist()
    }


def in_units(packs: pa.Array, sizes: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """Return packs as minimum units, exactly, and the rows that cannot be converted (unknown size, too large)."""
    values, null = int64_view(packs), missing(packs)
    bad = ~null & ((sizes == 0) | (np.abs(values) > LARGEST // np.maximum(sizes, 1)))
    return decimals(np.where(bad, 0, values) * sizes, arrow_type("quantity"), null | bad), np.flatnonzero(bad)
