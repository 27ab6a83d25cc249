"""`index.html`: every place's reports with their first figure, and what failed in the last run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
    stand = {path.parent.name for path in out.glob("[!.]*/summary.json") if _ours(path.parent)}
    slugs = sorted(stand | set(latest) | set(failed))
    rows = [_place(out, slug, latest.get(slug), failed.get(slug)) for slug in slugs]
    places = [row for row in rows if row["pages"] or row["slug"] in latest or row["failed"]]
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
    folder = out / slug
    link = quote(slug, errors="replace")
    pages = [
        (lang, f"{link}/report.{lang}.html", f"{link}/report.{lang}.pdf" * (folder / f"report.{lang}.pdf").exists())
        for lang in LANGUAGES
        if _ours(folder) and (folder / f"report.{lang}.html").exists()
    ]
    return {
        "slug": slug,
        "link": link,
        **_told(folder),
        "pages": pages,
        "failed": failure is not None,
        "notebook": quote(failure["notebook"], errors="replace") if failure else "",
        "reason": failure["reason"] if failure else "",
        "state": {lang: _state(outcome, failure is not None, bool(pages), lang) for lang in LANGUAGES},
    }


def _ours(folder: Path) -> bool:
    """Return whether a report of ours stands in a folder: `summary.json` is other programs' name, too."""
    return (folder / files.STAMP).is_file()


def _told(folder: Path) -> dict[str, Any]:
    """Return what the index takes from a place's summary; gaps where there is none, or one of another version of vbp."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8") if _ours(folder) else "null")
        return {
            "name": {lang: summary["name"][lang] for lang in LANGUAGES},
            "synthetic": bool(summary["synthetic"]),
            "figures": {lang: _figures(summary, lang) for lang in LANGUAGES},
            "first": {lang: _first(summary, lang) for lang in LANGUAGES},
        }
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError):
        empty = dict.fromkeys(LANGUAGES, "")
        return {"name": None, "synthetic": False, "figures": empty, "first": empty}


def _state(outcome: Outcome | None, failed: bool, stands: bool, lang: str) -> str:
    if failed:
        return say("render.failed_kept" if stands else "render.failed_new", lang)
    return say("page.state_kept" if outcome is None else "page.state_done", lang)


def _figures(summary: dict[str, Any], lang: str) -> str:
    if not summary["facts"]:
        return say("page.synthetic", lang) if summary["synthetic"] else ""
    return say("page.whole_of", lang, whole=summary["facts_whole_and_own"], count=summary["facts"])


def _first(summary: dict[str, Any], lang: str) -> str:
    """Return the first headline figure, from the summary itself: the index shows no number of its own."""
    from decimal import Decimal

    separator = say("section.separator", lang)
    if summary["headline"]:
        fact = summary["headline"][0]
        published = qualified(Decimal(fact["value"]), fact["unit"], fact["qualifier"], lang)
        told = [say("mark.published", lang), scope_label(fact["scope"], lang)]
        told[1:1] = [say(f"status.{fact['status']}", lang)] if fact["status"] != "reported" else []
        return say("page.index_marked", lang, name=fact["name"][lang], value=published, mark=separator.join(told))
    card = next((card for card in summary.get("cards") or () if card["value"] is not None), None)
    if card:
        value = Decimal(card["value"])
        shown = money(value, lang) if card["unit"] == "yuan" else percent(value, 1)
        about = separator.join([say(f"mark.{card['mark']}", lang), card["notes"][lang]])
        return say("page.index_marked", lang, name=card["name"][lang], value=shown, mark=about)
    estimates = (summary.get("estimate") or {}).get("estimates", ())
    first = next((row for row in estimates if row["scope"] == "city" and row["point"]), None)
    if first is None:
        return say("page.no_whole_figure", lang)
    name, marked = say(f"quantity.{first['quantity']}", lang), say(f"mark.{first['mark']}", lang)
    return say("page.index_marked", lang, name=name, value=money(Decimal(first["point"]), lang), mark=marked)
