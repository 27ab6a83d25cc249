"""What to look at in panels that were made: purchases that matched nothing, thin evidence for P0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.errors import Problem

if TYPE_CHECKING:
    from vbp.ledger.panels import Panels

REASONS = {
    "product_unknown": (
        "products does not list this product; its purchases are counted as outside, without a quantity",
        "product_id",
    ),
    "hospital_unknown": ("hospitals does not list this hospital; its purchases are counted", "hospital_id"),
    "no_pack_size": ("units_per_pack is missing, so its packs count as no units; amounts are counted", "product_id"),
}


def warnings(panels: Panels) -> tuple[Problem, ...]:
    """Return warnings in a fixed order: unmatched purchases, then P0 from one hospital or with months missing."""
    found = [
        Problem(
            REASONS[row["reason"]][0],
            rule=row["reason"],
            level="warning",
            table="usage",
            column=REASONS[row["reason"]][1],
            value=str(row[REASONS[row["reason"]][1]]),
        )
        for row in panels.unmatched.to_dict("records")
    ]
    ledger = panels.prices[panels.prices["p0_source"] == "ledger"]
    if len(ledger) and int(ledger["p0_hospitals"].iloc[0]) == 1:
        found.append(
            Problem(
                f"P0 of {len(ledger)} varieties comes from one hospital's purchases; the mean price over the "
                "city may differ",
                rule="p0_one_hospital",
                level="warning",
                table="usage",
            )
        )
    thin = ledger[ledger["p0_months_seen"] < 12]
    found += [
        Problem(
            f"P0 of {row.generic} in batch {row.batch_id} rests on {row.p0_months_seen} of 12 months before the start",
            rule="p0_months",
            level="warning",
            table="usage",
        )
        for row in thin.itertuples()
    ]
    return tuple(found)
