"""Back-test of `vbp project` on the demonstration: hide the last batch, project its first year, compare.

Run: PYTHONPATH=lib python tests/validate/validate_projection.py [seeds]     (default 500; about half a second a seed)

Two designs. `drawn`: each seed draws the rounds' planted effects anew (share of winners: logit-normal around 75 %,
spread 0.45; jump of quantity 0.15 ± 0.08), so that rounds are exchangeable, as the intervals suppose: they shall cover
85-95 %. `planted`: the demonstration as it is, where the effects are constants and only demand is drawn: all seeds then
share one draw of the hidden batch's effect, so the interval covers nearly always or misses often, as that constant falls;
this row shows the bias of one case and is no calibration.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd

from vbp.demo import simulate
from vbp.demo.places import general
from vbp.demo.rounds import plans
from vbp.ledger import Panels, build
from vbp.projection import project
from vbp.projection.evidence import first_years
from vbp.projection.payout import fund_factors, payouts

QUANTITIES = ("realised", "completion", "payout")


def last_batch(panels: Panels) -> str:
    """Return the last batch, renewals left out, whose first agreement year the ledger covers whole."""
    rows = first_years(panels).groupby("batch_id")[["months_in_ledger", "months_in_year", "months_before"]].min()
    whole = set(rows.index[(rows["months_in_ledger"] >= rows["months_in_year"]) & (rows["months_before"] >= 12)])
    prices = panels.prices[(panels.prices["cycle"].fillna(1) == 1).to_numpy()].astype({"batch_id": object})
    return str(prices[prices["batch_id"].isin(whole)].sort_values("start_date")["batch_id"].iloc[-1])


def actual(panels: Panels, batch: str, fund: pd.DataFrame) -> dict[str, float]:
    """Return what the hidden year brought: realised saving, completion, payout (yuan), over the same items."""
    rows = first_years(panels)
    rows = rows[
        (rows["batch_id"] == batch) & (rows["previous"] > 0) & rows["p0"].notna() & rows["p1"].notna()
    ].reset_index(drop=True)
    realised = (rows["p0"] * rows["actual"] - rows["actual_fen"]).sum() / 100
    _, code = np.unique(rows["hospital_id"].to_numpy(dtype=str), return_inverse=True)
    factor = fund_factors(rows, fund)
    paid = payouts(rows, rows[["actual"]].to_numpy().T, rows[["nonselected_fen"]].to_numpy().T, factor, code)
    return {"realised": realised, "completion": rows["actual"].sum() / rows["agreed"].sum(), "payout": paid.sum() / 100}


def drawn(seed: int):
    """Return a replacement of the demonstration's `plans` with effects drawn for this seed."""
    rng = np.random.default_rng([seed, 5])

    def changed(calendar):
        shares = 1 / (1 + np.exp(-rng.normal(np.log(3), 0.45, size=20)))
        levels = rng.normal(0.15, 0.08, size=20)
        return tuple(
            replace(plan, selected_share=float(share), log_level=float(level), log_slope=0.0)
            if not plan.renewal_of
            else plan
            for plan, share, level in zip(plans(calendar), shares, levels, strict=False)
        )

    return mock.patch("vbp.demo.world.plans", changed)


def one(seed: int, hospitals: int, shape: object, design: str) -> list[dict[str, object]]:
    """Return one seed's rows: quantity, actual, estimate, low, high, covered."""
    with drawn(seed) if design == "drawn" else mock.patch("vbp.demo.world.plans", plans):
        made = simulate(seed, hospitals=hospitals, shape=shape)  # type: ignore[arg-type]
    tables = {name: table for name, table in made.tables.items() if name not in ("stock", "settlements", "assessments")}
    panels = build(SimpleNamespace(tables=tables, slug="demo", place=None, problems=()))
    batch = last_batch(panels)
    fund = made.frame("fund")
    result, truth = project(panels, batch, fund, draws=600, seed=seed, hide=True), actual(panels, batch, fund)
    rows = []
    for name in QUANTITIES:
        estimate, low, high = result.interval(name)
        rows.append(
            {
                "seed": seed,
                "batch": batch,
                "quantity": name,
                "actual": truth[name],
                "estimate": estimate,
                "low": low,
                "high": high,
                "covered": low <= truth[name] <= high,
                "error": estimate / truth[name] - 1,
                "width": (high - low) / truth[name],
            }
        )
    return rows


def main(seeds: int = 500, hospitals: int = 12) -> pd.DataFrame:
    """Print coverage, bias and width by design and quantity."""
    shape = general()
    found = []
    for design, count in (("drawn", seeds), ("planted", max(seeds // 10, 1))):
        found += [
            {"design": design, **row} for seed in range(1, count + 1) for row in one(seed, hospitals, shape, design)
        ]
    rows = pd.DataFrame(found).assign(above=lambda frame: frame["actual"] > frame["high"])
    table = rows.groupby(["design", "quantity"], sort=False).agg(
        seeds=("covered", "size"),
        covered=("covered", "mean"),
        above=("above", "mean"),
        median_error=("error", "median"),
        median_width=("width", "median"),
    )
    print(f"hidden: {', '.join(sorted(set(rows['batch'])))}; {hospitals} hospitals; 90 % intervals")
    print(table.round(3).to_string())
    return rows


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
