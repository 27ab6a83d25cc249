"""Data quality and provenance, the rule profile, and the statement workbook, in the full report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.results.missing import Missing
from vbp.sections.html import Html, element, folded, listing
from vbp.sections.parts import NOTHING, data_table, full, heading, money_cell, number_cell
from vbp.sections.warnings import table_name, warning_lines
from vbp.words import say

if TYPE_CHECKING:
    from vbp.city import City
    from vbp.errors import Problem

MOST_LINES = 50


def quality(city: City, lang: str) -> Html:
    """Return what was read and dropped, file by file with its hash, what matched nothing, and every warning."""
    if not full(city) or city.inputs is None:
        return NOTHING
    panels = city.panels
    assert panels is not None and not isinstance(panels, Missing)
    total = panels.totals.iloc[0]
    parts = heading("quality", lang) + element(
        "p",
        say(
            "report.ledger_total",
            lang,
            rows=f"{int(total['rows']):,}",
            hospitals=int(total["hospitals"]),
            products=int(total["products"]),
            first=f"{total['first_month']:%Y-%m}",
            last=f"{total['last_month']:%Y-%m}",
            day=city.day,
        ),
    )
    rows = [
        (
            record.name,
            table_name(record.table, lang),
            number_cell(record.rows_read),
            number_cell(record.rows_dropped),
            record.encoding or "",
            record.sha256[:16],
        )
        for record in city.inputs.provenance
    ]
    parts = parts + data_table(
        city, ("file", "table", "rows_read", "rows_dropped", "encoding", "sha256"), rows, lang, "files"
    )
    parts = parts + _unmatched(city, lang)
    warnings: tuple[Problem, ...] = (*city.inputs.problems, *panels.problems)
    inside = listing(warning_lines(warnings[:MOST_LINES], lang))
    label = say("report.warnings_read", lang, count=len(warnings), shown=min(len(warnings), MOST_LINES))
    return parts + (folded(label, inside) if warnings else element("p", say("report.no_warnings", lang)))


def _unmatched(city: City, lang: str) -> Html:
    panels = city.panels
    assert panels is not None and not isinstance(panels, Missing)
    if not len(panels.unmatched):
        return NOTHING
    table = panels.unmatched.groupby(panels.unmatched["reason"].astype(str))[["purchases", "amount_fen"]].sum()
    from vbp.ledger.units import yuan

    rows = [
        (
            say(f"unmatched.{reason}", lang),
            number_cell(int(row["purchases"])),
            money_cell(yuan(int(row["amount_fen"])), lang),
        )
        for reason, row in table.iterrows()
    ]
    return element("h3", say("report.unmatched", lang)) + data_table(
        city, ("reason", "purchases", "amount"), rows, lang, "unmatched"
    )


def rules(city: City, lang: str) -> Html:
    """Return the rule profile: title, source, switches, score bands, what stands on no primary text; and the workbook."""
    if not full(city) or city.profile is None:
        return NOTHING
    from vbp.sections.retained import workbook
    from vbp.surplus.explain import profile_lines

    parts = heading("rules", lang) + listing(profile_lines(city.profile, lang))
    if city.surplus and not isinstance(city.surplus, Missing):
        parts = parts + workbook(lang)
    return parts
