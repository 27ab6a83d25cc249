"""The rows that savings are added up from: each kind as exact amounts with the keys to cut them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vbp.fine import STEP, Fine
from vbp.ledger.rests import rest_of
from vbp.savings.keys import MISSING, Keys, codes, numbers

if TYPE_CHECKING:
    from vbp.ledger import Panels

SPAN = 10**6
"""More days than any calendar has: two days packed into one integer."""


@dataclass(frozen=True)
class Part:
    """Exact amounts of one kind of saving with a code per key: one part by hospital and year, another by month."""

    amounts: Fine
    variety: np.ndarray
    hospital: np.ndarray | None = None
    month: np.ndarray | None = None
    year: np.ndarray | None = None


def official(panels: Panels, keys: Keys, as_of: pd.Timestamp) -> Part:
    """Return (P0 − P1)·agreed volume of every agreement year that has begun; P1 as the agreement has it."""
    items = panels.items[(panels.items["start_date"] <= as_of).to_numpy()]
    variety = keys.variety(items)
    p0 = keys.p0_e10[variety]
    p1 = numbers(items["p1_e10"], MISSING)
    known = (variety >= 0) & (p0 >= 0) & (p1 >= 0)
    agreed = numbers(items["agreed_milliunits"])
    before, after = Fine.product(p0, agreed), Fine.product(p1, agreed, rest_of(items))
    amounts = before.minus(after).where(known)
    return Part(amounts, variety, codes(items["hospital_id"], keys.hospitals), year=numbers(items["agreement_year"]))


def official_by_month(panels: Panels, as_of: pd.Timestamp, whole: Part) -> tuple[list[pd.Timestamp], list[int]]:
    """Return the official saving spread evenly over the months of each agreement year: months and 10^-13 yuan.

    What does not divide evenly goes to the first months, so that nothing is lost.
    """
    items = panels.items[(panels.items["start_date"] <= as_of).to_numpy()]
    days = [items[name].to_numpy(dtype="datetime64[D]").astype(np.int64) for name in ("start_date", "end_date")]
    own, spans = pd.factorize(days[0] * SPAN + days[1])
    sums = whole.amounts.grouped(own, len(spans))
    found: dict[pd.Timestamp, int] = {}
    for span, high, low in zip(spans, sums.high, sums.low, strict=True):
        start, end = (pd.Timestamp(np.datetime64(int(day), "D")) for day in divmod(int(span), SPAN))
        months = months_of(start, end)
        each, rest = divmod(int(high) * STEP + int(low), len(months))
        for number, month in enumerate(months):
            found[month] = found.get(month, 0) + each + (number < rest)
    order = sorted(found)
    return order, [found[month] for month in order]


def months_of(start: pd.Timestamp, end: pd.Timestamp) -> list[pd.Timestamp]:
    """Return the months most of whose days lie in start … end (at least one: the start's)."""
    months = pd.date_range(start.replace(day=1), end, freq="MS")
    kept = []
    for month in months:
        last = month + pd.offsets.MonthEnd(0)
        days = (min(end, last) - max(start, month)).days + 1
        if 2 * days >= last.day:
            kept.append(month)
    return kept or [start.replace(day=1)]


def realised(panels: Panels, keys: Keys) -> Part:
    """Return P0·quantity − amount paid, of all purchases of winners, by hospital."""
    rows = panels.selected
    variety = keys.variety(rows)
    amounts = _against_p0(keys, variety, numbers(rows["quantity_milliunits"]), numbers(rows["amount_fen"]))
    return Part(amounts, variety, codes(rows["hospital_id"], keys.hospitals), year=numbers(rows["period"]))


def realised_by_month(panels: Panels, keys: Keys) -> Part:
    """Return the same saving by month, from product × month."""
    rows = panels.product_month[(panels.product_month["status"] == "selected").to_numpy()]
    variety = keys.variety(rows)
    amounts = _against_p0(keys, variety, numbers(rows["quantity_milliunits"]), numbers(rows["amount_fen"]))
    return Part(amounts, variety, month=codes(rows["month"], keys.months))


def _against_p0(keys: Keys, variety: np.ndarray, quantity: np.ndarray, fen: np.ndarray) -> Fine:
    p0 = keys.p0_e10[variety]
    known = (variety >= 0) & (p0 >= 0)
    return Fine.product(np.where(known, p0, 0), quantity).minus(Fine.fen(fen)).where(known)


def excess(panels: Panels, keys: Keys) -> Part:
    """Return what winners were paid above (or below: negative) their own selected price, by hospital."""
    rows = panels.selected
    p1 = numbers(rows["p1_e10"], MISSING)
    variety = keys.variety(rows)
    known = (p1 >= 0) & (variety >= 0) & (keys.p0_e10[variety] >= 0)
    paid = Fine.fen(numbers(rows["amount_fen"]))
    amounts = paid.minus(Fine.product(np.where(known, p1, 0), numbers(rows["quantity_milliunits"]))).where(known)
    return Part(amounts, variety, codes(rows["hospital_id"], keys.hospitals), year=numbers(rows["period"]))


def excess_by_month(panels: Panels, keys: Keys) -> Part:
    """Return the same excess by month."""
    rows = panels.product_month[(panels.product_month["status"] == "selected").to_numpy()]
    p1 = numbers(rows["p1_e10"], MISSING)
    variety = keys.variety(rows)
    known = (p1 >= 0) & (variety >= 0) & (keys.p0_e10[variety] >= 0)
    paid = Fine.fen(numbers(rows["amount_fen"]))
    amounts = paid.minus(Fine.product(np.where(known, p1, 0), numbers(rows["quantity_milliunits"]))).where(known)
    return Part(amounts, variety, month=codes(rows["month"], keys.months))


def potential(panels: Panels, keys: Keys) -> tuple[Part, Part]:
    """Return what the non-selected use would save at the selected price, and the lawful part of it, by hospital.

    Per hospital × batch × generic × agreement year: max(N − P1·non-selected quantity, 0), P1 the main supplier's. The
    lawful part is the share of the quantity that the contract leaves free: reported less agreed volume; all of it
    where a hospital has no agreement.
    """
    cells = panels.cells[(panels.cells["nonselected_fen"] != 0).to_numpy()]
    variety = keys.variety(cells)
    p1 = keys.p1_main_e10[variety]
    known = (variety >= 0) & (p1 >= 0) & (keys.p0_e10[variety] >= 0)
    quantity = numbers(cells["nonselected_milliunits"])
    spent = Fine.fen(numbers(cells["nonselected_fen"]))
    amounts = spent.minus(Fine.product(np.where(known, p1, 0), quantity)).where(known & (quantity > 0)).floored()
    hospital, year = codes(cells["hospital_id"], keys.hospitals), numbers(cells["period"])
    free = _free_volume(panels, keys, hospital, variety, year)
    share = np.where(np.isnan(free), 1.0, np.divide(free, quantity, out=np.ones(len(free)), where=quantity > 0))
    whole = Part(amounts, variety, hospital, year=year)
    return whole, Part(amounts.shared(np.minimum(share, 1.0)), variety, hospital, year=year)


def _free_volume(panels: Panels, keys: Keys, hospital: np.ndarray, variety: np.ndarray, year: np.ndarray) -> np.ndarray:
    """Return per cell the reported volume that no agreement binds (thousandths of a unit); NaN without an agreement."""
    items = panels.items
    own_variety, own_year = keys.variety(items), numbers(items["agreement_year"])
    # a dense table hospital × variety × year: varieties by their place among those with prices, years from −1 on
    place = np.full(len(keys.p0_e10) + 1, len(panels.prices))
    place[keys.variety(panels.prices)] = np.arange(len(panels.prices))
    years = int(max(year.max(initial=0), own_year.max(initial=0))) + 2

    def key(h: np.ndarray, v: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray((h * (len(panels.prices) + 1) + place[v]) * years + y + 1)

    own = key(codes(items["hospital_id"], keys.hospitals), own_variety, own_year)
    free = numbers(items["base_milliunits"]) - numbers(items["agreed_milliunits"])
    size = len(keys.hospitals) * (len(panels.prices) + 1) * years
    sums = np.maximum(np.bincount(own, weights=free, minlength=size), 0.0)
    agreed = np.bincount(own, minlength=size) > 0
    cell = key(hospital, variety, year)
    return np.where(agreed[cell], sums[cell], np.nan)


def spread(sums: Fine, weights: np.ndarray) -> Fine:
    """Return each group's amount shared out over the columns of `weights` (groups × columns), then added up by column.

    Shares are rounded to 10^-7 yuan; what that leaves goes to the group's heaviest column, the first one where a group
    has no weight at all, so that nothing is lost.
    """
    total = weights.sum(axis=1, keepdims=True).astype(float)
    shares = np.divide(weights, total, out=np.zeros(weights.shape), where=total > 0)
    pieces = np.rint(sums.high[:, None] * shares).astype(np.int64)
    heaviest = weights.argmax(axis=1)
    rows = np.arange(len(weights))
    pieces[rows, heaviest] += sums.high - pieces.sum(axis=1)
    return Fine.of(
        pieces.sum(axis=0), np.bincount(heaviest, weights=sums.low, minlength=weights.shape[1]).astype(np.int64)
    )
