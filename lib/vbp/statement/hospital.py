"""One hospital's sheet: its rates, all items, then the arithmetic of each batch and year, every amount a formula."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from vbp.rules import Profile
from vbp.statement import cells
from vbp.statement.cells import Formula
from vbp.statement.data import Data, area_of
from vbp.statement.formulas import item_formulas, row_formulas
from vbp.statement.layout import ITEM_HEADS, RATE_HEADS, ROW_HEADS, WIDTHS, Area
from vbp.surplus.columns import COST
from vbp.surplus.lines import records
from vbp.words import known, say


@dataclass(frozen=True)
class RowCells:
    """Where a hospital sheet keeps one row's results, for the summary to link to."""

    sheet: str
    line: int


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
    formulas = item_formulas(item, profile, area, n)
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


def _row(sheet: Any, row: dict[str, Any], data: Data, profile: Profile, area: Area, place: int) -> list[Any]:
    """Return one row's arithmetic, columns A to P in the order of ROW_HEADS."""
    make, n = cells.cell, area.sums + place
    of_row = data.items[data.items["row_no"] == place + 1]
    scores = [score for score in of_row["score"] if score is not None]
    score = None if profile.settlement.scored_by_item or not scores else scores[0]
    open_year = bool(of_row["is_open"].iloc[0])
    due = row["retained_yuan"]
    shown = due if due is not None else ("未到期" if open_year else "未知")
    formulas = row_formulas(profile, area, n)
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
