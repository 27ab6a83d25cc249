"""Retained surplus in the notebook: rows with reasons, other rules, what moves the total, just missed, spread, one payout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from vbp.city import City
from vbp.results.missing import Missing, missing_tables
from vbp.sections.explore.needs import needs, said, there
from vbp.sections.frames import frame_table, word
from vbp.sections.html import Html, folded, listing
from vbp.sections.parts import lacking
from vbp.words import percent, say

if TYPE_CHECKING:
    from vbp.surplus.compare import Comparison

ROWS = (
    "hospital_id", "batch_id", "agreement_year", "budget_yuan", "expenditure_yuan", "surplus_base_yuan", "ratio",
    "retained_yuan", "reasons",
)  # fmt: skip


@needs("surplus")
def settled(city: City, lang: str) -> Html:
    """Return the settlement in a sentence, what it lacks without scores, and what it rests on, folded."""
    found = there(city.surplus)
    assert city.inputs is not None
    lines = list(found.assumptions(lang))
    words = said(found.text(lang))
    if not city.inputs.has("assessments"):
        words = words + lacking(missing_tables(["assessments"]), lang)
    return words + folded(say("report.rests_on", lang, count=len(lines)), listing(lines))


def payout_rows(city: City, lang: str) -> pd.DataFrame | Missing:
    """Return the rows of the settlement with their reasons in words, the largest payout first and rows not settled last."""
    found = city.surplus
    if isinstance(found, Missing):
        return found
    found = there(found)
    separator = say("section.separator", lang)
    table = found.table.assign(
        surplus_base_yuan=found.table["base_yuan"],
        reasons=[separator.join(reason.text(lang) for reason in reasons) for reasons in found.reasons],
    )
    paid = list(table["retained_yuan"])
    order = sorted(range(len(table)), key=lambda row: (paid[row] is None, -(paid[row] or 0)))
    return table.iloc[order].reset_index(drop=True)


@needs("surplus")
def payouts(city: City, lang: str, rows: int = 12) -> Html:
    """Return the first rows of the settlement with their reasons, the largest payout first."""
    table = payout_rows(city, lang)
    assert not isinstance(table, Missing)
    return frame_table(table, lang, ROWS, rows=rows, name="payouts", city=city)


def switches(comparison: Comparison | Missing, lang: str) -> Html:
    """Return two rule profiles compared: the totals in a sentence, and the switches in which they differ."""
    if isinstance(comparison, Missing):
        return lacking(comparison, lang)
    from vbp.surplus.show import switch_text

    rows = [
        (say(f"rules.{name.split('.')[-1]}", lang), switch_text(one, lang), switch_text(two, lang))
        for name, one, two in comparison.switches
    ]
    first, second = (one.profile.title.say(lang) for one in (comparison.first, comparison.second))
    table = pd.DataFrame(rows, columns=["switch", first, second])
    return said(comparison.text(lang)) + frame_table(table, lang, list(table.columns), rows=30, name="switches")


@needs("tornado")
def tornado(city: City, lang: str, rows: int = 10) -> Html:
    """Return how far each switch and input moves the total, in words and as a table."""
    from vbp.surplus.show import switch_text, what_text

    found = there(city.tornado)
    records = [
        {
            **row,
            "kind": word(row["kind"], lang),
            "what": what_text(row["kind"], row["what"], lang),
            **(
                {side: switch_text(_switch(row[side]), lang) for side in ("low", "high")}
                if row["kind"] == "switch"
                else {}
            ),
        }
        for row in found.table.to_dict("records")
    ]
    columns = ["kind", "what", "low", "low_yuan", "high", "high_yuan", "swing_yuan"]
    table = frame_table(pd.DataFrame(records), lang, columns, rows=rows, name="tornado", city=city)
    return said(found.text(lang)) + table


def _switch(value: Any) -> Any:
    """Return a switch's value as the profile has it: a threshold as a percentage, yes and no as such."""
    try:
        return percent(100 * float(value), 0)
    except ValueError:
        return {"True": True, "False": False}.get(value, value)


@needs("surplus")
def settings(city: City, lang: str) -> Html:
    """Return the payout at fixed positions of the sliders, the place's own rules first."""
    from vbp.surplus.what_if import SETTINGS, payout

    found = there(city.surplus)
    own = found.total_yuan
    rows = []
    for moved in SETTINGS:
        total = payout(found, **moved)
        rows.append((_position(moved, lang), total, total - own))
    columns = ["position", "retained_yuan", "difference_yuan"]
    return frame_table(pd.DataFrame(rows, columns=columns), lang, columns, name="settings", city=city)


def _position(moved: dict[str, Any], lang: str) -> str:
    """Return a position of the sliders in words."""
    from vbp.surplus.show import switch_text

    if not moved:
        return say("play.at_rest", lang)
    ((name, value),) = moved.items()
    label = {
        "highest_ratio": "ratio",
        "threshold": "threshold",
        "nonselected": "nonselected",
        "change": "price_before",
    }[name]
    shown = switch_text(value, lang) if name == "nonselected" else percent(100 * value, 0)
    return say("play.position", lang, what=say(f"play.{label}", lang), value=shown)


@needs("surplus")
def just_missed(city: City, lang: str, rows: int = 10) -> Html:
    """Return the items within a tenth of their agreed volume, and how completing them would change the payout."""
    table = city.just_missed
    if not len(table):
        return said(say("play.none_missed", lang))
    columns = ["hospital_id", "batch_id", "agreement_year", "generic", "completion", "shortfall_units", "gained_yuan"]
    table = table.assign(gained_yuan=table["cost_yuan"])
    return frame_table(table, lang, columns, rows=rows, name="just-missed", city=city)


@needs("surplus")
def spread(city: City, lang: str) -> Html:
    """Return how payouts spread by tier of hospital, in words and as a table."""
    from vbp.surplus.fairness import fairness

    found = fairness(there(city.surplus))
    columns = ["tier", "hospitals", "rows", "paid", "pending", "budget_yuan", "retained_yuan", "retained_of_budget"]
    table = frame_table(found.by_tier, lang, columns, name="spread", city=city)
    return said(found.text(lang)) + table + said("\n".join(found.assumptions(lang)))


def behind(city: City, lang: str, row: dict[Any, Any] | Missing) -> Html:
    """Return the arithmetic behind one row of the settlement: rule and formula, the items folded."""
    if isinstance(row, Missing):
        return lacking(row, lang)
    from vbp.surplus.explain import explain

    found = there(city.surplus)
    made = explain(found, row["hospital_id"], row["batch_id"], int(row["agreement_year"]))
    first, formula, *rest = made.parts(lang)
    parts = said(formula.heading) + listing(formula.lines)
    for part in (first, *rest):
        parts = parts + folded(part.heading, listing(line.strip() for line in part.lines))
    return parts
