"""Policy impact, alternatives and warnings, payment, and the next round, in the report."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.charts.estimates import hospital_names
from vbp.charts.impact import change_text
from vbp.charts.names import batch_names, named, short
from vbp.results.missing import Missing
from vbp.sections.brief import tasks
from vbp.sections.html import Cell, Html, element, folded, listing, mark
from vbp.sections.parts import (
    NOTHING,
    assumptions,
    data_table,
    heading,
    lacking,
    money_cell,
    name_cell,
    number_cell,
    sentence,
    share_cell,
)
from vbp.words import MISSING, money, say

if TYPE_CHECKING:
    from vbp.city import City


def impact(city: City, lang: str) -> Html:
    """Return the scan in words."""
    found = city.scan
    if found is None:
        return NOTHING
    if isinstance(found, Missing):
        return heading("impact", lang) + lacking(found, lang)
    return heading("impact", lang) + sentence(found.text(lang))


def leading_series(city: City, lang: str, place: int) -> Html:
    """Return one leading series of the scan in words, its robustness checks folded; nothing where there is none.

    `place`: 0 for the scan's first series, 1 for its first of spending.
    """
    found = city.scan
    if found is None or isinstance(found, Missing) or place >= len(city.leading):
        return NOTHING
    row, result = city.leading[place]
    record = found.table.iloc[row]
    name = say(
        "chart.series_name", lang, generic=short(record["generic"]), measure=say(f"measure.{record['measure']}", lang)
    )
    lines = [f"{say(f'verdict.{check.verdict}', lang)} · {check.text(lang)}" for check in result.checks]
    words = say(
        "report.series_change",
        lang,
        date=record["date"],
        change=change_text(dict(record), lang),
        words=record[f"sentence_{lang}"],
    )
    parts = element("h3", name) + element("p", words)
    return parts + folded(say("report.checks", lang, count=len(lines)), listing(lines))


def all_series(city: City, lang: str) -> Html:
    """Return the scan's ranked table, folded, and what it rests on; nothing where there is no scan."""
    found = city.scan
    if found is None or isinstance(found, Missing):
        return NOTHING
    rows = [_series(record, lang) for record in found.table.to_dict("records")]
    heads = ("rank", "generic", "measure", "date", "points", "level_change", "p_value", "q_value", "verdict")
    parts = folded(say("report.scan_rows", lang, count=len(rows)), data_table(city, heads, rows, lang, "scan"))
    return parts + assumptions((say(f"impact_assumption.{key}", lang) for key in found.assumptions), lang)


def _series(record: dict[Any, Any], lang: str) -> tuple[Cell | str, ...]:
    q_value = record["q_bh"]
    level = record["change_percent"] if record["change_percent"] == record["change_percent"] else record["level"] * 100
    return (
        number_cell(record["rank"]),
        name_cell(record["generic"]),
        say(f"measure.{record['measure']}", lang),
        record["date"] if isinstance(record["date"], str) else MISSING,
        number_cell(record["points"]),
        Cell(change_text(record, lang), "" if level != level else f"{level:.4f}"),
        Cell(record["p_shown"], f"{record['level_p']:.6f}")
        if isinstance(record["p_shown"], str)
        else Cell(MISSING, ""),
        Cell(MISSING, "") if q_value != q_value else Cell(f"{q_value:.3f}", f"{q_value:.6f}"),
        say(f"verdict.{record['level_verdict']}", lang),
    )


def alternatives(city: City, lang: str) -> Html:
    """Return how spending on alternatives changed around each batch, and what else a reader should look into."""
    found = city.savings
    if found is None:
        return NOTHING
    head = heading("alternatives", lang)
    if isinstance(found, Missing):
        return head + lacking(found, lang)
    names = batch_names(city, lang)
    rows = [
        (
            name_cell(named(names, row["batch_id"])),
            name_cell(row["generic"]),
            name_cell(row["substitute_group"]),
            money_cell(_fen(row["before_fen_per_month"]), lang),
            money_cell(_fen(row["after_fen"] / row["months_after"]), lang),
            money_cell(_fen(row["change_fen"]), lang),
        )
        for row in found.alternatives.sort_values("change_fen", ascending=False).to_dict("records")
    ]
    if not rows:
        assert city.inputs is not None
        grouped = (
            "substitute_group" in (products := city.inputs.frame("products"))
            and products["substitute_group"].notna().any()
        )
        why = "report.no_months_of_alternatives" if grouped else "report.no_alternatives"
        return head + element("p", say(why, lang), "soft") + _warnings(city, lang)
    heads = ("batch", "generic", "group", "monthly_before", "monthly_after", "alternatives")
    words = element("p", say("report.alternatives_say", lang, change=money(found.totals["alternatives"], lang)))
    return head + words + data_table(city, heads, rows, lang, "alternatives") + _warnings(city, lang)


def _fen(value: Any) -> Decimal:
    return Decimal(repr(float(value))).scaleb(-2).quantize(Decimal("0.01"))


def _warnings(city: City, lang: str) -> Html:
    """Return what is to be done, as at the top of the page, and the agreements missed by little; nothing where all is in order."""
    from vbp.sections.retained import just_missed

    lines = [task.text for task in tasks(city, lang)]
    listed = element("h3", say("brief.todo", lang)) + listing(lines) if lines else NOTHING
    return listed + just_missed(city, lang)


def settlement(city: City, lang: str) -> Html:
    """Return how soon invoices were paid, by hospital, and by supplier folded."""
    found = city.settlement
    if found is None:
        return NOTHING
    if isinstance(found, Missing):
        return heading("settlement", lang) + lacking(found, lang)
    names = hospital_names(city)
    parts = heading("settlement", lang) + sentence(found.text(lang))
    heads = ("invoices", "amount", "on_time_amount", "on_time_count", "median_days", "p90_days", "unpaid", "direct")
    for place, (kind, key, table) in enumerate(
        (("hospital", "hospital_id", found.by_hospital_id), ("supplier", "supplier", found.by_supplier))
    ):
        rows = [
            (name_cell(named(names, row[key]) if kind == "hospital" else row[key]), *_payment(row, lang))
            for row in table.to_dict("records")
        ]
        inside = data_table(city, (kind, *heads), rows, lang, f"payments-by-{kind}")
        label = say(f"report.payments_by_{kind}", lang, count=len(rows))
        parts = parts + (folded(label, inside) if place or len(rows) > 15 else inside)
    return parts + assumptions((said.text(lang) for said in found.assumptions), lang)


def _payment(row: dict[Any, Any], lang: str) -> tuple[Cell, ...]:
    return (
        number_cell(row["invoices"]),
        money_cell(row["amount_yuan"], lang),
        share_cell(row["on_time_share_amount"]),
        share_cell(row["on_time_share_count"]),
        number_cell(row["median_days"]),
        number_cell(row["p90_days"]),
        number_cell(row["unpaid"]),
        share_cell(row["direct_share_amount"]),
    )


def projection(city: City, lang: str) -> Html:
    """Return the first year of every announced round, estimated with interval, and its hospitals folded."""
    found = city.projections
    if found is None:
        return NOTHING
    head = heading("projection", lang)
    if isinstance(found, Missing):
        return head + lacking(found, lang)
    names, hospitals = batch_names(city, lang), hospital_names(city)
    parts = head
    for one in found:
        name = short(named(names, one.batch_id))
        parts = parts + element("h3", name) + sentence(one.text(lang, name))
        rows: list[tuple[Cell | str, ...]] = [
            (say(f"projected.{row['quantity']}", lang), Cell("", None, mark(_kind(row), lang)), *_ends(row, lang))
            for row in one.table.to_dict("records")
        ]
        heads = ("quantity", "mark", "middle", "lowest", "highest")
        parts = parts + data_table(city, heads, rows, lang, f"projection-{one.batch_id}")
        own = [
            (
                name_cell(named(hospitals, row["hospital_id"])),
                number_cell(row["items"]),
                share_cell(row["completion"]),
                share_cell(row["completion_low"]),
                share_cell(row["completion_high"]),
                share_cell(row["chance_all_complete"]),
                money_cell(row["payout_yuan"], lang),
            )
            for row in one.hospitals.to_dict("records")
        ]
        own_heads = ("hospital", "agreements", "rate", "low", "high", "chance", "payout")
        inside = data_table(city, own_heads, own, lang, f"projection-{one.batch_id}-hospitals")
        parts = parts + folded(say("report.by_hospital", lang, count=len(own)), inside)
        parts = parts + assumptions((said.text(lang) for said in one.assumptions), lang)
    return parts


def _kind(row: dict[Any, Any]) -> str:
    """The official saving follows from agreements; the rest is estimated."""
    return "computed" if row["quantity"] == "official" else "estimated"


def _ends(row: dict[Any, Any], lang: str) -> tuple[Cell, ...]:
    if row["unit"] != "yuan":
        return tuple(share_cell(row[name]) for name in ("estimate", "low", "high"))
    if row["low"] == row["high"]:
        return (money_cell(Decimal(f"{row['estimate']:.2f}"), lang), Cell(MISSING, ""), Cell(MISSING, ""))
    values = (None if row[name] != row[name] else Decimal(f"{row[name]:.2f}") for name in ("estimate", "low", "high"))
    return tuple(money_cell(value, lang) for value in values)
