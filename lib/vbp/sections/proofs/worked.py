"""Prices, units, ratios, payment standard and reimbursement beside values worked by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from vbp.sections.html import Cell
from vbp.sections.proofs.proof import Proof, proof, read
from vbp.words import say

USED = (("7.80", 20_000), ("4.50", 60_000), ("2.00", 20_000))
"""C11: what three products of one generic cost a unit, and how many units were bought."""
PACKS = ((100, 14, 2), (50, 28, 1))
"""Packs, units a pack and spec factor: 100 boxes of 14 × 10 mg and 50 of 28 × 5 mg, main spec 5 mg."""


def worked_vectors(lang: str) -> Proof:
    """Return each known answer with what it is about, worked by hand and by the library."""
    rows: list[tuple[list[Cell | str], bool]] = []
    for row in read("worked_vectors.csv"):
        ours = VECTORS[row["vector"]]()
        held = abs(ours - Decimal(row["expected"])) <= Decimal(row["tolerance"])
        places = max(2, -int(Decimal(row["expected"]).as_tuple().exponent))
        shown = f"{float(ours):,.{places}f}".replace("-", "−")
        expected = row["expected"].replace("-", "−")
        rows.append(([say(f"worked.{row['vector']}", lang), Cell(expected, row["expected"]), Cell(shown, ours)], held))
    return proof(("given", "expected", "recomputed"), rows, lang, "worked-vectors")


def price_ratio_vectors(lang: str) -> Proof:
    """Return the worked conversions of the price-ratio rules."""
    from vbp.prices.ratio_rules import Spec, convert

    rows: list[tuple[list[Cell | str], bool]] = []
    for row in read("price_ratio_vectors.csv"):
        found = convert(
            Decimal(row["price_yuan"]),
            Spec.of(row["strength"], row["pieces"]),
            Spec.of(row["to_strength"], row["to_pieces"]),
        )
        given = say("play_proof.conversion", lang, **row)
        held = found.price_yuan == Decimal(row["printed_yuan"])
        rows.append(
            (
                [given, Cell(row["printed_yuan"], row["printed_yuan"]), Cell(str(found.price_yuan), found.price_yuan)],
                held,
            )
        )
    return proof(("given", "expected", "recomputed"), rows, lang, "price-ratio-vectors")


def _p0() -> Decimal:
    """Return the price before that the ledger gives for C11."""
    price = _ledger().prices.iloc[0]
    return Decimal(int(price["p0_e10"])).scaleb(-10)


def _units() -> Decimal:
    """Return the converted units of `PACKS` in the ledger."""
    rows = _ledger().product_month
    own = rows[rows["product_id"].astype(str).str.startswith("U")]
    return Decimal(int(own["quantity_milliunits"].sum())) / 1000


def _ledger() -> Any:
    """Return the panels of a small folder: C11's purchases in the year before a batch, and the packs to convert."""
    from vbp.ledger import build
    from vbp.tables import read_inputs

    products = [(f"P{i}", "甲", 1, 1) for i in range(len(USED))] + [
        (f"U{i}", "乙", size, factor) for i, (_, size, factor) in enumerate(PACKS)
    ]
    used = [("2022-06", f"P{i}", units, units * Decimal(price)) for i, (price, units) in enumerate(USED)]
    used += [("2022-06", f"U{i}", packs, Decimal(packs)) for i, (packs, _, _) in enumerate(PACKS)]
    tables: dict[str, list[tuple[Any, ...]]] = {
        "hospitals": [("hospital_id", "name", "tier", "ownership"), ("H1", "一院", "三级", "公立")],
        "products": [
            (
                "product_id",
                "generic",
                "category",
                "dosage_form",
                "strength",
                "units_per_pack",
                "spec_factor",
                "manufacturer",
            ),
            *((name, generic, "药品", "片剂", "5mg", size, factor, "厂") for name, generic, size, factor in products),
        ],
        "varieties": [
            ("batch_id", "generic", "unit_name", "level", "category", "cycle"),
            ("B1", "甲", "片", "国家", "药品", 1),
        ],
        "awards": [
            ("batch_id", "product_id", "start_date", "end_date", "selected_price_yuan", "supply_role"),
            ("B1", "P0", "2023-01-01", "2023-12-31", "1.20", "主供"),
        ],
        "usage": [
            ("hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"),
            *(("H1", *row) for row in (*used, ("2023-01", "P0", 1, Decimal("1.20")))),
        ],
    }
    city = "name_zh: 算例\nname_en: Vectors\nprovince: 算例\nrule_profile: national-2020\n"
    with tempfile.TemporaryDirectory(prefix="vbp-") as name:
        folder = Path(name)
        (folder / "city.yaml").write_text(city, encoding="utf-8")
        for table, rows in tables.items():
            text = "".join(",".join(map(str, row)) + "\n" for row in rows)
            (folder / f"{table}.csv").write_text(text, encoding="utf-8")
        return build(read_inputs(folder))


def _cut(column: str) -> Decimal:
    import pandas as pd

    from vbp.prices.cuts import cuts

    columns = ["pre_price_yuan", "post_price_yuan", "quantity_units"]
    rows = [("10", "1", "1000"), ("2", "1.6", "9000")]
    frame = pd.DataFrame([[Decimal(value) for value in row] for row in rows], columns=columns, dtype=object)
    return Decimal(cuts(frame.assign(baseline="p0")).table[column].iloc[0])


def _ddd_change() -> Decimal:
    from vbp.prices.ddd import ddd_cost_change

    return 100 * ddd_cost_change(Decimal("0.7648"), Decimal("-0.4543"))


def _content(times: str) -> Decimal:
    from vbp.prices.ratio_rules import content_ratio

    return content_ratio(Decimal(times))


def _packs(times: Decimal) -> Decimal:
    from vbp.prices.ratio_rules import pack_ratio

    return pack_ratio(times)


def _standard(name: str) -> Decimal:
    from vbp.benefit.standard import purchase_share

    return Decimal(getattr(purchase_share(Decimal(10), Decimal(5), Decimal("0.70")), name))


def _reimbursed(name: str) -> Decimal:
    from vbp.benefit.profile import benefit_profile
    from vbp.benefit.reimbursement import Case, reimburse

    scheme = benefit_profile("beijing-2024").schemes["employee_active_inpatient_level2"]
    return Decimal(getattr(reimburse(scheme, Case(Decimal(6000), Decimal(5600))), name))


VECTORS: dict[str, Callable[[], Decimal]] = {
    "p0": _p0,
    "simple_cut": lambda: _cut("simple_cut_percent"),
    "weighted_cut": lambda: _cut("weighted_cut_percent"),
    "weighted_saving": lambda: _cut("saving_yuan"),
    "converted_units": _units,
    "ddd_change": _ddd_change,
    "content_ratio": lambda: _content("2"),
    "pack_ratio_4": lambda: _packs(Decimal(4)),
    "pack_ratio_half": lambda: _packs(Decimal("0.5")),
    "pack_ratio_28_30": lambda: _packs(Decimal(28) / 30),
    "ratio_inverse": lambda: _packs(Decimal(4)) * _packs(Decimal("0.25")),
    "ratio_chain": lambda: _content("2") * _packs(Decimal(2)) * _packs(Decimal(2)),
    "standard_twice": lambda: _standard("standard_yuan"),
    "patient_pays": lambda: _standard("patient_yuan"),
    "reimbursed_fund": lambda: _reimbursed("fund_yuan"),
    "reimbursed_patient": lambda: _reimbursed("patient_yuan"),
}
"""What each vector of `data/reference/worked_vectors.csv` calls."""
