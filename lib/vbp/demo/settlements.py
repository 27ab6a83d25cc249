"""Settlements (货款结算): one invoice per hospital, distributor and month for the selected products, paid or not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from vbp.demo import arrays
from vbp.demo.products import SUPPLIERS
from vbp.demo.purchases import Ledger
from vbp.demo.world import World

MEDIAN_DAYS, SPREAD = (18.0, 24.0, 34.0), 0.5
"""Median days to payment by tier (upper, middle, township) and the spread of its logarithm."""
DIRECT_MEDIAN_DAYS = 9.0
DIRECT_FROM_MONTH = 36
"""Month (from 0) from which the fund may pay distributors straight (直接结算)."""
DIRECT_SHARE = 0.6


def make_settlements(seed: int, world: World, ledger: Ledger) -> tuple[pa.Table, Mapping[str, object]]:
    """Return the table `settlements` and its planted parameters with what they came to.

    The amount of an invoice is what the ledger shows for the winners of that distributor in that month; it is dated the
    last day of the month, and left unpaid where payment would fall after the end of the ledger.
    """
    rng = arrays.stream(seed, "settlements")
    hospital, month, supplier, fen = _invoices(world, ledger)
    last = (world.calendar.starts[month].astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    direct = (month >= DIRECT_FROM_MONTH) & (rng.random(len(month)) < DIRECT_SHARE)
    median = np.where(direct, DIRECT_MEDIAN_DAYS, np.take(MEDIAN_DAYS, world.hospitals.tier[hospital]))
    days = np.maximum(np.rint(median * np.exp(rng.normal(0.0, SPREAD, len(month)))), 1).astype("timedelta64[D]")
    paid = np.where(last + days <= np.datetime64(world.calendar.end), last + days, np.datetime64("NaT"))
    number = np.char.add("F", np.char.zfill(np.arange(1, len(month) + 1).astype(str), 7))
    table = pa.table(
        {
            "hospital_id": arrays.pick(world.hospitals.ids, hospital),
            "supplier": arrays.pick([f"演示配送企业{at:02d}" for at in range(1, SUPPLIERS + 1)], supplier),
            "invoice_id": pa.array(number.tolist()),
            "invoice_date": arrays.dates(last),
            "paid_date": arrays.dates(paid),
            "amount_yuan": arrays.money(fen),
            "direct": arrays.flags(direct),
        }
    )
    return table, _planted(days.astype(int), np.isnat(paid), direct, fen)


def _invoices(world: World, ledger: Ledger) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return hospital, month, distributor and fen of every invoice: what was bought of the winners from their start."""
    billed = np.zeros((len(world.hospitals), world.calendar.months, SUPPLIERS), dtype=np.int64)
    for award in {award.product: award for award in reversed(world.awards) if award.selected}.values():
        first = world.calendar.index(award.start)
        billed[:, first:, world.products.supplier[award.product]] += ledger.fen[:, award.product, first:]
    billed[world.hospitals.tier == 3] = 0
    hospital, month, supplier = np.nonzero(billed > 0)
    return hospital, month, supplier, billed[hospital, month, supplier]


def _planted(days: np.ndarray, open_: np.ndarray, direct: np.ndarray, fen: np.ndarray) -> Mapping[str, object]:
    paid, prompt = ~open_, ~open_ & (days <= 30)
    return {
        "median_days_by_tier": list(MEDIAN_DAYS),
        "log_spread": SPREAD,
        "direct_median_days": DIRECT_MEDIAN_DAYS,
        "direct_from_month": DIRECT_FROM_MONTH,
        "direct_share": DIRECT_SHARE,
        "invoices": len(days),
        "unpaid": int(open_.sum()),
        "paid_within_30_days_count": int(prompt.sum()),
        "paid_within_30_days_share_of_paid": round(float(prompt.sum() / max(paid.sum(), 1)), 6),
        "paid_within_30_days_share_of_paid_amount": round(float(fen[prompt].sum() / max(fen[paid].sum(), 1)), 6),
        "direct_count": int(direct.sum()),
    }
