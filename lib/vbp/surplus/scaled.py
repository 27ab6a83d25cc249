"""Exact numbers by the column: integers with one common power of ten, and exact sums of products over groups.

A column of money, prices or shares is `numbers / 10**digits`; int64 where it fits, Python integers where it does not.
Nothing here rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

_ROOM = 62
"""Bits that an int64 may use here; one is kept free."""


@dataclass(frozen=True)
class Scaled:
    """A column of exact numbers: `numbers / 10**digits` where `known`; `numbers` is 0 where it is not."""

    numbers: np.ndarray
    digits: int
    known: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, index: np.ndarray) -> Scaled:
        """Return the column's rows at `index`."""
        if not self.known.any():
            return unknown(len(index))
        known = np.ones(len(index), dtype=bool) if self.known.all() else self.known[index]
        return Scaled(self.numbers[index], self.digits, known)

    def where(self, mask: np.ndarray, other: Scaled) -> Scaled:
        """Return own values where `mask`, those of `other` elsewhere."""
        digits = max(self.digits, other.digits)
        numbers = np.where(mask, self.at(digits), other.at(digits))
        return Scaled(numbers, digits, np.where(mask, self.known, other.known))

    def at(self, digits: int) -> np.ndarray:
        """Return the numbers at another, not smaller, number of digits."""
        return times(self.numbers, 10 ** (digits - self.digits))

    def minus(self, other: Scaled) -> Scaled:
        """Return own values less those of `other`; known where both are."""
        digits = max(self.digits, other.digits)
        return Scaled(self.at(digits) - other.at(digits), digits, self.known & other.known)

    def product(self, other: Scaled) -> Scaled:
        """Return the exact product, line by line."""
        return trimmed(multiply(self.numbers, other.numbers), self.digits + other.digits, self.known & other.known)

    def decimals(self) -> list[Decimal | None]:
        """Return the column as Decimals, None where unknown."""
        return [
            decimal(int(number), self.digits) if known else None
            for number, known in zip(self.numbers, self.known, strict=True)
        ]


def bits(numbers: np.ndarray) -> int:
    """Return how many bits the largest absolute value needs."""
    if not len(numbers):
        return 0
    return max(int(numbers.max()).bit_length(), int(-numbers.min()).bit_length())


def wide(numbers: np.ndarray) -> np.ndarray:
    """Return the numbers as Python integers, which never overflow."""
    return numbers if numbers.dtype == object else numbers.astype(object)


def times(numbers: np.ndarray, factor: int) -> np.ndarray:
    """Multiply by one integer, in int64 where the result fits."""
    if factor == 1:
        return numbers
    fits = numbers.dtype != object and bits(numbers) + factor.bit_length() <= _ROOM
    return numbers * factor if fits else wide(numbers) * factor


def multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Multiply two columns, in int64 where the result fits."""
    fits = object not in (left.dtype, right.dtype) and bits(left) + bits(right) <= _ROOM
    return left * right if fits else wide(left) * wide(right)


def trimmed(numbers: np.ndarray, digits: int, known: np.ndarray) -> Scaled:
    """Return a column without trailing zeros that all its numbers share, in int64 where it fits."""
    for step in (8, 4, 2, 1, 1):
        # a few numbers first: most columns answer no at once
        if step <= digits and len(numbers) and not (numbers[:500] % 10**step).any() and not (numbers % 10**step).any():
            numbers, digits = numbers // 10**step, digits - step
    if numbers.dtype == object and bits(numbers) <= _ROOM:
        numbers = numbers.astype(np.int64)
    return Scaled(numbers, digits, known)


def of_integers(numbers: Any, digits: int) -> Scaled:
    """Return a column from integers at a fixed scale (the ledger's fen, milliunits, e10); missing is unknown."""
    series = pd.Series(numbers)
    known = series.notna().to_numpy()
    whole = series.fillna(0).to_numpy(dtype=np.int64)
    return trimmed(whole, digits, known)


def of_values(values: Sequence[Any]) -> Scaled:
    """Return a column from Decimals, integers, numeric text or floats (read as printed); None and NaN are unknown."""
    codes, uniques = pd.factorize(np.array([_key(value) for value in values], dtype=object))
    exact = [Decimal(str(value)) for value in uniques]
    if strange := [str(value) for value in exact if not value.is_finite()]:
        raise ValueError(f"not a finite number: {strange[0]}")
    digits = max((max(0, -int(value.as_tuple().exponent)) for value in exact), default=0)
    whole = np.array(
        [int(value.scaleb(digits)) if abs(value) < 10**20 else int(value * 10**digits) for value in exact] + [0],
        dtype=object,
    )
    return trimmed(whole[codes], digits, codes >= 0)


def constant(value: int, length: int) -> Scaled:
    """Return a column of one known integer."""
    return Scaled(np.full(length, value, dtype=np.int64), 0, np.ones(length, dtype=bool))


def unknown(length: int) -> Scaled:
    """Return a column in which nothing is known."""
    return Scaled(np.zeros(length, dtype=np.int64), 0, np.zeros(length, dtype=bool))


def _key(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    return value if isinstance(value, Decimal) else repr(float(value)) if isinstance(value, float) else str(value)


def group_sum(numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum a column over groups that begin at `starts`, exactly."""
    if not len(starts):
        return numbers[:0]
    largest = int(np.diff(np.append(starts, len(numbers))).max())
    fits = numbers.dtype != object and bits(numbers) + largest.bit_length() <= _ROOM
    return np.add.reduceat(numbers if fits else wide(numbers), starts)


def group_dot(left: np.ndarray, right: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum `left * right` over groups that begin at `starts`, exactly, as Python integers.

    Wide products are split: `right` is cut into limbs so small that each limb's sums fit an int64, and the sums are
    put together per group. That keeps a million lines in machine integers although their products need 90 bits.
    """
    if not len(starts):
        return np.zeros(0, dtype=object)
    largest = int(np.diff(np.append(starts, len(left))).max()).bit_length()
    limb = _ROOM - largest - (bits(left) if left.dtype != object else _ROOM)
    if object in (left.dtype, right.dtype) or limb < 8 or len(starts) * 4 > len(left):
        return wide(group_sum(multiply(left, right), starts))
    total, rest, shift = np.zeros(len(starts), dtype=object), right, 0
    while ((rest != 0) & (rest != -1)).any():
        low = rest & ((1 << limb) - 1)
        total = total + wide(np.add.reduceat(left * low, starts)) * (1 << shift)
        rest, shift = rest >> limb, shift + limb
    # what is left of a negative number is its sign, −1
    return total + wide(np.add.reduceat(left * rest, starts)) * (1 << shift) if rest.any() else total


def decimal(number: int, digits: int, at_least: int = 0) -> Decimal:
    """Return `number / 10**digits` as a Decimal without trailing zeros beyond `at_least` decimals."""
    if digits < at_least:
        number, digits = number * 10 ** (at_least - digits), at_least
    text = str(number)
    zeros = len(text) - len(text.rstrip("0")) if number else digits
    drop = min(zeros, digits - at_least)
    return Decimal(f"{text[: len(text) - drop] or '0'}E{drop - digits}") if number else Decimal(f"0E-{at_least}")
