"""The demonstration put together: `simulate` gives tables and truth in memory, `make_demo` writes the folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vbp.demo import demand, listing
from vbp.demo.agreements import Agreements, make_agreements
from vbp.demo.assessments import make_assessments
from vbp.demo.awards import table as awards_table
from vbp.demo.funds import make_funds
from vbp.demo.places import Shape, general, like_city
from vbp.demo.purchases import Ledger, make_ledger
from vbp.demo.settlements import make_settlements
from vbp.demo.stock import make_stock
from vbp.demo.truth import make_truth
from vbp.demo.world import World, make_world
from vbp.demo.writing import write_folder
from vbp.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

HOSPITALS, MONTHS = (9, 1000), (24, 84)
"""Least and greatest number of hospitals and of months."""
PLACE = {"name_zh": "示范市", "name_en": "Demonstration City", "province": "演示省", "rule_profile": "national-2020"}
INSURED_PER_HOSPITAL = 16_000


@dataclass(frozen=True)
class Simulation:
    """One demonstration in memory: place, world and ledger; tables and truth are made when first asked for.

    `tables` are Arrow tables with the canonical types of an inputs folder.
    """

    seed: int
    shape: Shape
    world: World
    need: np.ndarray
    ledger: Ledger
    agreements: Agreements
    like: str | None = None

    @property
    def place(self) -> dict[str, Any]:
        """What city.yaml says."""
        insured = INSURED_PER_HOSPITAL * len(self.world.hospitals)
        return PLACE | {"population": insured * 105 // 100, "insured": insured, "synthetic": True}

    @cached_property
    def core(self) -> Mapping[str, pa.Table]:
        """Hospitals, products, varieties, awards, usage: enough for the panels, made fastest."""
        world = self.world
        return {
            "hospitals": world.hospitals.table(),
            "products": world.products.table(),
            "varieties": listing.varieties(world, self.ledger),
            "awards": awards_table(world.awards, world.products),
            "usage": self.ledger.table(world.calendar, world.hospitals, world.products),
        }

    @cached_property
    def _assessed(self) -> tuple[pa.Table, dict[str, object]]:
        return make_assessments(self.seed, self.world, self.agreements)

    @cached_property
    def _settled(self) -> tuple[pa.Table, Mapping[str, object]]:
        return make_settlements(self.seed, self.world, self.ledger)

    @cached_property
    def tables(self) -> Mapping[str, pa.Table]:
        """Every table of the folder."""
        return {
            **self.core,
            "agreements": self.agreements.table(self.world),
            "fund": make_funds(self.world),
            "assessments": self._assessed[0],
            "settlements": self._settled[0],
            "stock": make_stock(self.world, self.ledger),
            "batches": listing.batches(self.world),
            "batch_usage": listing.batch_usage(self.world, self.ledger),
        }

    @cached_property
    def truth(self) -> dict[str, Any]:
        """What was planted, and what it comes to (truth.json)."""
        made = {
            "seed": self.seed,
            "hospitals": len(self.world.hospitals),
            "months": self.world.calendar.months,
            "like": self.like,
        }
        noted = {"settlements": dict(self._settled[1]), "assessment_missing": self._assessed[1]}
        return make_truth(made, self.shape, self.world, self.need, self.ledger, self.agreements, noted)

    def frame(self, name: str) -> pd.DataFrame:
        """Return one table as pandas: dates as datetime64, decimals as Decimal objects."""
        frame: pd.DataFrame = self.tables[name].to_pandas(date_as_object=False)
        return frame


def simulate(
    seed: int,
    hospitals: int = 12,
    months: int = 60,
    like: str | None = None,
    shape: Shape | None = None,
    disturbed: bool = True,
) -> Simulation:
    """Return one demonstration in memory, without writing anything; no file is read unless `like` names a city.

    Parameters
    ----------
    seed : int
        0 or more; the same seed gives the same tables.
    hospitals, months : int
        Size; see `HOSPITALS` and `MONTHS` for the bounds. The ledger starts in January 2020.
    like : str, optional
        A city of data/cities.csv whose published counts and cuts are followed; None follows a general shape.
    shape : Shape, optional
        Instead of `like`: counts and cuts ready made (saves reading data/ again and again).
    disturbed : bool
        False leaves out gaps, returns, stockpiling and the price above the award (over-reporting stays): what is left
        is the documented process alone, as a simulation study of estimators wants it.

    Raises
    ------
    UsageError
        For a number out of bounds or an unknown city.
    """
    _check(seed, hospitals, months)
    followed = shape or (general() if like is None else like_city(like))
    world = make_world(seed, followed, hospitals, months)
    need = demand.expected(seed, world.calendar, world.hospitals, world.generics, world.running())
    ledger = make_ledger(seed, world, need, disturbed)
    return Simulation(seed, followed, world, need, ledger, make_agreements(seed, world, ledger), like)


def make_demo(out: Path, like: str = "quanzhou", seed: int = 1, hospitals: int = 60, months: int = 60) -> Path:
    """Write the demonstration folder of 示范市 to `out` and return it; the same arguments give the same bytes.

    An earlier demonstration at `out` is replaced as a whole; anything else that stands there is left alone.

    Raises
    ------
    UsageError
        For a number out of bounds, an unknown city, or an `out` that holds something else.
    InputError
        Where the published data of `like` are missing.
    """
    made = simulate(seed, hospitals, months, like)
    return write_folder(Path(out), made.place, made.tables, made.truth)


def _check(seed: int, hospitals: int, months: int) -> None:
    for name, value, (low, high) in (("--hospitals", hospitals, HOSPITALS), ("--months", months, MONTHS)):
        if not low <= value <= high:
            raise UsageError(f"{name} {value}: the demonstration needs {low} to {high}")
    if seed < 0:
        raise UsageError(f"--seed {seed}: give 0 or more")
