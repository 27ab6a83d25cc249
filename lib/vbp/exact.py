"""Exact money: half-up rounding (四舍五入) and the largest-remainder share-out that keeps rows equal to their total."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

DEEP = Context(prec=60, rounding=ROUND_HALF_UP)
"""Decimal arithmetic deep enough that money with unit prices of any ledger is exact far beyond the fen."""


def half_up(value: Decimal | int | str, places: int = 2) -> Decimal:
    """Return `value` rounded half away from zero (四舍五入) to `places` decimals."""
    return Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, context=DEEP)


def share_out(values: Sequence[Decimal], places: int = 2) -> list[Decimal]:
    """Return `values` rounded to `places` so that they add up to their rounded total.

    Largest remainder: every value is first cut down, then those with the largest rest get one step more. No value
    moves by a whole step; ties go to the earlier value, so sort by a key first.
    """
    if not values:
        return []
    step = Decimal(1).scaleb(-places)
    down = [Decimal(value).quantize(step, ROUND_FLOOR, context=DEEP) for value in values]
    total = Decimal(0)
    for value in values:
        total = DEEP.add(total, Decimal(value))
    short = int((half_up(total, places) - sum(down, Decimal(0))) / step)
    rests = [DEEP.subtract(Decimal(value), low) for value, low in zip(values, down, strict=True)]
    for place in sorted(range(len(values)), key=lambda i: -rests[i])[:short]:
        down[place] += step
    return down


def share_by(total: int, weights: Sequence[int]) -> list[int]:
    """Return `total` shared out in whole numbers in proportion to weights (largest remainder; the first takes all without any)."""
    whole = sum(weights)
    if not whole:
        return [total, *[0] * (len(weights) - 1)]
    parts = [divmod(total * weight, whole) for weight in weights]
    shares = [part for part, _ in parts]
    for place in sorted(range(len(parts)), key=lambda i: -parts[i][1])[: total - sum(shares)]:
        shares[place] += 1
    return shares


def rounded_ratio(numerator: int, denominator: int) -> int:
    """Return numerator / denominator as a whole number, half away from zero; exact for integers of any size."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    return sign * ((2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator)))


def share_out_integers(numerators: Any, denominator: int) -> np.ndarray:
    """Return numerators / denominator as whole numbers that add up to the rounded total (largest remainder).

    The vectorised form of `share_out` for millions of rows: `numerators` are integers (int64) on one fine scale, such
    as ten-millionths of a yuan; the result is int64, such as fen.
    """
    import numpy as np

    values = np.asarray(numerators, dtype=np.int64)
    down = values // denominator
    rests = values - down * denominator
    total = rounded_ratio(exact_sum(values), denominator)
    short = total - exact_sum(down)
    result = down.copy()
    result[np.argsort(-rests, kind="stable")[:short]] += 1
    return result


def exact_sum(values: Any) -> int:
    """Return the sum of int64 values as a Python integer that cannot overflow."""
    import numpy as np

    array = np.asarray(values, dtype=np.int64)
    high, low = array >> 32, array & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


def fen(yuan: Decimal) -> int:
    """Return an amount in yuan as whole fen, half up."""
    return int(half_up(yuan, 2).scaleb(2))


def yuan(fen_amount: int) -> Decimal:
    """Return whole fen as yuan with two decimals: 12345 is 123.45."""
    return Decimal(int(fen_amount)).scaleb(-2)
