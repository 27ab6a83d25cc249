"""The settlement formula beside vectors worked by hand (C1–C9, thresholds, derivatives)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from vbp.sections.html import Cell
from vbp.sections.proofs.proof import Proof, proof, read
from vbp.words import MISSING

# what every settlement vector shares; a vector of two items has two non-selected amounts
ITEM = {
    "hospital_id": "H1",
    "batch_id": "B1",
    "agreement_year": 1,
    "pre_price_yuan": "5.00",
    "agreed_quantity_units": "70000",
    "selected_price_yuan": "1.20",
    "fund_ratio": "0.70",
    "insured_share": "0.90",
}


def surplus_vectors(lang: str) -> Proof:
    """Return each vector's net surplus and payout, worked by hand and by the library."""
    from vbp.rules import load_profile

    rows: list[tuple[list[Cell | str], bool]] = []
    for row in read("surplus_vectors.csv"):
        got = _settled(row)
        net = not row["net_yuan"] or got["net_yuan"] == Decimal(row["net_yuan"])
        same = net and got["retained_yuan"] == Decimal(row["retained_yuan"])
        cells: list[Cell | str] = [
            row["vector"],
            row[f"conditions_{lang}"],
            load_profile(row["profile"]).title.say(lang),
        ]
        for name in ("net_yuan", "retained_yuan"):
            cells += [_yuan(row[name]), _yuan(got[name] if row[name] else "")]
        rows.append((cells, same))
    columns = ("vector", "given", "profile", "net_expected", "net_recomputed", "payout_expected", "payout_recomputed")
    return proof(columns, rows, lang, "surplus-vectors")


def _yuan(value: Any) -> Cell:
    """Return an amount to the fen; a gap where the vector says nothing about it."""
    if value == "":
        return Cell(MISSING, "")
    return Cell(f"{Decimal(value):,.2f}".replace("-", "−"), value)


def _settled(row: Mapping[str, str]) -> Any:
    import pandas as pd

    from vbp.rules import load_profile
    from vbp.surplus import settle

    profile = load_profile(row["profile"]).with_switches(
        **dict(pair.split("=") for pair in row["switches"].split() if pair)
    )
    shared = {name: row[name] for name in ("base_quantity_units", "actual_quantity_units", "score")}
    items = [
        {**ITEM, **shared, "generic": f"g{number}", "nonselected_amount_yuan": amount}
        for number, amount in enumerate(row["nonselected_amount_yuan"].split("+"))
    ]
    return settle(pd.DataFrame(items), profile).table.iloc[0]
