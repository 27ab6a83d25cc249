"""Agreements (约定采购量): what each hospital reported and agreed for each year of each round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.awards import agreed_share, winners_of
from vbp.demo.purchases import Ledger, winners_split
from vbp.demo.rounds import Plan
from vbp.demo.world import World

REPORT_SD = 0.04
"""Spread of a hospital's report around its use in the twelve months before (log scale)."""
OVER_REPORT = 1.8
LEAST_UNITS = 10


@dataclass(frozen=True)
class Agreements:
    """Agreements as columns of equal length; `product` is −1 where the agreement is per generic.

    `over_reported` is the planted over-report: hospital id, batch id, generic and factor.
    """

    plan: np.ndarray
    hospital: np.ndarray
    generic: np.ndarray
    product: np.ndarray
    year: np.ndarray
    base_units: np.ndarray
    agreed_units: np.ndarray
    over_reported: tuple[dict[str, object], ...]

    def __len__(self) -> int:
        return len(self.plan)

    def table(self, world: World) -> pa.Table:
        """Return the table `agreements`."""
        windows = [world.rounds[plan].year(int(year)) for plan, year in zip(self.plan, self.year, strict=True)]
        return pa.table(
            {
                "batch_id": arrays.pick([plan.batch_id for plan in world.rounds], self.plan),
                "hospital_id": arrays.pick(world.hospitals.ids, self.hospital),
                "generic": arrays.pick([generic.name for generic in world.generics], self.generic),
                "product_id": arrays.pick([*world.products.ids, None], self.product % (len(world.products) + 1)),
                "agreement_year": pa.array(self.year.astype(np.int64)),
                "start_date": arrays.dates(np.array([start for start, _ in windows], dtype="datetime64[D]")),
                "end_date": arrays.dates(np.array([end for _, end in windows], dtype="datetime64[D]")),
                "base_quantity_units": arrays.decimals(self.base_units * 10_000, arrays.QUANTITY),
                "agreed_quantity_units": arrays.decimals(self.agreed_units * 10_000, arrays.QUANTITY),
            }
        )


def years_signed(world: World, plan: Plan) -> range:
    """Return the agreement years signed by the end of the ledger (an announced round: its first)."""
    begun = sum(1 for year in range(1, plan.years + 1) if plan.year(year)[0] <= world.calendar.end)
    return range(1, 1 + (1 if plan.announced else begun))


def months_before(world: World, day: date) -> slice:
    """Return the twelve months before the agreement year that starts on `day`."""
    end = world.calendar.belongs(day)
    return slice(max(end - 12, 0), end)


def make_agreements(seed: int, world: World, ledger: Ledger) -> Agreements:
    """Return the agreements: base = need of the twelve months before × reporting error, down to tens of units.

    Members of the county group sign through the lead hospital, whose base is that of the whole group. The agreed volume
    is the base times the share set by the number of winners (one 50 %, two 60 %, three 70 %, four or more 80 %).
    """
    rng = arrays.stream(seed, "agreements")
    hospitals, products = world.hospitals, world.products
    member = np.equal.outer(products.generic, np.arange(len(world.generics))).astype(float)
    need = np.einsum("hpt,pg->hgt", ledger.need_units, member, optimize=True)
    need[hospitals.lead] += need[hospitals.member].sum(axis=0)
    need[hospitals.member] = 0.0
    parts: list[np.ndarray] = []
    over: list[dict[str, object]] = []
    for position, plan in enumerate(world.rounds):
        for year in years_signed(world, plan):
            use = need[:, :, months_before(world, plan.year(year)[0])].sum(axis=2)
            use = use * np.exp(rng.normal(0.0, REPORT_SD, use.shape))
            over += _over_report(world, plan, year, use)
            parts.append(_rows(world, position, plan, year, use))
    columns = np.concatenate(parts)
    plan_at, hospital, generic, product, number, base, agreed = columns.T
    return Agreements(plan_at, hospital, generic, product, number, base, agreed, tuple(over))


def _over_report(world: World, plan: Plan, year: int, use: np.ndarray) -> list[dict[str, object]]:
    """Let the third hospital report far too much of the last generic of the second round, in place."""
    if plan.batch_id != "DEMO-N2" or year != 1:
        return []
    generic = int(np.flatnonzero(world.products.tendered(plan.batch_id))[-1])
    use[2, generic] *= OVER_REPORT
    return [
        {
            "hospital_id": world.hospitals.ids[2],
            "batch_id": plan.batch_id,
            "agreement_year": year,
            "generic": world.generics[generic].name,
            "factor": OVER_REPORT,
        }
    ]


def _rows(world: World, position: int, plan: Plan, year: int, use: np.ndarray) -> np.ndarray:
    """Return rows (plan, hospital, generic, product, year, base, agreed) of one year of one round."""
    counts = winners_of(world.awards, world.products, plan.batch_id)
    within = winners_split(world.products, world.awards, plan.batch_id)
    rows = []
    for generic, winners in sorted(counts.items()):
        percent = round(100 * agreed_share(winners))
        own = world.products.of(generic)
        targets = [(int(p), float(within[p])) for p in own if within[p] > 0] if plan.by_product else [(-1, 1.0)]
        for product, part in targets:
            base = (np.floor(use[:, generic] * part / 10) * 10).astype(np.int64)
            who = np.flatnonzero(base >= LEAST_UNITS)
            agreed = base[who] * percent // 100
            rows.append(
                np.column_stack(
                    [
                        np.full(len(who), position),
                        who,
                        np.full(len(who), generic),
                        np.full(len(who), product),
                        np.full(len(who), year),
                        base[who],
                        agreed,
                    ]
                )
            )
    return np.concatenate(rows) if rows else np.empty((0, 7), dtype=np.int64)
