"""Exact integers inside, people's numbers outside: fen and yuan, thousandths and units, e10 and yuan per unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

FEN_PER_YUAN = 100
MILLI = 1000
"""Thousandths of a converted unit in a unit."""
E10 = 10**10
"""Steps of a price held as an integer: 10^-10 yuan per converted unit."""


def divided(numerator: int, denominator: int) -> int:
    """Return the quotient of two integers rounded half up in size (half away from zero)."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    top, bottom = abs(numerator), abs(denominator)
    return sign * ((2 * top + bottom) // (2 * bottom))


def unit_price_e10(fen: int, milliunits: int) -> int:
    """Return amount / quantity in 10^-10 yuan per converted unit, half up."""
    return divided(fen * MILLI * E10, milliunits * FEN_PER_YUAN)


def rounded_e10(price_e10: int, decimals: int = 4) -> int:
    """Return a price (10^-10 yuan) rounded half up to so many decimals of a yuan, still in 10^-10 yuan."""
    step = 10 ** (10 - decimals)
    return divided(price_e10, step) * step


def _scaled(value: Any, places: int) -> Any:
    import pandas as pd

    if isinstance(value, pd.Series):
        return value.map(lambda item: None if pd.isna(item) else Decimal(int(item)).scaleb(-places)).astype(object)
    return None if value is None or pd.isna(value) else Decimal(int(value)).scaleb(-places)


def yuan(fen: Any) -> Any:
    """Return fen as exact yuan (`Decimal`; None where missing)."""
    return _scaled(fen, 2)


def units(milliunits: Any) -> Any:
    """Return thousandths as exact converted units (`Decimal`; None where missing)."""
    return _scaled(milliunits, 3)


def price(e10: Any) -> Any:
    """Return a price held in 10^-10 yuan as exact yuan per converted unit (`Decimal`; None where missing)."""
    return _scaled(e10, 10)
