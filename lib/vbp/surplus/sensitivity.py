"""What moves a payout: switches and inputs one at a time (tornado), values per unit, agreed volumes just missed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from vbp.rules import Profile
from vbp.surplus import scaled
from vbp.surplus.lines import Lines
from vbp.surplus.reasons import BIT
from vbp.surplus.result import Settlement, item_table, settle
from vbp.surplus.scaled import Scaled
from vbp.surplus.settle import unit_codes
from vbp.surplus.show import what_text
from vbp.words import say

SWITCHES: dict[str, tuple[Any, ...]] = {
    "flooring": ("net_first", "each_item"),
    "non_selected": ("all", "none"),
    "eligibility": ("each_item", "all_items", "batch_total"),
    "funds": ("apart", "together"),
    "renewal": ("rounds_out", "all"),
    "county_groups": ("settled", "left_out"),
    "payment_reform_exclusion": (False, True),
    "base_volume": ("reported", "last_year_actual"),
    "missing_inputs": ("withhold", "settle_rest"),
    "completion_threshold": ("0.9", "1.0"),
}
"""Switches that a tornado turns, with the values it tries."""
NEEDED = {"payment_reform_exclusion": "excluded_share", "base_volume": "last_year_quantity_units"}
INPUTS = (
    "pre_price_yuan",
    "selected_price_yuan",
    "nonselected_amount_yuan",
    "base_quantity_units",
    "fund_ratio",
    "insured_share",
    "actual_quantity_units",
    "score",
)
HIGHEST = {"fund_ratio": 1, "insured_share": 1, "score": 100}


@dataclass(frozen=True)
class Tornado:
    """`table`: one row per switch or input: `kind, what, low, high, low_yuan, high_yuan, base_yuan, swing_yuan`,
    the largest swing first.
    """

    table: pd.DataFrame
    swing: Decimal

    def text(self, lang: str) -> str:
        """Return the largest mover as one sentence."""
        if not len(self.table):
            return ""
        top = self.table.iloc[0]
        return say(
            "compare.tornado",
            lang,
            what=what_text(top["kind"], top["what"], lang),
            low=f"{top['low_yuan']:,}",
            high=f"{top['high_yuan']:,}",
            base=f"{top['base_yuan']:,}",
        )

    def assumptions(self, lang: str) -> tuple[str, ...]:
        """Return how inputs were moved."""
        return (say("compare.tornado_how", lang, percent=f"{self.swing:.0%}"),)


def tornado(settlement: Settlement, hospital: str | None = None, swing: Decimal = Decimal("0.10")) -> Tornado:
    """Turn every switch and move every input by ± `swing`, one at a time; totals of the city or of one hospital."""
    lines = settlement.lines
    if hospital is not None:
        lines = lines.only((lines.facts["hospital_id"] == hospital).to_numpy())
    base = _total(lines, settlement.profile, settlement)
    rows = [row for name in SWITCHES if (row := _switch_row(lines, settlement, name, base))]
    rows += [_input_row(lines, settlement, name, swing, base) for name in INPUTS if lines.numbers[name].known.any()]
    table = pd.DataFrame(
        rows, columns=["kind", "what", "low", "high", "low_yuan", "high_yuan", "base_yuan", "swing_yuan"]
    )
    order = sorted(range(len(table)), key=lambda place: -table["swing_yuan"].iloc[place])
    return Tornado(table.iloc[order].reset_index(drop=True), swing)


def _total(lines: Lines, profile: Profile, settlement: Settlement) -> Decimal:
    return settle(lines, profile, settlement.as_of).total_yuan


def _switch_row(lines: Lines, settlement: Settlement, name: str, base: Decimal) -> dict[str, Any] | None:
    if name in NEEDED and not lines.numbers[NEEDED[name]].known.any():
        return None
    now = getattr(settlement.profile.settlement, name)
    totals = {str(now): base}
    totals |= {
        str(value): _total(lines, settlement.profile.with_switches(**{name: value}), settlement)
        for value in SWITCHES[name]
        if str(value) != str(now)
    }
    low, high = min(totals, key=lambda key: totals[key]), max(totals, key=lambda key: totals[key])
    return {
        "kind": "switch",
        "what": name,
        "low": low,
        "high": high,
        "low_yuan": totals[low],
        "high_yuan": totals[high],
        "base_yuan": base,
        "swing_yuan": totals[high] - totals[low],
    }


def _input_row(lines: Lines, settlement: Settlement, name: str, swing: Decimal, base: Decimal) -> dict[str, Any]:
    totals = {sign: _total(moved(lines, name, 1 + sign * swing), settlement.profile, settlement) for sign in (-1, 1)}
    return {
        "kind": "input",
        "what": name,
        "low": f"−{swing:.0%}",
        "high": f"+{swing:.0%}",
        "low_yuan": totals[-1],
        "high_yuan": totals[1],
        "base_yuan": base,
        "swing_yuan": max(abs(total - base) for total in totals.values()),
    }


def moved(lines: Lines, name: str, factor: Decimal) -> Lines:
    """Return the lines with one input multiplied by `factor`; shares stay at most 1, scores at most 100."""
    column = lines.numbers[name].product(scaled.of_values([factor] * len(lines)))
    if name in HIGHEST:
        top = HIGHEST[name] * 10**column.digits
        column = Scaled(np.minimum(column.numbers, top), column.digits, column.known)
    return lines.with_number(name, column)


def marginal_values(settlement: Settlement, hospital: str | None = None) -> pd.DataFrame:
    """Return what one more unit is worth, per item and fund, where the row's base is positive and it is paid.

    Columns: keys, `ds_dn` = −r·s·(1−x), `ds_dq0_yuan` = P0·r·s·(1−x), and times k:
    `payout_per_1000_yuan_nonselected`, `payout_per_1000_units_reported`. Zero where the rule does not use the input.
    """
    mask = np.ones(len(settlement.lines), dtype=bool)
    if hospital is not None:
        mask = (settlement.lines.facts["hospital_id"] == hospital).to_numpy()
    items = item_table(settlement, mask)
    items = items.assign(**_used(settlement, items, mask))
    rows = settlement.table[settlement.table["retained_yuan"].map(lambda value: value is not None and value > 0)]
    keys = ["hospital_id", "batch_id", "agreement_year"]
    paid = items.merge(rows[keys], on=keys, how="inner", validate="m:1")
    paid = paid[paid["counted"].astype(bool)]
    names = [name for name in (*keys, "generic", "spec", "fund") if name in paid]
    out = paid[names].copy()
    zero = Decimal(0)
    out["ds_dn"] = pd.Series(
        [-weight if used else zero for weight, used in zip(paid["weight"], paid["uses_n"], strict=True)],
        index=out.index,
        dtype=object,
    )
    out["ds_dq0_yuan"] = pd.Series(
        [
            zero if price is None or not used else weight * price
            for weight, price, used in zip(paid["weight"], paid["pre_price_yuan"], paid["uses_q0"], strict=True)
        ],
        index=out.index,
        dtype=object,
    )
    for name, source in (
        ("payout_per_1000_yuan_nonselected", "ds_dn"),
        ("payout_per_1000_units_reported", "ds_dq0_yuan"),
    ):
        out[name] = [1000 * ratio * value for ratio, value in zip(paid["ratio"], out[source], strict=True)]
    return out.reset_index(drop=True)


def _used(settlement: Settlement, items: pd.DataFrame, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Return which lines' N and Q0 move the base: not under the simple formula, not where the line's own unit is floored
    at zero, and Q0 not where last year's volume stands in its place.
    """
    lines, rules = settlement.lines, settlement.profile.settlement
    if rules.non_selected == "none":
        nothing = np.zeros(len(items), dtype=bool)
        return {"uses_n": nothing, "uses_q0": nothing}
    unit = unit_codes(lines, settlement.profile)[mask].tolist()
    net: dict[int, Decimal] = {}
    for code, counted, surplus in zip(unit, items["counted"], items["surplus_yuan"], strict=True):
        net[code] = net.get(code, Decimal(0)) + (surplus if counted and surplus is not None else Decimal(0))
    netted = rules.unit == "hospital" and rules.flooring == "net_first"
    above = np.array([netted or net[code] > 0 for code in unit], dtype=bool)
    last = rules.base_volume == "last_year_actual"
    return {
        "uses_n": above,
        "uses_q0": above & ~lines.numbers["last_year_quantity_units"].known[mask] if last else above,
    }


def just_missed(settlement: Settlement, within: Decimal = Decimal("0.10"), most: int = 200) -> pd.DataFrame:
    """Return items that missed their agreed volume by at most `within` of it, and what that cost.

    `shortfall_units`, `completion`, and `cost_yuan`: the row's payout had this item alone been completed, less the
    payout now (negative: completing it would have lowered the payout, as its own surplus is negative).
    """
    lines, missed = settlement.lines, settlement.judged.line_flags & BIT["NOT_COMPLETED"] != 0
    found = []
    threshold = settlement.profile.settlement.completion_threshold
    actual, agreed = lines.numbers["actual_quantity_units"], lines.numbers["agreed_quantity_units"]
    for place in np.flatnonzero(missed & lines.first_of_item()):
        needed = threshold * scaled.decimal(int(agreed.numbers[place]), agreed.digits)
        bought = scaled.decimal(int(actual.numbers[place]), actual.digits)
        if bought < needed and needed - bought <= within * needed:
            found.append((place, needed, bought))
    found.sort(key=lambda entry: (entry[1] - entry[2]) / entry[1])
    rows = [_missed_row(settlement, int(place), needed, bought) for place, needed, bought in found[:most]]
    names = [
        "hospital_id",
        "batch_id",
        "agreement_year",
        "generic",
        "spec",
        "needed_units",
        "actual_units",
        "shortfall_units",
        "completion",
        "cost_yuan",
    ]
    return pd.DataFrame(rows, columns=names)


def _missed_row(settlement: Settlement, place: int, needed: Decimal, bought: Decimal) -> dict[str, Any]:
    lines = settlement.lines
    row = int(lines.row[place])
    mask = lines.row == row
    mine = lines.only(mask)
    digits = max(mine.numbers["actual_quantity_units"].digits, -int(needed.as_tuple().exponent), 0)
    column = mine.numbers["actual_quantity_units"]
    same = mine.item == int(lines.item[place] - lines.item[np.flatnonzero(mask)[0]])
    numbers = np.where(same, int(needed.scaleb(digits)), column.at(digits))
    after = (
        settle(
            mine.with_number("actual_quantity_units", Scaled(numbers, digits, column.known)),
            settlement.profile,
            settlement.as_of,
        )
        .table["retained_yuan"]
        .iloc[0]
    )
    before = settlement.table["retained_yuan"].iloc[row]
    facts = lines.facts.iloc[place]
    return {
        **{name: facts[name] for name in ("hospital_id", "batch_id", "agreement_year", "generic", "spec")},
        "needed_units": needed,
        "actual_units": bought,
        "shortfall_units": needed - bought,
        "completion": bought / needed,
        "cost_yuan": None if after is None or before is None else after - before,
    }
