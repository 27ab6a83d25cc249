"""A header's own unit: 万元, 元/盒, 片/支/粒, %; and a cell's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from vbp.schema import Column

MULTIPLES = {
    "": 1,
    "十": 10,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
}
MONEY = re.compile(r"^(?:单位:)?(?:人民币)?(十万|百万|千万|[十百千万亿]?)(?:元|圆|块|人民币|yuan|rmb|cny)?(?:人民币)?$")
SMALL_MONEY = {"角": Decimal("0.1"), "分": Decimal("0.01")}
PACK = ("盒", "包装", "包", "套", "箱内盒", "pack", "packs", "box", "boxes")
EITHER = ("瓶", "袋", "筒", "管", "罐", "件")
UNIT = (
    "片",
    "支",
    "粒",
    "丸",
    "枚",
    "揿",
    "喷",
    "贴",
    "张",
    "吸",
    "最小单位",
    "最小计量单位",
    "最小制剂单位",
    "最小使用单位",
    "最小计价单位",
    "计价单位",
    "制剂单位",
    "单位",
    "个",
    "只",
    "根",
    "副",
    "条",
    "块",
    "颗",
    "板内片",
    "units",
    "unit",
    "tablets",
    "pieces",
    "piece",
    "ml",
    "毫升",
    "g",
    "克",
)
WORDS = dict.fromkeys(PACK, "pack") | dict.fromkeys(EITHER, "either") | dict.fromkeys(UNIT, "unit")
COUNTED = re.compile(r"^(?:单位:)?(十万|百万|千万|[十百千万亿]?)(.+)$")


PERCENT = ("%", "百分比", "百分数", "percent")
CELL = {
    "ratio": PERCENT,
    "percent": PERCENT,
    "score": ("分",),
    "factor": ("倍",),
    "count": ("家", "年", "次", "轮", "条", "项", "张"),
}
"""Units that a cell's own number may carry, by kind, beside those of money and quantities."""


@dataclass(frozen=True)
class Unit:
    """What a unit says: `factor` to the base unit (exact), `basis` pack, unit or None, and whether it was unsure."""

    factor: Decimal = Decimal(1)
    basis: str | None = None
    unsure: bool = False


def tidy(text: str) -> str:
    """Return a unit for comparison: NFKC, lower case, no spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def money(text: str) -> Decimal | None:
    """Return the factor of a unit of money to yuan (万元: 10000), None where it is no money."""
    text = tidy(text)
    if text in SMALL_MONEY:
        return SMALL_MONEY[text]
    match = MONEY.match(text)
    return Decimal(MULTIPLES[match.group(1)]) if match and text else None


def counted(text: str) -> Unit | None:
    """Return a unit of quantity (盒, 万片, 片/支/粒), None where no word is known."""
    factor, bases = Decimal(1), set()
    for position, part in enumerate(re.split(r"[/、,或和及]", tidy(text))):
        match = COUNTED.match(part)
        if match is None:
            return None
        multiple, rest = (match.group(1), match.group(2)) if part not in WORDS else ("", part)
        if rest not in WORDS:
            return None
        bases.add(WORDS[rest])
        if position == 0:
            factor = Decimal(MULTIPLES[multiple])
    unsure = bases == {"either"}
    return Unit(factor, "unit" if "unit" in bases else "pack", unsure)


def priced(text: str) -> Unit | None:
    """Return a unit of price (元, 元/盒, 元/片、支), None where it is none."""
    first, _, rest = tidy(text).partition("/")
    factor = money(first)
    if factor is None:
        return None
    if not rest:
        return Unit(factor)
    per = counted(rest)
    return None if per is None or per.factor != 1 else Unit(factor, per.basis, per.unsure)


def parse(text: str, column: Column) -> Unit | None:
    """Return what a header's unit says for a column of its kind; None where the unit is unknown for that kind."""
    kind = column.kind
    if kind == "amount":
        factor = money(text)
        return None if factor is None else Unit(factor)
    if kind == "price":
        return priced(text)
    if kind == "quantity":
        return counted(text)
    if kind in ("ratio", "percent") and tidy(text) in PERCENT:
        return Unit(Decimal("0.01") if kind == "ratio" else Decimal(1))
    if kind in ("count", "factor", "score", "percent", "ratio"):
        return Unit()
    return None


def in_cell(text: str, column: Column) -> Unit | None:
    """Return what a unit behind a cell's number says; None where it is none that such numbers carry (0x1F, 28abc)."""
    if column.kind in ("amount", "price", "quantity"):
        return parse(text, column)
    known = CELL.get(column.kind, ())
    counts = column.kind == "count" and (tidy(text) in CELL["count"] or counted(text) is not None)
    return parse(text, column) if counts or tidy(text) in known else None


def expected_basis(column: Column) -> str | None:
    """Return the basis that a column is declared in: pack, unit, or None."""
    if column.kind not in ("price", "quantity"):
        return None
    return "pack" if column.unit.endswith("盒") else "unit"
