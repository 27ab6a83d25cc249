"""From unknowns to a figure: draws through a formula, and how much each unknown moves the result."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from vbp.estimate.draws import Floats, interval, significant, uniforms
from vbp.estimate.result import Assumption, Estimate, Mark

Formula = Callable[..., Any]


@dataclass(frozen=True)
class Unknown:
    """An input of a figure: its draws, and the assumption that a reader sees."""

    assumption: Assumption
    draws: Floats

    @property
    def name(self) -> str:
        """The assumption's name."""
        return self.assumption.name


def _assumption(name: str, mark: Literal["published", "derived", "assumed", "ledger"], draws: Floats,
                source: tuple[str, str]) -> Assumption:
    middle, low, high = (significant(value, 4) for value in interval(draws))
    return Assumption(name, mark, low, middle, high, *source)


def drawn(name: str, mark: Literal["derived", "assumed"], draws: Floats, source: tuple[str, str]) -> Unknown:
    """Return an unknown with given draws; `source` is (zh, en)."""
    return Unknown(_assumption(name, mark, draws, source), draws)


def between(name: str, low: Decimal, high: Decimal, source: tuple[str, str], seed: int, size: int,
            mark: Literal["derived", "assumed"] = "assumed") -> Unknown:
    """Return an unknown for which every value between two bounds is equally likely."""
    draws = float(low) + (float(high) - float(low)) * uniforms(name, seed, size)
    return drawn(name, mark, draws, source)


def known(name: str, value: Decimal, source: tuple[str, str],
          mark: Literal["published", "ledger"] = "published") -> Unknown:
    """Return an input that is known exactly: its draws are one number."""
    return Unknown(Assumption(name, mark, value, value, value, *source), np.asarray([float(value)]))


def figure(quantity: str, scope: str, formula: str, function: Formula, unknowns: Mapping[str, Unknown], *,
           unit: Literal["yuan", "ratio"] = "yuan", mark: Mark = "estimated", basis: str = "") -> Estimate:
    """Return a figure with its median, 90 % interval and the ranking of its unknowns.

    Parameters
    ----------
    function
        Elementwise; called with the unknowns by parameter name, as arrays or scalars.
    unknowns
        By parameter name. The ranking moves one of them between its 5 % and 95 % points, the others at their medians.
    """
    values = np.broadcast_to(function(**{name: unknown.draws for name, unknown in unknowns.items()}), _size(unknowns))
    point, low, high = (significant(value) for value in interval(values))
    return Estimate(quantity, scope, unit, mark, point, low, high, formula, tuple(u.name for u in unknowns.values()), basis,
                    _ranking(function, unknowns))


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
        ends = sorted(float(function(**{**middle, name: end})) for end in points[name][1:])
        rows.append((unknown.name, significant(ends[0]), significant(ends[1])))
    return tuple(sorted(rows, key=lambda row: (row[1] - row[2], row[0])))
