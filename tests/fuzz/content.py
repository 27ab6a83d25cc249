"""What a folder means: a small invented city as typed rows, before it is written in any way.

Five hospitals, four products, fourteen months; two rounds, agreements that end inside the ledger, so that money is due.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.ledger.worlds import World

Row = dict[str, Any]
D = Decimal
FIRST = dt.date(2023, 1, 1)
MONTHS = [dt.date(2023 + number // 12, number % 12 + 1, 1) for number in range(14)]
PROFILES = (
    "national-2020",
    "national-2020",
    "national-2020",
    "guangxi-2021",
    "hunan-2024",
    "jiujiang",
    "nantong",
    "qingdao",
    "quanzhou",
    "shenzhen-2024-draft",
    "sichuan-2022-inferred",
    "simple-volume",
    "zhoukou",
)
COLUMNS: dict[str, tuple[str, ...]] = {
    "hospitals": ("hospital_id", "name", "tier", "ownership", "county_group", "group_lead"),
    "products": (
        "product_id",
        "generic",
        "category",
        "dosage_form",
        "strength",
        "units_per_pack",
        "spec_factor",
        "manufacturer",
        "originator",
        "consistency_evaluated",
        "substitute_group",
        "exempt_reason",
    ),
    "varieties": (
        "batch_id",
        "generic",
        "unit_name",
        "level",
        "category",
        "cycle",
        "renewal_of",
        "pre_price_yuan_per_unit",
        "pre_price_basis",
    ),
    "awards": ("batch_id", "product_id", "start_date", "end_date", "selected_price_yuan", "supply_role"),
    "agreements": (
        "batch_id",
        "hospital_id",
        "generic",
        "product_id",
        "agreement_year",
        "start_date",
        "end_date",
        "base_quantity_units",
        "agreed_quantity_units",
    ),
    "usage": ("hospital_id", "month", "date", "product_id", "quantity_packs", "amount_yuan"),
    "fund": (
        "hospital_id",
        "batch_id",
        "generic",
        "agreement_year",
        "fund",
        "fund_ratio",
        "insured_share",
        "share_basis",
        "excluded_share",
    ),
    "assessments": ("batch_id", "hospital_id", "agreement_year", "score"),
    "settlements": ("hospital_id", "supplier", "invoice_id", "invoice_date", "paid_date", "amount_yuan", "direct"),
}
"""The columns that the fuzzer writes, by table."""


@dataclass
class Content:
    """A folder's meaning: rows by table in Python's own types, and city.yaml's entries."""

    tables: dict[str, list[Row]]
    city: dict[str, Any]
    dated: bool = False
    touched: list[tuple[str, int, str]] = field(default_factory=list)
    """Cells (table, place of the row, column) whose meaning a step has changed."""

    rules: tuple[str, Decimal] | None = None
    """The parent of rules of the folder's own and their completion threshold."""

    def copy(self) -> Content:
        """Return a copy whose rows can be changed."""
        return copy.deepcopy(self)

    def world(self) -> World:
        """Return the rows as the ledger's slow recomputation takes them."""
        rows = {
            name: self.tables.get(name, [])
            for name in ("products", "varieties", "awards", "agreements", "usage", "hospitals")
        }
        rows["usage"] = [{"date": None, **row} for row in rows["usage"]]
        rows["awards"] = [{**row, "supply_role": row["supply_role"] or "main"} for row in rows["awards"]]
        return World(rows, self.dated, "fuzz")


def make(rng: random.Random) -> Content:
    """Return a random city in which everything is right."""
    hospitals = [_hospital(rng, f"H{number:03d}") for number in range(1, 6)]
    products = _products(rng)
    rounds = [
        ("B1", "甲片", FIRST.replace(month=3)),
        ("B2", "乙注射液", dt.date(2023, 2, rng.choice([1, 1, 16, 15, 28]))),
    ]
    varieties, awards, agreements = [], [], []
    for batch, generic, start in rounds:
        end = start.replace(year=start.year + 1) - dt.timedelta(days=1)
        varieties.append(_variety(rng, batch, generic))
        mine = [row["product_id"] for row in products if row["generic"] == generic]
        level = unit_price(varieties[-1], rng)
        awards += _awards(rng, batch, [row for row in products if row["product_id"] in mine], start, end, level)
        won = [row["product_id"] for row in awards if row["batch_id"] == batch and row["supply_role"] != "elsewhere"]
        agreements += _agreements(rng, batch, generic, won, [row["hospital_id"] for row in hospitals], start, end)
    dated = rng.random() < 0.15
    tables = {
        "hospitals": hospitals,
        "products": products,
        "varieties": varieties,
        "awards": awards,
        "agreements": agreements,
        "usage": _usage(rng, hospitals, products, awards, dated),
        "fund": _fund(rng),
    }
    if rng.random() < 0.9:
        tables["assessments"] = [_score(rng, batch, row["hospital_id"]) for batch, _, _ in rounds for row in hospitals]
    if rng.random() < 0.3:
        tables["settlements"] = [_invoice(rng, number) for number in range(8)]
    city = {"name_zh": "试验市", "name_en": "Trial", "province": "试验省", "rule_profile": rng.choice(PROFILES)}
    return Content(tables, city, dated)


def _hospital(rng: random.Random, name: str) -> Row:
    group = rng.random() < 0.2
    return {
        "hospital_id": name,
        "name": f"第{name[-1]}医院",
        "tier": rng.choice(["tertiary", "secondary", "primary"]),
        "ownership": rng.choice(["public", "public", "private"]),
        "county_group": "G1" if group else None,
        "group_lead": None,
    }


def _products(rng: random.Random) -> list[Row]:
    made = []
    other = rng.choice(["乙注射液", "乙注射液", "丙胶囊"])
    for number, generic in enumerate(("甲片", "甲片", "乙注射液", other), 1):
        made.append(
            {
                "product_id": f"P{number}",
                "generic": generic,
                "category": "drug",
                "dosage_form": "片剂",
                "strength": "5mg",
                "units_per_pack": rng.choice([1, 7, 14, 28]),
                "spec_factor": rng.choice([None, None, None, D("0.5"), D("2")]),
                "manufacturer": f"{number}厂",
                "originator": number in (2, 4),
                "consistency_evaluated": rng.choice([True, False, None]),
                "substitute_group": rng.choice(["S1", None]) if generic != "乙注射液" else None,
                "exempt_reason": "短缺" if rng.random() < 0.05 else None,
            }
        )
    return made


def _variety(rng: random.Random, batch: str, generic: str) -> Row:
    given = rng.random() < 0.7
    return {
        "batch_id": batch,
        "generic": generic,
        "unit_name": "片" if generic == "甲片" else "支",
        "level": "national",
        "category": "drug",
        "cycle": 2 if rng.random() < 0.1 else 1,
        "renewal_of": None,
        "pre_price_yuan_per_unit": D(rng.randint(20_000, 90_000)).scaleb(-4) if given else None,
        "pre_price_basis": "before_first_round" if given else None,
    }


def unit_price(variety: Row, rng: random.Random) -> Decimal:
    """The price before of a converted unit, as given or as the ledger will show it."""
    return variety["pre_price_yuan_per_unit"] or D(rng.randint(200, 900)).scaleb(-2)


def pack_price(product: Row, unit: Decimal) -> Decimal:
    """The price of a pack at a price per converted unit, in whole fen."""
    return max((unit * product["units_per_pack"] * (product["spec_factor"] or 1)).quantize(D("0.01")), D("0.01"))


def _awards(
    rng: random.Random, batch: str, products: list[Row], start: dt.date, end: dt.date, before: Decimal
) -> list[Row]:
    roles = ["main", rng.choice([None, None, None, "backup1", "elsewhere", "main"])]
    return [
        {
            "batch_id": batch,
            "product_id": product["product_id"],
            "start_date": start,
            "end_date": end,
            "selected_price_yuan": pack_price(product, before * rng.randint(20, 60) / 100),
            "supply_role": role,
        }
        for product, role in zip(products, roles, strict=False)
        if role
    ]


def _agreements(
    rng: random.Random, batch: str, generic: str, won: list[str], hospitals: list[str], start: dt.date, end: dt.date
) -> list[Row]:
    by_product = rng.random() < 0.25
    rows = []
    for hospital in hospitals:
        for product in won if by_product else [None]:
            base = rng.randint(50, 3000)
            rows.append(
                {
                    "batch_id": batch,
                    "hospital_id": hospital,
                    "generic": generic,
                    "product_id": product,
                    "agreement_year": 1,
                    "start_date": start,
                    "end_date": end,
                    "base_quantity_units": D(base),
                    "agreed_quantity_units": D(base * 7) / 10,
                }
            )
    return rows


def _usage(rng: random.Random, hospitals: list[Row], products: list[Row], awards: list[Row], dated: bool) -> list[Row]:
    won = {row["product_id"]: row for row in awards}
    usual = {row["product_id"]: pack_price(row, D(rng.randint(300, 600)).scaleb(-2)) for row in products}
    for name, award in won.items():  # never a factor that looks like a pack
        usual[name] = (award["selected_price_yuan"] * rng.randint(120, 250) / 100).quantize(D("0.01"))
    rows = []
    for hospital in hospitals:
        for product in products:
            award = won.get(product["product_id"])
            for month in MONTHS:
                if rng.random() < 0.05:
                    continue
                packs, day = rng.randint(1, 60), month.replace(day=rng.randint(1, 28))
                selected = award and award["start_date"] <= day <= award["end_date"]
                price = award["selected_price_yuan"] if award and selected else usual[product["product_id"]]
                rows.append(
                    {
                        "hospital_id": hospital["hospital_id"],
                        "month": month,
                        "date": day if dated else None,
                        "product_id": product["product_id"],
                        "quantity_packs": D(packs),
                        "amount_yuan": (packs * price).quantize(D("0.01")),
                    }
                )
    return rows


def _fund(rng: random.Random) -> list[Row]:
    blank: Row = dict.fromkeys(COLUMNS["fund"])
    ratio, share = D(rng.randint(40, 90)).scaleb(-2), D(rng.randint(30, 48)).scaleb(-2)
    if rng.random() < 0.5:
        rows = [{**blank, "fund_ratio": ratio, "insured_share": 2 * share}]
    else:
        rows = [
            {**blank, "fund": fund, "fund_ratio": ratio - number * D("0.1"), "insured_share": share}
            for number, fund in enumerate(("employee", "resident"))
        ]
    if len(rows) == 1 and rng.random() < 0.5:
        rows.append({**blank, "hospital_id": "H001", "fund_ratio": D("0.65"), "insured_share": D("0.8")})
    if rng.random() < 0.3:
        rows = [{**row, "excluded_share": D("0.05")} for row in rows]
    return rows


def _score(rng: random.Random, batch: str, hospital: str) -> Row:
    return {
        "batch_id": batch,
        "hospital_id": hospital,
        "agreement_year": 1,
        "score": D(rng.choice([55, 60, 69, 70, 85, 100])),
    }


def _invoice(rng: random.Random, number: int) -> Row:
    day = FIRST + dt.timedelta(days=rng.randint(0, 300))
    return {
        "hospital_id": f"H00{rng.randint(1, 5)}",
        "supplier": "甲公司",
        "invoice_id": f"F{number:04d}",
        "invoice_date": day,
        "paid_date": day + dt.timedelta(days=rng.randint(1, 60)) if rng.random() < 0.8 else None,
        "amount_yuan": D(rng.randint(100, 10**7)).scaleb(-2),
        "direct": rng.random() < 0.5,
    }
