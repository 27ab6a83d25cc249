"""The settlement as a result: a table of rows, its total, words, assumptions, checks, and each item's part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from vbp.exact import rounded_ratio
from vbp.rules import Profile
from vbp.surplus import columns, scaled
from vbp.surplus import lines as line_tables
from vbp.surplus.columns import ROW
from vbp.surplus.judge import Judged
from vbp.surplus.lines import Lines
from vbp.surplus.reasons import BIT, CODES, Reason, codes_of
from vbp.surplus.settle import Amounts, Sums, net_across_batches, settle_lines
from vbp.words import known, money, say

FEN = Decimal("0.01")
NANO = 10**9


@dataclass(frozen=True)
class Check:
    """One check of a result: its name, pass or fail, and a sentence."""

    name: str
    verdict: str
    text: str


@dataclass(frozen=True)
class Settlement:
    """Retained surplus settled under one profile.

    `table`: one row per hospital × batch × agreement year: `budget_yuan, expenditure_yuan, net_yuan, base_yuan` (exact,
    None where an input is missing), `ratio` (None where unknown or mixed), `retained_yuan` (rounded to the fen; None
    where not due yet or not known) and `codes`.
    """

    profile: Profile
    as_of: date | None
    table: pd.DataFrame
    lines: Lines
    judged: Judged
    amounts: Amounts

    @property
    def total_yuan(self) -> Decimal:
        """The sum of the rounded rows that are known."""
        return sum((value for value in self.table["retained_yuan"] if value is not None), Decimal("0.00"))

    @cached_property
    def items(self) -> pd.DataFrame:
        """Each line with what it brings: `budget_yuan, expenditure_yuan, surplus_yuan` (weighted, exact, None where
        unknown), `weight`, `counted`, `complete`, `ratio`, `codes`.
        """
        return item_table(self, np.ones(len(self.lines), dtype=bool))

    def items_of(self, **keys: Any) -> pd.DataFrame:
        """Return the items of some rows only: `items_of(hospital_id="H1", batch_id="B1")`."""
        mask = np.ones(len(self.lines), dtype=bool)
        for name, value in keys.items():
            mask &= (self.lines.facts[name] == value).to_numpy()
        return item_table(self, mask)

    @cached_property
    def reasons(self) -> list[tuple[Reason, ...]]:
        """The reasons of every row of `table`, in its order, each with the items it is about."""
        return [self.reasons_of(row) for row in range(len(self.table))]

    def reasons_of(self, row: int) -> tuple[Reason, ...]:
        """Return the reasons of one row of `table`."""
        begin = np.searchsorted(self.lines.row, row, side="left")
        end = np.searchsorted(self.lines.row, row, side="right")
        flags, labels = self.judged.line_flags[begin:end], _labels(self.lines.facts.iloc[begin:end])
        return tuple(Reason(code, _named(code, flags, labels)) for code in self.table["codes"].iloc[row])

    def as_json(self) -> dict[str, Any]:
        """Return the document of `vbp surplus --json` (contract §4), with notes, checks and items left out beside."""
        rows = []
        for place, row in enumerate(self.table.to_dict("records")):
            entry = {key: row[key] for key in ROW}
            entry.update({key: row[key] for key in ("budget_yuan", "expenditure_yuan", "net_yuan", "base_yuan")})
            entry["ratio"] = None if row["ratio"] is None else float(row["ratio"])
            entry["retained_yuan"] = row["retained_yuan"]
            entry["reasons"] = [
                {
                    "code": reason.code,
                    "text": reason.text("zh"),
                    "text_en": reason.text("en"),
                    "items": list(reason.items),
                }
                for reason in self.reasons[place]
            ]
            rows.append({key: (int(value) if key == "agreement_year" else value) for key, value in entry.items()})
        return {
            "profile": self.profile.name,
            "as_of": self.as_of,
            "rows": rows,
            "total_retained_yuan": self.total_yuan,
            "rows_not_known_or_due": int(self._open),
            "notes": list(self.notes("zh")),
            "assumptions": list(self.assumptions("zh")),
            "checks": [vars(check) for check in self.checks("zh")],
        }

    @property
    def _open(self) -> int:
        return sum(value is None for value in self.table["retained_yuan"])

    def text(self, lang: str) -> str:
        """Return the result as one sentence."""
        paid = sum(value is not None and value > 0 for value in self.table["retained_yuan"])
        return say(
            "surplus.total",
            lang,
            profile=self.profile.name,
            rows=len(self.table),
            paid=paid,
            total=f"{self.total_yuan:,}",
            open=self._open,
        )

    def notes(self, lang: str) -> tuple[str, ...]:
        """Return what the reader of this settlement must know about its inputs."""
        found, rules = [], self.profile.settlement
        missing = ~self.lines.numbers["last_year_quantity_units"].known
        if rules.base_volume == "last_year_actual" and missing.any():
            found.append(say("surplus.note_base_reported", lang, count=int(missing[self.lines.first_of_item()].sum())))
        share = self.lines.numbers["excluded_share"]
        if not rules.payment_reform_exclusion and (share.numbers != 0).any():
            found.append(say("surplus.note_excluded_ignored", lang))
        if outside := self._outside_effective():
            found.append(say("surplus.note_effective", lang, count=outside, start=self.profile.effective.from_date))
        if not self.lines.has("end_date"):
            found.append(say("surplus.note_no_dates", lang))
        return tuple(found)

    def _outside_effective(self) -> int:
        """Count rows whose agreement year ended before the profile took effect, or after it ended."""
        if not self.lines.has("end_date"):
            return 0
        ends = pd.to_datetime(self.lines.facts["end_date"].iloc[self.lines.row_starts])
        dates = self.profile.effective
        late = ends > pd.Timestamp(dates.to_date) if dates.to_date else ends.isna()
        return int(((ends < pd.Timestamp(dates.from_date)) | late).sum())

    def assumptions(self, lang: str) -> tuple[str, ...]:
        """Return the rules applied and each parameter that stands on no primary text."""
        profile = self.profile
        first = say(
            "surplus.assumption_rule",
            lang,
            title=profile.title.say(lang),
            document=profile.source.document,
            date=profile.source.date,
        )
        return (
            first,
            *(
                say("surplus.assumption_unverified", lang, parameter=_parameter(name, lang), why=why.say(lang))
                for name, why in profile.unverified.items()
            ),
        )

    def checks(self, lang: str) -> tuple[Check, ...]:
        """Return what must hold of any settlement, tested on this one."""
        known = self.table[self.table["retained_yuan"].notna()]
        cents = sum(int(value.scaleb(2)) for value in known["retained_yuan"])
        sums = Decimal(cents).scaleb(-2) == self.total_yuan
        paid = known[known["retained_yuan"] > 0]
        bounds = all(
            0 < due <= Decimal("0.5") * base + FEN / 2
            for due, base in zip(paid["retained_yuan"], paid["base_yuan"], strict=True)
            if base is not None
        )
        return (
            Check("total", "pass" if sums else "fail", say("surplus.check_total", lang)),
            Check("bounds", "pass" if bounds else "fail", say("surplus.check_bounds", lang)),
        )

    def summary(self, lang: str) -> str:
        """Return the headline amount as people read it (万元, m yuan)."""
        return money(self.total_yuan, lang)


def settle(items: pd.DataFrame | Lines, profile: Profile, as_of: date | None = None) -> Settlement:
    """Settle retained surplus of an items table under a profile.

    Parameters
    ----------
    items
        The columns of contract §4 (`vbp.surplus.columns`), numbers as Decimal, int or text; or `Lines` of them.
        Quantities in minimum units, prices in yuan per unit, shares 0–1.
    profile
        The rule profile (`vbp.rules.load_profile`).
    as_of
        Years that end after this date are shown and not paid; None: every year has ended.
    """
    lines = items if isinstance(items, Lines) else line_tables.of_frame(items)
    judged, amounts, sums = settle_lines(lines, profile, as_of)
    return Settlement(profile, as_of, _table(lines, profile, judged, sums), lines, judged, amounts)


def _table(lines: Lines, profile: Profile, judged: Judged, sums: Sums) -> pd.DataFrame:
    facts = lines.facts.iloc[lines.row_starts][list(ROW)].reset_index(drop=True)
    no_base = judged.no_budget | judged.no_expenditure
    base, paid = _bases(lines, profile, judged, sums)
    settled = ~judged.zero & ~judged.withheld & ~no_base
    nothing = settled & np.array([value <= 0 for value in base], dtype=bool)
    flags = judged.row_flags | np.where(nothing, BIT["BASE_NOT_POSITIVE"], 0)
    retained = [
        Decimal("0.00") if zero else None if withheld else value
        for zero, withheld, value in zip(judged.zero, judged.withheld, paid, strict=True)
    ]
    known = {int(mask): codes_of(int(mask)) for mask in np.unique(flags)}
    columns = {
        "budget_yuan": _yuan(sums.budget, sums.digits, judged.no_budget),
        "expenditure_yuan": _yuan(sums.expenditure, sums.digits, judged.no_expenditure),
        "net_yuan": _yuan(sums.budget - sums.expenditure, sums.digits, no_base),
        "base_yuan": [None if gap else value for gap, value in zip(no_base, base, strict=True)],
        "ratio": judged.row_ratio,
        "retained_yuan": retained,
        "codes": [known[int(mask)] for mask in flags],
    }
    return facts.assign(**{name: pd.Series(values, dtype=object) for name, values in columns.items()})


def _bases(lines: Lines, profile: Profile, judged: Judged, sums: Sums) -> tuple[list[Decimal], list[Decimal]]:
    """Return each row's base (exact) and payout (rounded)."""
    rounding, quotients = profile.settlement.rounding, columns.COST in lines.numbers
    if profile.settlement.unit != "hospital" or profile.settlement.flooring == "each_item":
        return (
            [scaled.decimal(int(value), sums.digits, 2) for value in sums.base],
            [rounded(int(value), 10**sums.paid_digits, rounding, quotients) for value in sums.paid],
        )
    shares = net_across_batches(lines, sums)
    bases, payouts = [], []
    for row, ratio in enumerate(judged.row_ratio):
        numerator, denominator = shares[row].numerator, shares[row].denominator * 10**sums.digits
        bases.append(ten_decimals(numerator, denominator))
        scale, k = 10**6, int((ratio or Decimal(0)).scaleb(6))
        payouts.append(rounded(numerator * k, denominator * scale, rounding, quotients))
    return bases, payouts


def ten_decimals(numerator: int, denominator: int) -> Decimal:
    """Return a quotient to ten decimals, half up (for shares of a hospital's base, which need not end)."""
    return scaled.decimal((2 * numerator * 10**10 + denominator) // (2 * denominator), 10, 2)


def rounded(numerator: int, denominator: int, rule: str, quotients: bool = False) -> Decimal:
    """Return a non-negative quotient in yuan rounded to the fen: half_up, half_even or down.

    `quotients`: the amount holds prices per pack divided by units, known to ten decimals; what these leave is taken off
    first (nine decimals), so that a tie stays one.
    """
    if quotients:
        numerator, denominator = rounded_ratio(numerator * NANO, denominator), NANO
    fen, rest = divmod(numerator * 100, denominator)
    tie = 2 * rest == denominator
    above = 2 * rest > denominator or (tie and (rule == "half_up" or fen % 2 == 1))
    if rule != "down" and above:
        fen += 1
    return scaled.decimal(fen, 2, 2)


def _yuan(numbers: np.ndarray, digits: int, gap: np.ndarray) -> list[Decimal | None]:
    return [
        None if missing else scaled.decimal(int(number), digits, 2)
        for number, missing in zip(numbers, gap, strict=True)
    ]


def item_table(settlement: Settlement, mask: np.ndarray) -> pd.DataFrame:
    """Return the lines where `mask` with budget, expenditure and surplus of each (see `Settlement.items`)."""
    index = np.flatnonzero(mask)
    parts, judged = settlement.amounts, settlement.judged
    weight = parts.weight.take(index)
    budget = parts.volume.take(index).product(parts.pre_price.take(index)).product(weight)
    spent = parts.on_agreed(index)
    extra = parts.nonselected.take(index)
    both = scaled.Scaled(
        spent.at(max(spent.digits, extra.digits)) + extra.at(max(spent.digits, extra.digits)),
        max(spent.digits, extra.digits),
        spent.known & extra.known,
    ).product(weight)
    frame = settlement.lines.only(mask).frame()
    known = {int(flag): codes_of(int(flag)) for flag in np.unique(judged.line_flags[index])}
    added = {
        "volume_units": parts.volume.take(index).decimals(),
        columns.COST: spent.decimals(),
        "counted_nonselected_yuan": extra.decimals(),
        "weight": weight.decimals(),
        "budget_yuan": budget.decimals(),
        "expenditure_yuan": both.decimals(),
        "surplus_yuan": budget.minus(both).decimals(),
        "counted": list(judged.counted[index]),
        "complete": list(judged.complete[index]),
        "ratio": judged.ratio.take(index).decimals(),
        "codes": [known[int(flag)] for flag in judged.line_flags[index]],
    }
    return frame.assign(**{name: pd.Series(values, dtype=object) for name, values in added.items()})


def _labels(facts: pd.DataFrame) -> list[str]:
    spec = facts["spec"].astype(object).where(facts["spec"].notna(), "")
    return [f"{generic} {part}".strip() for generic, part in zip(facts["generic"], spec, strict=True)]


def _named(code: str, flags: np.ndarray, labels: list[str]) -> tuple[str, ...]:
    if code in ("YEAR_NOT_ENDED", "COUNTY_GROUP", "BASE_NOT_POSITIVE") or code not in CODES:
        return ()
    hits = [label for label, flag in zip(labels, flags, strict=True) if flag & BIT[code]]
    everywhere = len(hits) == len(labels) and code in ("SCORE_BELOW", "NO_SCORE")
    return () if everywhere else tuple(dict.fromkeys(hits))


def _parameter(name: str, lang: str) -> str:
    """Return a profile's parameter (settlement.eligibility) by the name of its switch, as people read it."""
    key = f"rules.{name.rpartition('.')[2]}"
    return say(key, lang) if known(key) else name
