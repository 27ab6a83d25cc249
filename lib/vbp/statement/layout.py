"""What stands where on a hospital's sheet: heads, widths, and the lines of rates, items and arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

ITEM_COLUMNS = (
    ("序号", 6),
    ("批次", 12),
    ("协议年度", 9),
    ("通用名", 20),
    ("品规", 14),
    ("基金", 10),
    ("约定采购量基数Q0", 14),
    ("上年实际量", 13),
    ("测算用量V", 14),
    ("集采前均价P0", 13),
    ("约定采购量Q", 14),
    ("中选价P1", 13),
    ("实际采购量Qa", 16),
    ("非中选金额N", 16),
    ("N调整", 12),
    ("费率号", 12),
    ("权重r·s·(1−x)", 13),
    ("品种得分", 9),
    ("留用比例k", 9),
    ("是否纳入", 8),
    ("免考核原因", 12),
    ("认定采购量", 13),
    ("认定约定量", 13),
    ("是否完成", 8),
    ("是否计入", 8),
    ("预算B", 16),
    ("支出E", 16),
    ("结余S", 16),
    ("核算单元", 8),
    ("单元首行", 8),
    ("单元基数", 16),
    ("单元留用", 16),
    ("品种首行", 8),
    ("P0来源", 9),
    ("P1来源", 9),
    ("说明", 26),
)
"""Heads of the items, and the widths of the sheet's columns (characters)."""
ITEM_HEADS = tuple(head for head, _ in ITEM_COLUMNS)
WIDTHS = tuple(width for _, width in ITEM_COLUMNS)
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
