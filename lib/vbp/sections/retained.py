"""Retained surplus in the report: by hospital, every row with its reasons, the arithmetic of the largest payouts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from typing import TYPE_CHECKING

from vbp.charts.estimates import hospital_names
from vbp.charts.names import batch_names, named, short
from vbp.results.missing import Missing
from vbp.results.tables import surplus_by_hospital
from vbp.sections.html import Cell, Html, element, folded, listing
from vbp.sections.parts import (
    NOTHING,
    assumptions,
    data_table,
    heading,
    lacking,
    money_cell,
    name_cell,
    number_cell,
    partly,
    sentence,
    share_cell,
)
from vbp.surplus.reasons import CODES
from vbp.words import MISSING, known, listed, money, percent, say

if TYPE_CHECKING:
    from vbp.city import City
    from vbp.surplus import Settlement

EXPLAINED = 5
MOST_EXPLAINED = 80
ZERO = Decimal("0.00")


def surplus(city: City, lang: str) -> Html:
    """Return the settlement by hospital, all rows folded with their reasons, checks and assumptions."""
    found = city.surplus
    if found is None:
        return NOTHING
    if isinstance(found, Missing):
        return heading("surplus", lang) + lacking(found, lang)
    names = hospital_names(city)
    parts = heading("surplus", lang) + sentence(_total(found, lang)) + partly(city, lang)
    assert city.inputs is not None
    if not city.inputs.has("assessments"):
        from vbp.results.missing import missing_tables

        parts = parts + lacking(missing_tables(["assessments"]), lang)
    why = _unpaid(found, lang)
    rows: list[tuple[Cell | str, ...]] = [
        (
            name_cell(named(names, row["hospital_id"])),
            *(money_cell(row[key], lang) for key in ("budget_yuan", "expenditure_yuan", "base_yuan", "retained_yuan")),
            number_cell(row["paid_rows"]),
            number_cell(row["open_rows"]),
            why.get(row["hospital_id"], MISSING),
        )
        for row in surplus_by_hospital(found).to_dict("records")
    ]
    heads = ("hospital", "budget", "expenditure", "base", "retained", "paid_rows", "open_rows", "unpaid_reasons")
    parts = parts + data_table(city, heads, rows, lang, "surplus-by-hospital") + workbook(lang)
    parts = parts + _all_rows(city, found, lang)
    checks = [f"{say(f'verdict.{check.verdict}', lang)} · {check.text}" for check in found.checks(lang)]
    return (
        parts
        + element("h4", say("report.sums_checked", lang))
        + listing(checks)
        + assumptions((*found.notes(lang), *found.assumptions(lang)), lang)
    )


def workbook(lang: str) -> Html:
    """Return the link to the settlement workbook beside the page."""
    return Html(f'<p><a href="statement.xlsx">{escape(say("report.statement", lang))}</a></p>')


def _unpaid(found: Settlement, lang: str) -> dict[str, Cell]:
    """Return by hospital why its other units are not paid: each unit counts under its first reason."""
    counts: dict[str, dict[str, int]] = {}
    for hospital, value, codes in zip(
        *(found.table[name] for name in ("hospital_id", "retained_yuan", "codes")), strict=True
    ):
        if not value and (reason := next((code for code in codes if known(f"unpaid.{code}")), None)):
            own = counts.setdefault(str(hospital), {})
            own[reason] = own.get(reason, 0) + 1
    return {hospital: _reasons(own, lang) for hospital, own in counts.items()}


def _reasons(counts: dict[str, int], lang: str) -> Cell:
    """Return reasons with the number of units, the most frequent first, none broken over two lines."""
    told = [
        say("unpaid.count", lang, reason=say(f"unpaid.{code}", lang), count=count)
        for code, count in sorted(counts.items(), key=lambda item: -item[1])
    ]
    whole = [f'<span class="nowrap">{escape(text)}</span>' for text in told]
    return Cell(listed(told, lang), None, listed(whole, lang))


def _total(found: Settlement, lang: str) -> str:
    """Return the settlement in one sentence: rules by their title, units, payout as on the card and to the fen."""
    values = list(found.table["retained_yuan"])
    still = sum(value is None for value in values)
    return say(
        "report.surplus_total" if found.total_yuan or not still else "report.surplus_open",
        lang,
        rules=found.profile.title.say(lang),
        profile=found.profile.name,
        rows=len(values),
        paid=sum(value is not None and value > 0 for value in values),
        open=still,
        zero=len(values) - still,
        total=money(found.total_yuan, lang),
        exact=f"{found.total_yuan:,}",
    )


def _all_rows(city: City, found: Settlement, lang: str) -> Html:
    """Return hospital × batch × year, rows with money first, folded."""
    hospitals, batches = hospital_names(city), batch_names(city, lang)
    table = found.table
    order = sorted(range(len(table)), key=lambda i: -(table["retained_yuan"].iloc[i] or 0))
    comma = "；" if lang == "zh" else "; "
    rows: list[tuple[Cell | str, ...]] = []
    for place in order:
        row = table.iloc[place]
        reasons = comma.join(reason.text(lang) for reason in found.reasons_of(place))
        rows.append(
            (
                name_cell(named(hospitals, row["hospital_id"])),
                name_cell(named(batches, row["batch_id"])),
                number_cell(row["agreement_year"]),
                *(money_cell(row[key], lang) for key in ("budget_yuan", "expenditure_yuan", "net_yuan", "base_yuan")),
                share_cell(row["ratio"], 0),
                money_cell(row["retained_yuan"], lang),
                short(reasons, 160),
            )
        )
    heads = ("hospital", "batch", "year", "budget", "expenditure", "net", "base", "ratio", "retained", "reasons")
    return folded(
        say("report.surplus_rows", lang, count=len(rows)), data_table(city, heads, rows, lang, "surplus-rows")
    )


def explained(city: City, lang: str) -> Html:
    """Return the arithmetic of the largest payouts, folded: rule, formula with numbers, items."""
    found = city.surplus
    if found is None or isinstance(found, Missing) or not found.total_yuan:
        return NOTHING
    from vbp.surplus.explain import explain

    table = found.table
    paid = [place for place in range(len(table)) if (table["retained_yuan"].iloc[place] or 0) > 0]
    largest = sorted(paid, key=lambda place: -table["retained_yuan"].iloc[place])[:EXPLAINED]
    names, batches = hospital_names(city), batch_names(city, lang)
    parts = element("h3", say("report.explained", lang)) + element(
        "p", say("report.explained_how", lang, count=len(largest)), "small soft"
    )
    for place in largest:
        row = table.iloc[place]
        made = explain(found, row["hospital_id"], row["batch_id"], int(row["agreement_year"]))
        inside = NOTHING
        formula, *rest = made.parts(lang)[1:]
        inside = listing(in_words(line, lang) for line in formula.lines)
        for part in rest:
            inside = inside + folded(
                part.heading, _items([in_words(line, lang) for line in part.lines]), on_paper=False
            )
        label = say(
            "report.explained_row",
            lang,
            hospital=short(named(names, row["hospital_id"])),
            batch=short(named(batches, row["batch_id"])),
            year=row["agreement_year"],
            amount=f"{row['retained_yuan']:,}",
        )
        parts = parts + folded(label, inside)
    return parts + _every_hospital(city, found, lang)


_REASON = re.compile(rf"^(?:{'|'.join(CODES)})[：:] ?")
_CODES = re.compile(rf"[（(]((?:{'|'.join(CODES)})(?: (?:{'|'.join(CODES)}))*)[）)]$")


def in_words(line: str, lang: str) -> str:
    """Return a line of the arithmetic without the codes that programs read: a reason is its sentence, an item's codes are words."""
    comma = "；" if lang == "zh" else "; "

    def told(found: re.Match[str]) -> str:
        words = comma.join(say(f"surplus.{code.lower()}", lang) for code in found[1].split())
        return f"（{words}）" if lang == "zh" else f"({words})"

    return _CODES.sub(told, _REASON.sub("", line))


def _items(lines: Sequence[str]) -> Html:
    """Return the items of a settlement, each with its own lines below its name."""
    rows: list[list[str]] = []
    for line in lines:
        if line.startswith(" ") and rows:
            rows[-1].append(line.strip())
        else:
            rows.append([line])
    told = ("<br>".join(escape(line) for line in row) for row in rows)
    return Html("<ul>" + "".join(f"<li>{item}</li>" for item in told) + "</ul>")


def _every_hospital(city: City, found: Settlement, lang: str) -> Html:
    """Return a fold for each hospital, largest payout first: every row's arithmetic in one line, and how to go deeper."""
    hospitals, batches = hospital_names(city), batch_names(city, lang)
    order = [str(name) for name in surplus_by_hospital(found)["hospital_id"]]
    own: dict[str, list[int]] = {name: [] for name in order}
    for place, name in enumerate(found.table["hospital_id"]):
        own[str(name)].append(place)
    inside = NOTHING
    for name in order[:MOST_EXPLAINED]:
        rows = found.table.iloc[own[name]]
        lines = [_arithmetic(found, place, batches, lang) for place in own[name]]
        paid = sum((value for value in rows["retained_yuan"] if value is not None), ZERO)
        label = say(
            "report.explained_hospital",
            lang,
            hospital=short(named(hospitals, name)),
            rows=len(rows),
            amount=f"{paid:,}",
        )
        inside = inside + folded(label, listing(lines) + _deeper(city, name, str(rows["batch_id"].iloc[0]), lang))
    left = len(order) - MOST_EXPLAINED
    if left > 0:
        inside = inside + element("p", say("report.explained_left", lang, count=left), "small soft")
    return folded(say("report.explained_every", lang, count=len(order)), inside, on_paper=False)


def _arithmetic(found: Settlement, place: int, batches: dict[str, str], lang: str) -> str:
    """Return one row's payout as its formula with the numbers in, or why nothing is due."""
    row = found.table.iloc[place]
    comma = "；" if lang == "zh" else "; "
    known = {key: _fen(row[f"{key}_yuan"]) for key in ("budget", "expenditure", "net", "base", "retained")}
    settled = row["ratio"] is not None and row["retained_yuan"] is not None
    ratio = percent(100 * row["ratio"]) if settled else ""
    line = say(
        "report.arithmetic" if settled else "report.arithmetic_open",
        lang,
        batch=short(named(batches, row["batch_id"])),
        year=row["agreement_year"],
        ratio=ratio,
        **known,
    )
    reasons = comma.join(reason.text(lang) for reason in found.reasons_of(place))
    return f"{line}{comma}{short(reasons, 120)}" if reasons else line


def _fen(value: Decimal | None) -> str:
    return MISSING if value is None else f"{value.quantize(ZERO, ROUND_HALF_UP):,}".replace("-", "−")


def _deeper(city: City, hospital: str, batch: str, lang: str) -> Html:
    """Return the command that goes down to the ledger's rows."""
    command = f"vbp explain data/inputs/{city.slug} --hospital {shlex.quote(hospital)} --batch {shlex.quote(batch)}"
    words = escape(say("report.explained_deeper", lang))
    return Html(f'<p class="small soft">{words}<code>{escape(command)}</code></p>')


def just_missed(city: City, lang: str) -> Html:
    """Return the agreements that missed their volume by at most a tenth, and what that cost."""
    found = city.surplus
    if found is None or isinstance(found, Missing):
        return NOTHING
    table = city.just_missed
    if not len(table):
        return NOTHING
    hospitals, batches = hospital_names(city), batch_names(city, lang)
    rows = [
        (
            name_cell(named(hospitals, row["hospital_id"])),
            name_cell(named(batches, row["batch_id"])),
            number_cell(row["agreement_year"]),
            name_cell(row["generic"]),
            number_cell(row["needed_units"]),
            number_cell(row["shortfall_units"]),
            share_cell(row["completion"]),
            money_cell(row["cost_yuan"], lang),
        )
        for row in table.to_dict("records")
    ]
    heads = ("hospital", "batch", "year", "generic", "needed", "shortfall", "rate", "cost")
    return folded(say("report.just_missed", lang, count=len(rows)), data_table(city, heads, rows, lang, "just-missed"))
