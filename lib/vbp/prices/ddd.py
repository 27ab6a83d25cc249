"""Defined daily doses (限定日剂量): DDDs used, cost per DDD (DDDc), DDDs per 1,000 people and day (DID)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from vbp.exact import DEEP
from vbp.words import say
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.ledger import Panels


@dataclass(frozen=True)
class DddResult:
    """`table`: the groups' DDDs and cost per DDD; `missing`: products without a DDD, with their spending."""

    table: pd.DataFrame
    missing: pd.DataFrame
    missing_share: float
    assumptions: tuple[Said, ...]

    def text(self, lang: str) -> str:
        """Return how much of spending has a DDD."""
        return say(
            "prices.ddd", lang, groups=len(self.table), missing=len(self.missing), share=f"{self.missing_share:.1%}"
        )


def per_ddd(frame: pd.DataFrame, by: str = "generic") -> DddResult:
    """Return DDDs and yuan per DDD by group.

    Parameters
    ----------
    frame
        `product_id`, `by`, `quantity_units` (minimum units), `amount_yuan`, `ddd_units` (minimum units that make one
        DDD: DDD / strength). A product without a DDD, or with one of zero or below, is listed apart and its share of
        spending stated; it never counts as zero doses.
    """
    known = pd.Series([_positive(value) for value in frame["ddd_units"]], index=frame.index, dtype=bool)
    seen = frame[known]
    doses = [
        DEEP.divide(Decimal(units), Decimal(ddd))
        for units, ddd in zip(seen["quantity_units"], seen["ddd_units"], strict=True)
    ]
    rows = seen.assign(ddds=pd.Series(doses, index=seen.index, dtype=object)).groupby(by, sort=True, observed=True)
    table = pd.DataFrame(
        [
            {by: key, "ddds": sum(part["ddds"], Decimal(0)), "amount_yuan": sum(part["amount_yuan"], Decimal(0))}
            for key, part in rows
        ],
        columns=[by, "ddds", "amount_yuan"],
    )
    cost: list[Any] = [
        DEEP.divide(amount, ddds) if ddds else None
        for amount, ddds in zip(table["amount_yuan"], table["ddds"], strict=True)
    ]
    table["ddd_cost_yuan"] = cost
    missing = frame.loc[~known, ["product_id", by, "amount_yuan"]].reset_index(drop=True)
    total = sum(frame["amount_yuan"], Decimal(0))
    share = float(sum(missing["amount_yuan"], Decimal(0)) / total) if total else 0.0
    return DddResult(table, missing, share, (Said("prices.assume_ddd"),))


def city_ddds(panels: Panels, products: pd.DataFrame, by: str = "generic") -> DddResult:
    """Return DDDs and cost per DDD of all purchases of a city, by generic or product.

    Parameters
    ----------
    panels
        The ledger's panels; converted units are turned back into minimum units by each product's `spec_factor`.
    products
        `product_id, generic, ddd_units`, and `spec_factor` where it is not 1.
    """
    sums = panels.product_month.groupby("product_id", observed=True)[["quantity_milliunits", "amount_fen"]].sum()
    known = products.assign(product_id=products["product_id"].astype(object)).set_index("product_id")
    names = [name for name in sums.index.astype(object) if name in known.index]
    own = known.loc[names]
    factor = [_spec(value) for value in own["spec_factor"]] if "spec_factor" in own else [Decimal(1)] * len(own)
    ddd = own["ddd_units"].astype(object).tolist() if "ddd_units" in own else [None] * len(own)
    rows = zip(sums.loc[names, "quantity_milliunits"], sums.loc[names, "amount_fen"], factor, strict=True)
    amounts = [(DEEP.divide(Decimal(int(q)).scaleb(-3), f), Decimal(int(a)).scaleb(-2)) for q, a, f in rows]
    frame = pd.DataFrame(amounts, columns=["quantity_units", "amount_yuan"], dtype=object)
    frame = frame.assign(product_id=names, generic=own["generic"].astype(object).tolist())
    return per_ddd(frame.assign(ddd_units=pd.Series(ddd, dtype=object)), by)


def _spec(value: object) -> Decimal:
    return Decimal(str(value)) if _positive(value) else Decimal(1)


def _positive(value: object) -> bool:
    return value is not None and value == value and value is not pd.NA and Decimal(str(value)) > 0


def did(ddds: Decimal, population: int, days: int) -> Decimal:
    """Return DDDs per 1,000 inhabitants and day: ddds × 1000 / (population × days)."""
    return DEEP.divide(ddds * 1000, Decimal(population) * days)


def ddd_cost_change(volume_change: Decimal, spending_change: Decimal) -> Decimal:
    """Return the change of cost per DDD implied by changes of volume and spending (shares: 0.7648 for +76.48 %)."""
    return DEEP.divide(1 + spending_change, 1 + volume_change) - 1
