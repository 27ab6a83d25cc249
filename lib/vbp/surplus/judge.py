"""Who is settled: exclusions, ended years, completion, scores; a bit of reasons per line and per row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from vbp.rules import Profile
from vbp.surplus import scaled
from vbp.surplus.lines import Lines, numbered_any, ranks
from vbp.surplus.reasons import BIT
from vbp.surplus.scaled import Scaled


@dataclass(frozen=True)
class Judged:
    """Judgement per line (`counted`, `complete`, `line_flags`, `ratio`) and per row (the rest).

    `zero`: nothing is due whatever the sums say; `withheld`: not due yet or not known; `no_budget`, `no_expenditure`:
    a counted item lacks P0, or P1 or N, so that the sum is unknown; `ratio` is the retention ratio of the line's row or item.
    """

    counted: np.ndarray
    complete: np.ndarray
    line_flags: np.ndarray
    ratio: Scaled
    row_flags: np.ndarray
    zero: np.ndarray
    withheld: np.ndarray
    no_budget: np.ndarray
    no_expenditure: np.ndarray
    row_ratio: list[Decimal | None]


def judge(lines: Lines, profile: Profile, as_of: date | None) -> Judged:
    """Judge every line and row under the profile; `as_of` decides which years have ended (None: all have)."""
    rules, begin = profile.settlement, lines.row_starts
    excluded = exclusions(lines, profile)
    out = excluded != 0
    open_line = _any(not_ended(lines, as_of), begin)[lines.row]
    exempt = lines.present("exempt_reason")
    complete = completed(lines, profile, ~out) | exempt | open_line
    left_out = ~complete if rules.eligibility == "each_item" else np.zeros(len(lines), dtype=bool)
    no_price, no_selected, no_amount = missing_inputs(lines, profile)
    counted = ~out & ~left_out
    gap = (no_price | no_selected | no_amount) & counted
    if rules.missing_inputs == "settle_rest":
        counted, gap = counted & ~gap, np.zeros(len(lines), dtype=bool)
    ratio, score_flags, no_ratio = ratios(lines, profile, open_line)
    failed = _any(~complete & ~out, begin) if rules.eligibility != "each_item" else np.zeros(len(begin), dtype=bool)
    flags = excluded | sum(
        (
            _bit(mask & ~out, code)
            for mask, code in (
                (~complete, "NOT_COMPLETED"),
                (no_price, "NO_P0"),
                (no_selected, "NO_P1"),
                (no_amount & ~no_selected, "NO_N"),
                (exempt, "EXEMPT"),
                (lines.matches("selected_price_source", ("weighted",)), "P1_WEIGHTED"),
                (lines.matches("selected_price_source", ("main",)), "P1_MAIN"),
                (open_line, "YEAR_NOT_ENDED"),
            )
        ),
        score_flags * ~out,
    )
    pays = _any(counted & (ratio.numbers > 0), begin)
    all_out = ~_any(~out, begin)
    is_open = _any(open_line, begin)
    unpaid = all_out | (~is_open & (failed | ~_any(counted, begin) | (~pays & ~_any(no_ratio & ~out, begin))))
    gaps_matter = _any(gap & ((ratio.numbers > 0) | no_ratio), begin)
    return Judged(
        counted,
        complete,
        flags,
        ratio,
        np.bitwise_or.reduceat(flags, begin) if len(begin) else flags,
        unpaid,
        ~unpaid & (is_open | gaps_matter | _any(no_ratio & counted, begin)),
        _any(gap & no_price, begin),
        _any(gap & (no_selected | no_amount), begin),
        _row_ratios(lines, ratio, no_ratio, out),
    )


def exclusions(lines: Lines, profile: Profile) -> np.ndarray:
    """Return the bits of lines that the profile leaves out: renewals, county groups, categories."""
    rules = profile.settlement
    cycle = (
        pd.to_numeric(lines.facts["cycle"], errors="coerce").fillna(1).to_numpy()
        if "cycle" in lines.facts
        else np.ones(len(lines))
    )
    outside = lines.present("category") & ~lines.matches("category", rules.categories)
    renewal = (cycle >= 2) & (rules.renewal == "rounds_out")
    county = lines.present("county_group") & (rules.county_groups == "left_out")
    return _bit(renewal, "RENEWAL_EXCLUDED") | _bit(county, "COUNTY_GROUP") | _bit(outside, "CATEGORY_EXCLUDED")


def not_ended(lines: Lines, as_of: date | None) -> np.ndarray:
    """Return which lines' agreement year ends after `as_of`; without dates, none."""
    if as_of is None or not lines.has("end_date"):
        return np.zeros(len(lines), dtype=bool)
    return (pd.to_datetime(lines.facts["end_date"]) > pd.Timestamp(as_of)).to_numpy()


def completed(lines: Lines, profile: Profile, settled: np.ndarray) -> np.ndarray:
    """Return whether the line's item (or its batch in total, under batch_total) reached threshold × agreed volume.

    Two fund lines repeat an item's quantities; sums over several items count each `settled` item once.
    """
    actual, agreed = lines.numbers["actual_quantity_units"], lines.numbers["agreed_quantity_units"]
    by_group = profile.settlement.completion_by == "county_group"
    if by_group or profile.settlement.eligibility == "batch_total":
        group = _group_codes(lines, profile) if by_group else lines.row
        actual, agreed = (_pooled(column, lines, group, settled) for column in (actual, agreed))
    threshold = scaled.of_values([profile.settlement.completion_threshold])
    needed = scaled.times(agreed.numbers, int(threshold.numbers[0]))
    digits = max(actual.digits, agreed.digits + threshold.digits)
    enough = (
        scaled.times(actual.numbers, 10 ** (digits - actual.digits))
        >= scaled.times(needed, 10 ** (digits - agreed.digits - threshold.digits))
    ).astype(bool)
    # purchases that no ledger covers are unknown, not absent: such an item also lacks N, and its row is withheld
    return enough | ~actual.known


def pooled_quantities(lines: Lines, profile: Profile) -> tuple[Scaled, Scaled]:
    """Return actual and agreed quantities pooled over each county group, as completion by group judges them."""
    group, settled = _group_codes(lines, profile), exclusions(lines, profile) == 0
    actual, agreed = lines.numbers["actual_quantity_units"], lines.numbers["agreed_quantity_units"]
    return _pooled(actual, lines, group, settled), _pooled(agreed, lines, group, settled)


def missing_inputs(lines: Lines, profile: Profile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which lines lack P0, which P1, and which N (or the part of N that the profile's rule needs)."""
    no_price, no_selected = (~lines.numbers[name].known for name in ("pre_price_yuan", "selected_price_yuan"))
    if profile.settlement.non_selected == "none":
        return no_price, no_selected, np.zeros(len(lines), dtype=bool)
    needed = ("nonselected_amount_yuan", *profile.settlement.needs)
    return no_price, no_selected, ~np.logical_and.reduce([lines.numbers[name].known for name in needed])


def ratios(lines: Lines, profile: Profile, open_line: np.ndarray) -> tuple[Scaled, np.ndarray, np.ndarray]:
    """Return each line's retention ratio, the bits of its score, and whether the ratio is unknown.

    Scored by item: the line's own score; else one score for the row, which any of its lines may state.
    """
    score = lines.numbers["score"]
    if not profile.settlement.scored_by_item:
        score = _row_score(score, lines)
    lows = scaled.of_values([band.lowest for band in profile.assessment.bands])
    steps = scaled.of_values([band.ratio for band in profile.assessment.bands])
    digits = max(score.digits, lows.digits)
    place = np.searchsorted(lows.at(digits), score.at(digits), side="right") - 1
    ratio = np.where(score.known, steps.numbers[np.clip(place, 0, None)], 0)
    below = score.known & (ratio == 0)
    absent = ~score.known
    flags = _bit(below, "SCORE_BELOW") | _bit(absent & ~open_line, "NO_SCORE")
    no_ratio = absent & (open_line | (profile.assessment.no_score == "unknown"))
    return Scaled(ratio, steps.digits, ~no_ratio), flags, no_ratio


def _row_score(score: Scaled, lines: Lines) -> Scaled:
    """Spread the row's score over its lines: the largest known number (they agree, or were refused)."""
    begin = lines.row_starts
    if not len(begin):
        return score
    lowest = np.where(score.known, score.numbers, -1)
    best = np.maximum.reduceat(lowest, begin)
    return Scaled(np.maximum(best, 0)[lines.row], score.digits, (best >= 0)[lines.row])


def _row_ratios(lines: Lines, ratio: Scaled, no_ratio: np.ndarray, out: np.ndarray) -> list[Decimal | None]:
    """Return the row's ratio where all its settled lines share one, else None."""
    begin = lines.row_starts
    if not len(begin):
        return []
    use = ~out | ~_any(~out, begin)[lines.row]
    high = np.maximum.reduceat(np.where(use, ratio.numbers, -1), begin)
    low = np.minimum.reduceat(np.where(use, ratio.numbers, np.iinfo(np.int64).max), begin)
    unknown = _any(no_ratio & use, begin)
    return [
        scaled.decimal(int(top), ratio.digits, 2) if top == bottom and not gap else None
        for top, bottom, gap in zip(high, low, unknown, strict=True)
    ]


def _group_codes(lines: Lines, profile: Profile) -> np.ndarray:
    """Number what is pooled over the hospitals of a county group, items or whole batches; a hospital of none stands alone."""
    group, hospital = lines.text("county_group"), lines.text("hospital_id")
    pool = np.array([f"g:{g}" if _is_text(g) else f"h:{h}" for g, h in zip(group, hospital, strict=True)], dtype=object)
    item = () if profile.settlement.eligibility == "batch_total" else ("generic", "spec")
    keys = [
        pd.factorize(pool)[0],
        *(ranks(lines.facts[name]) for name in ("batch_id", "agreement_year", *item)),
    ]
    return numbered_any(keys)


def _pooled(column: Scaled, lines: Lines, group: np.ndarray, settled: np.ndarray) -> Scaled:
    """Return the column's sum over each group, every item once, at every line of the group."""
    order = np.argsort(group, kind="stable")
    begin = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    once = np.where(lines.first_of_item() & settled, column.numbers, 0)
    sums = scaled.group_sum(once[order], begin)
    code = np.empty(len(group), dtype=np.int64)
    code[order] = np.cumsum(np.r_[False, np.diff(group[order]) != 0])
    return Scaled(sums[code], column.digits, column.known)


def _any(mask: np.ndarray, begin: np.ndarray) -> np.ndarray:
    return np.logical_or.reduceat(mask, begin) if len(begin) else np.zeros(0, dtype=bool)


def _bit(mask: np.ndarray, code: str) -> np.ndarray:
    return np.where(mask, BIT[code], 0).astype(np.int64)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""
