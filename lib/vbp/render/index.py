"""`index.html`: every place's reports with their first figure, and what failed in the last run."""
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vbp.render.city import Outcome
from vbp.render.page import render_template
from vbp.words import LANGUAGES, money, say
from vbp.words.labels import qualified


def write_index(out: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the index over all reports in `out`, those of earlier runs included.

    Parameters
    ----------
    outcomes
        Of the run that just ended; a place that failed keeps its last good report and is named with the reason.
    """
    latest = {outcome.slug: outcome for outcome in outcomes}
    slugs = sorted({path.parent.name for path in out.glob("*/summary.json")} | set(latest))
    places = [_place(out, slug, latest.get(slug)) for slug in slugs]
    words = {key: {lang: say(f"page.{key}", lang) for lang in LANGUAGES}
             for key in ("index_title", "index_lead", "index_place", "index_figures", "index_reports", "index_state", "index_first", "footer")}
    temporary = out / ".index.tmp"
    temporary.write_text(render_template("index.html.j2", places=places, words=words), encoding="utf-8", newline="\n")
    temporary.replace(out / "index.html")


def _place(out: Path, slug: str, outcome: Outcome | None) -> dict[str, Any]:
    path = out / slug / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    pages = [(lang, f"{slug}/report.{lang}.html") for lang in LANGUAGES if (out / slug / f"report.{lang}.html").exists()]
    return {
        "slug": slug, "name": summary["name"] if summary else {lang: slug for lang in LANGUAGES}, "synthetic": bool(summary and summary["synthetic"]),
        "pages": pages, "failed": outcome is not None and not outcome.ok, "state": {lang: _state(outcome, summary, lang) for lang in LANGUAGES},
        "figures": {lang: _figures(summary, lang) for lang in LANGUAGES}, "first": {lang: _first(summary, lang) for lang in LANGUAGES}}


def _state(outcome: Outcome | None, summary: Any, lang: str) -> str:
    if outcome is None:
        return say("page.state_kept", lang)
    if outcome.ok:
        return say("page.state_done", lang)
    return say("page.state_failed" if summary else "page.state_failed_new", lang, reason=outcome.reason)


def _figures(summary: Any, lang: str) -> str:
    if not summary or not summary["facts"]:
        return say("page.synthetic", lang) if summary and summary["synthetic"] else ""
    hurt = sum(summary["facts_by_qualifier"].get(name, 0) for name in ("damaged", "doubtful"))
    return say("page.whole_of", lang, whole=summary["facts"] - hurt, count=summary["facts"])


def _first(summary: Any, lang: str) -> str:
    """Return the first headline figure, from the summary itself: the index shows no number of its own."""
    from decimal import Decimal

    if summary and summary["headline"]:
        fact = summary["headline"][0]
        return qualified(Decimal(fact["value"]), fact["unit"], fact["qualifier"], lang)
    rows = [row for row in ((summary or {}).get("estimate") or {}).get("estimates", ()) if row["scope"] == "city" and row["point"]]
    if rows:
        return f"{say('quantity.' + rows[0]['quantity'], lang)} {money(Decimal(rows[0]['point']), lang)} ({say('mark.' + rows[0]['mark'], lang)})"
    return say("page.no_whole_figure", lang) if summary else ""
