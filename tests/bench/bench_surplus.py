"""Speed of the settlement: 320 hospitals × 900 generics × 3 years from panels, against a plain Decimal loop.

Run: python tests/bench/bench_surplus.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd


class FakePanels:
    """Panels of a city as `vbp.ledger` leaves them (docs/panels.md), made of random numbers."""

    def __init__(
        self, hospitals: int = 320, generics: int = 900, years: int = 3, batches: int = 10, seed: int = 1
    ) -> None:
        random = np.random.default_rng(seed)
        size = hospitals * generics * years
        generic = np.tile(np.repeat(np.arange(generics), years), hospitals)
        table = pd.DataFrame(
            {
                "hospital_id": _category(np.repeat(np.arange(hospitals), generics * years), "H{:04d}"),
                "batch_id": _category(generic % batches, "B{:02d}"),
                "generic": _category(generic, "品种{:04d}"),
                "product_id": pd.Categorical.from_codes(np.full(size, -1), ["P"]),
                "agreement_year": np.tile(np.arange(1, years + 1), hospitals * generics),
                "end_date": pd.Timestamp("2024-12-31"),
                "generic_first": True,
            }
        )
        base = random.integers(0, 2_000_000, size) * 1000
        table["base_milliunits"], table["agreed_milliunits"] = base, base // 10 * 7
        table["actual_milliunits"] = base // 10 * random.integers(5, 12, size)
        table["previous_milliunits"] = base
        for name in ("evaluated", "unevaluated", "originator"):
            for part in ("cheaper", "dearer"):
                table[f"{name}_{part}_fen"] = random.integers(0, 3_000_000, size)
        table["elsewhere_fen"] = 0
        table["nonselected_fen"] = sum(table[name] for name in table if name.endswith(("cheaper_fen", "dearer_fen")))
        prices = random.integers(1000, 900_000, generics) * 10**6
        table["p0_e10"], table["p0_source"] = prices[generic], "ledger"
        table["p1_e10"] = prices[generic] // random.integers(3, 20, generics)[generic]
        table["p1_source"] = pd.Categorical.from_codes(np.zeros(size, dtype=np.int8), ["single", "weighted"])
        self.items = table
        self.prices = table.drop_duplicates(["batch_id", "generic"])[["batch_id", "generic"]].assign(cycle=1)


class FakeInputs:
    """The small tables beside: two funds for every hospital, a score for every row."""

    def __init__(self, panels: FakePanels, funds: bool = False) -> None:
        keys = (
            panels.items[["batch_id", "hospital_id", "agreement_year"]]
            .drop_duplicates()
            .astype({"batch_id": str, "hospital_id": str})
        )
        hospitals = sorted(keys["hospital_id"].unique())
        random = np.random.default_rng(2)
        fund = pd.DataFrame(
            {
                "hospital_id": hospitals,
                "fund_ratio": [f"0.{n}" for n in random.integers(5000, 8500, len(hospitals))],
                "insured_share": [f"0.{n}" for n in random.integers(5000, 9500, len(hospitals))],
            }
        )
        self._tables = {
            "fund": fund,
            "hospitals": pd.DataFrame({"hospital_id": hospitals, "name": hospitals, "tier": "二级"}),
            "assessments": keys.assign(score=random.integers(55, 100, len(keys))),
        }

    def has(self, name: str) -> bool:
        return name in self._tables

    def frame(self, name: str) -> pd.DataFrame:
        return self._tables[name]


def _category(codes: np.ndarray, pattern: str) -> Any:
    return pd.Categorical.from_codes(codes, [pattern.format(n) for n in range(int(codes.max()) + 1)])


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and the result."""
    begin = time.perf_counter()
    result = action()
    return time.perf_counter() - begin, result


def state(lines: Any, profile: Any, hospitals: int = 12) -> None:
    """Write the statement of the first hospitals, one file each: seconds a hospital, and how much memory it added."""
    import resource
    import tempfile

    from vbp.statement import book, write_statement
    from vbp.surplus import settle

    names = lines.facts["hospital_id"].unique()[:hospitals]
    part = settle(lines.only(lines.facts["hospital_id"].isin(names).to_numpy()), profile)
    book.LARGEST_HOSPITALS = 1
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds, files = timed(lambda: write_statement(part, Path(folder) / "s.xlsx"))
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    each = len(part.lines) // hospitals
    print(
        f"{f'statement, a hospital of {each:,} lines':40} {seconds / hospitals:9.2f}   "
        f"{len(files)} files, {more / 1024:.0f} MiB more memory at its peak"
    )


def main() -> None:
    from tests.surplus import boring
    from vbp.rules import load_profile
    from vbp.surplus import settle
    from vbp.surplus.items import items_from_panels

    profile, panels = load_profile(), FakePanels()
    inputs = FakeInputs(panels)
    runs = []
    for _ in range(3):
        take, lines = timed(lambda: items_from_panels(panels, inputs, profile))
        reckon, settlement = timed(lambda lines=lines: settle(lines, profile))
        runs.append((take + reckon, take, reckon))
    whole, take, reckon = min(runs)
    sample = lines.only(lines.row < 30)
    rows = sample.frame().assign(row=sample.row).to_dict("records")
    by_row: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        by_row.setdefault(row["row"], []).append(row)
    slow, plain = timed(lambda: [boring.settle_row(group, profile) for group in by_row.values()])
    assert [row["retained"] for row in plain] == settlement.table["retained_yuan"].iloc[:30].tolist()
    ratio = slow / len(rows) * len(lines) / whole
    print(f"{'step':40} {'seconds':>9}")
    print(f"{'panels → items, ' + format(len(lines), ',') + ' lines':40} {take:9.2f}")
    print(f"{'settle, ' + format(len(settlement.table), ',') + ' rows':40} {reckon:9.2f}")
    print(f"{'both (goal: under 2 s)':40} {whole:9.2f}")
    print(f"{'plain loop in fractions, extrapolated':40} {slow / len(rows) * len(lines):9.2f}   {ratio:.0f}× as long")
    state(lines, profile)
    print(f"total {settlement.total_yuan:,} yuan; 30 rows compared with the plain loop: equal")


if __name__ == "__main__":
    main()
