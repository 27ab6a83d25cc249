"""The parts of a report that show what was published: title, headline, figures, rounds, context, gaps, method."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from vbp.charts.published import quality
from vbp.results.cards import Span
from vbp.rounds import Round, rounds_of
from vbp.sections.brief import brief
from vbp.sections.computed import contents
from vbp.sections.how import card_link, how, methods_of
from vbp.sections.html import Cell, Html, element, folded, listing, mark, table
from vbp.sections.parts import NOTHING, full, heading, name_cell
from vbp.sections.quality import quality as quality_of_inputs
from vbp.sections.warnings import warning_lines
from vbp.words import MISSING, baseline_label, count, listed, percent, period_label, qualified, say, scope_label
from vbp.words.typeset import fullwidth

if TYPE_CHECKING:
    from vbp.city import City
    from vbp.estimate import Estimate
    from vbp.facts import Fact, Source
    from vbp.results.cards import Card


def _metric(city: City, fact: Fact, lang: str) -> str:
    metric = city.published.metric[fact.metric]
    return metric.name_zh if lang == "zh" else metric.name_en


def _synthetic(city: City, lang: str) -> str:
    return say("page.synthetic", lang) if city.synthetic else ""


def title(city: City, lang: str) -> Html:
    """Return the page's title, where its figures come from and of what day they are."""
    head = element("h1", page_title(city, lang))
    if not city.facts:
        return head + element("p", _lead(city, lang), "lead")
    sources = {city.published.source[fact.source_id] for fact in city.facts}
    lines = [
        say("page.lead_source", lang, title=row.title, publisher=row.publisher, published=row.published)
        for row in sorted(sources, key=lambda row: row.published)
    ]
    return head + element("p", listed(lines, lang), "lead")


def _lead(city: City, lang: str) -> str:
    """Return what the report of a user's own tables is made from: purchases, hospitals, months, the day it stands at."""
    if not city.panels:
        return say("page.lead_inputs", lang)
    total = city.panels.totals.iloc[0]
    span = Span(f"{total['first_month']:%Y-%m}", f"{total['last_month']:%Y-%m}").say(lang)
    return say(
        "page.lead_ledger",
        lang,
        hospitals=int(total["hospitals"]),
        rows=f"{int(total['rows']):,}",
        day=city.day,
        span=span,
    )


def page_title(city: City, lang: str) -> str:
    """Return the page's title as plain text; a synthetic place says so in it."""
    return say("page.title_synthetic" if city.synthetic else "page.title", lang, city=city.name(lang))


def headline(city: City, lang: str) -> Html:
    """Return the summary, what is to be done, and the cards: published figures, then what is computed from the ledger, or
    else estimated from amounts; last, what is not published, or the parts of the report.
    """
    head = heading("headline", lang) + brief(city, lang) if full(city) else element("h2", say("section.headline", lang))
    estimates = [row for row in city.estimate.estimates if row.scope == "city"] if estimated(city) else []
    if not city.headline and not estimates and not city.cards:
        return (
            head
            + element("p", say("section.no_headline", lang, city=city.name(lang)), "caution")
            + _unpublished(city, lang)
        )
    cards = [
        _card(
            _metric(city, fact, lang),
            qualified(fact.value, fact.unit, fact.qualifier, lang),
            ("published",),
            _where(fact, lang),
            lang,
            link=card_link(fact.metric, lang),
        )
        for fact in city.headline
    ]
    cards += [_computed_card(city, card, lang) for card in city.cards]
    cards += [_estimate_card(row, lang) for row in estimates]
    note = say("report.headline_note" if city.cards else "section.headline_note", lang)
    shown = head + Html(f'<ul class="cards">{"".join(cards)}</ul>') + element("p", note, "small soft")
    return shown + _unpublished(city, lang) + contents(city, lang)


def _unpublished(city: City, lang: str) -> Html:
    """Return which of the usual figures a place has not published; nothing for a place that has published none at all."""
    names = _missing(city, lang) if city.facts else MISSING
    return element("p", say("section.missing", lang, names=names), "small soft") if names != MISSING else NOTHING


def estimated(city: City) -> bool:
    """Return whether estimates from amounts by round are shown as the place's own: where no ledger settles them better."""
    return city.inputs is not None and not full(city)


def _computed_card(city: City, card: Card, lang: str) -> str:
    marks = (card.mark, "synthetic") if city.synthetic else (card.mark,)
    return _card(
        card.label(lang), card.shown(lang), marks, card.where(lang), lang, key=card.key, link=card_link(card.key, lang)
    )


def _card(
    name: str, value: str, marks: tuple[str, ...], where: str, lang: str, *, key: str = "", link: str = ""
) -> str:
    badges = " ".join(mark(name, lang) for name in marks)
    attribute = f' data-card="{escape(key, quote=True)}"' if key else ""
    return (
        f'<li class="card"{attribute}><div class="name">{escape(name)}</div><div class="value">{escape(value)}</div>'
        f'<div class="where">{escape(where)}</div><div class="foot">{badges}{link}</div></li>'
    )


def _estimate_card(row: Estimate, lang: str) -> str:
    point, interval = row.parts(lang)
    where = say("section.separator", lang).join(part for part in (interval, say(f"basis.{row.basis}", lang)) if part)
    return _card(row.label(lang), point, (row.mark,), where, lang, link=card_link("estimates", lang))


def _where(fact: Fact, lang: str) -> str:
    parts = [scope_label(fact.scope, lang), period_label(fact.period_start, fact.period_end, lang)]
    if fact.status != "reported":
        parts.insert(0, say(f"status.{fact.status}", lang))
    if fact.baseline:
        parts.append(say("section.against", lang, baseline=baseline_label(fact.baseline, lang)))
    return say("section.separator", lang).join(part for part in parts if part != MISSING)


def published_figures(city: City, lang: str) -> Html:
    """Return all published figures by subject, each with scope, period, baseline, status, source and the words it was read from."""
    if full(city) and not city.facts:
        return NOTHING
    head = element("h2", say("section.published", lang))
    if not city.facts:
        return head + element("p", say("section.no_facts", lang, city=city.name(lang)), "soft")
    theme_of = {row.metric: row.theme for row in city.published.themes}
    parts = head + element("p", say("section.published_note", lang, count=len(city.facts)), "soft")
    for i, name in enumerate(dict.fromkeys(row.theme for row in city.published.themes)):
        facts = [fact for fact in city.facts if theme_of[fact.metric] == name]
        if facts:
            inside = _facts_table(city, facts, lang, f"{city.slug}-{name}")
            label = say("section.theme_count", lang, theme=say(f"theme.{name}", lang), count=len(facts))
            parts = parts + (element("h3", label) + inside if i == 0 else folded(label, inside))
    return parts


def _facts_table(city: City, facts: list[Fact], lang: str, name: str) -> Html:
    columns = [
        say(f"column.{key}", lang)
        for key in ("figure", "value", "mark", "scope", "period", "baseline", "status", "words", "source")
    ]
    rows = []
    for fact in facts:
        kind = fact.qualifier if fact.qualifier in ("damaged", "doubtful") else "published"
        rows.append(
            (
                _metric(city, fact, lang),
                Cell(qualified(fact.value, fact.unit, fact.qualifier, lang), "" if fact.value is None else fact.value),
                Cell("", None, mark(kind, lang)),
                scope_label(fact.scope, lang),
                period_label(fact.period_start, fact.period_end, lang),
                baseline_label(fact.baseline, lang),
                say(f"status.{fact.status}", lang),
                fullwidth(fact.note),
                city.published.source[fact.source_id].title,
            )
        )
    return table(columns, rows, name=name)


def rounds_table(city: City, lang: str) -> Html:
    """Return the city's own rounds: level, category, date, cut with its baseline, status."""
    own = [row for row in rounds_of(city) if row.own]
    head = heading("rounds", lang) if full(city) else element("h2", say("section.rounds", lang))
    if not own:
        why = "section.no_batches" if full(city) and not city.facts else "section.no_rounds"
        return head + element("p", say(why, lang, city=city.name(lang)), "soft")
    return head + _rounds(own, lang, f"{city.slug}-rounds", _synthetic(city, lang))


def _rounds(rows: list[Round], lang: str, name: str, marked: str = "") -> Html:
    columns = [
        say(f"column.{key}", lang)
        for key in ("round", "level", "category", "bid_date", "average_cut", "baseline", "status")
    ]
    body = [
        (
            name_cell(row.name(lang)),
            say(f"level.{row.level or 'none'}", lang),
            say(f"category.{row.category}", lang),
            _checked(row, "bid_date", row.when.strftime("%Y-%m"), lang)
            if row.when
            else say("section.date_unknown", lang),
            Cell(
                _checked(row, "average_cut_percent", percent(row.cut_percent), lang)
                if row.cut_percent is not None
                else say("section.not_published", lang),
                "" if row.cut_percent is None else row.cut_percent,
            ),
            baseline_label(row.baseline, lang),
            say(f"status.{row.status}", lang),
        )
        for row in rows
    ]
    return table(columns, body, name=name, mark_text=marked, links=how(methods_of("rounds"), lang))


def _checked(row: Round, column: str, text: str, lang: str) -> str:
    """Mark a cell that its source list calls unverified."""
    return text if row.verified(column) else say("section.unverified", lang, value=text)


def beside_national(city: City, lang: str) -> Html:
    """Return the national rounds as context, never as the city's own figures; those of the publication's time are counted."""
    rows = [row for row in rounds_of(city) if not row.own]
    head = _headed("beside", lang) + element("p", say("section.beside_note", lang), "soft")
    days = sorted({city.published.source[fact.source_id].published for fact in city.facts})
    if days:
        known = [
            row
            for row in rows
            if row.level == "national" and row.when and row.when.isoformat()[: len(days[-1])] <= days[-1]
        ]
        names = listed([row.name(lang) for row in sorted(known, key=lambda row: str(row.when))[-3:]], lang)
        head = head + element(
            "p", say("section.rounds_of_the_time", lang, day=days[-1], count=len(known), names=names or MISSING)
        )
    return head + folded(say("section.national_rounds", lang, count=len(rows)), _rounds(rows, lang, "national-rounds"))


def _headed(key: str, lang: str) -> Html:
    """Return a section's heading with its anchor."""
    return Html(f'<h2 id="{key}">{escape(say(f"section.{key}", lang))}</h2>')


def gaps(city: City, lang: str) -> Html:
    """Return what is damaged, doubtful, another place's, or not published at all."""
    if full(city) and not city.facts:
        return quality_of_inputs(city, lang)
    head = element("h2", say("section.gaps", lang))
    if not city.facts:
        warnings = city.inputs.problems if city.inputs is not None else ()
        lines = warning_lines(warnings[:50], lang)
        return head + element("p", say("section.inputs_warnings", lang, count=len(warnings))) + listing(lines)
    parts = head
    for kind in ("damaged", "doubtful", "elsewhere"):
        facts = [fact for fact in city.facts if quality(fact) == kind]
        if facts:
            label = say(f"section.gap_{kind}", lang, count=len(facts))
            parts = parts + folded(label, _facts_table(city, facts, lang, f"{city.slug}-{kind}"))
    return parts + element("p", say("section.missing", lang, names=_missing(city, lang)))


def _missing(city: City, lang: str) -> str:
    """Name the metrics that a procurement report needs and this city has no whole figure of."""
    wanted = (
        "average_price_cut",
        "procurement_saving",
        "surplus_payout",
        "inpatient_actual_reimbursement_ratio",
        "procured_drug_varieties",
        "direct_settlement",
    )
    absent = [name for name in wanted if not city.published.find(city.slug, name)]
    metric = city.published.metric
    return listed([metric[name].name_zh if lang == "zh" else metric[name].name_en for name in absent], lang) or MISSING


def method(city: City, lang: str) -> Html:
    """Return how the estimates were made, with every assumption and its source, and the sources of the figures."""
    own = full(city) and not city.facts
    lines = ("computed", "projected", "scanned", "kinds") if own else ("marks", "intervals", "weighted", "kinds")
    head = _headed("method", lang) + listing(say(f"method.{key}", lang) for key in lines)
    columns = [say(f"column.{key}", lang) for key in ("assumption", "mark", "range", "source")]
    rows = [
        (
            row.label(lang),
            Cell("", None, mark(row.mark, lang)),
            row.shown(lang),
            row.source(lang),
        )
        for row in (() if own else city.estimate.assumptions)
    ]
    parts = (
        head
        + element("h3", say("section.assumptions", lang))
        + table(
            columns,
            rows,
            name=f"{city.slug}-assumptions",
            mark_text=_synthetic(city, lang),
            links=how(methods_of("assumptions"), lang),
        )
        if rows
        else head
    )
    if not rows:
        return parts + _sources(city, lang)
    parts = parts + element(
        "p", say("section.draws", lang, draws=count(city.estimate.draws, lang), seed=city.estimate.seed), "small soft"
    )
    return parts + _sources(city, lang)


def _sources(city: City, lang: str) -> Html:
    used = {fact.source_id for fact in city.facts} | {row.source_id for row in rounds_of(city) if row.source_id}
    sources = [city.published.source[name] for name in sorted(used)]
    names = {row.source_id: row.name(lang) for row in rounds_of(city) if row.source_id}
    lines = [_cited(source, names.get(source.source_id, ""), lang) for source in sources]
    return folded(say("section.sources", lang, count=len(lines)), listing(lines))


_KIND = re.compile(r"（([a-zA-Z ,]+)）")
"""The kind of a publication in English, which stands behind the Chinese one: 新闻报道（press）."""


def _cited(source: Source, about: str, lang: str) -> str:
    """Return a source in one line; one without a day is several publications, which its note names.

    Titles stay in the language of the publication; what the list itself says is in the page's.
    """
    comma, semicolon = ("，", "；") if lang == "zh" else (", ", "; ")
    told, _, places = source.note.partition("原列出处：")
    kinds = [_KIND.sub("", told).rstrip("；")] if lang == "zh" else _KIND.findall(told)
    title = say("section.material_on", lang, name=about) if about and not source.published else source.title
    named = [title, source.publisher, source.published] if source.published else [title]
    where = [say("section.as_listed", lang, places=places)] if places else []
    return semicolon.join(part for part in (comma.join(part for part in named if part), *kinds, *where) if part)
