"""From unknowns to a figure: draws through a formula, and how much each unknown moves the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from vbp.estimate.draws import Floats, interval, significant, tidy, uniforms
from vbp.estimate.result import Assumption, Estimate, Mark

Formula = Callable[..., Any]


@dataclass(frozen=True)
class Unknown:
    """An input of a figure: its draws, and the assumption that a reader sees.

    `least` and `most` are what it cannot go beyond, None where nothing bounds it on that side. An input published as
    "more than" has its bound for its only draw, and no `most`.
    """

    assumption: Assumption
    draws: Floats
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def name(self) -> str:
        """The assumption's name."""
        return self.assumption.name


def _assumption(
    name: str, mark: Literal["published", "derived", "assumed", "ledger"], draws: Floats, source: tuple[str, str]
) -> Assumption:
    middle, low, high = (significant(value, 4) for value in interval(draws))
    return Assumption(name, mark, low, middle, high, *source)


def drawn(name: str, mark: Literal["derived", "assumed"], draws: Floats, source: tuple[str, str]) -> Unknown:
    """Return an unknown with given draws; `source` is (zh, en)."""
    return Unknown(_assumption(name, mark, draws, source), draws)


def between(
    name: str,
    low: Decimal,
    high: Decimal,
    source: tuple[str, str],
    seed: int,
    size: int,
    mark: Literal["derived", "assumed"] = "assumed",
) -> Unknown:
    """Return an unknown for which every value between two bounds is equally likely."""
    draws = float(low) + (float(high) - float(low)) * uniforms(name, seed, size)
    return Unknown(_assumption(name, mark, draws, source), draws, low, high)


def known(
    name: str, value: Decimal, source: tuple[str, str], mark: Literal["published", "ledger"] = "published"
) -> Unknown:
    """Return an input that is known exactly: its draws are one number."""
    return Unknown(Assumption(name, mark, value, value, value, *source), np.asarray([float(value)]), value, value)


def beyond(name: str, value: Decimal, source: tuple[str, str], bound: Literal["more_than", "less_than"]) -> Unknown:
    """Return an input of which one side is published: its only draw is that side, and nothing is guessed beyond it."""
    least, most = (value, None) if bound == "more_than" else (None, value)
    shown = Assumption(name, "published", value, value, value, *source, bound)
    return Unknown(shown, np.asarray([float(value)]), least, most)


def rounded(name: str, value: Decimal, source: tuple[str, str], seed: int, size: int) -> Unknown:
    """Return an input published as "about": every value that rounds to it at its last digit is equally likely.

    The last digit is the last one that is not zero: about 11.24 亿 is 11.235 to 11.245, about 7 亿 is 6.5 to 7.5.
    """
    exponent = value.normalize().as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    draws = float(value - half) + float(2 * half) * uniforms(name, seed, size)
    inner = half * Decimal("0.9")  # the 5 % and 95 % points
    shown = Assumption(name, "published", tidy(value - inner), value, tidy(value + inner), *source)
    return Unknown(shown, draws, value - half, value + half)


def figure(
    quantity: str,
    scope: str,
    formula: str,
    function: Formula,
    unknowns: Mapping[str, Unknown],
    *,
    unit: Literal["yuan", "ratio"] = "yuan",
    mark: Mark = "estimated",
    basis: str = "",
) -> Estimate | None:
    """Return a figure with its median, 90 % interval and the ranking of its unknowns.

    Where an unknown is bounded on one side only, so is the figure: it has that end of the interval, no median and no
    ranking. None where nothing is left to say: the unknowns leave both ends open.

    Parameters
    ----------
    function
        Elementwise; called with the unknowns by parameter name, as arrays or scalars.
    unknowns
        By parameter name. The ranking moves one of them between its 5 % and 95 % points, the others at their medians.
    """
    values = np.broadcast_to(function(**{name: unknown.draws for name, unknown in unknowns.items()}), _size(unknowns))
    point, low, high = (significant(value) for value in interval(values))
    open_ends = _open_ends(function, unknowns)
    if len(open_ends) == 2:
        return None
    if open_ends:
        least, most = (low, None) if "high" in open_ends else (None, high)
        names = tuple(u.name for u in unknowns.values())
        return Estimate(quantity, scope, unit, mark, None, least, most, formula, names, basis)
    return Estimate(
        quantity,
        scope,
        unit,
        mark,
        point,
        low,
        high,
        formula,
        tuple(u.name for u in unknowns.values()),
        basis,
        _ranking(function, unknowns),
    )


def _open_ends(function: Formula, unknowns: Mapping[str, Unknown]) -> set[str]:
    """Return which ends of the figure nothing bounds; the function is monotone in each unknown."""
    bounds = {name: unknown.assumption.bound for name, unknown in unknowns.items() if unknown.assumption.bound}
    if not bounds:
        return set()
    middle = {name: interval(unknown.draws)[0] for name, unknown in unknowns.items()}
    start = float(function(**middle))
    ends = set()
    for name, bound in bounds.items():
        rises = float(function(**{**middle, name: middle[name] * 1.001})) - start
        ends.add("high" if (rises > 0) == (bound == "more_than") else "low")
    return ends


def _size(unknowns: Mapping[str, Unknown]) -> tuple[int]:
    return (max(unknown.draws.size for unknown in unknowns.values()),)


def _ranking(function: Formula, unknowns: Mapping[str, Unknown]) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """Move each unknown alone between its 5 % and 95 % points; widest effect first."""
    points = {name: interval(unknown.draws) for name, unknown in unknowns.items()}
    middle = {name: point[0] for name, point in points.items()}
    rows = []
    for name, unknown in unknowns.items():
        if unknown.draws.size == 1:
            continue
        low, high = (
            significant(end) for end in sorted(float(function(**{**middle, name: end})) for end in points[name][1:])
        )
        if low != high:  # a rounding that moves no digit shown is no cause worth naming
            rows.append((unknown.name, low, high))
    return tuple(sorted(rows, key=lambda row: (row[1] - row[2], row[0])))
