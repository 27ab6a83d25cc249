"""The generics (品种) of the demonstration: tendered, alternatives, and controls that no round touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vbp.demo import arrays
from vbp.demo.places import PublishedPrice, Shape
from vbp.demo.rounds import Plan

CONTROLS = {"drug": 12, "consumable": 4}
"""Generics never tendered and in no substitute group: the comparison group of difference-in-differences."""
ALTERNATIVES = 2
"""How many generics of a round with a planted spillover have an alternative."""
SPEND = 60_000.0
"""Median spending in yuan a month on one generic in a hospital of size 100, before any round."""


@dataclass(frozen=True)
class Generic:
    """One generic: `batch_id` where it is tendered, `alternative_of` (position of a generic) where an alternative."""

    name: str
    category: str
    unit_name: str
    dosage_form: str
    unit_price_yuan: float
    units_per_month: float
    batch_id: str | None = None
    alternative_of: int | None = None
    substitute_group: str | None = None
    published: PublishedPrice | None = None

    @property
    def role(self) -> str:
        """`tendered`, `alternative` or `control`."""
        return "tendered" if self.batch_id else "control" if self.alternative_of is None else "alternative"


def allot(total: int, rounds: Sequence[Plan]) -> dict[str, int]:
    """Share `total` varieties out between `rounds` by weight, largest remainder, at least one each."""
    weights = np.array([plan.weight for plan in rounds])
    exact = total * weights / weights.sum()
    counts = np.maximum(np.floor(exact).astype(int), 1)
    for at in np.argsort(-(exact - np.floor(exact)), kind="stable")[: max(total - counts.sum(), 0)]:
        counts[at] += 1
    return {plan.batch_id: int(count) for plan, count in zip(rounds, counts, strict=True)}


class _Namer:
    """Draws the generics one after another: names 演示品种01 …, forms in turn, prices and use log-normal."""

    def __init__(self, seed: int) -> None:
        self.rng = arrays.stream(seed, "varieties")
        self.made = {"drug": 0, "consumable": 0}

    def make(self, category: str, published: PublishedPrice | None = None) -> Generic:
        """Return the next generic of a category, or the published one."""
        self.made[category] += 1
        price = (
            float(np.exp(self.rng.normal(1.2, 0.7))) if category == "drug" else float(np.exp(self.rng.normal(7.0, 0.6)))
        )
        spend = SPEND * float(np.exp(self.rng.normal(0.0, 0.5)))
        form, unit = ("片剂", "片") if self.made[category] % 3 else ("注射剂", "支")
        name = f"演示品种{self.made[category]:02d}"
        if category == "consumable":
            name, form, unit = f"演示耗材{self.made[category]:02d}", "医用耗材", "个"
        if published is not None:
            name, form, unit, price = published.generic, published.dosage_form, published.unit_name, published.pre_yuan
        return Generic(name, category, unit, form, price, spend / price, published=published)


def make_generics(seed: int, shape: Shape, rounds: Sequence[Plan]) -> tuple[Generic, ...]:
    """Return every generic: those of each first-cycle round, their alternatives, and the controls.

    A generic whose prices before and after a round are published (data/prices.csv) carries its own name in the first
    round of its category; every other one is called 演示品种 or 演示耗材.
    """
    from dataclasses import replace

    namer, generics = _Namer(seed), []
    for category, total in (("drug", shape.drug_varieties), ("consumable", shape.consumable_varieties)):
        first = [plan for plan in rounds if plan.category == category and not plan.renewal_of]
        known = [price for price in shape.prices if price.category == category]
        for plan in first:
            for number in range(allot(total, first)[plan.batch_id]):
                published = known.pop(0) if known and number and plan is first[0] else None
                generics.append(replace(namer.make(category, published), batch_id=plan.batch_id))
    generics += _alternatives(generics, namer, rounds)
    for category, count in CONTROLS.items():
        generics += [namer.make(category) for _ in range(count)]
    return tuple(generics)


def _alternatives(generics: list[Generic], namer: _Namer, rounds: Sequence[Plan]) -> list[Generic]:
    from dataclasses import replace

    found = []
    for plan in (plan for plan in rounds if plan.alternative_log_level):
        own = [at for at, generic in enumerate(generics) if generic.batch_id == plan.batch_id][:ALTERNATIVES]
        for at in own:
            group = f"S{at + 1:02d}"
            generics[at] = replace(generics[at], substitute_group=group)
            found.append(replace(namer.make("drug"), alternative_of=at, substitute_group=group))
    return found
