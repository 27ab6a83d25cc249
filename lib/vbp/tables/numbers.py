"""Numbers as people write them, made exact decimals: thousands separators, full-width digits, 万, %, (5.00)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.schema import Column
from vbp.tables import units
from vbp.tables.arrays import decimals, flat, int64_view, missing
from vbp.tables.kinds import arrow_type, too_large
from vbp.tables.texts import EXCEL_ERROR, EXCEL_ERRORS, INVISIBLE, NOTHING, half_width
from vbp.tables.units import Unit

PLAIN = r"^-?\d{1,13}(\.\d{1,4})?$"
NUMBER = re.compile(r"^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d{1,3})?$")
ORDINAL = re.compile(
    r"^(?:第?(\d{1,2}|[一二三四五六七八九十])|(首))(?:个)?(?:年|年度|协议年|协议年度|轮|轮次|次|期|周期|采购周期)?$"
)
CHINESE = "一二三四五六七八九十"
TAIL = re.compile(r"^(.*?[\d.])\s*([^\d.,eE+\-()\s].*)$", re.DOTALL)
EXACT = Context(prec=60)
NO_NUMBER = "no number: write digits only, as 1234.56"
TOO_LARGE = "number too large to be true: is it in the column's unit?"


class NotANumber(ValueError):
    """The text is no number of the column's kind; the message says what to write."""


@dataclass(frozen=True)
class Numbers:
    """A cleaned column: the array, positions refused (row → why), and positions rounded to the decimals kept."""

    array: pa.Array
    refused: dict[int, str]
    rounded: np.ndarray


def plain(text: str) -> Decimal | None:
    """Return the exact number in a text without a unit, None for an empty cell; raises `NotANumber`."""
    tidy = half_width(text).translate(INVISIBLE).replace("\u2212", "-").replace("\u00a0", " ").strip()
    if tidy in NOTHING:
        return None
    negative = len(tidy) > 2 and tidy[0] == "(" and tidy[-1] == ")"
    tidy = re.sub(r"^[¥￥$]\s*", "", tidy[1:-1] if negative else tidy)
    if tidy in EXCEL_ERRORS:
        raise NotANumber(EXCEL_ERROR)
    match = NUMBER.match(tidy)
    if not match or not any(character.isdigit() for character in tidy):
        raise NotANumber(NO_NUMBER)
    try:
        number = EXACT.create_decimal(tidy.replace(",", ""))
    except DecimalException as error:
        raise NotANumber("no number") from error
    return -number if negative else number


def ordinal(text: str) -> Decimal | None:
    """Return the number of a year or round written as 第1年, 第二轮 or 首轮; None where the text is no such word."""
    match = ORDINAL.match(half_width(text).translate(INVISIBLE).strip())
    if not match:
        return None
    digit = match[1] or "1"
    return Decimal(CHINESE.index(digit) + 1 if digit in CHINESE else digit)


def _advice(tail: str) -> str:
    """Say how to write a number that carries a word: 24万 in full, or with a unit that is known."""
    if tail in units.MULTIPLES:
        return f"write the number in full (1{tail} is {Decimal(units.MULTIPLES[tail]):,f})"
    return "write the number alone, in the unit of the header"


def _cell_factor(tail: str, column: Column, unit: Unit) -> Decimal:
    """Return the factor that a cell's own unit brings; raises `NotANumber` where it contradicts the column."""
    own = units.in_cell(tail.strip(), column)
    if own is None:
        raise NotANumber(f"unknown unit {tail.strip()!r} in the cell: {_advice(tail.strip())}")
    wanted = unit.basis or units.expected_basis(column)
    if own.basis and wanted and own.basis != wanted and not own.unsure:
        raise NotANumber(
            f"the cell counts {tail.strip()}, the column counts {'packs' if wanted == 'pack' else 'minimum units'}"
        )
    if unit.factor not in (1, own.factor):
        raise NotANumber(f"the cell's unit {tail.strip()!r} contradicts the header's")
    return own.factor


def parse(text: str, column: Column, unit: Unit) -> Decimal | None:
    """Return a cell's value in the column's base unit, exact (万元 → yuan, 70% → 0.70); None for an empty cell."""
    tidy = half_width(text).translate(INVISIBLE).strip()
    match = None if tidy in EXCEL_ERRORS else TAIL.match(tidy)
    if match and tidy not in NOTHING:
        number = plain(match.group(1))
        factor = _cell_factor(match.group(2), column, unit)
    else:
        number, factor = plain(tidy), unit.factor
    return None if number is None else EXACT.multiply(number, factor)


def fitted(value: Decimal, column: Column) -> tuple[Decimal, bool]:
    """Return a value with the decimals that the column keeps (half up), and whether that changed it."""
    limit = too_large(column.kind)
    if abs(value) >= limit:
        raise NotANumber(TOO_LARGE)
    kept = value.quantize(Decimal(1).scaleb(-column.scale), ROUND_HALF_UP, EXACT)
    if abs(kept) >= limit:
        raise NotANumber(TOO_LARGE)
    return kept, kept != value


def _careful(
    texts: pa.Array, places: np.ndarray, column: Column, unit: Unit, out: np.ndarray, null: np.ndarray
) -> tuple[dict[int, str], list[int]]:
    """Parse the cells at `places` one distinct text at a time into `out` (unscaled) and `null`."""
    seen: dict[str, tuple[int | None, bool, str]] = {}
    refused: dict[int, str] = {}
    rounded: list[int] = []
    for place, text in zip(places.tolist(), texts.take(pa.array(places)).to_pylist(), strict=True):
        if text not in seen:
            seen[text] = _one(text, column, unit)
        value, changed, why = seen[text]
        if why:
            refused[place] = why
        if value is None:
            null[place] = True
        else:
            out[place] = value
            if changed:
                rounded.append(place)
    return refused, rounded


def _one(text: str, column: Column, unit: Unit) -> tuple[int | None, bool, str]:
    """Return (unscaled value, rounded?, why refused) of one text."""
    try:
        value = ordinal(text) if column.ordinal else None
        value = parse(text, column, unit) if value is None else value
        if value is None:
            return None, False, ""
        kept, changed = fitted(value, column)
    except NotANumber as error:
        why = str(error)
        return (
            None,
            False,
            "no number: write a whole number, as 3" if column.kind == "count" and why == NO_NUMBER else why,
        )
    if changed and column.kind == "count":
        return None, False, "a whole number is needed"
    return int(kept.scaleb(column.scale, EXACT)), changed, ""


def clean(column_data: pa.Array, column: Column, unit: Unit) -> Numbers:
    """Make a column of texts (or of numbers already typed) canonical.

    Plain texts go through Arrow at once; only the other cells are looked at one by one. `unit` is the header's.
    """
    kind = arrow_type(column.kind)
    array = flat(column_data)
    if array.type == kind and unit.factor == 1 and _kept_whole(array, column.kind):
        return Numbers(array, {}, np.empty(0, np.int64))
    # uint64 goes the careful way: as int64 its largest numbers would turn negative
    if pa.types.is_integer(array.type) and array.type != pa.uint64() and unit.factor == 1:
        if column.kind == "count":
            return Numbers(array.cast(pa.int64()), {}, np.empty(0, np.int64))
        values = np.asarray(array.fill_null(0)).astype(np.int64, copy=False)
        if np.abs(values).max(initial=0) < too_large(column.kind):
            return Numbers(decimals(values * 10**column.scale, kind, missing(array)), {}, np.empty(0, np.int64))
    texts = array.cast(pa.string()) if not pa.types.is_string(array.type) else array
    null = missing(texts).copy()
    out = np.zeros(len(texts), np.int64)
    easy = _easy(texts, column, unit, out)
    refused, rounded = _careful(texts, np.flatnonzero(~easy & ~null), column, unit, out, null)
    array = pa.array(out, pa.int64(), mask=null) if column.kind == "count" else decimals(out, kind, null)
    return Numbers(array, refused, np.array(rounded, np.int64))


def _kept_whole(array: pa.Array, kind: str) -> bool:
    """Return whether every decimal is one that can be true: Arrow's csv reader lets `1.23E+17` run over its type."""
    if not pa.types.is_decimal(array.type) or not len(array):
        return True
    words = np.frombuffer(array.buffers()[1], np.int64)[2 * array.offset : 2 * (array.offset + len(array))]
    low, high = words[::2][~missing(array)], words[1::2][~missing(array)]
    return bool((high == low >> 63).all() and (np.abs(low) < too_large(kind) * 10**array.type.scale).all())


def _easy(texts: pa.Array, column: Column, unit: Unit, out: np.ndarray) -> np.ndarray:
    """Put the plain cells' unscaled values into `out` and return the mask of the cells done.

    Left for the careful way: other forms, cells that need rounding, and values near the largest that can be kept.
    """
    done = np.asarray(pc.fill_null(pc.match_substring_regex(texts, PLAIN), False)).astype(bool)
    if not done.any():
        return done
    values = int64_view(texts.filter(pa.array(done)).cast(pa.decimal128(18, 4)))
    limit = too_large(column.kind) * 10**column.scale
    factor = (unit.factor * Decimal(10) ** (column.scale - 4)).as_integer_ratio()
    good = (np.abs(values) < limit // max(factor[0], 1)) & (values % factor[1] == 0)
    out[done] = np.where(good, values // factor[1] * factor[0], 0)
    done[np.flatnonzero(done)[~good]] = False
    return done
