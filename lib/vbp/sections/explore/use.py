"""Who uses how much: hospitals, one hospital's agreements, the purchases behind one of them."""

from __future__ import annotations

import pandas as pd

from vbp.city import City
from vbp.results.missing import Missing
from vbp.sections.explore.needs import needs, said, there
from vbp.sections.frames import frame_table, named, names_of
from vbp.sections.html import Html
from vbp.words import count, money, say

AGREEMENTS = (
    "batch_id", "generic", "product_id", "agreement_year", "agreed_units", "actual_units", "rate", "rate_by_amount",
    "elapsed", "state",
)  # fmt: skip
ORDER = ("at_risk", "not_completed", "on_course", "done", "not_started", "no_agreed_volume", "no_data")


@needs("panels")
def hospital_use(city: City, lang: str, rows: int = 20) -> Html:
    """Return per hospital: spending on tendered generics, selected share by amount, completion where agreements are known.

    Not by quantity: units of different generics (tablets, millilitres) do not add up.
    """
    cells = there(city.panels).cells
    cells = cells[cells["period"] >= 1]
    sums = cells.groupby("hospital_id", observed=True)[["selected_fen", "nonselected_fen"]].sum()
    spent = sums["selected_fen"] + sums["nonselected_fen"]
    table = pd.DataFrame({"amount_yuan": spent / 100, "selected_share_amount": sums["selected_fen"] / spent})
    columns = ["hospital_id", "amount_yuan", "selected_share_amount"]
    if city.completion:
        rates = city.completion.rolled("hospital").set_index("hospital_id")[["rate", "rate_by_amount", "elapsed"]]
        table = table.join(rates)
        columns += ["rate", "rate_by_amount", "elapsed"]
    table = table.reset_index().sort_values("amount_yuan", ascending=False)
    return frame_table(table, lang, columns, rows=rows, name="hospital-use", city=city)


@needs("completion")
def progress(city: City, lang: str, rows: int = 20) -> Html:
    """Return completion by batch and agreement year beside the time gone by, in words and as a table."""
    found = there(city.completion)
    columns = [
        "batch_id", "agreement_year", "items", "rate", "rate_by_amount", "elapsed", "done_items", "at_risk_items",
        "not_completed_items",
    ]  # fmt: skip
    table = frame_table(found.rolled("batch_year"), lang, columns, rows=rows, name="progress", city=city)
    return said(found.text(lang)) + table


def agreements_of(city: City, hospital: str) -> pd.DataFrame:
    """Return one hospital's agreements, those behind time first and of each state the slowest first."""
    table = there(city.completion).table
    own = table[table["hospital_id"].astype(str) == hospital]
    order = own["state"].astype(str).map({state: place for place, state in enumerate(ORDER)})
    return own.assign(order=order).sort_values(["order", "rate"], kind="stable").drop(columns="order")


@needs("completion")
def slowest(city: City, lang: str, hospital: str, rows: int = 10) -> Html:
    """Return one hospital's agreements, those that run behind time first, the slowest of them on top."""
    own = agreements_of(city, hospital)
    name = _name(city, hospital, lang)
    if not len(own):
        return said(say("play.no_agreements", lang, hospital=name))
    behind = int((own["state"] == "at_risk").sum())
    columns = [column for column in AGREEMENTS if column != "product_id" or own["product_id"].notna().any()]
    words = said(say("play.hospital", lang, hospital=name, agreements=len(own), behind=behind))
    return words + frame_table(own, lang, columns, rows=rows, name="slowest", city=city)


@needs("completion")
def purchases(city: City, lang: str, hospital: str, rows: int = 12) -> Html:
    """Return the ledger's rows behind the first of `slowest`: what was bought, selected or not, with the sums in words."""
    own = agreements_of(city, hospital)
    if not len(own):
        return said(say("play.no_agreements", lang, hospital=_name(city, hospital, lang)))
    first = own.iloc[0]
    found = there(city.panels).rows(hospital, first["batch_id"], first["generic"], int(first["agreement_year"]))
    words = say(
        "play.purchases",
        lang,
        generic=named("generic", str(first["generic"]), lang, {}),
        batch=named("batch_id", str(first["batch_id"]), lang, names_of(city, lang)),
        year=int(first["agreement_year"]),
        rows=len(found),
        agreed=count(first["agreed_units"], lang),
        **_sums(found, lang),
    )
    table = found.assign(quantity_units=found["quantity_milliunits"] / 1000, paid_yuan=found["amount_fen"] / 100)
    day = table.columns[0]
    if day == "month":
        table["month"] = [f"{value:%Y-%m}" for value in table["month"]]
    columns = [day, "product_id", "status", "quantity_packs", "quantity_units", "paid_yuan"]
    return said(words) + frame_table(table, lang, columns, rows=rows, name="purchases", city=city)


def _sums(found: pd.DataFrame, lang: str) -> dict[str, str]:
    sums = found.groupby(found["status"].astype(str))[["quantity_milliunits", "amount_fen"]].sum()
    made: dict[str, str] = {}
    for status in ("selected", "nonselected"):
        units, fen = (int(sums[name].get(status, 0)) for name in ("quantity_milliunits", "amount_fen"))
        made |= {f"{status}_units": count(units / 1000, lang), f"{status}_yuan": money(fen / 100, lang)}
    return made


def _name(city: City, hospital: str, lang: str) -> str:
    return named("hospital_id", hospital, lang, names_of(city, lang))


def all_agreements(city: City) -> pd.DataFrame | Missing:
    """Return every agreement with its completion, for a table to sort and search."""
    found = city.completion
    return there(found).table if not isinstance(found, Missing) else found
