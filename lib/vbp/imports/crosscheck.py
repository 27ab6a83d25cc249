"""What an export says twice must agree: the price per unit with the pack price and size, the stated cut with both prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from vbp.errors import Problem, UsageError, unknown
from vbp.tables.arrays import flat, plain
from vbp.tables.report import cells

Columns = Mapping[str, pa.Array]
HALF = Decimal("0.5")


def _values(columns: Columns, name: str) -> list[Decimal | None]:
    """Return a column as exact numbers; all empty where it is absent."""
    if name not in columns:
        return [None] * len(next(iter(columns.values())))
    return [None if value is None else Decimal(str(value)) for value in plain(flat(columns[name])).to_pylist()]


def _half_step(values: list[Decimal | None], least: int) -> Decimal:
    """Return half of the last decimal place that a column uses (at least `least` decimals): its rounding."""
    used = [-int(value.normalize().as_tuple().exponent) for value in values if value is not None]
    return HALF.scaleb(-max([least, *used]))


def unit_price(columns: Columns, entry: Mapping[str, str]) -> dict[int, tuple[str, Decimal]]:
    """Return the rows whose price per unit is not pack price / pack size within rounding: row → (text, stated)."""
    price, per, size = (_values(columns, entry[name]) for name in ("price", "unit_price", "size"))
    slack, own = _half_step(per, 2), _half_step(price, 2)
    odd = {}
    for place, (whole, stated, count) in enumerate(zip(price, per, size, strict=True)):
        if whole is None or stated is None or not count:
            continue
        made = whole / count
        if abs(made - stated) > slack + own / count:
            odd[place] = (
                f"{whole.normalize():f} yuan a pack of {count.normalize():f} are {made:.4f} yuan a unit, the table says "
                f"{stated.normalize():f}: is the pack read rightly?",
                stated,
            )
    return odd


def cut(columns: Columns, entry: Mapping[str, str]) -> dict[int, tuple[str, Decimal]]:
    """Return the rows whose stated cut (per cent) is not (before − after) / before within rounding."""
    before, after, said = (_values(columns, entry[name]) for name in ("before", "after", "cut"))
    slack, first, last = _half_step(said, 0), _half_step(before, 2), _half_step(after, 2)
    odd = {}
    for place, (old, new, stated) in enumerate(zip(before, after, said, strict=True)):
        if not old or new is None or stated is None:
            continue
        made = (old - new) / old * 100
        if abs(made - stated) > slack + (last + first * new / old) / old * 100:
            fraction = abs(made - stated * 100) <= 1
            odd[place] = (
                f"from {old.normalize():f} to {new.normalize():f} yuan a unit is a cut of {made:.2f} %, the table says "
                f"{stated.normalize():f}" + (" (a fraction? write per cent)" if fraction else ""),
                stated,
            )
    return odd


WAYS: dict[str, Callable[[Columns, Mapping[str, str]], dict[int, tuple[str, Decimal]]]] = {
    "unit_price": unit_price,
    "cut": cut,
}
"""Every check a profile can name under `check`."""


def cross_checked(columns: Columns, rows: np.ndarray, label: str, entries: list[Mapping[str, Any]]) -> list[Problem]:
    """Return a warning, with row and both values, wherever the export contradicts itself."""
    problems: list[Problem] = []
    for entry in entries:
        if entry.get("check") not in WAYS:
            raise UsageError(f"the profile checks by an {unknown('way', str(entry.get('check')), tuple(WAYS))}")
        odd = WAYS[entry["check"]](columns, entry)
        column = entry["unit_price" if entry["check"] == "unit_price" else "cut"]
        problems += cells(
            list(odd),
            lambda place, odd=odd, entry=entry, column=column: Problem(  # type: ignore[misc]
                odd[place][0],
                f"{entry['check']}_differs",
                "warning",
                None,
                label,
                int(rows[place]),
                column,
                f"{odd[place][1].normalize():f}",
            ),
        )
    return problems
