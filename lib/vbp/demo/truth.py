"""truth.json: how the folder was made, what was planted, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vbp.demo import demand, outcomes, savings
from vbp.demo.agreements import Agreements
from vbp.demo.awards import mean_cut_percent, winners_of
from vbp.demo.listing import prices_before
from vbp.demo.places import Shape
from vbp.demo.purchases import Ledger, selected_share, winners_split
from vbp.demo.rounds import Plan
from vbp.demo.world import World

NOTE = "演示数据: everything here is invented; the effects below were planted and can be recovered from the tables"


def make_truth(
    made_with: Mapping[str, Any],
    shape: Shape,
    world: World,
    need: np.ndarray,
    ledger: Ledger,
    agreements: Agreements,
    noted: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the document of truth.json (JSON types only). `noted` is what settlements and assessments planted."""
    expected = outcomes.make_expected(world, need)
    hospitals = world.hospitals
    return {
        "note": NOTE,
        "synthetic": True,
        "made_with": dict(made_with),
        "modelled_on": shape.as_json(),
        "process": demand.PROCESS.as_json()
        | {
            "formula": (demand.__doc__ or "").strip(),
            "first_month": "2020-01",
            "festival_days": world.calendar.festival.astype(int).tolist(),
        },
        "rounds": [_round(world, shape, expected, ledger, plan) for plan in world.rounds],
        "generics": [_generic(world, at) for at in range(len(world.generics))],
        "hospitals": {
            "under_achievers": [hospitals.ids[at] for at in hospitals.under],
            "over_achievers": [hospitals.ids[at] for at in hospitals.over],
            "group_lead": hospitals.ids[hospitals.lead],
            "group_members": [hospitals.ids[at] for at in np.flatnonzero(hospitals.member)],
            "adherence_logit": dict(zip(hospitals.ids, np.round(hospitals.adherence, 6).tolist(), strict=True)),
        },
        "savings": savings.by_year(world, ledger, agreements),
        "over_reported": list(agreements.over_reported),
        "disturbances": ledger.disturbances,
        **noted,
        "totals": {
            "packs": int(ledger.packs.sum()),
            "amount_fen": int(ledger.fen.sum()),
            "rows": int(np.count_nonzero(ledger.packs)),
        },
    }


def _generic(world: World, at: int) -> dict[str, Any]:
    generic = world.generics[at]
    other = None if generic.alternative_of is None else world.generics[generic.alternative_of].name
    return {
        "generic": generic.name,
        "role": generic.role,
        "category": generic.category,
        "batch_id": generic.batch_id,
        "alternative_of": other,
        "substitute_group": generic.substitute_group,
        "published_source_id": generic.published.source_id if generic.published else None,
    }


def _round(world: World, shape: Shape, expected: outcomes.Expected, ledger: Ledger, plan: Plan) -> dict[str, Any]:
    before = prices_before(world, ledger, plan)
    names = [generic.name for generic in world.generics]
    row: dict[str, Any] = {
        "batch_id": plan.batch_id,
        "level": plan.level,
        "category": plan.category,
        "start_date": plan.start.isoformat(),
        "end_date": plan.end.isoformat(),
        "renewal_of": plan.renewal_of,
        "announced": plan.announced,
        "start_month_fraction": round(world.calendar.fraction(plan.start), 8),
        "varieties": len(winners_of(world.awards, world.products, plan.batch_id)),
        "planted": {
            "log_quantity_level": plan.log_level,
            "log_quantity_slope_per_month": plan.log_slope,
            "alternative_log_quantity_level": plan.alternative_log_level,
            "selected_share_ordinary_hospital": plan.selected_share,
        },
        "published_cut_percent": None if plan.renewal_of else shape.cut(plan).percent,
        "published_cut_source_id": None if plan.renewal_of else shape.cut(plan).source_id,
        "average_cut_percent": round(mean_cut_percent(world.awards, plan.batch_id), 6),
        "price_before_yuan_per_unit": {names[at]: str(price) for at, price in before.items()},
        "weighted_cut_percent": round(_weighted_cut(world, ledger, plan), 6),
    }
    row |= _boundary(world, ledger, plan)
    if not plan.announced:
        row["selected_share_by_hospital"] = dict(
            zip(world.hospitals.ids, np.round(selected_share(plan, world.hospitals), 6).tolist(), strict=True)
        )
        row["expected"] = outcomes.effects_of(world, expected, plan)
    return row


def _boundary(world: World, ledger: Ledger, plan: Plan) -> dict[str, Any]:
    """Return the months split between agreement years of a mid-month round, and the spending on its generics then."""
    days = [plan.year(year)[0] for year in range(1, plan.years + 1)] if plan.start.day > 1 else []
    months = [at for at in map(world.calendar.index, days) if at < world.calendar.months]
    own = np.isin(world.products.generic, list(winners_of(world.awards, world.products, plan.batch_id)))
    fen = int(ledger.fen[:, own][:, :, months].sum()) if months else 0
    return {
        "boundary_months": [str(world.calendar.starts[at])[:7] for at in months],
        "boundary_amount_yuan": f"{fen // 100}.{fen % 100:02d}",
    }


def _weighted_cut(world: World, ledger: Ledger, plan: Plan) -> float:
    """Return the cut from P0 to the winners' mean price, each generic weighted by its spending in the year before."""
    split = winners_split(world.products, world.awards, plan.batch_id)
    price = savings.selected_price(world, plan.batch_id)
    before = prices_before(world, ledger, plan)
    units = {at: ledger_units(world, ledger, plan, at) for at in before}
    old = sum(float(before[at]) * units[at] for at in before)
    new = sum(float((split * price)[world.products.of(at)].sum()) * units[at] for at in before)
    return 100.0 * (1 - new / old) if old else 0.0


def ledger_units(world: World, ledger: Ledger, plan: Plan, generic: int) -> float:
    """Return the converted units of a generic bought in the twelve months before a round, over all hospitals."""
    at = world.calendar.belongs(plan.start)
    own = world.products.of(generic)
    return float((ledger.packs[:, own, at - 12 : at].sum(axis=(0, 2)) * world.products.units[own]).sum())
