"""What follows from the figures: estimates with interval, formula and basis, and what could not be estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.sections.how import how, methods_of
from vbp.sections.html import Cell, Html, element, folded, listing, mark, table
from vbp.sections.parts import NOTHING, full
from vbp.words import money, say, scope_label

if TYPE_CHECKING:
    from vbp.city import City
    from vbp.estimate import Estimate

# the wording of the house's notice as the issue gives it, kept beside the typeset one so that programs find it
NOTICE = "推算值,非官方公布数据,不作为结算依据"


def follows(city: City, lang: str) -> Html:
    """Return the table of estimates (city first, hospitals folded), the notice, and the list of what is not estimated."""
    if full(city) and not city.facts:
        # the ledger settles by variety what amounts by round only estimate: one number, from one place
        return NOTHING
    result = city.estimate
    parts = element("h2", say("section.follows", lang))
    own = [row for row in result.estimates if not row.hospital]
    hospitals = [row for row in result.estimates if row.hospital]
    marked = say("page.synthetic", lang) if city.synthetic else ""
    if own:
        parts = parts + notice(lang) + _table(own, lang, f"{city.slug}-estimates", marked)
    else:
        parts = parts + element("p", say("section.nothing_follows", lang, city=city.name(lang)), "caution")
    if hospitals:
        names = _hospital_names(city)
        parts = parts + folded(
            say("section.by_hospital", lang, count=len({row.scope for row in hospitals})),
            _table(hospitals, lang, f"{city.slug}-estimates-by-hospital", marked, names),
        )
    if result.not_estimated:
        parts = (
            parts
            + element("h3", say("section.not_estimated", lang))
            + listing(row.text(lang) for row in result.not_estimated)
        )
    return parts


def notice(lang: str) -> Html:
    """Return the notice that every page with estimates carries."""
    return Html(f'<p class="caution" data-notice="{NOTICE}">{say("estimate.warning", lang)}</p>')


def _hospital_names(city: City) -> dict[str, str]:
    from vbp.charts.estimates import hospital_names

    return hospital_names(city)


def _table(rows: list[Estimate], lang: str, name: str, marked: str, names: dict[str, str] | None = None) -> Html:
    columns = [say(f"column.{key}", lang) for key in ("figure", "scope", "mark", "value", "formula", "basis")]
    known = names or {}
    body = []
    for row in rows:
        scope = known.get(row.scope.removeprefix("hospital:")) or scope_label(row.scope, lang)
        value = row.point if row.point is not None else row.low if row.low is not None else row.high
        body.append(
            (
                row.label(lang),
                scope,
                Cell("", None, mark(row.mark, lang)),
                Cell(row.shown(lang), value),
                row.formula,
                say(f"basis.{row.basis}", lang),
            )
        )
    links = how(methods_of("estimates"), lang)
    return table(columns, body, name=name, mark_text=marked, links=links)


def ranking_words(city: City, lang: str) -> Html:
    """Return, in a sentence an estimate, which assumption moves it most."""
    if full(city) and not city.facts:
        return NOTHING
    names = {row.name: row.label(lang) for row in city.estimate.assumptions}
    lines = [
        say(
            "section.ranked_first",
            lang,
            quantity=row.label(lang),
            scope=scope_label(row.scope, lang),
            cause=names[row.ranking[0][0]],
            low=money(row.ranking[0][1], lang),
            high=money(row.ranking[0][2], lang),
        )
        for row in city.estimate.estimates
        if row.ranking
    ]
    return element("h3", say("section.ranking", lang)) + listing(lines) if lines else Html("")
