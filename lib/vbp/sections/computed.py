"""The parts of the full report that are computed from the ledger: prices, completion, savings, who benefits."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from vbp.charts.estimates import hospital_names
from vbp.charts.names import batch_names, named
from vbp.charts.rounds import by_start
from vbp.charts.savings import payer
from vbp.results.missing import Missing
from vbp.results.tables import PARTS
from vbp.sections.html import Cell, Html, element, folded
from vbp.sections.parts import (
    NOTHING,
    assumptions,
    data_table,
    day_cell,
    full,
    heading,
    lacking,
    money_cell,
    name_cell,
    number_cell,
    partly,
    percent_cell,
    price_cell,
    sentence,
    share_cell,
)
from vbp.words import say

if TYPE_CHECKING:
    import pandas as pd

    from vbp.city import City

CONTENTS = (
    "headline", "rounds", "prices", "completion", "savings", "benefit", "surplus", "impact", "alternatives", "settlement",
    "projection", "beside", "quality", "rules", "method",
)  # fmt: skip


def contents(city: City, lang: str) -> Html:
    """Return the list of parts of a full report, as links; nothing for a place without a ledger."""
    if not full(city):
        return NOTHING
    links = "".join(f'<li><a href="#{key}">{escape(say(f"report.{key}", lang))}</a></li>' for key in CONTENTS)
    return Html(
        f'<nav class="contents" aria-label="{escape(say("report.contents", lang), quote=True)}"><ol>{links}</ol></nav>'
    )


def prices(city: City, lang: str) -> Html:
    """Return the cuts by batch and baseline, simple and weighted apart, and each product's folded."""
    found = city.prices
    if found is None:
        return NOTHING
    if isinstance(found, Missing):
        return heading("prices", lang) + lacking(found, lang)
    names = batch_names(city, lang)
    total = city.price_total
    assert total is not None and not isinstance(total, Missing)
    parts = heading("prices", lang) + sentence(total.text(lang))
    parts = parts + _cuts(city, found.table, names, lang)
    items = [
        (
            name_cell(named(names, row["batch_id"])),
            name_cell(row["generic"]),
            name_cell(row["product_id"]),
            say(f"prices.baseline_{row['baseline']}", lang),
            price_cell(row["pre_price_yuan"]),
            price_cell(row["post_price_yuan"]),
            percent_cell(row["cut_percent"]),
        )
        for row in in_order(city, found.items[found.items["baseline"].isin(["p0", "published"])])
    ]
    heads = ("batch", "generic", "product", "baseline", "price_before", "price_after", "cut")
    inside = data_table(city, heads, items, lang, "cuts-by-product")
    parts = parts + folded(say("report.cuts_by_product", lang, count=len(items)), inside)
    if len(found.left_out):
        parts = parts + element("p", say("report.cuts_left_out", lang, count=len(found.left_out)), "small soft")
    return parts + assumptions((said.text(lang) for said in found.assumptions), lang)


def in_order(city: City, table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return a table's rows with the rounds in the order in which they began, rows of one round as they stand."""
    place = {
        str(name): number for number, name in enumerate(by_start(city, dict.fromkeys(map(str, table["batch_id"]))))
    }
    return sorted(table.to_dict("records"), key=lambda row: place[str(row["batch_id"])])


BASELINES = ("p0", "published", "own_last_price", "cap")


def _cuts(city: City, table: pd.DataFrame, names: dict[str, str], lang: str) -> Html:
    """Return a row a batch: the products, and simple and weighted cut against each baseline that it has."""
    present = [name for name in BASELINES if name in set(table["baseline"])]
    by_key = {(row["batch_id"], row["baseline"]): row for row in table.to_dict("records")}
    rows = []
    for batch in dict.fromkeys(by_start(city, table["batch_id"])):
        found = [by_key.get((batch, name)) for name in present]
        items = max(int(row["items"]) for row in found if row is not None)
        cuts = [
            percent_cell(None if row is None else row[f"{kind}_cut_percent"])
            for row in found
            for kind in ("simple", "weighted")
        ]
        rows.append((name_cell(named(names, batch)), number_cell(items), *cuts))
    heads = [
        say(f"report.{kind}_against", lang, baseline=say(f"report.against_{name}", lang))
        for name in present
        for kind in ("simple", "weighted")
    ]
    shown = data_table(city, ("batch", "products"), rows, lang, "cuts", heads)
    return shown + element("p", say("report.cuts_note", lang), "small soft")


def completion(city: City, lang: str) -> Html:
    """Return completion by batch and year, by hospital, and the agreements at risk or not completed."""
    found = city.completion
    if found is None:
        return NOTHING
    if isinstance(found, Missing):
        return heading("completion", lang) + lacking(found, lang)
    hospitals, batches = hospital_names(city), batch_names(city, lang)
    parts = heading("completion", lang) + sentence(found.text(lang))
    heads = ("batch", "year", "agreements", "rate", "rate_by_amount", "elapsed", "done", "not_completed", "at_risk")
    rows = [
        (name_cell(named(batches, row["batch_id"])), number_cell(row["agreement_year"]), *_rates(row))
        for row in in_order(city, found.rolled("batch_year"))
    ]
    parts = parts + partly(city, lang) + data_table(city, heads, rows, lang, "completion-by-batch")
    own = [
        (name_cell(named(hospitals, row["hospital_id"])), *_rates(row))
        for row in found.rolled("hospital").to_dict("records")
    ]
    inside = data_table(city, ("hospital", *heads[2:]), own, lang, "completion-by-hospital")
    parts = parts + folded(say("report.by_hospital", lang, count=len(own)), inside)
    late = found.table[found.table["state"].isin(["at_risk", "not_completed"])].sort_values("rate")
    behind = [
        (
            name_cell(named(hospitals, row["hospital_id"])),
            name_cell(named(batches, row["batch_id"])),
            name_cell(
                f"{row['generic']} {row['product_id']}" if isinstance(row["product_id"], str) else row["generic"]
            ),
            number_cell(row["agreement_year"]),
            number_cell(row["agreed_units"]),
            number_cell(row["actual_units"]),
            share_cell(row["rate"]),
            share_cell(row["elapsed"]),
            say(f"state.{row['state']}", lang),
            day_cell(row["expected_done"]),
        )
        for row in late.to_dict("records")
    ]
    late_heads = (
        "hospital",
        "batch",
        "generic",
        "year",
        "agreed",
        "actual",
        "rate",
        "elapsed",
        "state",
        "expected_done",
    )
    parts = parts + folded(
        say("report.behind", lang, count=len(behind)), data_table(city, late_heads, behind, lang, "completion-behind")
    )
    return parts + assumptions((said.text(lang) for said in found.assumptions), lang)


def _rates(row: dict[Any, Any]) -> tuple[Cell, ...]:
    counts = (number_cell(row[f"{state}_items"]) for state in ("done", "not_completed", "at_risk"))
    shares = (share_cell(row[name]) for name in ("rate", "rate_by_amount", "elapsed"))
    return (number_cell(row["items"]), *shares, *counts)


def savings(city: City, lang: str) -> Html:
    """Return the savings of each kind, by batch and (folded) by hospital, variety, month; what has no baseline."""
    found = city.savings
    if found is None:
        return NOTHING
    if isinstance(found, Missing):
        return heading("savings", lang) + lacking(found, lang)
    parts = heading("savings", lang) + sentence(found.text(lang))
    if isinstance(city.completion, Missing):
        parts = parts + lacking(city.completion, lang)
    names = {"batch": batch_names(city, lang), "hospital": hospital_names(city)}
    kinds = ("official", "realised", "excess", "potential", "potential_lawful", "alternatives")
    for place, (cut, key) in enumerate(
        (("batch", "batch_id"), ("hospital", "hospital_id"), ("generic", "generic"), ("month", "month"))
    ):
        table = found.by(cut)
        rows = [
            (
                day_cell(row[key])[:7] if cut == "month" else name_cell(named(names.get(cut, {}), row[key])),
                *(money_cell(row[f"{kind}_yuan"], lang) for kind in kinds),
            )
            for row in (in_order(city, table) if cut == "batch" else table.to_dict("records"))
        ]
        inside = data_table(city, (cut, *kinds), rows, lang, f"savings-by-{cut}")
        parts = parts + (
            inside if place == 0 else folded(say(f"report.savings_by_{cut}", lang, count=len(rows)), inside)
        )
    if len(found.left_out):
        rows = [
            (
                name_cell(named(names["batch"], row["batch_id"])),
                name_cell(row["generic"]),
                ", ".join(say(f"lack.{code}", lang) for code in row["reason"].split(", ")),
                money_cell(row["spending_yuan"], lang),
                share_cell(row["share_of_spending"]),
            )
            for row in found.left_out.to_dict("records")
        ]
        inside = data_table(city, ("batch", "generic", "reason", "spending", "share"), rows, lang, "savings-left-out")
        parts = parts + folded(say("report.savings_left_out", lang, count=len(rows)), inside)
    return parts + assumptions((said.text(lang) for said in found.assumptions), lang)


def decomposition(city: City, lang: str) -> Html:
    """Return the change of spending by batch with its parts, which add up."""
    found = city.spending_change
    if found is None:
        return NOTHING
    head = element("h3", say("report.decomposition", lang))
    if isinstance(found, Missing):
        return head + lacking(found, lang)
    names = batch_names(city, lang)
    rows = [
        (
            name_cell(named(names, row["batch_id"])),
            _window(row["before"]),
            _window(row["after"]),
            money_cell(row["base_yuan"], lang),
            money_cell(row["change_yuan"], lang),
            *(money_cell(row.get(f"{part}_yuan"), lang) for part in PARTS),
        )
        for row in in_order(city, found.table)
    ]
    heads = ("batch", "window_before", "window_after", "spending_before", "change", *(f"part_{part}" for part in PARTS))
    parts = head + data_table(city, heads, rows, lang, "decomposition")
    return parts + assumptions((said.text(lang) for said in found.assumptions), lang)


def _window(months: str) -> Cell:
    """Return the first and the last month of a window, each on its own line."""
    return Cell(
        months, None, "<br>".join(f'<span class="nowrap">{escape(month)}</span>' for month in months.split("…"))
    )


def benefit(city: City, lang: str) -> Html:
    """Return who keeps the realised saving."""
    found = city.benefit
    if found is None:
        return NOTHING
    if isinstance(found, Missing):
        return heading("benefit", lang) + lacking(found, lang)
    rows = [
        (
            payer(row["payer"], lang),
            money_cell(row["saving_yuan"], lang),
            percent_cell(100 * row["saving_yuan"] / found.saving_yuan) if found.saving_yuan else percent_cell(None),
        )
        for row in found.table.to_dict("records")
    ]
    parts = heading("benefit", lang) + sentence(found.text(lang))
    parts = parts + data_table(city, ("payer", "realised", "share"), rows, lang, "benefit")
    return parts + assumptions((said.text(lang) for said in found.assumptions), lang)
