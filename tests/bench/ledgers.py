"""A seeded generator of big synthetic ledgers: cities of 320 hospitals × 900 generics × 8 products, as Parquet.

A hospital has a formulary; for each generic in it, it buys its favourite product before the generic's batch starts and
mostly
the winner afterwards. Codes are text, quantities and amounts decimals, as `vbp.tables` delivers them; rows stand by
month,
hospital and product, as monthly exports do. Nothing here is a real place's data.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST = (2020, 1)
QUANTITY = pa.decimal128(18, 4)
MONEY = pa.decimal128(18, 2)


@dataclass(frozen=True)
class Shape:
    """How large a city is: rows of the ledger, hospitals, generics, products of a generic, months, batches."""

    rows: int = 1_500_000
    hospitals: int = 320
    generics: int = 900
    brands: int = 8
    months: int = 36
    batches: int = 8


def month_date(index: int) -> dt.date:
    """Return the first day of the ledger's month number `index` (0 = January 2020)."""
    return dt.date(FIRST[0] + (FIRST[1] - 1 + index) // 12, (FIRST[1] - 1 + index) % 12 + 1, 1)


def decimals(scaled: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Return integers as decimals of `kind`; the integers are already multiplied by its scale."""
    wide = pa.array(scaled, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(kind, len(wide), wide.buffers())


def product_codes(shape: Shape) -> pa.Array:
    """Return the products' codes, 23 characters as the national drug codes have."""
    return pa.array(
        [f"XC{g:05d}A{b:03d}010104021{g % 97:02d}" for g in range(shape.generics) for b in range(shape.brands)]
    )


def hospital_codes(shape: Shape, city: int) -> pa.Array:
    """Return the hospitals' codes of one city."""
    return pa.array([f"H35{city:04d}{h:05d}" for h in range(shape.hospitals)])


def starts(shape: Shape) -> np.ndarray:
    """Return for each generic the month in which its batch starts, -1 where it is in none (two thirds of them)."""
    batch = np.arange(shape.generics) % (3 * shape.batches)
    gap = max(1, (shape.months - 14) // shape.batches)
    return np.where(batch < shape.batches, 12 + batch * gap, -1)


def reference_tables(shape: Shape, cities: int = 1, seed: int = 1) -> dict[str, pa.Table]:
    """Return products, varieties, awards, hospitals and agreements of `cities` cities that share their batches."""
    rng = np.random.default_rng(seed)
    codes, start = product_codes(shape).to_pylist(), starts(shape)
    packs = rng.choice([7, 10, 14, 20, 24, 28, 30], size=len(codes)).tolist()
    generics = [f"generic-{g:04d}" for g in range(shape.generics)]
    won = [g for g in range(shape.generics) if start[g] >= 0]
    names = {g: f"B{g % (3 * shape.batches) + 1:02d}" for g in won}
    ends = {g: month_date(int(start[g]) + 36) - dt.timedelta(days=1) for g in won}
    products = pa.table(
        {
            "product_id": codes,
            "generic": [g for g in generics for _ in range(shape.brands)],
            "category": ["drug"] * len(codes),
            "dosage_form": ["片剂"] * len(codes),
            "strength": ["10mg"] * len(codes),
            "manufacturer": [f"maker-{b % shape.brands}" for b in range(len(codes))],
            "units_per_pack": pa.array(packs, pa.int64()),
            "spec_factor": pa.array(
                [Decimal("1") if p % 3 else Decimal("0.5") for p in range(len(codes))], pa.decimal128(12, 8)
            ),
            "originator": [b % shape.brands == 0 for b in range(len(codes))],
            "consistency_evaluated": [b % shape.brands < 5 for b in range(len(codes))],
            "substitute_group": [f"S{p // shape.brands // 4:03d}" for p in range(len(codes))],
        }
    )
    varieties = pa.table(
        {
            "batch_id": [names[g] for g in won],
            "generic": [generics[g] for g in won],
            "unit_name": ["片"] * len(won),
            "level": ["national"] * len(won),
            "category": ["drug"] * len(won),
            "cycle": pa.array([1] * len(won), pa.int64()),
        }
    )
    winners = [(g, b) for g in won for b in ((1, 2) if g % 5 == 0 else (1,))]
    awards = pa.table(
        {
            "batch_id": [names[g] for g, _ in winners],
            "product_id": [codes[g * shape.brands + b] for g, b in winners],
            "start_date": pa.array([month_date(int(start[g])) for g, _ in winners], pa.date32()),
            "end_date": pa.array([ends[g] for g, _ in winners], pa.date32()),
            "selected_price_yuan": pa.array(
                [Decimal(int(200 + 7 * (g % 90) + b)) / 100 for g, b in winners], pa.decimal128(18, 6)
            ),
            "supply_role": ["main" if b == 1 else "backup1" for _, b in winners],
        }
    )
    return {
        "products": products,
        "varieties": varieties,
        "awards": awards,
        **agreement_tables(shape, cities, rng, generics, names, start),
    }


def agreement_tables(
    shape: Shape, cities: int, rng: np.random.Generator, generics: list[str], names: dict[int, str], start: np.ndarray
) -> dict[str, pa.Table]:
    """Return hospitals, and agreements of half of hospitals × tendered generics for each year begun."""
    hospitals = pa.concat_arrays([hospital_codes(shape, c) for c in range(cities)])
    won = np.array(sorted(names))
    h, g = (a.ravel() for a in np.meshgrid(np.arange(len(hospitals)), won, indexing="ij"))
    keep = rng.random(len(h)) < 0.5
    h, g = h[keep], g[keep]
    years = np.arange(3)
    h, g, y = np.repeat(h, 3), np.repeat(g, 3), np.tile(years, len(h))
    first = [month_date(m) for m in range(shape.months + 60)]
    begin, end = start[g] + 12 * y, start[g] + 12 * (y + 1)
    base = rng.integers(500, 60_000, len(h))
    days = np.array(first, dtype="datetime64[D]")
    return {
        "hospitals": pa.table(
            {
                "hospital_id": hospitals,
                "name": hospitals,
                "tier": ["3"] * len(hospitals),
                "ownership": ["public"] * len(hospitals),
            }
        ),
        "agreements": pa.table(
            {
                "batch_id": pa.array(np.array(list(names.values()))[np.searchsorted(won, g)]),
                "hospital_id": hospitals.take(pa.array(h)),
                "generic": pa.array(np.array(generics)[g]),
                "agreement_year": pa.array(y + 1, pa.int64()),
                "start_date": pa.array(days[begin], pa.date32()),
                "end_date": pa.array(days[end] - np.timedelta64(1, "D"), pa.date32()),
                "base_quantity_units": decimals(base * 10_000, QUANTITY),
                "agreed_quantity_units": decimals(base * 7_000, QUANTITY),
            }
        ),
    }


def purchases(shape: Shape, city: int, seed: int) -> tuple[np.ndarray, ...]:
    """Return month, hospital, product (codes), packs and amount in fen of one city's purchases, in the ledger's order."""
    rng = np.random.default_rng([seed, city])
    start = starts(shape)
    size = rng.lognormal(0, 1, shape.hospitals)
    popular = 1 / np.arange(5, shape.generics + 5) ** 0.7
    want = np.minimum(np.outer(size / size.sum(), popular / popular.sum()) * shape.rows / shape.months * 2.2, 0.97)
    pairs_h, pairs_g = np.nonzero(rng.random(want.shape) < want * 1.3)
    favourite = rng.choice(shape.brands, len(pairs_h), p=_shares(shape.brands))
    parts: list[np.ndarray] = []
    for month in range(shape.months):
        after = (start[pairs_g] >= 0) & (month >= start[pairs_g])
        buys = rng.random(len(pairs_h)) < 0.75
        winner = np.where((pairs_g % 5 == 0) & (pairs_h % 3 == 0), 2, 1)
        old = buys & (~after | (rng.random(len(pairs_h)) < 0.3))
        new = buys & after & (winner != favourite)
        h = np.concatenate([pairs_h[old], pairs_h[new]])
        p = np.concatenate([(pairs_g * shape.brands + favourite)[old], (pairs_g * shape.brands + winner)[new]])
        order = np.lexsort((p, h))
        parts.append(np.stack([np.full(len(h), month), h[order], p[order]]))
    month, h, p = np.concatenate(parts, axis=1)
    month, h, p = _exactly(rng, shape, month, h, p)
    packs = np.maximum(1, (rng.lognormal(2.5, 1.2, len(h)) * (1 + size[h])).astype(np.int64))
    packs = np.where(rng.random(len(h)) < 0.004, -packs, packs)
    price = 200 + (p * 37) % 9000
    return month, h, p, packs, packs * (price + rng.integers(-5, 6, len(h)))


def _shares(brands: int) -> np.ndarray:
    weights = 1 / np.arange(1, brands + 1)
    return weights / weights.sum()


def _exactly(rng: np.random.Generator, shape: Shape, *columns: np.ndarray) -> list[np.ndarray]:
    """Cut to, or fill up by repeated orders to, exactly the number of rows asked for, keeping the order by month."""
    have = len(columns[0])
    pick = (
        rng.choice(have, shape.rows, replace=False)
        if have >= shape.rows
        else np.concatenate([np.arange(have), rng.choice(have, shape.rows - have)])
    )
    pick.sort()
    return [column[pick] for column in columns]


def usage_table(shape: Shape, city: int = 0, seed: int = 1) -> pa.Table:
    """Return one city's usage as an Arrow table in the canonical types."""
    month, h, p, packs, fen = purchases(shape, city, seed)
    dates = pa.array([month_date(m) for m in range(shape.months)], pa.date32())
    return pa.table(
        {
            "hospital_id": pa.DictionaryArray.from_arrays(pa.array(h, pa.int32()), hospital_codes(shape, city)).cast(
                pa.string()
            ),
            "month": dates.take(pa.array(month)),
            "product_id": pa.DictionaryArray.from_arrays(pa.array(p, pa.int32()), product_codes(shape)).cast(
                pa.string()
            ),
            "quantity_packs": decimals(packs * 10_000, QUANTITY),
            "amount_yuan": decimals(fen, MONEY),
        }
    )


def write_city(folder: Path, shape: Shape, city: int = 0, seed: int = 1, monthly: bool = False) -> Path:
    """Write one city's usage below `folder` (`usage.parquet`, or one file a month) and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    table = usage_table(shape, city, seed)
    if not monthly:
        pq.write_table(table, folder / "usage.parquet", row_group_size=250_000)
        return folder
    for index in range(shape.months):
        day = month_date(index)
        part = table.filter(pa.compute.equal(table["month"], pa.scalar(day, pa.date32())))
        pq.write_table(part, folder / f"usage-{day:%Y-%m}.parquet")
    return folder
