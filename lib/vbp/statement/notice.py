"""The one-page notice to a hospital (结余留用核算告知书): HTML that prints on A4, in Chinese or English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from vbp.statement.cells import sheet_name
from vbp.statement.heading import Heading
from vbp.surplus import Settlement
from vbp.whole import whole_folder
from vbp.words import ratio, say

OURS = re.compile(r"\d{3,}_.*\.(zh|en)\.html", re.DOTALL)
"""Names of notices: what new ones may take the place of."""
HEADS = ("batch", "year", "budget", "expenditure", "base", "ratio", "retained", "reasons")


def notice(settlement: Settlement, hospital: str, lang: str = "zh", heading: Heading | None = None) -> str:
    """Return one hospital's notice as an HTML page; every name is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    heading = heading or Heading()
    pages = Environment(loader=PackageLoader("vbp.statement", "."), autoescape=True, undefined=StrictUndefined)
    places = [place for place, name in enumerate(settlement.table["hospital_id"]) if name == hospital]
    rows = [_row(settlement, place, lang) for place in places]
    total = sum((row["due"] for row in rows if row["due"] is not None), Decimal("0.00"))
    name, profile = _name(settlement, hospital), settlement.profile
    words = {
        key: say(f"statement.{key}", lang) for key in ("synthetic", "heading", "total", "formula", "closing", "sign")
    }
    words["salutation"] = say("statement.salutation", lang, hospital=name)
    words["opening"] = say("statement.opening", lang, document=profile.source.document)
    words["rule"] = say("statement.rule", lang, title=profile.title.say(lang))
    return pages.get_template("notice.html").render(
        lang={"zh": "zh-CN"}.get(lang, lang),
        title=f"{words['heading']} {name}",
        synthetic=heading.synthetic,
        place=heading.place,
        words=words,
        rows=rows,
        total=f"{total:,.2f}",
        heads=[say(f"statement.{head}", lang) for head in HEADS],
    )


def write_notices(
    settlement: Settlement, folder: Path, heading: Heading | None = None, langs: Sequence[str] = ("zh", "en")
) -> list[Path]:
    """Write every hospital's notice in each language into `folder`, in place of earlier ones; return the files."""
    with whole_folder(folder, OURS) as fresh:
        for number, hospital in enumerate(dict.fromkeys(settlement.table["hospital_id"]), start=1):
            for lang in langs:
                page = fresh / f"{sheet_name(number, hospital)}.{lang}.html"
                page.write_text(notice(settlement, hospital, lang, heading), encoding="utf-8")
    return sorted(folder.iterdir())


def _name(settlement: Settlement, hospital: str) -> str:
    facts = settlement.lines.facts
    if "hospital_name" in facts:
        names = facts.loc[facts["hospital_id"] == hospital, "hospital_name"].dropna()
        return str(names.iloc[0]) if len(names) else hospital
    return hospital


def _row(settlement: Settlement, place: int, lang: str) -> dict[str, Any]:
    row = settlement.table.iloc[place]
    comma = "；" if lang == "zh" else "; "
    due = row["retained_yuan"]

    def yuan(value: Decimal | None) -> str:
        return "—" if value is None else f"{value:,.2f}"

    return {
        "batch": row["batch_id"],
        "year": row["agreement_year"],
        "budget": yuan(row["budget_yuan"]),
        "expenditure": yuan(row["expenditure_yuan"]),
        "base": yuan(row["base_yuan"]),
        "ratio": ratio(row["ratio"], 0),
        "due": due,
        "retained": say("statement.pending", lang) if due is None else yuan(due),
        "reasons": comma.join(reason.text(lang) for reason in settlement.reasons_of(place)),
    }
