"""One hospital's sheet: its rates, all items, then the arithmetic of each batch and year, every amount a formula."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import numpy as np
import pandas as pd

from vbp.rules import Profile
from vbp.statement import cells
from vbp.statement.cells import Formula
from vbp.statement.parameters import BAND_LOW, BAND_RATIO, THRESHOLD
from vbp.surplus import Settlement
from vbp.surplus.columns import COST
from vbp.surplus.lines import records
from vbp.surplus.settle import unit_codes
from vbp.words import known, say

ITEM_HEADS = (
    "序号",
    "批次",
    "协议年度",
    "通用名",
    "品规",
    "基金",
    "约定采购量基数Q0",
    "上年实际量",
    "测算用量V",
    "集采前均价P0",
    "约定采购量Q",
    "中选价P1",
    "实际采购量Qa",
    "非中选金额N",
    "N调整",
    "费率号",
    "权重r·s·(1−x)",
    "品种得分",
    "留用比例k",
    "是否纳入",
    "免考核原因",
    "认定采购量",
    "认定约定量",
    "是否完成",
    "是否计入",
    "预算B",
    "支出E",
    "结余S",
    "核算单元",
    "单元首行",
    "单元基数",
    "单元留用",
    "品种首行",
    "P0来源",
    "P1来源",
    "说明",
)
ROW_HEADS = (
    "序号",
    "批次",
    "协议年度",
    "考核得分",
    "留用比例k",
    "年度已结束",
    "预算B",
    "支出E",
    "净额B−E",
    "结余测算基数",
    "符合留用条件",
    "缺数项数",
    "结余留用额(元)",
    "系统核算额(元)",
    "核对",
    "说明",
)
RATE_HEADS = ("费率号", "基金", "医保基金实际支付比例r", "参保患者使用量占比s", "支付改革剔除占比x", "权重r·s·(1−x)")
WIDTHS = (
    6,
    12,
    9,
    20,
    14,
    10,
    14,
    13,
    14,
    13,
    14,
    13,
    16,
    16,
    12,
    12,
    13,
    9,
    9,
    8,
    12,
    13,
    13,
    8,
    8,
    16,
    16,
    16,
    8,
    8,
    16,
    16,
    8,
    9,
    9,
    26,
)
MISSING = "缺"


@dataclass(frozen=True)
class RowCells:
    """Where a hospital sheet keeps one row's results, for the summary to link to."""

    sheet: str
    line: int


@dataclass(frozen=True)
class Area:
    """The lines of a sheet: items from `first` to `last`, the arithmetic from `sums` to `sums_last`, rates likewise."""

    first: int
    last: int
    sums: int
    sums_last: int
    rates: int
    rates_last: int

    def items(self, column: str) -> str:
        """Return a column of the items as an absolute range."""
        return f"${column}${self.first}:${column}${self.last}"

    def rows(self, column: str) -> str:
        """Return a column of the arithmetic as an absolute range."""
        return f"${column}${self.sums}:${column}${self.sums_last}"

    def rate(self, column: str) -> str:
        """Return a column of the rates as an absolute range."""
        return f"${column}${self.rates}:${column}${self.rates_last}"


@dataclass(frozen=True)
class Data:
    """One hospital's lines, made ready: `items` of the settlement with codes beside, `rows` of its table."""

    items: pd.DataFrame
    rows: pd.DataFrame
    reasons: list[str]


def hospital_data(settlement: Settlement, hospital: str) -> Data:
    """Return one hospital's part of a settlement with row, unit, rate and first-line numbers."""
    lines = settlement.lines
    mask = (lines.facts["hospital_id"] == hospital).to_numpy()
    items = settlement.items_of(hospital_id=hospital)
    row, unit = lines.row[mask], unit_codes(lines, settlement.profile)[mask]
    rates, _ = pd.factorize(
        pd.MultiIndex.from_frame(
            pd.DataFrame(
                {
                    "fund": items["fund"].astype(str),
                    "r": items["fund_ratio"].map(str),
                    "s": items["insured_share"].map(str),
                    "x": _column(items, "excluded_share").map(str),
                }
            )
        )
    )
    unit_first = np.zeros(len(items), dtype=int)
    unit_first[np.unique(unit, return_index=True)[1]] = 1
    items = items.assign(
        row_no=np.searchsorted(np.unique(row), row) + 1,
        unit_no=np.unique(unit, return_inverse=True)[1] + 1,
        rate_no=rates + 1,
        unit_first=unit_first,
        item_first=lines.first_of_item()[mask].astype(int),
        is_open=_open(settlement)[mask],
        pooled_actual=None,
        pooled_agreed=None,
    )
    if settlement.profile.settlement.completion_by == "county_group":
        items = _pooled(settlement, items, mask)
    places = np.unique(row)
    texts = ["；".join(reason.text("zh") for reason in settlement.reasons_of(int(place))) for place in places]
    return Data(items, settlement.table.iloc[places].reset_index(drop=True), texts)


def _open(settlement: Settlement) -> np.ndarray:
    """Return which lines belong to a row whose year has not ended."""
    flags = settlement.table["codes"].map(lambda codes: "YEAR_NOT_ENDED" in codes).to_numpy(dtype=bool)
    return flags[settlement.lines.row]


def _pooled(settlement: Settlement, items: pd.DataFrame, mask: np.ndarray) -> pd.DataFrame:
    from vbp.surplus.judge import pooled_quantities

    actual, agreed = pooled_quantities(settlement.lines, settlement.profile)
    index = np.flatnonzero(mask)
    return items.assign(
        pooled_actual=pd.Series(actual.take(index).decimals(), dtype=object),
        pooled_agreed=pd.Series(agreed.take(index).decimals(), dtype=object),
    )


def _column(items: pd.DataFrame, name: str) -> pd.Series[Any]:
    return items[name] if name in items else pd.Series(None, index=items.index, dtype=object)


def area_of(data: Data) -> Area:
    """Return where rates, items and arithmetic will stand, before anything is written."""
    rates = 5
    rates_last = rates + int(data.items["rate_no"].max()) - 1
    first = rates_last + 4
    last = first + len(data.items) - 1
    sums = last + 4
    return Area(first, last, sums, sums + len(data.rows) - 1, rates, rates_last)


def write_hospital(sheet: Any, data: Data, profile: Profile, title: str, subtitle: str, header: str) -> list[RowCells]:
    """Write one hospital's sheet in order, top to bottom; return where each row's results stand."""
    area = area_of(data)
    cells.page(sheet, WIDTHS, f"E{area.first}", header)
    cells.red_where_different(sheet, f"O{area.sums}:O{area.sums_last}", f"$O{area.sums}")
    sheet.print_area = f"A1:AJ{area.sums_last}"
    sheet.append([cells.title_cell(sheet, title)])
    sheet.append([cells.small_cell(sheet, subtitle)])
    _rates(sheet, data, profile, area)
    _heads(sheet, "一、品种明细", ITEM_HEADS)
    for place, item in enumerate(records(data.items)):
        sheet.append(_item(sheet, item, profile, area, area.first + place))
    _heads(sheet, "二、测算过程：预算B＝ΣV·P0·权重，支出E＝Σ(Q·P1＋N)·权重，留用＝四舍五入(k×基数)", ROW_HEADS)
    for place, row in enumerate(records(data.rows)):
        sheet.append(_row(sheet, row, data, profile, area, place))
    return [RowCells(sheet.title, area.sums + place) for place in range(len(data.rows))]


def _heads(sheet: Any, caption: str, heads: tuple[str, ...]) -> None:
    sheet.append([])
    sheet.append([cells.text_cell(sheet, caption, wrap=False)])
    sheet.append([cells.head_cell(sheet, head) for head in heads])


def _rates(sheet: Any, data: Data, profile: Profile, area: Area) -> None:
    """Write the hospital's rates, each once: changing r or s here changes every item that uses it."""
    sheet.append([cells.text_cell(sheet, "费率（改动此处，全部品种随之重算）", wrap=False)])
    sheet.append([cells.head_cell(sheet, head) for head in RATE_HEADS])
    keep = "(1-E{n})" if profile.settlement.payment_reform_exclusion else "1"
    rates = data.items.drop_duplicates("rate_no").sort_values("rate_no").to_dict("records")
    for place, rate in enumerate(rates):
        number = area.rates + place
        weight = Formula(f"C{number}*D{number}*{keep.format(n=number)}")
        sheet.append(
            [
                cells.cell(sheet, int(rate["rate_no"])),
                cells.cell(sheet, rate["fund"] or ""),
                cells.cell(sheet, rate["fund_ratio"], cells.SHARE, True),
                cells.cell(sheet, rate["insured_share"], cells.SHARE, True),
                cells.cell(sheet, rate.get("excluded_share") or Decimal(0), cells.SHARE, True),
                cells.cell(sheet, weight, cells.WEIGHT),
            ]
        )


def _item(sheet: Any, item: dict[str, Any], profile: Profile, area: Area, n: int) -> list[Any]:
    """Return one item's cells, columns A to AJ in the order of ITEM_HEADS."""
    make = cells.cell
    score = item.get("score") if profile.settlement.scored_by_item else None
    excluded = {"RENEWAL_EXCLUDED", "COUNTY_GROUP", "CATEGORY_EXCLUDED"} & set(item["codes"])
    formulas = _item_formulas(item, profile, area, n)
    values: list[tuple[Any, str, bool]] = [
        (int(item["row_no"]), cells.PLAIN, False),
        (item["batch_id"], cells.PLAIN, False),
        (int(item["agreement_year"]), cells.PLAIN, False),
        (item["generic"], cells.PLAIN, False),
        (item.get("spec") or "", cells.PLAIN, False),
        (item.get("fund") or "", cells.PLAIN, False),
        (item["base_quantity_units"], cells.QUANTITY, True),
        (item.get("last_year_quantity_units"), cells.QUANTITY, True),
        (formulas["volume"], cells.QUANTITY, False),
        (item["pre_price_yuan"], cells.PRICE, True),
        (item["agreed_quantity_units"], cells.QUANTITY, True),
        (_selected_price(item), cells.PRICE, True),
        (item["actual_quantity_units"], cells.QUANTITY, True),
        (item["nonselected_amount_yuan"], cells.MONEY, True),
        (_adjustment(item, profile), cells.MONEY, True),
        (int(item["rate_no"]), cells.PLAIN, False),
        (formulas["weight"], cells.WEIGHT, False),
        (score, cells.PLAIN, True),
        (formulas["ratio"], cells.RATIO, False),
        (0 if excluded else 1, cells.PLAIN, True),
        (item.get("exempt_reason") or None, cells.PLAIN, True),
        (formulas["actual"], cells.QUANTITY, False),
        (formulas["agreed"], cells.QUANTITY, False),
        (formulas["complete"], cells.PLAIN, False),
        (formulas["counted"], cells.PLAIN, False),
        (formulas["budget"], cells.MONEY, False),
        (formulas["spent"], cells.MONEY, False),
        (formulas["surplus"], cells.MONEY, False),
        (int(item["unit_no"]), cells.PLAIN, False),
        (int(item["unit_first"]), cells.PLAIN, False),
        (formulas["unit_base"], cells.MONEY, False),
        (formulas["unit_paid"], cells.MONEY, False),
        (int(item["item_first"]), cells.PLAIN, False),
        (_source("p0", item.get("pre_price_source")), cells.PLAIN, False),
        (_source("p1", item.get("selected_price_source")), cells.PLAIN, False),
        (" ".join(item["codes"]), cells.PLAIN, False),
    ]
    return [make(sheet, value, number_format, is_input) for value, number_format, is_input in values]


def _source(price: str, name: Any) -> str:
    """Return where P0 or P1 comes from, in words where the phrase table has them."""
    key = f"statement.{price}_{name}"
    return "" if not name else say(key, "zh") if known(key) else str(name)


def _selected_price(item: dict[str, Any]) -> Decimal | None:
    """Return P1 as far as a spreadsheet's numbers go: where a price per pack does not divide evenly, ten decimals are too few."""
    price, cost, agreed = item["selected_price_yuan"], item[COST], item["agreed_quantity_units"]
    if not agreed or cost is None or cost == price * agreed:
        return price
    return Decimal(Context(prec=17).divide(cost, agreed))


def _adjustment(item: dict[str, Any], profile: Profile) -> Decimal | None:
    """Return what the profile's rule takes from N or adds to it; empty where it changes nothing or N is unknown."""
    counted, spent = item["counted_nonselected_yuan"], item["nonselected_amount_yuan"]
    if profile.settlement.non_selected == "none" or counted is None or spent is None or counted == spent:
        return None
    return Decimal(counted - spent)


def _item_formulas(item: dict[str, Any], profile: Profile, area: Area, n: int) -> dict[str, Any]:
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


def _row(sheet: Any, row: dict[str, Any], data: Data, profile: Profile, area: Area, place: int) -> list[Any]:
    """Return one row's arithmetic, columns A to P in the order of ROW_HEADS."""
    make, n = cells.cell, area.sums + place
    of_row = data.items[data.items["row_no"] == place + 1]
    scores = [score for score in of_row["score"] if score is not None]
    score = None if profile.settlement.scored_by_item or not scores else scores[0]
    open_year = bool(of_row["is_open"].iloc[0])
    due = row["retained_yuan"]
    shown = due if due is not None else ("未到期" if open_year else "未知")
    formulas = _row_formulas(profile, area, n)
    check = Formula(
        f'IF(AND(ISNUMBER(M{n}),ISNUMBER(N{n})),IF(ABS(M{n}-N{n})<0.005,"一致","不一致"),IF(M{n}=N{n},"一致","不一致"))'
    )
    return [
        make(sheet, place + 1),
        make(sheet, row["batch_id"]),
        make(sheet, int(row["agreement_year"])),
        make(sheet, score, cells.PLAIN, True),
        make(sheet, formulas["ratio"], cells.RATIO),
        make(sheet, 0 if open_year else 1, cells.PLAIN, True),
        *(make(sheet, formulas[name], cells.MONEY) for name in ("budget", "spent", "net", "base")),
        make(sheet, formulas["eligible"]),
        make(sheet, formulas["missing"]),
        make(sheet, formulas["retained"], cells.MONEY),
        make(sheet, shown, cells.MONEY),
        make(sheet, check),
        make(sheet, data.reasons[place]),
    ]


def _row_formulas(profile: Profile, area: Area, n: int) -> dict[str, Formula]:
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


__all__ = ["Data", "RowCells", "area_of", "hospital_data", "write_hospital"]
