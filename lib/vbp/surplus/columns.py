"""The columns of an items table (结余留用测算明细), once: name, kind, whether required, meaning, Chinese headers."""

from __future__ import annotations

from dataclasses import dataclass

KEY = ("hospital_id", "batch_id", "agreement_year", "generic", "spec", "fund")
ITEM = KEY[:5]
ROW = KEY[:3]


@dataclass(frozen=True)
class Column:
    """One column: `kind` is text, year, quantity, price, amount, share, score, date, count or yes_no."""

    name: str
    kind: str
    required: bool
    meaning_zh: str
    meaning_en: str
    headers: tuple[str, ...] = ()
    blank: bool = False
    """Whether a cell may be empty although the column is required."""


COLUMNS: tuple[Column, ...] = (
    Column(
        "hospital_id", "text", True, "医疗机构代码", "hospital", ("医疗机构代码", "医院代码", "医疗机构", "机构编码")
    ),
    Column("batch_id", "text", True, "集采批次", "procurement round", ("批次", "集采批次")),
    Column("agreement_year", "year", True, "协议年度(周期内第n年)", "n-th year of the cycle", ("协议年度", "采购年度")),
    Column("generic", "text", True, "通用名(按招标品种)", "variety as tendered", ("通用名", "品种", "药品通用名")),
    Column("spec", "text", False, "品规", "spec or product, where agreed by product", ("品规", "规格")),
    Column("fund", "text", False, "基金(职工/居民)", "fund: employee or resident", ("基金", "险种")),
    Column(
        "base_quantity_units",
        "quantity",
        True,
        "约定采购量基数 Q0",
        "reported demand Q0",
        ("约定采购量基数", "报量", "采购量基数"),
    ),
    Column(
        "pre_price_yuan",
        "price",
        True,
        "集采前均价 P0",
        "price before procurement P0",
        ("集采前均价", "集采前通用名加权平均价格", "集采前加权平均价"),
        True,
    ),
    Column("agreed_quantity_units", "quantity", True, "约定采购量 Q", "agreed volume Q", ("约定采购量", "协议采购量")),
    Column(
        "selected_price_yuan",
        "price",
        True,
        "中选价 P1(每最小单位)",
        "selected price P1 per unit",
        ("中选价", "中选价格"),
    ),
    Column(
        "actual_quantity_units",
        "quantity",
        True,
        "实际采购量 Qa(中选)",
        "purchases of the selected product Qa",
        ("实际采购量", "中选实际采购量", "中选采购量"),
    ),
    Column(
        "nonselected_amount_yuan",
        "amount",
        True,
        "非中选产品使用金额 N",
        "spent on non-selected products N",
        ("非中选产品使用金额", "非中选金额", "非中选采购金额"),
        True,
    ),
    Column(
        "fund_ratio",
        "share",
        True,
        "医保基金实际支付比例 r",
        "actual fund payment ratio r",
        ("医保基金实际支付比例", "基金支付比例", "支付比例"),
    ),
    Column(
        "insured_share",
        "share",
        True,
        "参保患者使用量占比 s",
        "share of use by insured patients s",
        ("参保患者使用量占比", "参保占比", "参保患者占比"),
    ),
    Column("score", "score", True, "考核得分(0–100)", "assessment score", ("考核得分", "得分", "考核分数"), True),
    Column(
        "excluded_share",
        "share",
        False,
        "支付方式改革已留用的占比 x",
        "share already kept under DRG/DIP x",
        ("剔除占比",),
    ),
    Column(
        "nonselected_evaluated_yuan",
        "amount",
        False,
        "其中: 过评非中选金额",
        "of N: passed consistency evaluation",
        ("过评非中选金额",),
    ),
    Column(
        "nonselected_cheaper_yuan",
        "amount",
        False,
        "其中: 低于中选价的非中选金额",
        "of N: cheaper than the winner",
        ("低价非中选金额",),
    ),
    Column(
        "last_year_quantity_units",
        "quantity",
        False,
        "上年实际采购量",
        "last year's actual volume",
        ("上年实际采购量",),
    ),
    Column("end_date", "date", False, "协议年度截止日", "end of the agreement year", ("截止日期", "协议截止日")),
    Column("cycle", "count", False, "采购周期(1首轮,2起接续)", "1 first, 2 and more renewal", ("采购周期", "轮次")),
    Column("county_group", "text", False, "医共体", "compact county medical group", ("医共体", "医共体名称")),
    Column("category", "text", False, "类别", "drug, consumable or reagent", ("类别",)),
    Column("exempt_reason", "text", False, "免考核原因", "why completion is not asked for", ("免考核原因", "豁免原因")),
    Column("elsewhere_amount_yuan", "amount", False, "外省中选产品金额", "spent on products won for elsewhere", ()),
    Column("pre_price_source", "text", False, "P0来源", "where P0 comes from", ()),
    Column("selected_price_source", "text", False, "P1来源", "where P1 comes from", ()),
    Column("hospital_name", "text", False, "医疗机构名称", "hospital's name", ("医疗机构名称", "医院名称")),
    Column("tier", "text", False, "医疗机构级别", "hospital's tier", ("级别", "医疗机构等级")),
)
COST = "agreed_cost_yuan"
"""Q·P1 where P1 is a price per pack divided by its units, which ten decimals do not hold: of inputs folders only."""
BY_NAME = {column.name: column for column in COLUMNS}
NUMBERS = tuple(column.name for column in COLUMNS if column.kind in ("quantity", "price", "amount", "share", "score"))
