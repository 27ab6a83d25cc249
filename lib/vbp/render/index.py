"""`index.html`: every place's reports with their first figure, and what failed in the last run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vbp.render import failures, files
from vbp.render.city import Outcome
from vbp.render.page import render_template
from vbp.words import LANGUAGES, money, percent, say
from vbp.words.labels import qualified, scope_label


def write_index(out: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the index over all reports in `out`, those of earlier runs included.

    Parameters
    ----------
    outcomes
        Of the run that just ended; a place that failed keeps its last good report and is named with the reason.
    """
    latest = {outcome.slug: outcome for outcome in outcomes}
    failed = failures.known(out)
    slugs = sorted({path.parent.name for path in out.glob("*/summary.json")} | set(latest) | set(failed))
    places = [_place(out, slug, latest.get(slug), failed.get(slug)) for slug in slugs]
    words = {
        key: {lang: say(f"page.{key}", lang) for lang in LANGUAGES}
        for key in (
            "index_title",
            "index_lead",
            "index_place",
            "index_figures",
            "index_reports",
            "index_state",
            "index_first",
            "footer",
        )
    } | {
        "failed_notebook": {lang: say("render.failed_notebook", lang) for lang in LANGUAGES},
        "methods": {lang: say("how.index", lang) for lang in LANGUAGES},
    }
    count = sum(place["failed"] for place in places)
    words["failures"] = {lang: say("render.failures", lang, count=count) for lang in LANGUAGES}
    files.write(out / "index.html", render_template("index.html.j2", places=places, words=words, failures=count))


def _place(out: Path, slug: str, outcome: Outcome | None, failure: Mapping[str, str] | None) -> dict[str, Any]:
    path = out / slug / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    pages = [
        (lang, f"{slug}/report.{lang}.html", f"{slug}/report.{lang}.pdf" * (out / slug / f"report.{lang}.pdf").exists())
        for lang in LANGUAGES
        if (out / slug / f"report.{lang}.html").exists()
    ]
    return {
        "slug": slug,
        "name": summary["name"] if summary else None,
        "synthetic": bool(summary and summary["synthetic"]),
        "pages": pages,
        "failed": failure is not None,
        "notebook": failure["notebook"] if failure else "",
        "reason": failure["reason"] if failure else "",
        "state": {lang: _state(outcome, failure is not None, summary, lang) for lang in LANGUAGES},
        "figures": {lang: _figures(summary, lang) for lang in LANGUAGES},
        "first": {lang: _first(summary, lang) for lang in LANGUAGES},
    }


def _state(outcome: Outcome | None, failed: bool, summary: Any, lang: str) -> str:
    if failed:
        return say("render.failed_kept" if summary else "render.failed_new", lang)
    return say("page.state_kept" if outcome is None else "page.state_done", lang)


def _figures(summary: Any, lang: str) -> str:
    if not summary or not summary["facts"]:
        return say("page.synthetic", lang) if summary and summary["synthetic"] else ""
    return say("page.whole_of", lang, whole=summary["facts_whole_and_own"], count=summary["facts"])


def _first(summary: Any, lang: str) -> str:
    """Return the first headline figure, from the summary itself: the index shows no number of its own."""
    from decimal import Decimal

    separator = say("section.separator", lang)
    if summary and summary["headline"]:
        fact = summary["headline"][0]
        published = qualified(Decimal(fact["value"]), fact["unit"], fact["qualifier"], lang)
        told = [say("mark.published", lang), scope_label(fact["scope"], lang)]
        told[1:1] = [say(f"status.{fact['status']}", lang)] if fact["status"] != "reported" else []
        return say("page.index_marked", lang, name=fact["name"][lang], value=published, mark=separator.join(told))
    card = next((card for card in (summary or {}).get("cards") or () if card["value"] is not None), None)
    if card:
        value = Decimal(card["value"])
        shown = money(value, lang) if card["unit"] == "yuan" else percent(value, 1)
        about = separator.join([say(f"mark.{card['mark']}", lang), card["notes"][lang]])
        return say("page.index_marked", lang, name=card["name"][lang], value=shown, mark=about)
    rows = [
        row
        for row in ((summary or {}).get("estimate") or {}).get("estimates", ())
        if row["scope"] == "city" and row["point"]
    ]
    if rows:
        first = rows[0]
        name, marked = say(f"quantity.{first['quantity']}", lang), say(f"mark.{first['mark']}", lang)
        return say("page.index_marked", lang, name=name, value=money(Decimal(first["point"]), lang), mark=marked)
    return say("page.no_whole_figure", lang) if summary else ""
