"""The overview's table: every city's figure of one metric side by side, with scope, status and baseline, never ranked or summed."""

from __future__ import annotations

from vbp.errors import UsageError, unknown
from vbp.facts import Published
from vbp.sections.html import Cell, Html, element, table
from vbp.words import MISSING, baseline_label, period_label, qualified, say, scope_label

COMPARED = ("procurement_saving", "annual_procurement_saving", "patient_burden_reduction")
"""Amounts that are less than something else: no publication says what, and a reader must see that."""


def side_by_side(published: Published, metrics: tuple[str, ...], lang: str) -> Html:
    """Return one table a metric; a city without a figure of it has an empty row, never a zero.

    An empty name is passed over; UsageError where there is no such metric.
    """
    parts = Html("")
    for name in filter(None, metrics):
        if name not in published.metric:
            raise UsageError(unknown("metric", name, sorted(published.metric)))
        metric = published.metric[name]
        parts = (
            parts + element("h3", metric.name_zh if lang == "zh" else metric.name_en) + _table(published, name, lang)
        )
    return parts


def _table(published: Published, metric: str, lang: str) -> Html:
    columns = [say(f"column.{key}", lang) for key in ("city", "value", "scope", "period", "baseline", "status")]
    rows: list[tuple[Cell | str, ...]] = []
    for city in published.cities:
        name = city.name_zh if lang == "zh" else city.name_en
        facts = [
            fact
            for fact in published.of(city.city)
            if fact.metric == metric and not fact.elsewhere and fact.status != "example"
        ]
        rows += [
            (
                name,
                Cell(qualified(fact.value, fact.unit, fact.qualifier, lang), "" if fact.value is None else fact.value),
                scope_label(fact.scope, lang),
                period_label(fact.period_start, fact.period_end, lang),
                baseline_label(fact.baseline or ("unknown" if metric in COMPARED else ""), lang),
                say(f"status.{fact.status}", lang),
            )
            for fact in facts
        ]
        if not facts:
            rows.append((name, say("section.not_published", lang), MISSING, MISSING, MISSING, MISSING))
    return table(columns, rows, name=f"overview-{metric}")
