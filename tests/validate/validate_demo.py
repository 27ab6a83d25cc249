"""Is the planted truth of the demonstration in its ledger? Bias and coverage of a plain interval over 500 seeds.

Units are generics; the outcome is the change of the mean log quantity (after − before), tendered against controls; the
interval is the textbook t interval with a common variance. Only what the documented process makes is looked at
(`disturbed=False`): gaps, returns and stockpiling are planted apart and named in truth.json.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import numpy as np
from scipy import stats

from vbp.demo import Simulation, outcomes, simulate


def _changes(made: Simulation, batch: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the change of the mean log quantity of each tendered generic and of each control."""
    world = made.world
    plan = next(plan for plan in world.rounds if plan.batch_id == batch)
    units = (made.ledger.packs * world.products.units[None, :, None]).sum(axis=0)
    logs = np.log([units[world.products.of(at)].sum(axis=0) for at in range(len(world.generics))])
    before, after = outcomes.windows(world, plan)
    change = logs[:, after].mean(axis=1) - logs[:, before].mean(axis=1)
    control = [one.role == "control" and one.category == plan.category for one in world.generics]
    return change[world.products.tendered(plan.renewal_of or batch)], change[control]


def _judge(own: np.ndarray, control: np.ndarray, truth: float) -> tuple[float, bool]:
    """Return the error of the difference of means, and whether its 95 % interval covers the truth."""
    degrees = len(own) + len(control) - 2
    variance = (own.var() * len(own) + control.var() * len(control)) / degrees
    half = stats.t.ppf(0.975, degrees) * np.sqrt(variance * (1 / len(own) + 1 / len(control)))
    error = float(own.mean() - control.mean() - truth)
    return error, bool(abs(error) <= half)


def main(seeds: int = 500) -> None:
    """Print bias (in Monte Carlo standard errors) and coverage per round."""
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for seed in range(seeds):
        made = simulate(seed, 12, disturbed=False)
        for row in made.truth["rounds"]:
            if not row["announced"]:
                truth = row["expected"]["difference_in_differences"]["log_quantity"]
                found[row["batch_id"]].append(_judge(*_changes(made, row["batch_id"]), truth))
    print(f"{'round':10} {'bias':>9} {'bias/MCSE':>9} {'sd':>8} {'coverage':>8}   ({seeds} seeds, 12 hospitals)")
    for batch, rows in found.items():
        errors = np.array([error for error, _ in rows])
        worth = errors.mean() / (errors.std() / np.sqrt(seeds))
        covered = np.mean([hit for _, hit in rows])
        print(f"{batch:10} {errors.mean():9.5f} {worth:9.2f} {errors.std():8.5f} {covered:8.3f}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
