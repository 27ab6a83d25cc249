"""The demonstration's world before anything is bought: calendar, hospitals, generics, products, rounds and awards."""

from __future__ import annotations

from dataclasses import dataclass

from vbp.demo.awards import Award, make_awards
from vbp.demo.calendar import Calendar
from vbp.demo.hospitals import Hospitals, make_hospitals
from vbp.demo.places import Shape
from vbp.demo.products import Products, make_products
from vbp.demo.rounds import Plan, plans
from vbp.demo.varieties import Generic, make_generics


@dataclass(frozen=True)
class World:
    """Everything that is settled before the ledger is drawn."""

    calendar: Calendar
    hospitals: Hospitals
    generics: tuple[Generic, ...]
    products: Products
    rounds: tuple[Plan, ...]
    awards: tuple[Award, ...]

    def running(self) -> tuple[Plan, ...]:
        """Return the rounds that start inside the ledger."""
        return tuple(plan for plan in self.rounds if not plan.announced)


def make_world(seed: int, shape: Shape, hospitals: int, months: int) -> World:
    """Return the world of `seed` in the proportions of `shape`."""
    calendar = Calendar(months)
    rounds = plans(calendar)
    generics = make_generics(seed, shape, rounds)
    products = make_products(seed, generics)
    return World(
        calendar,
        make_hospitals(seed, hospitals),
        generics,
        products,
        rounds,
        make_awards(seed, shape, rounds, products),
    )
