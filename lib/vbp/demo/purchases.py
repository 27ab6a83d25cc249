"""From demand to the ledger: shares of the products, whole packs, prices, and what goes wrong in a real ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from vbp.demo import arrays, demand, disturbances
from vbp.demo.awards import BACKUP_SHARE, Award, price_path
from vbp.demo.calendar import Calendar
from vbp.demo.hospitals import ORIGINATOR_TILT, Hospitals
from vbp.demo.products import Products
from vbp.demo.rounds import Plan
from vbp.demo.world import World

WINNER_SHARES = {1: (1.0,), 2: (0.6, 0.4), 3: (0.5, 0.3, 0.2), 4: (0.4, 0.3, 0.2, 0.1)}


def hospital_split(weights: np.ndarray, products: Products, hospitals: Hospitals) -> np.ndarray:
    """Return `weights` (P) as shares within each generic per hospital (H × P), the originator tilted by tier."""
    tilt = np.where(products.originator[None, :], np.take(ORIGINATOR_TILT, hospitals.tier)[:, None], 1.0)
    raw = weights[None, :] * tilt
    count = int(products.generic.max()) + 1
    member = np.equal.outer(products.generic, np.arange(count)).astype(float)
    total = (raw @ member)[:, products.generic]
    return np.asarray(np.divide(raw, total, out=np.zeros_like(raw), where=total > 0))


def winners_split(products: Products, awards: Sequence[Award], batch_id: str) -> np.ndarray:
    """Return the share of each winner inside the selected quantity of its generic (P): main ones, 5 % the backups."""
    weights = np.zeros(len(products))
    own = [award for award in awards if award.batch_id == batch_id]
    for at in {int(products.generic[award.product]) for award in own}:
        mains = [award.product for award in own if award.role == "main" and products.generic[award.product] == at]
        backups = [a.product for a in own if a.role.startswith("backup") and products.generic[a.product] == at]
        left = 1.0 - (BACKUP_SHARE if backups else 0.0)
        weights[mains] = left * np.array(WINNER_SHARES[len(mains)])
        weights[backups] = BACKUP_SHARE / max(len(backups), 1)
    return weights


def selected_share(plan: Plan, hospitals: Hospitals) -> np.ndarray:
    """Return the expected share bought from the winners per hospital (H): the round's, shifted by adherence."""
    logit = np.log(plan.selected_share / (1 - plan.selected_share)) + hospitals.adherence
    return np.asarray(1 / (1 + np.exp(-logit)))


def shares(world: World, wobble: np.ndarray | None = None) -> np.ndarray:
    """Return each product's share of the demand for its generic (H × P × T).

    Before a round the base shares; from the start on the selected share goes to the winners and the rest keeps its
    proportions. `wobble` (H × G × T, mean 0, within ±1) moves the selected share s by wobble·s·(1 − s), which leaves
    its mean; None gives the expectation.
    """
    calendar, hospitals, products = world.calendar, world.hospitals, world.products
    base = hospital_split(products.weight, products, hospitals)
    path = np.repeat(base[:, :, None], calendar.months, axis=2)
    for plan in world.rounds:
        if calendar.index(plan.start) >= calendar.months:
            continue
        within = winners_split(products, world.awards, plan.batch_id)
        at = np.flatnonzero(products.tendered(plan.renewal_of or plan.batch_id)[products.generic])
        rest = hospital_split(np.where(within > 0, 0.0, products.weight), products, hospitals)[:, at]
        chosen = selected_share(plan, hospitals)[:, None, None]
        if wobble is not None:
            chosen = chosen + wobble[:, products.generic[at], :] * chosen * (1 - chosen)
        moved = chosen * within[None, at, None] + (1 - chosen) * rest[:, :, None]
        ramp = demand.step(calendar, plan)[None, None, :]
        path[:, at, :] = (1 - ramp) * path[:, at, :] + ramp * moved
    return path


def wobble(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the month-to-month noise of the selected share (H × G × T): uniform, mean 0, sd `share_sd`."""
    half = demand.PROCESS.share_sd * np.sqrt(3.0)
    return arrays.stream(seed, "shares").uniform(-half, half, shape)


@dataclass(frozen=True)
class Ledger:
    """Purchases: packs and fen, H × P × T integers, with what was planted in them.

    `need_units` is the demand (noise in, before whole packs) that stock gives out; `seen` marks the hospital months
    that are reported at all (H × T); `disturbances` lists what goes wrong on purpose.
    """

    packs: np.ndarray
    fen: np.ndarray
    need_units: np.ndarray
    seen: np.ndarray
    disturbances: dict[str, list[dict[str, object]]]

    def table(self, calendar: Calendar, hospitals: Hospitals, products: Products) -> pa.Table:
        """Return the table `usage`: hospital by hospital, month by month; no row where nothing was bought."""
        by_month = self.packs.transpose(0, 2, 1)
        hospital, month, product = np.nonzero(by_month)
        return pa.table(
            {
                "hospital_id": arrays.pick(hospitals.ids, hospital),
                "month": arrays.dates(calendar.starts[month]),
                "product_id": arrays.pick(products.ids, product),
                "quantity_packs": arrays.decimals(by_month[hospital, month, product] * 10_000, arrays.QUANTITY),
                "amount_yuan": arrays.money(self.fen.transpose(0, 2, 1)[hospital, month, product]),
                "basis": arrays.pick(("purchased",), np.zeros(len(hospital), dtype=np.int64)),
            }
        )


def make_ledger(seed: int, world: World, need: np.ndarray, disturbed: bool = True) -> Ledger:
    """Return the ledger for the noise-free demand `need` (H × G × T).

    Not `disturbed`, it has no gaps, returns, stockpiling or price above the award, only the noise of demand.
    """
    share = shares(world, wobble(seed, need.shape))
    units = (need * demand.noise(seed, need.shape))[:, world.products.generic, :] * share
    bought, notes = disturbances.stockpile(world, units) if disturbed else (units, {})
    draws = arrays.stream(seed, "packs").random(units.shape)
    packs = np.floor(bought / world.products.units[None, :, None] + draws).astype(np.int64)
    seen = np.ones((len(world.hospitals), world.calendar.months), dtype=bool)
    if disturbed:
        seen, notes["gaps"] = disturbances.gaps(world)
        packs *= seen[:, None, :]
        notes["returns"] = disturbances.returns(seed, world, packs)
    early, late = price_path(world.calendar, world.products, world.awards)
    fen = packs * late[None, :, :]
    _start_month(world, share, (early, late), packs, fen)
    if disturbed:
        notes["overpaid"] = disturbances.overpay(world, packs, fen)
    return Ledger(packs, fen, units, seen, notes)


def _start_month(
    world: World, share: np.ndarray, prices: tuple[np.ndarray, np.ndarray], packs: np.ndarray, fen: np.ndarray
) -> None:
    """Price the start month of a mid-month round, in place: packs bought before the start at the price before.

    Of a winner's packs in that month the part (1 − f)·share before / share of the month was bought before the start,
    f being the part of the month from the start on; it is rounded to whole packs.
    """
    early, late = prices
    for plan in world.rounds:
        at, days = world.calendar.index(plan.start), world.calendar.fraction(plan.start)
        if days == 1 or at >= world.calendar.months:
            continue
        own = np.flatnonzero(early[:, at] != late[:, at])
        ratio = np.divide(
            (1 - days) * share[:, own, at - 1],
            share[:, own, at],
            out=np.zeros((len(share), len(own))),
            where=share[:, own, at] > 0,
        )
        before = np.rint(packs[:, own, at] * np.clip(ratio, 0, 1)).astype(np.int64)
        fen[:, own, at] += before * (early - late)[None, own, at]
