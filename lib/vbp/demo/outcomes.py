"""What the planted effects come to: noise-free series per generic, mean differences, and their differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vbp.demo.awards import price_path
from vbp.demo.purchases import shares, winners_split
from vbp.demo.rounds import Plan
from vbp.demo.world import World


@dataclass(frozen=True)
class Expected:
    """Expected series without noise, gaps, returns or stockpiling: units and yuan per product (P × T)."""

    units: np.ndarray
    yuan: np.ndarray


def make_expected(world: World, need: np.ndarray) -> Expected:
    """Return the expected units and yuan of each product in each month, over all hospitals."""
    share = shares(world)
    units = np.einsum("hpt,hpt->pt", need[:, world.products.generic, :], share, optimize=True)
    _, late = price_path(world.calendar, world.products, world.awards)
    return Expected(units, units * late / (100.0 * world.products.units[:, None]))


def windows(world: World, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Return the months before and after a round (positions): the start month of a mid-month round is in neither.

    Before goes back to the round that is renewed (from the month after its start), after ends where a renewal begins.
    """
    at = world.calendar.index(plan.start)
    first = next((world.calendar.index(one.start) + 1 for one in world.rounds if one.batch_id == plan.renewal_of), 0)
    last = next(
        (world.calendar.index(one.start) for one in world.rounds if one.renewal_of == plan.batch_id),
        world.calendar.months,
    )
    return np.arange(first, at), np.arange(at + (plan.start.day > 1), min(last, world.calendar.months))


def series(world: World, expected: Expected, generic: int, plan: Plan) -> dict[str, np.ndarray]:
    """Return one generic's expected monthly series: logs of quantity, spending, mean price; two shares of quantity."""
    own = world.products.of(generic)
    units, yuan = expected.units[own], expected.yuan[own]
    winners = winners_split(world.products, world.awards, plan.batch_id)[own] > 0
    total, spent = units.sum(axis=0), yuan.sum(axis=0)
    return {
        "log_quantity": np.log(total),
        "log_spending": np.log(spent),
        "log_mean_price": np.log(spent / total),
        "selected_share": units[winners].sum(axis=0) / total,
        "originator_share": units[world.products.originator[own]].sum(axis=0) / total,
    }


def difference(paths: dict[str, np.ndarray], before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    """Return mean after minus mean before of each path."""
    return {name: float(path[after].mean() - path[before].mean()) for name, path in paths.items()}


def effects_of(world: World, expected: Expected, plan: Plan) -> dict[str, Any]:
    """Return the mean differences (after − before) of a round: its generics, the controls, and their difference.

    The outcome of a generic is its monthly total over all hospitals; the mean over generics is a simple one. The
    controls are the generics of the same category that no round and no substitution touches, over the same months.
    Alternatives stand as differences from the controls (spillover). Interrupted time series: level and slope (0 in the
    start month) on the log scale; after a mid-month start they hold from the month after it.
    """
    before, after = windows(world, plan)
    own = [int(at) for at in np.flatnonzero(world.products.tendered(plan.renewal_of or plan.batch_id))]
    controls = [
        at
        for at, generic in enumerate(world.generics)
        if generic.role == "control" and generic.category == plan.category
    ]
    bought = [at for at in own if expected.units[world.products.of(at)].sum() > 0]
    single = {world.generics[at].name: difference(series(world, expected, at, plan), before, after) for at in bought}
    mean = _mean(list(single.values()))
    control = _mean([difference(series(world, expected, at, plan), before, after) for at in controls])
    others = [at for at, generic in enumerate(world.generics) if generic.alternative_of in own]
    same = ("log_quantity", "log_spending", "log_mean_price", "originator_share")
    starts = [str(world.calendar.starts[at])[:7] for at in (before[0], before[-1], after[0], after[-1])]
    return {
        "months_before": starts[:2],
        "months_after": starts[2:],
        "generics": single,
        "mean": mean,
        "shares_before": _mean([_shares(world, expected, at, plan, before) for at in bought]),
        "shares_after": _mean([_shares(world, expected, at, plan, after) for at in bought]),
        "interrupted_time_series": {name: _steps(plan, row) for name, row in single.items()},
        "alternatives": {
            world.generics[at].name: {
                "alternative_of": world.generics[int(world.generics[at].alternative_of or 0)].name,
                **{
                    name: value - control[name]
                    for name, value in difference(series(world, expected, at, plan), before, after).items()
                    if name in same
                },
            }
            for at in others
        },
        "controls": {name: control[name] for name in same},
        "difference_in_differences": {name: mean[name] - control[name] for name in same},
    }


def _steps(plan: Plan, change: dict[str, float]) -> dict[str, dict[str, float]]:
    """Return level and slope per month of one generic's log series (constant shares: the mean price is a pure step)."""
    price = change["log_mean_price"]
    return {
        "log_quantity": {"level": plan.log_level, "slope": plan.log_slope},
        "log_mean_price": {"level": price, "slope": 0.0},
        "log_spending": {"level": plan.log_level + price, "slope": plan.log_slope},
    }


def _shares(world: World, expected: Expected, generic: int, plan: Plan, months: np.ndarray) -> dict[str, float]:
    paths = series(world, expected, generic, plan)
    return {name: float(paths[name][months].mean()) for name in ("selected_share", "originator_share")}


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
