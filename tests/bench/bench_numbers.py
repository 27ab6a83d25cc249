"""Bench of the numbers: all results of one city from its panels, and the index formulas beside plain pandas.

Run: PYTHONPATH=lib python tests/bench/bench_numbers.py     (320 hospitals, 900 generics, 36 months)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd

from vbp.completion import completion
from vbp.indices.formulas import PRICE_FORMULAS
from vbp.prices import award_cuts
from vbp.savings import savings, spending_change

BATCHES, PRODUCTS = 9, 4
"""Batches of 100 generics, four products each, the first of which wins."""


def city(
    hospitals: int = 320, generics: int = 900, months: int = 36, seed: int = 1
) -> tuple[SimpleNamespace, pd.DataFrame]:
    """Return panels of city size, drawn at random, with every generic tendered after the first year, and products."""
    rng = np.random.default_rng(seed)
    names = {
        "hospital_id": [f"H{i:04d}" for i in range(hospitals)],
        "generic": [f"g{i:04d}" for i in range(generics)],
        "batch_id": [f"B{i}" for i in range(BATCHES)],
    }

    def column(name: str, codes: np.ndarray) -> pd.Categorical:
        return pd.Categorical.from_codes(codes, categories=names[name])

    hospital, generic, period = (
        a.ravel() for a in np.meshgrid(np.arange(hospitals), np.arange(generics), np.arange(3), indexing="ij")
    )
    keys = {
        "hospital_id": column("hospital_id", hospital),
        "batch_id": column("batch_id", generic % BATCHES),
        "generic": column("generic", generic),
    }
    price = rng.integers(10**9, 10**11, generics)
    p1 = price // 3
    quantity = rng.integers(1, 10**7, len(hospital)) * (period > 0)
    other = rng.integers(1, 10**7, len(hospital))
    fen = quantity * (p1[generic] // 10**6) // 10**5
    cells = pd.DataFrame(
        {
            **keys,
            "period": period,
            "selected_milliunits": quantity,
            "selected_fen": fen,
            "nonselected_milliunits": other * (period > 0),
            "nonselected_fen": other * (price[generic] // 10**6) // 10**5 * (period > 0),
        }
    )
    cells = cells.assign(elsewhere_fen=0, alternative_fen=0)
    won = cells["period"] > 0
    selected = cells.loc[won, [*keys, "period"]].assign(
        product_id=pd.Categorical.from_codes(
            generic[won] * PRODUCTS, categories=[f"p{i:05d}" for i in range(generics * PRODUCTS)]
        ),
        quantity_milliunits=quantity[won],
        amount_fen=fen[won],
        p1_e10=p1[generic[won]],
    )
    start = pd.Timestamp("2022-01-01")
    starts = np.array([start + pd.DateOffset(years=int(y)) for y in range(3)])
    items = cells.loc[won, [*keys]].assign(
        product_id=None,
        agreement_year=period[won],
        start_date=starts[period[won] - 1],
        end_date=starts[period[won]] - pd.Timedelta(days=1),
        base_milliunits=quantity[won] + 1000,
        agreed_milliunits=quantity[won] // 2 + 1,
        actual_milliunits=quantity[won],
        actual_fen=fen[won],
        p1_e10=p1[generic[won]],
    )
    end = start + pd.DateOffset(years=2) - pd.Timedelta(days=1)
    g = np.arange(generics)
    prices = pd.DataFrame(
        {
            "batch_id": column("batch_id", g % BATCHES),
            "generic": column("generic", g),
            "start_date": start,
            "end_date": end,
            "p0_e10": price,
            "p0_source": "ledger",
            "p0_basis": None,
            "p1_main_e10": p1,
        }
    )
    awards = prices[["batch_id", "generic", "start_date", "end_date"]].assign(
        product_id=selected["product_id"].cat.categories[g * PRODUCTS],
        supply_role="main",
        pack_milliunits=10_000,
        p1_e10=p1,
    )
    product, month = (a.ravel() for a in np.meshgrid(np.arange(generics * PRODUCTS), np.arange(months), indexing="ij"))
    status = np.where(month < 12, "outside", np.where(product % PRODUCTS == 0, "selected", "nonselected"))
    units = rng.integers(1, 10**9, len(product))
    product_month = pd.DataFrame(
        {
            "product_id": pd.Categorical.from_codes(product, categories=selected["product_id"].cat.categories),
            "generic": column("generic", product // PRODUCTS),
            "month": pd.date_range("2021-01-01", periods=months, freq="MS")[month],
            "status": pd.Categorical(status),
            "batch_id": column("batch_id", np.where(month < 12, -1, product // PRODUCTS % BATCHES)),
            "quantity_milliunits": units,
            "amount_fen": units * (price[product // PRODUCTS] // 10**6) // 10**5,
            "p1_e10": pd.array(p1[product // PRODUCTS], dtype="Int64"),
        }
    )
    products = pd.DataFrame(
        {"product_id": selected["product_id"].cat.categories, "originator": np.arange(generics * PRODUCTS) % 4 == 1}
    )
    return SimpleNamespace(
        cells=cells, selected=selected, items=items, prices=prices, awards=awards, product_month=product_month
    ), products


def pandas_index(frame: pd.DataFrame) -> dict[str, float]:
    """Return the formulas once more as an analyst writes them in pandas, over one row per product."""
    p0, q0, p1, q1 = (frame[name] for name in ("p0", "q0", "p1", "q1"))
    v0, v1 = p0 * q0, p1 * q1
    s0, s1, ratio = v0 / v0.sum(), v1 / v1.sum(), np.log(p1 / p0)
    laspeyres, paasche = (p1 * q0).sum() / v0.sum(), v1.sum() / (p0 * q1).sum()
    sato = (s1 - s0) / np.log(s1 / s0)
    vartia = (v1 - v0) / np.log(v1 / v0) / ((v1.sum() - v0.sum()) / np.log(v1.sum() / v0.sum()))
    middle = np.sqrt(q0 * q1)
    return {
        "laspeyres": laspeyres,
        "paasche": paasche,
        "fisher": np.sqrt(laspeyres * paasche),
        "tornqvist": np.exp(((s0 + s1) / 2 * ratio).sum()),
        "walsh": (p1 * middle).sum() / (p0 * middle).sum(),
        "marshall_edgeworth": (p1 * (q0 + q1)).sum() / (p0 * (q0 + q1)).sum(),
        "vartia1": np.exp((vartia * ratio).sum()),
        "sato_vartia": np.exp((sato / sato.sum() * ratio).sum()),
        "geometric_laspeyres": np.exp((s0 * ratio).sum()),
        "geometric_paasche": np.exp((s1 * ratio).sum()),
        "jevons": np.exp(ratio.mean()),
        "carli": (p1 / p0).mean(),
        "dutot": p1.mean() / p0.mean(),
    }


def best(action: Callable[[], object], times: int = 5) -> float:
    """Return the best CPU time of several runs in seconds (one thread; the wall clock of a busy machine says little)."""
    found = []
    for _ in range(times):
        start = time.process_time()
        action()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    """Print the times of each result and of all together, and the ratio of the formulas to pandas."""
    panels, products = city()
    work = {
        "savings, five cuts": lambda: savings(panels, products),
        "decomposition, nine batches": lambda: spending_change(panels, products),
        "completion, five roll-ups": lambda: [done := completion(panels)] + [done.rolled(n) for n in done.roll_ups],
        "cuts": lambda: award_cuts(panels),
    }
    total = 0.0
    print(
        f"one city: {len(panels.cells):,} cells, {len(panels.items):,} agreements, "
        f"{len(panels.product_month):,} product months"
    )
    for name, action in work.items():
        took = best(action, 3)
        total += took
        print(f"  {name:30s} {took:7.3f} s")
    print(f"  {'all results (shall be < 1 s)':30s} {total:7.3f} s of CPU")
    rng = np.random.default_rng(2)
    arrays = rng.uniform(1, 100, size=(4, 3600))
    frame = pd.DataFrame(dict(zip(("p0", "q0", "p1", "q1"), arrays, strict=True)))
    slow, fast = pandas_index(frame), {name: formula(*arrays) for name, formula in PRICE_FORMULAS.items()}
    assert all(abs(slow[name] / fast[name] - 1) < 1e-12 for name in fast)
    ours, theirs = (
        best(lambda: [f(*arrays) for f in PRICE_FORMULAS.values()], 50),
        best(lambda: pandas_index(frame), 50),
    )
    print(
        f"13 indices of 3,600 products: {ours * 1e3:.2f} ms, plain pandas {theirs * 1e3:.2f} ms, "
        f"ratio {ours / theirs:.2f}"
    )


if __name__ == "__main__":
    main()
