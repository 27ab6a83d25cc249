"""Small random cities with everything that can go wrong between two dates: the material of the ledger's tests."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

QUANTITY, MONEY, PRICE, RATIO = pa.decimal128(18, 4), pa.decimal128(18, 2), pa.decimal128(18, 6), pa.decimal128(12, 8)
KINDS: dict[str, dict[str, pa.DataType]] = {
    "products": {
        "product_id": pa.string(),
        "generic": pa.string(),
        "units_per_pack": pa.int64(),
        "spec_factor": RATIO,
        "originator": pa.bool_(),
        "consistency_evaluated": pa.bool_(),
        "substitute_group": pa.string(),
    },
    "varieties": {
        "batch_id": pa.string(),
        "generic": pa.string(),
        "cycle": pa.int64(),
        "renewal_of": pa.string(),
        "pre_price_yuan_per_unit": PRICE,
        "pre_price_basis": pa.string(),
    },
    "awards": {
        "batch_id": pa.string(),
        "product_id": pa.string(),
        "start_date": pa.date32(),
        "end_date": pa.date32(),
        "selected_price_yuan": PRICE,
        "supply_role": pa.string(),
    },
    "agreements": {
        "batch_id": pa.string(),
        "hospital_id": pa.string(),
        "generic": pa.string(),
        "product_id": pa.string(),
        "agreement_year": pa.int64(),
        "start_date": pa.date32(),
        "end_date": pa.date32(),
        "base_quantity_units": QUANTITY,
        "agreed_quantity_units": QUANTITY,
    },
    "hospitals": {"hospital_id": pa.string(), "name": pa.string()},
    "usage": {
        "hospital_id": pa.string(),
        "month": pa.date32(),
        "date": pa.date32(),
        "product_id": pa.string(),
        "quantity_packs": QUANTITY,
        "amount_yuan": MONEY,
    },
}


def table(name: str, rows: list[dict[str, Any]], without: tuple[str, ...] = ()) -> pa.Table:
    """Return rows as an Arrow table in the canonical types."""
    return pa.table(
        {
            column: pa.array([row.get(column) for row in rows], kind)
            for column, kind in KINDS[name].items()
            if column not in without
        }
    )


@dataclass(frozen=True)
class World:
    """An inputs folder in memory: rows by table; `tables` as `vbp.tables` would give them."""

    rows: dict[str, list[dict[str, Any]]]
    dated: bool = False
    slug: str = "world"
    extra: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, pa.Table]:
        """Arrow tables by name."""
        made = {
            name: table(name, rows, () if self.dated or name != "usage" else ("date",))
            for name, rows in self.rows.items()
        }
        return {**made, **self.extra}


def day(text: str) -> dt.date:
    """Return an ISO date."""
    return dt.date.fromisoformat(text)


def years_on(day_: dt.date, years: int) -> dt.date:
    """Return the same day so many years later."""
    return day_.replace(year=day_.year + years)


def world(seed: int, dated: bool = False, purchases: int = 250, shifts: bool = True) -> World:
    """Return a random city: two rounds and a renewal, starts in mid-month, backups, goods won elsewhere, returns.

    With `shifts` some hospitals have agreement dates of their own.
    """
    rng = random.Random(seed)
    generics = [f"g{number}" for number in range(6)]
    products = [
        {
            "product_id": f"p{number}",
            "generic": generics[number // 3],
            "units_per_pack": rng.choice([1, 7, 12, 28]),
            "spec_factor": rng.choice([Decimal(1), Decimal("0.5"), Decimal("0.33333333"), None]),
            "originator": number % 3 == 0,
            "consistency_evaluated": rng.choice([True, False, None]),
            "substitute_group": rng.choice(["s1", "s2", None]),
        }
        for number in range(18)
    ]
    varieties, awards, agreements = [], [], []
    hospitals = [f"h{number}" for number in range(5)]
    for number, generic in enumerate(generics[:4]):
        start = dt.date(2021, rng.randint(1, 9), rng.choice([1, 1, 11, 15, 16, 20, 28]))
        length = rng.choice([1, 2])
        _round(
            rng,
            f"B{number % 2 + 1}",
            generic,
            products,
            start,
            length,
            varieties,
            awards,
            agreements,
            hospitals,
            cycle=1,
        )
        if number in (0, 1):
            gap = rng.choice([0, 0, 40, -60])
            begin = years_on(start, length) + dt.timedelta(days=gap)
            _round(
                rng, f"R{number + 1}", generic, products, begin, 1, varieties, awards, agreements, hospitals, cycle=2
            )
    if not shifts:
        agreements = [row for row in agreements if row["start_date"].day == 1]
    usage = [_purchase(rng, hospitals, products, dated) for _ in range(purchases)]
    return World(
        {
            "products": products,
            "varieties": varieties,
            "awards": awards,
            "agreements": agreements,
            "hospitals": [{"hospital_id": name, "name": name} for name in hospitals],
            "usage": usage,
        },
        dated,
    )


def _round(
    rng: random.Random,
    batch: str,
    generic: str,
    products: list[dict[str, Any]],
    start: dt.date,
    length: int,
    varieties: list[dict[str, Any]],
    awards: list[dict[str, Any]],
    agreements: list[dict[str, Any]],
    hospitals: list[str],
    cycle: int,
) -> None:
    """Add one generic's round: awards with roles, agreements of some hospitals, some with dates of their own."""
    varieties.append(
        {
            "batch_id": batch,
            "generic": generic,
            "cycle": cycle,
            "pre_price_yuan_per_unit": rng.choice([None, None, Decimal("4.125")]),
        }
    )
    mine = [product for product in products if product["generic"] == generic]
    roles = ["main", rng.choice(["main", "backup1", "elsewhere", None]), rng.choice(["backup2", "elsewhere", None])]
    end = years_on(start, length) - dt.timedelta(days=1)
    for product, role in zip(rng.sample(mine, 3), roles, strict=True):
        if role:
            awards.append(
                {
                    "batch_id": batch,
                    "product_id": product["product_id"],
                    "start_date": start,
                    "end_date": end,
                    "selected_price_yuan": Decimal(rng.randint(50, 4000)) / 100,
                    "supply_role": role,
                }
            )
    by_product = rng.random() < 0.3
    for hospital in rng.sample(hospitals, 4):
        shift = dt.timedelta(days=rng.choice([0, 0, 0, 0, 17]))
        for year in range(1, length + 1):
            named = (
                [
                    award["product_id"]
                    for award in awards
                    if award["batch_id"] == batch
                    and award["supply_role"] == "main"
                    and award["product_id"] in {product["product_id"] for product in mine}
                ]
                if by_product
                else [None]
            )
            for product_id in named:
                base = rng.randint(100, 5000)
                agreements.append(
                    {
                        "batch_id": batch,
                        "hospital_id": hospital,
                        "generic": generic,
                        "product_id": product_id,
                        "agreement_year": year,
                        "start_date": years_on(start, year - 1) + shift,
                        "end_date": years_on(start, year) - dt.timedelta(days=1) + shift,
                        "base_quantity_units": Decimal(base),
                        "agreed_quantity_units": Decimal(base * 7) / 10,
                    }
                )


def _purchase(rng: random.Random, hospitals: list[str], products: list[dict[str, Any]], dated: bool) -> dict[str, Any]:
    """Return one purchase: some are returns, some have broken packs, a few have no quantity."""
    day_ = dt.date(2020, 3, 1) + dt.timedelta(days=rng.randrange(1300))
    packs = (
        Decimal(rng.choice([1, 2, 3, 10, 40])) if rng.random() < 0.9 else Decimal(rng.choice([0, 3333, 12345])) / 10000
    )
    sign = -1 if rng.random() < 0.08 else 1
    return {
        "hospital_id": rng.choice(hospitals),
        "month": day_.replace(day=1),
        "date": day_ if dated else None,
        "product_id": rng.choice(products)["product_id"],
        "quantity_packs": sign * packs,
        "amount_yuan": sign * Decimal(rng.randint(1, 90_000)) / 100,
    }
