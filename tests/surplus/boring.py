"""The settlement once more, the boring way: loops over dictionaries, in fractions; no code of vbp.surplus."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

Row = dict[str, Any]


def ratio_of(profile: Any, score: Fraction | None) -> Fraction | None:
    if score is None:
        return None if profile.assessment.no_score == "unknown" else Fraction(0)
    for band in profile.assessment.bands:
        top = Fraction(band.highest)
        if Fraction(band.lowest) <= score and (score < top or top == 100):
            return Fraction(band.ratio)
    raise AssertionError(score)


def number(row: Row, name: str) -> Fraction | None:
    value = row.get(name)
    return None if value is None else Fraction(str(value))


def fen(value: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 80
        return (Decimal(value.numerator * 1000) / Decimal(value.denominator) / 1000).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )


def complete(item: Row, rows: list[Row], profile: Any) -> bool:
    if item.get("exempt_reason"):
        return True
    pool = [item]
    if profile.settlement.eligibility == "batch_total":
        seen: dict[Any, Row] = {}
        for row in rows:
            seen.setdefault((row["generic"], row.get("spec", "")), row)
        pool = list(seen.values())
    if any(row["actual_quantity_units"] is None for row in pool):
        return True  # not known is not incomplete
    actual = sum(number(row, "actual_quantity_units") for row in pool)
    agreed = sum(number(row, "agreed_quantity_units") for row in pool)
    return actual >= Fraction(profile.settlement.completion_threshold) * agreed


def parts(row: Row, profile: Any) -> tuple[Fraction | None, Fraction | None]:
    """Budget and expenditure of one line, None where P0 or N is missing."""
    rules = profile.settlement
    weight = number(row, "fund_ratio") * number(row, "insured_share")
    if rules.payment_reform_exclusion:
        weight *= 1 - (number(row, "excluded_share") or 0)
    agreed = number(row, "agreed_quantity_units")
    volume = number(row, "base_quantity_units")
    if rules.base_volume == "last_year_actual" and row.get("last_year_quantity_units") is not None:
        volume = number(row, "last_year_quantity_units")
    spent = number(row, "nonselected_amount_yuan")
    if rules.non_selected == "none":
        volume, spent = agreed, Fraction(0)
    for rule, name in (
        ("leave_out_evaluated", "nonselected_evaluated_yuan"),
        ("leave_out_cheaper", "nonselected_cheaper_yuan"),
    ):
        if rules.non_selected == rule:
            part = number(row, name)
            spent = None if spent is None or part is None else spent - part
    before = number(row, "pre_price_yuan")
    budget = None if before is None else volume * before * weight
    cost = row.get("agreed_cost")  # exact where P1 is a price per pack divided by its units
    if cost is None and row.get("selected_price_yuan") is not None:
        cost = agreed * number(row, "selected_price_yuan")
    expenditure = None if None in (spent, cost) else (cost + spent) * weight
    return budget, expenditure


def unit_key(row: Row, profile: Any) -> tuple[Any, ...]:
    rules = profile.settlement
    fund = (row.get("fund", ""),) if rules.funds == "apart" else ()
    if rules.flooring == "each_item" or rules.unit == "spec":
        return (row["generic"], row.get("spec", ""), *fund)
    return (row["generic"], *fund) if rules.unit == "generic" else fund


def settle_row(rows: list[Row], profile: Any) -> dict[str, Any]:
    """Settle the lines of one hospital × batch × year whose year has ended."""
    rules = profile.settlement
    lines = [row for row in rows if not left_out(row, profile)]
    done = [complete(row, lines, profile) for row in lines]
    failed = rules.eligibility != "each_item" and not all(done)
    counted = [row for row, ok in zip(lines, done, strict=True) if ok or rules.eligibility != "each_item"]
    score = next((number(row, "score") for row in lines if row.get("score") is not None), None)
    by_item = rules.unit in ("spec", "generic")
    k = {id(row): ratio_of(profile, number(row, "score") if by_item else score) for row in lines}
    units: dict[Any, list[tuple[Fraction, Fraction, Fraction]]] = {}
    unknown = False
    budget = expenditure = Fraction(0)
    for row in counted:
        before, after = parts(row, profile)
        if before is None or after is None:
            unknown = unknown or k[id(row)] != 0
            continue
        budget, expenditure = budget + before, expenditure + after
        units.setdefault(unit_key(row, profile), []).append((before, after, k[id(row)]))
    bases = [(max(sum(b - e for b, e, _ in unit), Fraction(0)), unit[0][2]) for unit in units.values()]
    known = all(None not in parts(row, profile) for row in counted)
    due = fen(sum((base * ratio for base, ratio in bases), Fraction(0)))
    if failed or not counted or all(k[id(row)] == 0 for row in counted):
        due = Decimal("0.00")
    elif unknown:
        due = None
    return {
        "retained": due,
        "base": sum((base for base, _ in bases), Fraction(0)) if known else None,
        "budget": budget if known else None,
        "expenditure": expenditure if known else None,
    }


def left_out(row: Row, profile: Any) -> bool:
    rules = profile.settlement
    return bool(
        (rules.renewal == "rounds_out" and (row.get("cycle") or 1) >= 2)
        or (rules.county_groups == "left_out" and row.get("county_group"))
        or (row.get("category") and row["category"] not in rules.categories)
    )
