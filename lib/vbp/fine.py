"""Amounts finer than the fen, exact, by the column: price × quantity of a million rows without a Decimal.

A `Fine` column holds amounts in 10^-13 yuan (a price in 10^-10 yuan times thousandths of a unit) as two int64 arrays:
`high` in 10^-7 yuan and `low` in 10^-13 yuan, 0 ≤ low < 10^6. Sums stay exact; rounding to the fen happens once.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from vbp.errors import InputError, Problem
from vbp.exact import exact_sum, rounded_ratio

STEP = 10**6
"""Lows in a high: 10^-7 yuan / 10^-13 yuan."""
FEN = 10**5
"""Highs in a fen."""
TRACE = 1000
"""10^-13 yuan in 10^-10 yuan: what prices that do not divide may leave."""
_ROOM = 9.0e18


@dataclass(frozen=True)
class Fine:
    """Exact amounts, `high` · 10^-7 yuan + `low` · 10^-13 yuan, row by row."""

    high: np.ndarray
    low: np.ndarray

    @classmethod
    def of(cls, high: np.ndarray, low: np.ndarray) -> Fine:
        """Return the column with `low` carried into its range."""
        carry = low // STEP
        return cls(high + carry, low - carry * STEP)

    @classmethod
    def product(cls, price_e10: Any, milliunits: Any, rest_e18: Any = 0) -> Fine:
        """Return price (10^-10 yuan per unit) × quantity (thousandths of a unit), exact.

        `rest_e18` is what the ten decimals leave of the price (10^-18 yuan, `vbp.ledger.rests`).

        Raises
        ------
        InputError
            Where a product is too large for any real purchase (above about 900 billion yuan).
        """
        price, quantity = np.asarray(price_e10, dtype=np.int64), np.asarray(milliunits, dtype=np.int64)
        top = price // STEP
        size = np.abs(top.astype(float)) * np.abs(quantity.astype(float)) if len(price) else np.zeros(1)
        if size.max() > _ROOM or np.abs(quantity).max(initial=0) > _ROOM / STEP:
            raise _too_large("price × quantity exceeds 900 billion yuan in one row")
        # a rest is at most half a unit of the tenth decimal: times a quantity it is no more than that quantity
        left = np.rint(np.asarray(rest_e18) / 1e8 * quantity).astype(np.int64)
        return cls.of(top * quantity, (price - top * STEP) * quantity + left)

    @classmethod
    def fen(cls, fen: Any) -> Fine:
        """Return a column of whole fen."""
        whole = np.asarray(fen, dtype=np.int64)
        if np.abs(whole.astype(float)).max(initial=0) > _ROOM / FEN:
            raise _too_large("an amount exceeds 900 billion yuan")
        return cls(whole * FEN, np.zeros(len(whole), dtype=np.int64))

    @classmethod
    def exactly(cls, amounts: list[int]) -> Fine:
        """Return a column from Python integers in 10^-13 yuan."""
        return cls(
            np.array([a // STEP for a in amounts], dtype=np.int64),
            np.array([a % STEP for a in amounts], dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.high)

    def plus(self, other: Fine) -> Fine:
        """Return the sum, row by row."""
        return Fine.of(self.high + other.high, self.low + other.low)

    def minus(self, other: Fine) -> Fine:
        """Return own amounts less the other's, row by row."""
        return Fine.of(self.high - other.high, self.low - other.low)

    def where(self, mask: np.ndarray) -> Fine:
        """Return the amounts where `mask`, zero elsewhere."""
        return Fine(np.where(mask, self.high, 0), np.where(mask, self.low, 0))

    def floored(self) -> Fine:
        """Return the amounts with those below zero set to zero."""
        return self.where(self.high >= 0)

    def shared(self, shares: np.ndarray) -> Fine:
        """Return the part `shares` (0 to 1) of each amount, to 10^-7 yuan; all of it where the share is 1."""
        part = np.rint(self.high.astype(float) * np.clip(shares, 0, 1)).astype(np.int64)
        whole = shares >= 1
        return Fine(np.where(whole, self.high, part), np.where(whole, self.low, 0))

    def grouped(self, codes: np.ndarray, groups: int) -> Fine:
        """Return the sums by group (codes 0 … groups − 1), exact."""
        return Fine.of(_sums(codes, self.high, groups), _sums(codes, self.low, groups))

    def total(self) -> int:
        """Return the sum in 10^-13 yuan, exact at any size."""
        return exact_sum(self.high) * STEP + exact_sum(self.low)

    def total_fen(self) -> int:
        """Return the sum in whole fen, half up.

        What a divided price leaves below a tie (10^-10 yuan) is taken off first.
        """
        return rounded_ratio(rounded_ratio(self.total(), TRACE), FEN * STEP // TRACE)

    def total_yuan(self) -> Decimal:
        """Return the sum in yuan, half up to the fen."""
        return Decimal(self.total_fen()).scaleb(-2)

    def rounded(self) -> np.ndarray:
        """Return each row in whole fen by itself, half up; the rows need not add up to the rounded total.

        What a divided price leaves below a tie (10^-10 yuan) is taken off first.
        """
        clean = self.high + (self.low + TRACE // 2) // STEP
        return (clean + FEN // 2) // FEN

    def to_e10(self) -> np.ndarray:
        """Return the rows in 10^-10 yuan, half up.

        Raises
        ------
        InputError
            Where a row is above 900 million yuan.
        """
        if np.abs(self.high.astype(float)).max(initial=0) > _ROOM / 1000:
            raise _too_large("an agreed volume costs more than 900 million yuan")
        return self.high * 1000 + (self.low + TRACE // 2) // TRACE

    def to_fen(self) -> np.ndarray:
        """Return the rows as whole fen that add up to the rounded total (largest remainder, earlier rows on a tie)."""
        down = self.high // FEN
        rests = (self.high - down * FEN) * STEP + self.low
        short = self.total_fen() - exact_sum(down)
        down[np.argsort(-rests, kind="stable")[:short]] += 1
        return down

    def to_yuan(self) -> list[Decimal]:
        """Return the rows in yuan to the fen, adding up to the rounded total."""
        return [Decimal(int(fen)).scaleb(-2) for fen in self.to_fen()]


def _too_large(what: str) -> InputError:
    """Return the refusal of amounts that no city spends, and that whole numbers of 64 bits cannot hold."""
    return InputError(Problem(f"{what}; check the units of quantities and amounts", "too_large", table="usage"))


def _sums(codes: np.ndarray, values: np.ndarray, groups: int) -> np.ndarray:
    """Return integer sums by code, exact: bincount adds floats, so split into pieces whose sums floats hold exactly."""
    if not len(values):
        return np.zeros(groups, dtype=np.int64)
    if np.bincount(codes, weights=np.abs(values.astype(float)), minlength=groups).max(initial=0) > _ROOM:
        raise _too_large("amounts add up to more than 900 billion yuan")
    # a piece of `width` bits, added up over the rows, stays below 2^53
    width = 52 - len(values).bit_length()
    result, shift = np.zeros(groups, dtype=np.int64), 0
    largest = int(max(abs(int(values.max())), abs(int(values.min()))))
    while True:
        last = (largest >> shift) < (1 << width)
        piece = values >> shift if last else (values >> shift) & ((1 << width) - 1)
        result += np.bincount(codes, weights=piece, minlength=groups).astype(np.int64) << shift
        if last:
            return result
        shift += width
