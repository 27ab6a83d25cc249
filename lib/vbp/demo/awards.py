"""What the rounds awarded: winners, selected prices whose mean cut is the published one, and the way of each price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.calendar import Calendar
from vbp.demo.places import Shape
from vbp.demo.products import Products
from vbp.demo.rounds import RENEWAL_CUT_PERCENT, Plan

AGREED_SHARE = {1: 0.5, 2: 0.6, 3: 0.7}
"""Agreed volume as a share of the report by number of winners; four or more: 0.8."""
CAP_OVER_PRICE = 1.05
"""The cap (最高有效申报价) over the first winner's own price before, where no price is published."""
SPREAD_PERCENT = 7.0
BACKUP_SHARE = 0.05
"""Share of the selected quantity that the backups deliver."""


@dataclass(frozen=True)
class Award:
    """One award: product (position), its role, price per pack in fen, own price before and cap in fen, window."""

    batch_id: str
    product: int
    role: str
    selected_fen: int
    pre_fen: int
    cap_fen: int
    start: date
    end: date

    @property
    def selected(self) -> bool:
        """Whether purchases under this award count as selected (中选)."""
        return self.role != "elsewhere"

    @property
    def cut_percent(self) -> float:
        """Cut against the cap (in a renewal: against the selected price before), percent."""
        return 100.0 * (1 - self.selected_fen / self.cap_fen)


def make_awards(seed: int, shape: Shape, rounds: Sequence[Plan], products: Products) -> tuple[Award, ...]:
    """Return the awards of every round, the mean cut of each (main winners, against the cap) at its published value."""
    rng = arrays.stream(seed, "awards")
    awards: list[Award] = []
    for plan in rounds:
        if plan.renewal_of:
            awards += _renew(rng, plan, products, [award for award in awards if award.batch_id == plan.renewal_of])
        else:
            awards += _first(rng, shape.cut_percent(plan), plan, products)
    return tuple(awards)


def _first(rng: np.random.Generator, target: float, plan: Plan, products: Products) -> list[Award]:
    tendered = np.isin(products.generic, np.flatnonzero(products.tendered(plan.batch_id)))
    winners = np.flatnonzero(tendered & np.isin(products.part, ("main", "backup1", "backup2", "elsewhere")))
    cap_fen, fixed = _caps(products, winners)
    main = products.part[winners] == "main"
    cuts = np.where(np.isnan(fixed), target + rng.normal(0.0, SPREAD_PERCENT, len(winners)), fixed)
    cuts = _recentre(cuts, np.isnan(fixed), main, target)
    prices = np.maximum(np.rint(cap_fen * (1 - cuts / 100)).astype(np.int64), 1)
    return [
        Award(
            plan.batch_id,
            int(at),
            str(products.part[at]),
            int(prices[row]),
            int(products.price_fen[at]),
            int(cap_fen[row]),
            plan.start,
            plan.end,
        )
        for row, at in enumerate(winners)
    ]


def _caps(products: Products, winners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cap per pack in fen and the published cut in percent (NaN where none) of each winner."""
    caps, fixed = np.empty(len(winners)), np.full(len(winners), np.nan)
    for row, at in enumerate(winners):
        generic = products.generics[products.generic[at]]
        over = CAP_OVER_PRICE if generic.published is None else 1.0
        caps[row] = np.rint(generic.unit_price_yuan * over * products.units[at] * 100)
        first = products.part[products.of(products.generic[at])] == "main"
        if generic.published and at == products.of(products.generic[at])[first][0]:
            fixed[row] = 100.0 * (1 - generic.published.selected_yuan / generic.published.pre_yuan)
    return np.maximum(caps, 2).astype(np.int64), fixed


def _recentre(cuts: np.ndarray, free: np.ndarray, main: np.ndarray, target: float) -> np.ndarray:
    """Return `cuts` with the free ones moved, within 5–97 %, until the mean over the main winners is `target`."""
    cuts = np.where(free, np.clip(cuts, 5.0, 97.0), cuts)
    movable = free & main
    for _ in range(50):
        gap = target - cuts[main].mean()
        if abs(gap) < 1e-6 or not movable.any():
            break
        cuts[movable] = np.clip(cuts[movable] + gap * main.sum() / movable.sum(), 5.0, 97.0)
    return cuts


def _renew(rng: np.random.Generator, plan: Plan, products: Products, before: list[Award]) -> list[Award]:
    """Renew: the main winners stay a little cheaper, but in one generic the second loses to a product that had none."""
    kept = [award for award in before if award.role == "main"]
    by_generic = [
        [award for award in kept if products.generic[award.product] == at]
        for at in np.unique(products.generic[[award.product for award in kept]])
    ]
    losing = next((group[-1] for group in by_generic if len(group) > 1), None)
    cuts = _recentre(
        RENEWAL_CUT_PERCENT + rng.normal(0.0, 1.0, len(kept)),
        np.ones(len(kept), bool),
        np.ones(len(kept), bool),
        RENEWAL_CUT_PERCENT,
    )
    renewed = []
    for award, cut in zip(kept, cuts, strict=True):
        product, cap = award.product, award.selected_fen
        if award is losing:
            own = products.of(products.generic[product])
            product = int(own[products.part[own] == "other"][0])
            cap = round(award.selected_fen * float(products.units[product] / products.units[award.product]))
        pre = award.selected_fen if product == award.product else int(products.price_fen[product])
        renewed.append(
            Award(plan.batch_id, product, "main", max(round(cap * (1 - cut / 100)), 1), pre, cap, plan.start, plan.end)
        )
    return renewed


def price_path(calendar: Calendar, products: Products, awards: Sequence[Award]) -> tuple[np.ndarray, np.ndarray]:
    """Return two P × T arrays of fen per pack: the price in the month before and from a start that falls inside it.

    They differ in the start month of a mid-month round only. A product keeps its last selected price after its award.
    """
    late = np.repeat(products.price_fen[:, None], calendar.months, axis=1)
    early = late.copy()
    for award in sorted((award for award in awards if award.selected), key=lambda award: award.start):
        at = calendar.index(award.start)
        late[award.product, at:] = award.selected_fen
        early[award.product, at + (1 if award.start.day > 1 else 0) :] = award.selected_fen
    return early, late


def winners_of(awards: Sequence[Award], products: Products, batch_id: str) -> dict[int, int]:
    """Return the number of main winners of each generic (position) in a round."""
    counts: dict[int, int] = {}
    for award in awards:
        if award.batch_id == batch_id and award.role == "main":
            at = int(products.generic[award.product])
            counts[at] = counts.get(at, 0) + 1
    return counts


def agreed_share(winners: int) -> float:
    """Return the agreed share of the reported base for a number of winners."""
    return AGREED_SHARE.get(winners, 0.8)


def table(awards: Sequence[Award], products: Products) -> pa.Table:
    """Return the table `awards`."""
    return pa.table(
        {
            "batch_id": pa.array([award.batch_id for award in awards]),
            "product_id": pa.array([products.ids[award.product] for award in awards]),
            "start_date": arrays.dates(np.array([award.start for award in awards], dtype="datetime64[D]")),
            "end_date": arrays.dates(np.array([award.end for award in awards], dtype="datetime64[D]")),
            "selected_price_yuan": arrays.price(np.array([award.selected_fen for award in awards])),
            "pre_price_yuan": arrays.price(np.array([award.pre_fen for award in awards])),
            "price_cap_yuan": arrays.price(np.array([award.cap_fen for award in awards])),
            "supply_role": pa.array([award.role for award in awards]),
        }
    )


def mean_cut_percent(awards: Sequence[Award], batch_id: str) -> float:
    """Return the simple mean cut of a round's main winners against the cap (a renewal: the price before), percent."""
    main = [award for award in awards if award.batch_id == batch_id and award.role == "main"]
    return float(np.mean([award.cut_percent for award in main]))
