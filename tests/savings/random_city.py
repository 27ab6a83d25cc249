"""A small invented city drawn by hypothesis: purchases, agreements, awards, and its panels built in plain loops."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from types import SimpleNamespace

import pandas as pd
from hypothesis import strategies as st

HOSPITALS = ("H1", "H2", "H3")
BATCHES = {"B1": (12, 2), "B2": (15, 1)}
"""Start month (0 is 2021-01) and agreement years; B2 starts after B1."""
VARIETIES = {"甲": "B1", "乙": "B1", "丙": "B2"}
PRODUCTS = {
    "w甲": ("甲", 14),
    "n甲": ("甲", 7),
    "w乙": ("乙", 10),
    "n乙": ("乙", 10),
    "w丙": ("丙", 1),
    "n丙": ("丙", 3),
    "alt": ("丁", 1),
    "off": ("戊", 1),
}
"""Product: generic, converted units per pack. w… wins, n… does not, alt is a substitute of 甲."""
GROUPS = {"w甲": "G", "n甲": "G", "alt": "G"}


@dataclass(frozen=True)
class City:
    """Purchases `(hospital, month, product, packs, fen)`, agreements, P0 and pack prices as drawn."""

    purchases: tuple[tuple[str, int, str, int, int], ...]
    agreements: dict[tuple[str, str, int], tuple[int, int]]
    p0_e10: dict[str, int | None]
    price_fen: dict[str, int]


purchase = st.tuples(
    st.sampled_from(HOSPITALS),
    st.integers(0, 39),
    st.sampled_from(sorted(PRODUCTS)),
    st.integers(1, 10**5),
    st.integers(1, 10**9),
)
agreement = st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)).map(lambda pair: (max(pair), min(pair)))
cities = st.builds(
    City,
    st.lists(purchase, min_size=1, max_size=40).map(tuple),
    st.dictionaries(
        st.tuples(st.sampled_from(HOSPITALS), st.sampled_from(sorted(VARIETIES)), st.integers(1, 2)),
        agreement,
        max_size=8,
    ).map(lambda found: {key: pair for key, pair in found.items() if key[2] <= BATCHES[VARIETIES[key[1]]][1]}),
    st.fixed_dictionaries({g: st.none() | st.integers(1, 10**7).map(lambda x: x * 10**6) for g in VARIETIES}),
    st.fixed_dictionaries({f"w{g}": st.integers(1, 10**6) for g in VARIETIES}),
)


def month(number: int) -> pd.Timestamp:
    return pd.Timestamp(2021 + number // 12, number % 12 + 1, 1)


def p1_e10(city: City, generic: str) -> int:
    units = PRODUCTS[f"w{generic}"][1]
    return (2 * city.price_fen[f"w{generic}"] * 10**8 + units) // (2 * units)


def judged(row) -> tuple[str, str | None, int]:
    """Status, batch and period of one purchase."""
    _, at, product, _, _ = row
    generic = PRODUCTS[product][0]
    if generic in VARIETIES:
        start, years = BATCHES[VARIETIES[generic]]
        if start <= at < start + 12 * years:
            return ("selected" if product[0] == "w" else "nonselected"), VARIETIES[generic], (at - start) // 12 + 1
        return (
            "outside",
            VARIETIES[generic] if start - 12 <= at < start else None,
            0 if start - 12 <= at < start else -1,
        )
    start, years = BATCHES["B1"]
    return ("alternative", "B1", -1) if product == "alt" and start <= at < start + 12 * years else ("outside", None, -1)


def panels_of(city: City) -> SimpleNamespace:
    """Build the panels of docs/panels.md, as far as the numbers read them, in plain loops."""
    months, cells, selected = (
        defaultdict(lambda: [0, 0]),
        defaultdict(lambda: defaultdict(int)),
        defaultdict(lambda: [0, 0]),
    )
    for row in city.purchases:
        hospital, at, product, packs, fen = row
        generic, size = PRODUCTS[product]
        status, batch, period = judged(row)
        milli = packs * size * 1000
        for sums in (
            months[product, generic, month(at), status, batch],
            *([selected[hospital, batch, generic, period, product]] if status == "selected" else []),
        ):
            sums[0] += milli
            sums[1] += fen
        cell = cells[hospital, batch, generic, period]
        cell[f"{status}_milliunits"] += milli
        cell[f"{status}_fen"] += fen
    return SimpleNamespace(
        product_month=_frame(
            [(*key, *sums, p1_e10(city, key[1]) if key[3] == "selected" else pd.NA) for key, sums in months.items()],
            ["product_id", "generic", "month", "status", "batch_id", "quantity_milliunits", "amount_fen", "p1_e10"],
        ),
        cells=_cells(cells),
        selected=_frame(
            [(*key, *sums, p1_e10(city, key[2])) for key, sums in selected.items()],
            [
                "hospital_id",
                "batch_id",
                "generic",
                "period",
                "product_id",
                "quantity_milliunits",
                "amount_fen",
                "p1_e10",
            ],
        ),
        prices=_prices(city),
        items=_items(city, cells),
        awards=_awards(city),
    )


def _frame(rows, columns) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    for name in columns:
        if name in ("hospital_id", "batch_id", "generic", "product_id", "status"):
            frame[name] = frame[name].astype("category")
        elif name.endswith("_e10"):
            frame[name] = frame[name].astype("Int64")
        elif name.endswith(("milliunits", "_fen", "period")):
            frame[name] = frame[name].astype("int64")
    return frame.astype({"month": "datetime64[us]"}) if "month" in columns else frame


def _cells(cells) -> pd.DataFrame:
    sums = [
        f"{status}_{unit}"
        for status in ("selected", "nonselected", "elsewhere", "alternative", "outside")
        for unit in ("milliunits", "fen")
    ]
    return _frame(
        [(*key, *(cell[name] for name in sums)) for key, cell in cells.items()],
        ["hospital_id", "batch_id", "generic", "period", *sums],
    )


def _run(batch: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    start, years = BATCHES[batch]
    return month(start), month(start + 12 * years) - pd.Timedelta(days=1)


def _prices(city: City) -> pd.DataFrame:
    rows = [
        (
            batch,
            generic,
            *_run(batch),
            city.p0_e10[generic],
            "none" if city.p0_e10[generic] is None else "ledger",
            None,
            p1_e10(city, generic),
        )
        for generic, batch in VARIETIES.items()
    ]
    return _frame(
        [tuple(pd.NA if x is None and i == 4 else x for i, x in enumerate(row)) for row in rows],
        ["batch_id", "generic", "start_date", "end_date", "p0_e10", "p0_source", "p0_basis", "p1_main_e10"],
    )


def _awards(city: City) -> pd.DataFrame:
    return _frame(
        [
            (VARIETIES[g], f"w{g}", g, *_run(VARIETIES[g]), "main", PRODUCTS[f"w{g}"][1] * 1000, p1_e10(city, g))
            for g in VARIETIES
        ],
        ["batch_id", "product_id", "generic", "start_date", "end_date", "supply_role", "pack_milliunits", "p1_e10"],
    )


def _items(city: City, cells) -> pd.DataFrame:
    rows = []
    for (hospital, generic, year), (base, agreed) in city.agreements.items():
        batch = VARIETIES[generic]
        first = BATCHES[batch][0] + 12 * (year - 1)
        cell = cells.get((hospital, batch, generic, year), {})
        rows.append(
            (
                batch,
                hospital,
                generic,
                None,
                year,
                month(first),
                month(first + 12) - dt.timedelta(days=1),
                base,
                agreed,
                cell.get("selected_milliunits", 0),
                cell.get("selected_fen", 0),
                p1_e10(city, generic),
            )
        )
    return _frame(
        rows,
        [
            "batch_id",
            "hospital_id",
            "generic",
            "product_id",
            "agreement_year",
            "start_date",
            "end_date",
            "base_milliunits",
            "agreed_milliunits",
            "actual_milliunits",
            "actual_fen",
            "p1_e10",
        ],
    )


def products_frame() -> pd.DataFrame:
    return pd.DataFrame(
        [(p, g, GROUPS.get(p), p[0] == "n") for p, (g, _) in PRODUCTS.items()],
        columns=["product_id", "generic", "substitute_group", "originator"],
    )
