"""The live formulas of a hospital's sheet, of an item and of a row; which ones says the rule profile.

Columns are named by their letters in `vbp.statement.layout` (items A to AJ, arithmetic A to P).
"""

from __future__ import annotations

from typing import Any

from vbp.rules import Profile
from vbp.statement.cells import Formula
from vbp.statement.layout import Area
from vbp.statement.parameters import BAND_LOW, BAND_RATIO, THRESHOLD

MISSING = "缺"
"""What a formula gives where a number that it needs is not known."""


def item_formulas(item: dict[str, Any], profile: Profile, area: Area, n: int) -> dict[str, Any]:
    """Return the formulas of an item on line `n`; of a county group, its own quantities stand in place of two of them."""
    rules = profile.settlement
    volume = {"none": f"K{n}"}.get(rules.non_selected) or (
        f"IF(ISNUMBER(H{n}),H{n},G{n})" if rules.base_volume == "last_year_actual" else f"G{n}"
    )
    ratio = (
        f'IF(R{n}="",0,LOOKUP(R{n},{BAND_LOW},{BAND_RATIO}))'
        if rules.scored_by_item
        else f"INDEX({area.rows('E')},A{n})"
    )
    needs_n = rules.non_selected != "none"
    known_n = item["counted_nonselected_yuan"] is not None or item["nonselected_amount_yuan"] is None
    spent = (
        f'IF(AND(ISNUMBER(L{n}),ISNUMBER(N{n})),(K{n}*L{n}+N{n}+O{n})*Q{n},"{MISSING}")'
        if needs_n and known_n
        else (f'"{MISSING}"' if needs_n else f'IF(ISNUMBER(L{n}),K{n}*L{n}*Q{n},"{MISSING}")')
    )
    done = (
        f"INDEX({area.rows('K')},A{n})"
        if rules.eligibility == "batch_total"
        else (f"IF(ROUND(V{n}-{THRESHOLD}*W{n},6)>=0,1,0)")
    )
    counted = f"AND(T{n}=1,X{n}=1)" if rules.eligibility == "each_item" else f"T{n}=1"
    if rules.missing_inputs == "settle_rest":
        counted = f"AND({counted},ISNUMBER(Z{n}),ISNUMBER(AA{n}))"
    pooled = item["pooled_actual"] is not None
    return {
        "volume": Formula(volume),
        "ratio": Formula(ratio),
        "weight": Formula(f"INDEX({area.rate('F')},P{n})"),
        "actual": item["pooled_actual"] if pooled else Formula(f"M{n}"),
        "agreed": item["pooled_agreed"] if pooled else Formula(f"K{n}"),
        "complete": Formula(f'IF(OR(U{n}<>"",M{n}="",INDEX({area.rows("F")},A{n})=0),1,{done})'),
        "counted": Formula(f"IF({counted},1,0)"),
        "budget": Formula(f'IF(ISNUMBER(J{n}),I{n}*J{n}*Q{n},"{MISSING}")'),
        "spent": Formula(spent),
        "surplus": Formula(f"IF(AND(Y{n}=1,ISNUMBER(Z{n}),ISNUMBER(AA{n})),Z{n}-AA{n},0)"),
        "unit_base": Formula(f"IF(AD{n}=1,MAX(SUMIFS({area.items('AB')},{area.items('AC')},AC{n}),0),0)"),
        "unit_paid": Formula(f"AE{n}*S{n}"),
    }


def row_formulas(profile: Profile, area: Area, n: int) -> dict[str, Formula]:
    """Return the formulas of a row's arithmetic on line `n`, budget to payout."""
    rules, mine = profile.settlement, f"{area.items('A')},A{n}"

    def known(column: str) -> str:
        return (
            f'IF(COUNTIFS({mine},{area.items("Y")},1,{area.items(column)},"{MISSING}")>0,"{MISSING}",'
            f"SUMIFS({area.items(column)},{mine},{area.items('Y')},1))"
        )

    gaps = f'(({area.items("Z")}="{MISSING}")+({area.items("AA")}="{MISSING}")>0)'
    missing = f"SUMPRODUCT(({area.items('A')}=A{n})*({area.items('Y')}=1)*{gaps}*({area.items('S')}>0))"
    if profile.assessment.no_score == "unknown":
        missing += f"+IF({_no_score(profile, area, n)},1,0)"
    ratio = f'IF(D{n}="",0,LOOKUP(D{n},{BAND_LOW},{BAND_RATIO}))'
    if rules.scored_by_item:
        ratio = f"IF(ISNUMBER(J{n}),IF(J{n}=0,0,SUMIFS({area.items('AF')},{mine})/J{n}),0)"
    base, paid = f"SUMIFS({area.items('AE')},{mine})", f"SUMIFS({area.items('AF')},{mine})"
    if rules.unit == "hospital" and rules.flooring == "net_first":
        year = f"{area.rows('C')},C{n}"
        gains = f'SUMIFS({area.rows("I")},{year},{area.rows("I")},">0")'
        base = f"IF({gains}=0,0,MAX(I{n},0)*MAX(SUMIFS({area.rows('I')},{year}),0)/{gains})"
        paid = f"J{n}*E{n}"
    return {
        "ratio": Formula(ratio),
        "budget": Formula(known("Z")),
        "spent": Formula(known("AA")),
        "net": Formula(f'IF(AND(ISNUMBER(G{n}),ISNUMBER(H{n})),G{n}-H{n},"{MISSING}")'),
        "base": Formula(f'IF(ISNUMBER(I{n}),{base},"{MISSING}")'),
        "eligible": Formula(_eligible(profile, area, n)),
        "missing": Formula(missing),
        "retained": Formula(
            f'IF(SUMIFS({area.items("T")},{mine})=0,0,IF(F{n}=0,"未到期",IF(K{n}=0,0,IF(L{n}>0,"未知",'
            f"{_rounded(paid, rules.rounding)}))))"
        ),
    }


def _no_score(profile: Profile, area: Area, n: int) -> str:
    if not profile.settlement.scored_by_item:
        return f'D{n}=""'
    return f'SUMPRODUCT(({area.items("A")}=A{n})*({area.items("Y")}=1)*({area.items("R")}=""))>0'


def _eligible(profile: Profile, area: Area, n: int) -> str:
    """Return the formula of whether the row may be paid at all: by all items, by the batch's total, or always."""
    mine = f"{area.items('A')},A{n},{area.items('T')},1"
    if profile.settlement.eligibility == "all_items":
        return f"IF(COUNTIFS({mine},{area.items('X')},0)=0,1,0)"
    if profile.settlement.eligibility == "batch_total":
        once = f"{mine},{area.items('AG')},1"
        return f"IF(ROUND(SUMIFS({area.items('V')},{once})-{THRESHOLD}*SUMIFS({area.items('W')},{once}),6)>=0,1,0)"
    return "1"


def _rounded(amount: str, rule: str) -> str:
    """Return the rounding formula; the inner ROUND takes off what binary arithmetic leaves below the tenth of a fen."""
    exact = f"ROUND({amount},7)"
    if rule == "down":
        return f"ROUNDDOWN({exact},2)"
    if rule == "half_even":
        return f"IF(ROUND(MOD({exact}*1000,10),3)=5,ROUND({exact}*50,0)/50,ROUND({exact},2))"
    return f"ROUND({exact},2)"
