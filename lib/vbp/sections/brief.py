"""What a reader wants first: what was saved against which price, how sure that is, what is paid, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from vbp.charts.estimates import hospital_names
from vbp.charts.names import named, short
from vbp.results.cards import span_of
from vbp.results.missing import Missing, Tables
from vbp.results.tables import partly_seen
from vbp.sections.html import Html, element
from vbp.sections.parts import NOTHING, full
from vbp.words import count as counted
from vbp.words import money, percent, say

if TYPE_CHECKING:
    import pandas as pd

    from vbp.city import City


@dataclass(frozen=True)
class Task:
    """One thing to do: the sentence, and the part of the page that shows what it rests on."""

    text: str
    part: str


def brief(city: City, lang: str) -> Html:
    """Return the summary and what is to be done, side by side; nothing for a place without a ledger."""
    if not full(city):
        return NOTHING
    words = "".join(f"<p>{escape(line)}</p>" for line in (*_saved(city, lang), *_paid(city, lang)))
    listed = "".join(f'<li><a href="#{task.part}">{escape(task.text)}</a></li>' for task in tasks(city, lang))
    body = f"<ul>{listed}</ul>" if listed else f"<p>{escape(say('brief.nothing', lang))}</p>"
    heading = element("h3", say("brief.todo", lang)).source
    return Html(f'<div class="brief"><div class="told">{words}</div><div class="todo">{heading}{body}</div></div>')


def _saved(city: City, lang: str) -> Iterable[str]:
    """Yield what was saved against which baseline, and how sure that is."""
    found, panels = city.savings, city.panels
    if not found or not panels:
        yield say("brief.not_saved", lang, why=found.text(lang) if isinstance(found, Missing) else "")
        return
    shown = {card.key: card.shown(lang) for card in city.cards}
    yield say(
        "brief.saved" if "cut" in shown else "brief.saved_only",
        lang,
        hospitals=counted(int(panels.totals["hospitals"].iloc[0]), lang),
        realised=shown["realised"],
        cut=shown.get("cut", ""),
        span=span_of(city, found).say(lang),
    )
    sure = say("brief.sure", lang, rows=f"{int(panels.totals['rows'].iloc[0]):,}")
    if len(found.left_out):
        share = percent(found.left_out_share * 100, 1)
        sure += say("brief.sure_left_out", lang, count=counted(len(found.left_out), lang), share=share)
    if city.scan:
        prices = city.scan.table[city.scan.table["measure"] == "price"]
        supported = (prices["level_verdict"] == "supported") & (prices["change_percent"] < 0)
        assessed = int((prices["level_verdict"] != "not_assessable").sum())
        sure += (
            say(
                "brief.sure_prices",
                lang,
                assessed=counted(assessed, lang),
                supported=counted(int(supported.sum()), lang),
            )
            if assessed
            else ""
        )
    yield sure + say("brief.end", lang)


def _paid(city: City, lang: str) -> Iterable[str]:
    """Yield what hospitals are paid, or why that is not known."""
    found = city.surplus
    card = next((card for card in city.cards if card.key == "payout"), None)
    if not found or card is None or card.value is None:
        why = card.where(lang) if card is not None else ""
        yield say("brief.not_paid", lang, why=why)
        return
    values = found.table["retained_yuan"]
    paid = {name for name, value in zip(found.table["hospital_id"], values, strict=True) if value}
    still = sum(value is None for value in values)
    key = "brief.paid" if still else "brief.paid_all"
    yield say(key, lang, payout=card.shown(lang), hospitals=counted(len(paid), lang), open=counted(still, lang))


def tasks(city: City, lang: str) -> tuple[Task, ...]:
    """Return what is to be done or looked into, each from its result; none where all is in order."""
    return (
        *_tables(city, lang),
        *_ledger(city, lang),
        *_agreements(city, lang),
        *_scores(city, lang),
        *_invoices(city, lang),
        *_use(city, lang),
    )


def _tables(city: City, lang: str) -> Iterable[Task]:
    """Yield which tables to supply for the parts that cannot be computed without."""
    parts = (city.savings, city.completion, city.surplus, city.benefit, city.settlement)
    lacking = [part.tables for part in parts if isinstance(part, Missing)]
    names = tuple(dict.fromkeys(name for tables in lacking for name in tables))
    if names:
        yield Task(say("brief.tables", lang, tables=Tables(names).say(lang)), "quality")


def _ledger(city: City, lang: str) -> Iterable[Task]:
    if not city.panels or not city.completion:
        return
    part = partly_seen(city.panels, city.completion.as_of)
    if len(part):
        first = f"{city.panels.totals['first_month'].iloc[0]:%Y-%m}"
        yield Task(
            say(
                "brief.part_ledger",
                lang,
                first=first,
                count=counted(int(part["items"].sum()), lang),
                all=counted(len(city.completion.table), lang),
            ),
            "quality",
        )


def _agreements(city: City, lang: str) -> Iterable[Task]:
    if not city.completion:
        return
    table = city.completion.table
    if city.panels:  # what the ledger covers in part is no one's fault: it stands in a line of its own
        part = partly_seen(city.panels, city.completion.as_of)
        unseen = set(zip(part["batch_id"], part["agreement_year"], strict=True))
        years = zip(table["batch_id"], table["agreement_year"], strict=True)
        table = table[[(str(batch), int(year)) not in unseen for batch, year in years]]
    for state in ("not_completed", "at_risk"):
        late = table[table["state"] == state]["hospital_id"]
        if len(late):
            most = _most(city, late.value_counts(), "items", lang)
            text = say(
                f"brief.{state}",
                lang,
                count=counted(len(late), lang),
                hospitals=counted(late.nunique(), lang),
                all=counted(table["hospital_id"].nunique(), lang),
                most=most,
            )
            yield Task(text, "completion")


def _most(city: City, counts: pd.Series, unit: str, lang: str) -> str:
    """Return the hospital with most of them, where there are several hospitals."""
    if len(counts) < 2:
        return ""
    name = short(named(hospital_names(city), counts.index[0]), 16)
    return say(
        "brief.most",
        lang,
        hospital=name,
        count=counted(int(counts.iloc[0]), lang),
        unit=say(f"brief.unit_{unit}", lang),
    )


def _scores(city: City, lang: str) -> Iterable[Task]:
    if city.surplus:
        count = sum("NO_SCORE" in codes for codes in city.surplus.table["codes"])
        if count:
            yield Task(
                say("brief.no_score", lang, count=counted(count, lang), rows=counted(len(city.surplus.table), lang)),
                "surplus",
            )


def _invoices(city: City, lang: str) -> Iterable[Task]:
    if city.settlement:
        count = int(city.settlement.total["unpaid"].iloc[0])
        own: Any = city.settlement.by_hospital_id.set_index("hospital_id")["unpaid"].sort_values(ascending=False)
        if count:
            most, every = _most(city, own, "invoices", lang), int(city.settlement.total["invoices"].iloc[0])
            yield Task(
                say("brief.unpaid", lang, count=counted(count, lang), all=counted(every, lang), most=most), "settlement"
            )


def _use(city: City, lang: str) -> Iterable[Task]:
    if not city.savings:
        return
    for kind, key in (("excess", "excess"), ("potential_beyond", "beyond"), ("alternatives", "alternatives")):
        total = city.savings.totals[kind]
        if total is not None and total > 0:
            yield Task(
                say(f"brief.{key}", lang, amount=money(total, lang)), "savings" if kind == "excess" else "alternatives"
            )
