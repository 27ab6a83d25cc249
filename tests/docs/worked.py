"""What the worked examples of `docs/methods/` call: each takes the block's `given` and returns what the library says."""

from __future__ import annotations

import importlib
import re
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from tests.small_folder import write

CALLS: dict[str, Callable[..., dict[str, Any]]] = {}
BLOCK = re.compile(r"^```yaml worked\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Exact(yaml.SafeLoader):
    """Reads numbers with a point as Decimal: the page's digits, nothing lost."""


Exact.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(node.value))


def blocks(page: Path) -> Iterator[dict[str, Any]]:
    for found in BLOCK.findall(page.read_text(encoding="utf-8")):
        yield yaml.load(found, Loader=Exact)  # a SafeLoader


def call(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    CALLS[function.__name__] = function
    return function


def called(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a worked example's call gives: one of `CALLS`, or a library function by its full name (vbp.part.function)."""
    if name in CALLS:
        return CALLS[name](**given)
    module, _, function = name.rpartition(".")
    if not module.startswith("vbp."):
        raise KeyError(
            f"call: {name} is neither in tests/docs/worked.py nor the full name of a function (vbp.part.function)"
        )
    found = getattr(importlib.import_module(module), function)(**given)
    return found if isinstance(found, dict) else vars(found)


def _yes(value: Any) -> Decimal:
    return Decimal(str(value))


@call
def cut(items):
    from vbp.prices.cuts import cuts

    columns = ["pre_price_yuan", "post_price_yuan", "quantity_units"]
    frame = pd.DataFrame([[_yes(value) for value in row] for row in items], columns=columns, dtype=object)
    row = cuts(frame.assign(baseline="p0")).table.iloc[0]
    names = {"simple_percent": "simple_cut_percent", "weighted_percent": "weighted_cut_percent"}
    return {name: row[column] for name, column in (names | {"saving_yuan": "saving_yuan"}).items()}


@call
def units(packs):
    rows = [[f"P{number}", 10, size, factor] for number, (_, size, factor) in enumerate(packs)]
    products = [
        [
            "product_id",
            "generic",
            "category",
            "dosage_form",
            "strength",
            "units_per_pack",
            "spec_factor",
            "manufacturer",
        ]
    ]
    products += [[name, "甲片", "药品", "片剂", "5mg", size, factor, "甲厂"] for name, _, size, factor in rows]
    usage = [["hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"]]
    usage += [["H001", "2023-01", f"P{number}", count, "1.00"] for number, (count, _, _) in enumerate(packs)]
    panels = _panels({"products": products, "usage": usage})
    return {"units": Decimal(int(panels.product_month["quantity_milliunits"].sum())) / 1000}


@call
def ddd(quantity_units, ddd_units, amount_yuan, population, days):
    from vbp.prices.ddd import did, per_ddd

    frame = pd.DataFrame(
        [("p", "g", Decimal(quantity_units), Decimal(amount_yuan), Decimal(ddd_units))],
        columns=["product_id", "generic", "quantity_units", "amount_yuan", "ddd_units"],
    )
    row = per_ddd(frame).table.iloc[0]
    return {
        "ddds": row["ddds"],
        "ddd_cost_yuan": row["ddd_cost_yuan"],
        "per_1000_people_and_day": did(row["ddds"], population, days),
    }


@call
def ddd_change(volume, spending):
    from vbp.prices.ddd import ddd_cost_change

    return {"change_percent": 100 * ddd_cost_change(volume, spending)}


@call
def ratio(price, **specs):
    from vbp.prices.ratio_rules import Spec, convert

    found = convert(price, Spec.of(*specs["from"]), Spec.of(*specs["to"]))
    return {"price_yuan": found.price_yuan, "factor": found.factor}


@call
def pack_ratio(times):
    from vbp.prices.ratio_rules import pack_ratio as k

    return {"ratios": [k(_yes(value)) for value in times]}


@call
def completion(**city):
    from vbp.completion import completion as complete

    row = complete(_city(city)).table.iloc[0]
    return {
        "rate_percent": 100 * row["rate"],
        "rate_by_amount_percent": 100 * row["rate_by_amount"],
        "state": row["state"],
    }


@call
def savings(**city):
    from vbp.savings import savings as save

    return dict(save(_city(city), _products(city)).totals)


@call
def benefit(funds, **city):
    from vbp.benefit.city import city_benefit

    columns = ["fund", "fund_ratio", "insured_share"]
    rows = pd.DataFrame([(name, _yes(r), _yes(s)) for name, r, s in funds], columns=columns, dtype=object)
    table = city_benefit(_city(city), rows.assign(hospital_id=None, batch_id=None)).table
    return dict(zip(table["payer"], table["saving_yuan"], strict=True))


def _changes(products):
    from vbp.decomposition import changes

    sides = [
        pd.DataFrame(
            [(name, "甲片", Decimal(row[side]), Decimal(row[side + 1])) for name, row in products.items()],
            columns=["product_id", "generic", "quantity", "value"],
        )
        for side in (0, 2)
    ]
    return changes(*sides, levels=("generic",))


@call
def decomposition(products):
    from vbp.decomposition import bennet

    found = bennet(_changes(products), ("generic",))
    return {"change": found.change_yuan, "structure": found.structure_yuan, **found.parts}


@call
def addis_magrini(products):
    from vbp.decomposition import addis_magrini as ratios

    found = ratios(_changes(products))
    return {name: getattr(found, name) for name in ("price", "volume", "structure", "value_ratio")}


@call
def index(rows):
    from vbp.indices import index_series

    found = index_series(pd.DataFrame(rows, columns=["period", "product_id", "price", "quantity"]).astype(str))
    last = {name: values.iloc[-1] for name, values in found.prices.items()}
    return {**last, "value_ratio": found.match["value_ratio"].iloc[-1]}


@call
def standard(price, selected_price, ratio):
    from vbp.benefit.standard import purchase_share

    share = purchase_share(Decimal(price), Decimal(selected_price), ratio)
    return {"standard": share.standard_yuan, "patient": share.patient_yuan, "fund": share.fund_yuan}


@call
def reimburse(profile, scheme, total, in_catalogue):
    from vbp.benefit.profile import benefit_profile
    from vbp.benefit.reimbursement import Case
    from vbp.benefit.reimbursement import reimburse as pay

    found = pay(benefit_profile(profile).schemes[scheme], Case(Decimal(total), Decimal(in_catalogue)))
    return {"fund": found.fund_yuan, "patient": found.patient_yuan}


@call
def surplus(profile, items, switches=None):
    from vbp.rules import load_profile
    from vbp.surplus import settle

    names = {
        "base": "base_quantity_units",
        "p0": "pre_price_yuan",
        "agreed": "agreed_quantity_units",
        "p1": "selected_price_yuan",
        "actual": "actual_quantity_units",
        "r": "fund_ratio",
        "s": "insured_share",
        "score": "score",
        "nonselected": "nonselected_amount_yuan",
    }
    key = {"hospital_id": "H1", "batch_id": "B1", "agreement_year": 1}
    rows = [
        {**key, "generic": f"g{number}", **{names[name]: str(value) for name, value in item.items()}}
        for number, item in enumerate(items)
    ]
    row = settle(pd.DataFrame(rows), load_profile(profile).with_switches(**(switches or {}))).table.iloc[0]
    return {name: row[f"{name}_yuan"] for name in ("budget", "expenditure", "net", "retained")}


@call
def estimate(amount_before, weighted_cut, agreed_share, r, s):
    from vbp.estimate import estimate_from_amounts
    from vbp.estimate.amounts import RoundCut
    from vbp.estimate.draws import Predictive
    from vbp.estimate.priors import load_priors

    usage = pd.DataFrame(
        [("H", "r", Decimal(amount_before), "before")],
        columns=["hospital_id", "batch_id", "amount_yuan", "amount_basis"],
    )
    fund = pd.DataFrame(
        [(None, None, r, s)], columns=["hospital_id", "batch_id", "fund_ratio", "insured_share"], dtype=object
    )
    rounds = {"r": RoundCut("r", "r", "r", weighted_cut, "weighted", "p0", agreed_share)}
    found = estimate_from_amounts("x", usage, rounds, Predictive.fit(np.log([0.9, 1.0, 1.1])), load_priors(), fund)
    names = ("official_saving", "fund_saving", "patient_saving")
    return {name: next(row.point for row in found.of(name) if row.scope == "city") for name in names}


@call
def its(before, after):
    from vbp.impact import its as fit

    months = pd.period_range("2022-01", periods=len(before) + len(after), freq="M").astype(str)
    frame = pd.DataFrame({"month": months, "y": [float(value) for value in (*before, *after)]})
    found = fit(frame, "y", "month", months[len(before)])
    return {"level": found.term("level").estimate, "verdict": found.term("level").verdict.word}


@call
def did(treated, untreated):
    from vbp.impact import did as compare

    rows = [
        (f"{kind}{number}", time, float(value), kind)
        for kind, pairs in ((1, treated), (0, untreated))
        for number, pair in enumerate(pairs)
        for time, value in enumerate(pair)
    ]
    found = compare(pd.DataFrame(rows, columns=["unit", "time", "y", "treated"]), "y", "unit", "time", "treated", 1)
    return {name: getattr(found, name) for name in ("estimate", "p_value", "smallest_possible_p")}


@call
def q_values(p):
    from vbp.impact.discovery import q_values as q

    return {method: list(q(np.array(p, dtype=float), method)) for method in ("bh", "by")}


@call
def projection(**city):
    from vbp.projection import project

    found = project(_city(city, announced=True))
    estimate_, low, high = found.interval("official")
    assert low == estimate_ == high
    return {"official": estimate_, "earlier_batches": found.evidence.count}


@call
def settlement(as_of, invoices):
    from vbp.settlement import settlement as settle

    rows = [("H", "S", str(number), *row) for number, row in enumerate(invoices)]
    columns = ["hospital_id", "supplier", "invoice_id", "invoice_date", "paid_date", "amount_yuan", "direct"]
    row = settle(pd.DataFrame(rows, columns=columns), as_of).total.iloc[0]
    return {
        "on_time_by_amount_percent": 100 * row["on_time_share_amount"],
        "on_time_by_count_percent": 100 * row["on_time_share_count"],
        "median_days": row["median_days"],
        "direct_percent": 100 * row["direct_share_amount"],
        "not_due": row["not_due"],
    }


def _products(city):
    header = [
        "product_id",
        "generic",
        "category",
        "dosage_form",
        "strength",
        "units_per_pack",
        "manufacturer",
        "substitute_group",
    ]
    names = {"W": "甲片", "N": "甲片", "A": "乙片", "W2": "丙片"}
    rows = [
        [name, generic, "药品", "片剂", "5mg", 1, "厂", "G" if name != "W2" else ""] for name, generic in names.items()
    ]
    return pd.DataFrame(rows, columns=header)


def _city(city, announced=False):
    """Return the panels of the example city: purchases spread evenly over the months of 2023; 2022 for the alternatives."""
    months = [f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13)]
    usage = [["hospital_id", "month", "product_id", "quantity_units", "amount_yuan"]]
    for number, month in enumerate(months):
        if number >= 12:
            for product, (quantity, amount) in (("W", city["selected"]), ("N", city["nonselected"])):
                usage.append(["H001", month, product, quantity // 12, Decimal(amount) / 12])
        for amount in city.get("alternatives", [])[number // 12 : number // 12 + 1]:
            usage.append(["H001", month, "A", 100, amount])
        if announced:  # use in the year before, which evidence and projection start from
            usage += [["H001", month, "W2", 1000, 5000]] + ([["H001", month, "N", 8000, 40000]] if number < 12 else [])
    products = _products(city)
    batches = [("B1", "甲片", "W", 2023), ("B2", "丙片", "W2", 2024)][: 2 if announced else 1]
    base, agreed = city["base"], city["agreed"]
    tables = {
        "products": [list(products.columns), *products.to_numpy().tolist()],
        "usage": usage,
        "varieties": [
            [
                "batch_id",
                "generic",
                "unit_name",
                "level",
                "category",
                "cycle",
                "pre_price_yuan_per_unit",
                "pre_price_basis",
            ],
            *(
                [batch, generic, "片", "national", "drug", 1, city["p0"], "before_first_round"]
                for batch, generic, _, _ in batches
            ),
        ],
        "awards": [
            ["batch_id", "product_id", "start_date", "end_date", "selected_price_yuan", "supply_role"],
            *(
                [batch, product, f"{year}-01-01", f"{year}-12-31", city["p1"], "main"]
                for batch, _, product, year in batches
            ),
        ],
        "agreements": [
            [
                "batch_id",
                "hospital_id",
                "generic",
                "agreement_year",
                "start_date",
                "end_date",
                "base_quantity_units",
                "agreed_quantity_units",
            ],
            *(
                [batch, "H001", generic, 1, f"{year}-01-01", f"{year}-12-31", base, agreed]
                for batch, generic, _, year in batches
            ),
        ],
    }
    return _panels(tables)


def _panels(tables):
    from vbp.ledger import build
    from vbp.tables import read_inputs

    with tempfile.TemporaryDirectory() as name:
        return build(read_inputs(write(Path(name) / "example", tables)))
