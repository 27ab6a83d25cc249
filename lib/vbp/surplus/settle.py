"""Settle retained surplus: budget, expenditure, base, ratio and payout per hospital × batch × agreement year.

    B = Σ V·P0·r·s·(1−x)      V = Q0, last year's volume, or Q under the simple formula
    E = Σ (Q·P1 + N)·r·s·(1−x)
    base = Σ over units of max(B − E, 0)      payout = round(k·base), once per row, after adding the funds

Source: 医保发〔2020〕26号 as restated by public documents; variants are switches of the rule profile (docs/rules.md).
All arithmetic is in integers (`vbp.surplus.scaled`); nothing is rounded before the payout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd

from vbp.rules import Profile
from vbp.surplus import lines as line_tables
from vbp.surplus import scaled
from vbp.surplus.columns import COST
from vbp.surplus.judge import Judged, judge
from vbp.surplus.lines import Lines, starts
from vbp.surplus.scaled import Scaled


@dataclass(frozen=True)
class Amounts:
    """What each line brings, exactly: volumes and prices of B and E, N as the profile counts it, weight r·s·(1−x).

    `cost` is Q·P1 where prices are quotients (`columns.COST`), to ten decimals; None: `agreed` times `selected_price`.
    """

    volume: Scaled
    pre_price: Scaled
    agreed: Scaled
    selected_price: Scaled
    nonselected: Scaled
    weight: Scaled
    cost: Scaled | None = None

    @property
    def digits(self) -> int:
        """Decimals of an amount before the weight, common to all three terms."""
        spent = self.cost.digits if self.cost else self.agreed.digits + self.selected_price.digits
        return max(self.volume.digits + self.pre_price.digits, spent, self.nonselected.digits)

    def on_agreed(self, index: np.ndarray) -> Scaled:
        """Return what the agreed volume costs at the selected price, of some lines."""
        return self.cost.take(index) if self.cost else self.agreed.take(index).product(self.selected_price.take(index))


@dataclass(frozen=True)
class Sums:
    """Per row, as Python integers over `10**digits`: budget, expenditure, base, and k·base over `10**paid_digits`."""

    budget: np.ndarray
    expenditure: np.ndarray
    base: np.ndarray
    paid: np.ndarray
    digits: int
    paid_digits: int


def settle_lines(lines: Lines, profile: Profile, as_of: date | None = None) -> tuple[Judged, Amounts, Sums]:
    """Return who is settled and why, what each line brings, and the sums per row."""
    judged = judge(lines, profile, as_of)
    amounts = amounts_of(lines, profile)
    return judged, amounts, _sums(lines, profile, judged, amounts)


def amounts_of(lines: Lines, profile: Profile) -> Amounts:
    """Return each line's volumes, prices, counted N and weight under the profile's switches."""
    number, rules = lines.numbers, profile.settlement
    weight = number["fund_ratio"].product(number["insured_share"])
    if rules.payment_reform_exclusion:
        share = number["excluded_share"]
        weight = weight.product(
            scaled.constant(1, len(lines)).minus(Scaled(share.numbers, share.digits, np.ones(len(lines), dtype=bool)))
        )
    return Amounts(
        _volume(lines, profile),
        number["pre_price_yuan"],
        number["agreed_quantity_units"],
        number["selected_price_yuan"],
        _nonselected(lines, profile),
        weight,
        number.get(COST),
    )


def _volume(lines: Lines, profile: Profile) -> Scaled:
    reported, last = lines.numbers["base_quantity_units"], lines.numbers["last_year_quantity_units"]
    if profile.settlement.non_selected == "none":
        return lines.numbers["agreed_quantity_units"]
    return last.where(last.known, reported) if profile.settlement.base_volume == "last_year_actual" else reported


def _nonselected(lines: Lines, profile: Profile) -> Scaled:
    spent, rule = lines.numbers["nonselected_amount_yuan"], profile.settlement.non_selected
    if rule == "none":
        return scaled.constant(0, len(lines))
    if rule in ("leave_out_evaluated", "leave_out_cheaper"):
        part = "nonselected_evaluated_yuan" if rule == "leave_out_evaluated" else "nonselected_cheaper_yuan"
        spent = spent.minus(lines.numbers[part])
    elsewhere = lines.numbers["elsewhere_amount_yuan"]
    if profile.settlement.elsewhere == "non_selected" and elsewhere.known.any():
        spent = spent.minus(Scaled(-elsewhere.numbers, elsewhere.digits, np.ones(len(lines), dtype=bool)))
    return spent


def unit_codes(lines: Lines, profile: Profile) -> np.ndarray:
    """Number the units that are floored at zero: items, generics or rows, each fund apart where the profile says so."""
    rules = profile.settlement
    if rules.flooring == "each_item" or rules.unit == "spec":
        unit = lines.item
    elif rules.unit == "generic":
        unit = line_tables.numbered([lines.row, line_tables.ranks(lines.facts["generic"])])
    else:
        unit = lines.row
    if rules.funds == "together" or not lines.has("fund"):
        return unit
    return line_tables.numbered_any([unit, line_tables.ranks(lines.facts["fund"])])


def _sums(lines: Lines, profile: Profile, judged: Judged, amounts: Amounts) -> Sums:
    """Add lines of one unit and weight, weigh, net per unit, floor, add units to rows; all in integers."""
    unit = unit_codes(lines, profile)
    weight, ratio = amounts.weight.numbers, judged.ratio.numbers
    order, begin = _cells(unit, weight)
    digits = amounts.digits
    cell_budget = _dot(amounts.volume, amounts.pre_price, judged.counted, order, begin, digits)
    cell_spent = (
        _add(amounts.cost, judged.counted, order, begin, digits)
        if amounts.cost
        else _dot(amounts.agreed, amounts.selected_price, judged.counted, order, begin, digits)
    )
    cell_spent = cell_spent + _add(amounts.nonselected, judged.counted, order, begin, digits)
    first = order[begin]
    cell_weight = scaled.wide(weight[first])
    cell_budget, cell_spent = cell_budget * cell_weight, cell_spent * cell_weight
    by_unit = starts(unit[first])
    unit_net = scaled.group_sum(cell_budget - cell_spent, by_unit)
    unit_base = np.where(unit_net > 0, unit_net, 0)
    unit_row, unit_ratio = lines.row[first[by_unit]], scaled.wide(ratio[first[by_unit]])
    by_row, cell_by_row = starts(unit_row), starts(lines.row[first])
    total = digits + amounts.weight.digits
    return Sums(
        scaled.group_sum(cell_budget, cell_by_row),
        scaled.group_sum(cell_spent, cell_by_row),
        scaled.group_sum(unit_base, by_row),
        scaled.group_sum(unit_base * unit_ratio, by_row),
        total,
        total + judged.ratio.digits,
    )


def _cells(unit: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an order in which lines of one unit and weight stand together, and where each such cell begins."""
    weight_code, _ = pd.factorize(weight)
    order = np.lexsort([weight_code, unit])
    change = np.ones(len(order), dtype=bool)
    change[1:] = (unit[order][1:] != unit[order][:-1]) | (weight_code[order][1:] != weight_code[order][:-1])
    return order, np.flatnonzero(change)


def _dot(
    left: Scaled, right: Scaled, counted: np.ndarray, order: np.ndarray, begin: np.ndarray, digits: int
) -> np.ndarray:
    sums = scaled.group_dot(_masked(left.numbers, counted)[order], right.numbers[order], begin)
    return scaled.wide(sums) * 10 ** (digits - left.digits - right.digits)


def _add(column: Scaled, counted: np.ndarray, order: np.ndarray, begin: np.ndarray, digits: int) -> np.ndarray:
    return scaled.wide(scaled.group_sum(_masked(column.at(digits), counted)[order], begin))


def _masked(numbers: np.ndarray, counted: np.ndarray) -> np.ndarray:
    return np.where(counted, numbers, 0)


def net_across_batches(lines: Lines, sums: Sums) -> dict[int, Fraction]:
    """Return each row's share of its hospital's base where all batches of a year are netted first (unit: hospital).

    The hospital's base max(Σ net, 0) goes to the rows with a positive net in proportion to it: a row in deficit gets
    nothing and lowers the others.
    """
    facts = lines.facts.iloc[lines.row_starts]
    net = sums.budget - sums.expenditure
    shares: dict[int, Fraction] = {}
    for rows in facts.reset_index(drop=True).groupby(["hospital_id", "agreement_year"], observed=True).indices.values():
        positive = sum(max(int(net[row]), 0) for row in rows)
        whole = max(sum(int(net[row]) for row in rows), 0)
        for row in rows:
            shares[int(row)] = Fraction(max(int(net[row]), 0) * whole, positive) if positive else Fraction(0)
    return shares
