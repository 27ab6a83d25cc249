"""The products of each generic: originator and generics, strengths, packs, prices before any round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.varieties import Generic

MAKERS = 24
SUPPLIERS = 6


@dataclass(frozen=True)
class Role:
    """One product of a template: its part, price per converted unit (× the generic's), share before, pack, strength."""

    part: str
    price: float
    weight: float
    pack: int = 14
    factor: float = 1.0
    evaluated: bool = True


ORIGINATOR = Role("originator", 1.4, 0.30, 7, evaluated=False)
TEMPLATES: tuple[tuple[Role, ...], ...] = (
    (
        ORIGINATOR,
        Role("main", 1.0, 0.20, 14),
        Role("main", 0.95, 0.15, 28, 0.5),
        Role("backup1", 1.0, 0.10, 28),
        Role("other", 0.90, 0.25, 14),
    ),
    (ORIGINATOR, Role("main", 1.0, 0.30, 28), Role("elsewhere", 0.95, 0.10), Role("other", 0.60, 0.30, 14)),
    (
        ORIGINATOR,
        Role("main", 1.0, 0.15, 14),
        Role("main", 0.95, 0.15, 7, 2.0),
        Role("main", 0.90, 0.10, 28),
        Role("other", 0.85, 0.20, 14),
        Role("other", 0.25, 0.10, 24, evaluated=False),
    ),
    (
        Role("main", 1.4, 0.35, 7, evaluated=False),
        Role("main", 1.0, 0.25, 14),
        Role("backup1", 0.95, 0.15, 14),
        Role("backup2", 0.95, 0.05, 28),
        Role("other", 0.90, 0.20, 28),
    ),
    (
        ORIGINATOR,
        Role("main", 1.0, 0.15, 14),
        Role("main", 0.95, 0.10, 28),
        Role("main", 0.90, 0.10, 28, 0.5),
        Role("main", 0.95, 0.10, 14, 2.0),
        Role("other", 0.85, 0.25, 14),
    ),
)
"""Two winners with a backup; one winner and one who won elsewhere; three; the originator among two; four."""
FREE = (ORIGINATOR, Role("other", 1.0, 0.45, 14), Role("other", 0.85, 0.25, 28, evaluated=False))
"""The products of a generic that no round touches."""


@dataclass(frozen=True)
class Products:
    """Products as columns of length P; `generic` is the position of the generic, money is integer fen per pack."""

    generics: tuple[Generic, ...]
    generic: np.ndarray
    part: np.ndarray
    pack: np.ndarray
    factor: np.ndarray
    weight: np.ndarray
    price_fen: np.ndarray
    maker: np.ndarray
    evaluated: np.ndarray
    originator: np.ndarray

    def __len__(self) -> int:
        return len(self.generic)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Product ids P0001 …."""
        return tuple(f"P{number:04d}" for number in range(1, len(self) + 1))

    @property
    def units(self) -> np.ndarray:
        """Converted units per pack (换算单位)."""
        return np.asarray(self.pack * self.factor)

    @property
    def supplier(self) -> np.ndarray:
        """Position of the distributor that delivers the product."""
        return np.asarray(self.maker % SUPPLIERS)

    def of(self, position: int) -> np.ndarray:
        """Return the positions of the products of the generic at `position`."""
        return np.flatnonzero(self.generic == position)

    def tendered(self, batch_id: str) -> np.ndarray:
        """Return which generics (mask of length G) are tendered in `batch_id`."""
        return np.array([generic.batch_id == batch_id for generic in self.generics])

    def table(self) -> pa.Table:
        """Return the table `products`."""
        own = [self.generics[at] for at in self.generic]
        drug = np.array([generic.category == "drug" for generic in own])
        exempt = (self.part == "other") & ~self.evaluated & np.array([bool(one.batch_id) for one in own])
        return pa.table(
            {
                "product_id": pa.array(self.ids),
                "generic": pa.array([one.name for one in own]),
                "category": pa.array([one.category for one in own]),
                "dosage_form": pa.array([one.dosage_form for one in own]),
                "strength": pa.array([_strength(one, factor) for one, factor in zip(own, self.factor, strict=True)]),
                "units_per_pack": pa.array(self.pack.astype(np.int64)),
                "spec_factor": arrays.scaled(self.factor, arrays.RATIO),
                "manufacturer": arrays.pick([f"演示药企{number:02d}" for number in range(1, MAKERS + 1)], self.maker),
                "originator": arrays.flags(self.originator),
                "consistency_evaluated": arrays.flags(self.evaluated),
                "ddd_units": arrays.scaled(1.0 / self.factor, arrays.QUANTITY, ~drug),
                "substitute_group": pa.array([one.substitute_group for one in own], pa.string()),
                "nhsa_code": pa.array([_code(at, isdrug) for at, isdrug in enumerate(drug)]),
                "exempt_reason": arrays.pick((None, "短缺药品"), exempt.astype(int)),
            }
        )


def _strength(generic: Generic, factor: float) -> str:
    return "标准型" if generic.category == "consumable" else f"{10 * factor:g}mg"


def _code(position: int, drug: bool) -> str:
    """Return a code of the right length (23 for a drug, 27 for a consumable) that no real product has."""
    head = "XDEMO" if drug else "CDEMO"
    return head + f"{position + 1:0{(23 if drug else 27) - len(head)}d}"


def make_products(seed: int, generics: Sequence[Generic]) -> Products:
    """Return the products of all `generics`: a template in turn for the tendered ones, `FREE` for the others."""
    rng = arrays.stream(seed, "products")
    rows: list[tuple[int, Role]] = []
    turn = {"drug": 0, "consumable": 0}
    for position, generic in enumerate(generics):
        template: tuple[Role, ...] = FREE
        if generic.batch_id:
            template = TEMPLATES[turn[generic.category] % len(TEMPLATES)]
            turn[generic.category] += 1
        rows += [(position, role) for role in template]
    at = np.array([position for position, _ in rows])
    factor, pack = _sizes(generics, rows)
    first = rng.integers(0, MAKERS, len(generics))
    unit_price = np.array([generics[position].unit_price_yuan * role.price for position, role in rows])
    return Products(
        generics=tuple(generics),
        generic=at,
        part=np.array([role.part for _, role in rows]),
        pack=pack,
        factor=factor,
        weight=np.array([role.weight for _, role in rows]),
        price_fen=np.maximum(np.rint(unit_price * pack * factor * 100).astype(np.int64), 1),
        maker=(np.repeat(first, np.bincount(at)) + _order(at)) % MAKERS,
        evaluated=np.array([role.evaluated for _, role in rows]),
        originator=np.array([role.price == ORIGINATOR.price for _, role in rows]),
    )


def _order(at: np.ndarray) -> np.ndarray:
    """Return 0, 1, 2 … within each run of equal values: no maker stands twice in a generic."""
    return np.asarray(np.arange(len(at)) - np.searchsorted(at, at))


def _sizes(generics: Sequence[Generic], rows: list[tuple[int, Role]]) -> tuple[np.ndarray, np.ndarray]:
    """Return strength factor and units per pack of each row; consumables come one by one, injections in small packs."""
    single = np.array([generics[position].category == "consumable" for position, _ in rows])
    injection = np.array([generics[position].dosage_form == "注射剂" for position, _ in rows])
    factor = np.where(single, 1.0, [role.factor for _, role in rows])
    pack = np.array([role.pack for _, role in rows])
    return factor, np.where(single, 1, np.where(injection, np.where(pack > 14, 10, 1), pack))
