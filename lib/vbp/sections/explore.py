"""Tables of the notebooks: winners' prices, use by hospital, kinds of saving, payouts with reasons, checks, problems."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from vbp.sections.frames import frame_table, word
from vbp.sections.html import Html
from vbp.words import count, money, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vbp.check import Checked
    from vbp.city import City
    from vbp.surplus import Settlement
    from vbp.surplus.compare import Comparison


def opening(city: City, lang: str) -> str:
    """Return what was opened: name, mark, last day, hospitals and products."""
    assert city.inputs is not None and city.panels
    totals = city.panels.totals.iloc[0]
    text = say(
        "play.day",
        lang,
        name=city.name(lang),
        day=city.day,
        hospitals=count(int(totals["hospitals"]), lang),
        products=count(int(totals["products"]), lang),
    )
    return f"{say('play.synthetic', lang)}\n{text}" if city.synthetic else text


def awards(city: City, lang: str, rows: int = 10) -> Html:
    """Return the awards with the winner's own price before and the cap."""
    assert city.panels
    table = city.panels.awards.astype({"batch_id": str, "generic": str}).sort_values(
        ["batch_id", "generic", "supply_role"]
    )
    columns = [
        "batch_id",
        "generic",
        "product_id",
        "supply_role",
        "selected_price_yuan",
        "pre_price_yuan",
        "price_cap_yuan",
    ]
    return frame_table(table, lang, columns, rows=rows, name="awards", city=city)


def winner_spread(city: City, lang: str, rows: int = 10) -> Html:
    """Return, per batch and generic with several winners, lowest and highest unit price: the widest spread first."""
    assert city.panels
    won = city.panels.awards[city.panels.awards["supply_role"].astype(str) != "elsewhere"]
    groups = won.groupby(["batch_id", "generic"], observed=True)["p1_e10"].agg(["size", "min", "max"]).reset_index()
    several = groups[groups["size"] > 1]
    table = several.assign(
        winners=several["size"],
        lowest_price_yuan=several["min"] / 1e10,
        highest_price_yuan=several["max"] / 1e10,
        highest_of_lowest=several["max"] / several["min"],
    ).sort_values("highest_of_lowest", ascending=False, kind="stable")
    columns = ["batch_id", "generic", "winners", "lowest_price_yuan", "highest_price_yuan", "highest_of_lowest"]
    return frame_table(table, lang, columns, rows=rows, name="winner-spread", city=city)


def hospital_use(city: City, lang: str, rows: int = 20) -> Html:
    """Return per hospital: spending on tendered generics, selected share by amount, completion.

    Not by quantity: units of different generics (tablets, millilitres) do not add up.
    """
    assert city.panels and city.completion
    cells = city.panels.cells[city.panels.cells["period"] >= 1]
    sums = cells.groupby("hospital_id", observed=True)[["selected_fen", "nonselected_fen"]].sum()
    spent = sums["selected_fen"] + sums["nonselected_fen"]
    table = pd.DataFrame({"amount_yuan": spent / 100, "selected_share_amount": sums["selected_fen"] / spent})
    rates = city.completion.rolled("hospital").set_index("hospital_id")[["rate", "rate_by_amount", "elapsed"]]
    table = table.join(rates).reset_index().sort_values("amount_yuan", ascending=False)
    columns = [
        "hospital_id",
        "amount_yuan",
        "selected_share_amount",
        "rate",
        "rate_by_amount",
        "elapsed",
    ]
    return frame_table(table, lang, columns, rows=rows, name="hospital-use", city=city)


def slowest(city: City, hospital: str, lang: str, rows: int = 10) -> Html:
    """Return one hospital's running agreements that are behind time, the slowest first."""
    assert city.completion
    table = city.completion.table
    behind = table[(table["hospital_id"] == hospital) & (table["state"] == "at_risk")].sort_values(
        "rate", kind="stable"
    )
    columns = [
        "batch_id",
        "generic",
        "agreement_year",
        "agreed_units",
        "actual_units",
        "rate",
        "rate_by_amount",
        "elapsed",
        "state",
    ]
    return frame_table(behind, lang, columns, rows=rows, name="slowest", city=city)


def savings_kinds(city: City, lang: str) -> Html:
    """Return the totals of every kind of saving, one a row; they are never added."""
    assert city.savings
    rows = [(say(f"play_field.{kind}_yuan", lang), amount) for kind, amount in city.savings.totals.items()]
    return frame_table(
        pd.DataFrame(rows, columns=["kind", "saving_yuan"]), lang, ["kind", "saving_yuan"], name="kinds", city=city
    )


def payouts(city: City, settlement: Settlement, lang: str, rows: int = 15) -> Html:
    """Return the rows of a settlement with their reasons, the largest payout first."""
    table = settlement.table.assign(
        surplus_base_yuan=settlement.table["base_yuan"],
        reasons=[
            "；".join(reason.text("zh") for reason in found)
            if lang == "zh"
            else "; ".join(reason.text("en") for reason in found)
            for found in settlement.reasons
        ],
    )
    order = sorted(range(len(table)), key=lambda row: -(table["retained_yuan"].iloc[row] or Decimal(-1)))
    columns = [
        "hospital_id",
        "batch_id",
        "agreement_year",
        "budget_yuan",
        "expenditure_yuan",
        "surplus_base_yuan",
        "ratio",
        "retained_yuan",
        "reasons",
    ]
    return frame_table(table.iloc[order], lang, columns, rows=rows, name="payouts", city=city)


def switches(comparison: Comparison, lang: str) -> Html:
    """Return the switches in which two rule profiles differ."""
    rows = [
        (say(f"rules.{name.split('.')[-1]}", lang), *_values(one, two, lang)) for name, one, two in comparison.switches
    ]
    return frame_table(
        pd.DataFrame(rows, columns=["switch", "first", "second"]), lang, ["switch", "first", "second"], name="switches"
    )


def _values(one: str, two: str, lang: str) -> tuple[str, str]:
    from vbp.words import known

    first, second = (
        say(f"rules.value_{value}", lang) if known(f"rules.value_{value}") else value for value in (one, two)
    )
    return first, second


def checks(found: Sequence[Any], lang: str) -> Html:
    """Return the checks of a result, each with its verdict and sentence."""
    rows = [(check.name, word(check.verdict, lang), check.text(lang)) for check in found]
    return frame_table(
        pd.DataFrame(rows, columns=["name", "verdict", "text"]),
        lang,
        ["name", "verdict", "text"],
        rows=20,
        name="checks",
    )


def problems(checked: Checked, lang: str) -> Html:
    """Return what `vbp check` found: level, table, row as the user sees it, column, message."""
    columns = ["level", "table", "row", "column", "message"]
    rows = [(p.level, p.table or "", str(p.row or ""), p.column or "", p.message) for p in checked.problems]
    return frame_table(pd.DataFrame(rows, columns=columns), lang, columns, name="problems")


def scan_rows(city: City, lang: str, rows: int = 12) -> Html:
    """Return the top of a scan in rank order, verdicts in words."""
    assert city.scan
    table = city.scan.table
    shown = table.assign(verdict=table["level_verdict"], q_shown=[f"{q:.3f}" if q == q else "—" for q in table["q_bh"]])
    columns = ["generic", "measure", "date", "points", "change_percent", "p_shown", "q_shown", "verdict"]
    return frame_table(shown, lang, columns, rows=rows, name="scan", city=city)


def total_sentence(settlement: Settlement, lang: str) -> str:
    """Return a settlement's total in one short sentence."""
    return f"{settlement.profile.title.say(lang)}: {money(settlement.total_yuan, lang)}"
