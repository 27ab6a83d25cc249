"""Pieces that the sections of the full report share: headings with anchors, cells, what is missing, long tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from typing import TYPE_CHECKING, Any

from vbp.charts.names import batch_names, named, short
from vbp.results.missing import Missing
from vbp.results.tables import partly_seen
from vbp.sections.how import how, methods_of
from vbp.sections.html import Cell, Html, element, folded, listing, table
from vbp.words import MISSING, say

if TYPE_CHECKING:
    from vbp.city import City

MOST_ROWS = 200
LONGEST_NAME = 40
NOTHING = Html("")
UNIT = {"zh": Decimal(10_000), "en": Decimal(1_000)}
AMOUNTS = {
    "official", "realised", "excess", "potential", "potential_lawful", "alternatives", "spending", "spending_before", "change",
    "part_price", "part_volume", "part_structure_selected", "part_structure_originator", "part_structure_product", "part_new",
    "part_lost", "budget", "expenditure", "net", "base", "retained", "cost", "monthly_before", "monthly_after", "amount", "payout",
}  # fmt: skip
"""Columns of amounts: one unit for the whole column, named in its header."""
QUANTITIES = {"agreed", "actual", "needed", "shortfall"}
"""Columns of quantities, in converted units (折算单位)."""


def full(city: City) -> bool:
    """Return whether the place has a ledger, so that the full report is shown."""
    return city.panels is not None and not isinstance(city.panels, Missing)


def heading(key: str, lang: str) -> Html:
    """Return a section's heading with an anchor."""
    return Html(f'<h2 id="{escape(key, quote=True)}">{escape(say(f"report.{key}", lang))}</h2>')


def lacking(why: Missing, lang: str) -> Html:
    """Return what a part lacks and how to supply it."""
    return Html(
        f'<p class="caution" data-missing="yes">{escape(why.reason.text(lang))}<br>{escape(why.how_to_supply.text(lang))}</p>'
    )


def sentence(text: str) -> Html:
    """Return words as paragraphs, one a line."""
    parts = NOTHING
    for line in text.splitlines():
        parts = parts + element("p", line)
    return parts


def assumptions(lines: Iterable[str], lang: str) -> Html:
    """Return what a result rests on, folded."""
    kept = list(lines)
    return folded(say("report.rests_on", lang, count=len(kept)), listing(kept)) if kept else NOTHING


def marked(city: City, lang: str) -> str:
    """Return the line that stands on tables and their CSV: 演示数据 for a synthetic place."""
    return say("page.synthetic", lang) if city.synthetic else ""


def name_cell(name: Any) -> Cell:
    """Return a name: shown short, whole in the title where it was cut; downloads as it is shown."""
    whole, shown = str(name), short(name, LONGEST_NAME)
    if shown == whole:
        return Cell(whole)
    return Cell(shown, None, f'<span title="{escape(whole[:500], quote=True)}">{escape(shown)}</span>')


def money_cell(value: Decimal | None, lang: str) -> Cell:
    """Return an amount in the column's unit (万元, thousand yuan); the download holds yuan exactly."""
    if value is None:
        return Cell(MISSING, "")
    shown = (Decimal(value) / UNIT[lang]).quantize(Decimal("0.01"), ROUND_HALF_UP) + 0
    return Cell(f"{shown:,f}".replace("-", "−"), value)


def share_cell(value: Any, places: int = 1) -> Cell:
    """Return a share (0–1) as a percentage; a gap stays a gap."""
    if value is None or value != value:
        return Cell(MISSING, "")
    return percent_cell(Decimal(repr(float(value))) * 100, places)


def percent_cell(value: Any, places: int = 1) -> Cell:
    """Return a percentage."""
    if value is None or value != value:
        return Cell(MISSING, "")
    shown = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0
    return Cell(f"{shown:,f}%".replace("-", "−"), Decimal(str(value)).quantize(Decimal("0.0001")))


def price_cell(value: Any) -> Cell:
    """Return a unit price in yuan, four decimals in every row of the column; a gap stays a gap."""
    if value is None or value != value:
        return Cell(MISSING, "")
    shown = Decimal(str(value)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return Cell(f"{shown:,f}", shown.normalize())


def number_cell(value: Any) -> Cell:
    """Return a whole number or a quantity; a gap stays a gap."""
    if value is None or value != value:
        return Cell(MISSING, "")
    number = Decimal(str(value))
    if isinstance(value, float):
        number = number.quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{number:,f}"
    return Cell((text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−"), number)


def day_cell(value: Any) -> str:
    """Return a date as ISO text."""
    if value is None or value != value:
        return MISSING
    return str(value.date() if hasattr(value, "date") and not isinstance(value, date) else value)[:10]


def partly(city: City, lang: str) -> Html:
    """Return what to know where the ledger covers agreement years in part only: their rates and amounts are too low."""
    if not city.panels or not city.completion:
        return NOTHING
    rows = partly_seen(city.panels, city.completion.as_of)
    if not len(rows):
        return NOTHING
    worst = rows.sort_values("months_in_ledger").iloc[0]
    words = say(
        "report.partly_seen",
        lang,
        first=f"{city.panels.totals['first_month'].iloc[0]:%Y-%m}",
        count=int(rows["items"].sum()),
        batch=short(named(batch_names(city, lang), worst["batch_id"])),
        year=int(worst["agreement_year"]),
        seen=int(worst["months_in_ledger"]),
        due=int(worst["months_due"]),
    )
    return Html(f'<p class="caution" data-missing="yes">{escape(words)}</p>')


def columns(names: Sequence[str], lang: str) -> list[str]:
    """Return the headers of columns."""
    units = {
        name: say("head.unit" if name in AMOUNTS else "head.unit_quantity", lang) for name in (*AMOUNTS, *QUANTITIES)
    }
    return [say(f"head.{name}", lang) + units.get(name, "") for name in names]


def data_table(
    city: City,
    names: Sequence[str],
    rows: Sequence[Sequence[Cell | str]],
    lang: str,
    name: str,
    more: Sequence[str] = (),
) -> Html:
    """Return a table of at most `MOST_ROWS` rows, with a line that says so where it was cut.

    Parameters
    ----------
    names
        Columns, by their phrases `head.*`.
    more
        Headers of further columns, as they are.
    """
    made = table(
        [*columns(names, lang), *more],
        rows[:MOST_ROWS],
        name=f"{city.slug}-{name}",
        mark_text=marked(city, lang),
        links=how(methods_of(name), lang),
    )
    if len(rows) <= MOST_ROWS:
        return made
    return element("p", say("report.cut_rows", lang, shown=MOST_ROWS, all=len(rows)), "small soft") + made
