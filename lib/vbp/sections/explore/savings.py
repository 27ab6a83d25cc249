"""Savings in the notebook: each kind with what it answers, that every cut adds up, factors, baselines."""

from __future__ import annotations

from math import prod

import pandas as pd

from vbp.city import City
from vbp.results.missing import Missing
from vbp.sections.explore.needs import needs, said, there
from vbp.sections.frames import frame_table
from vbp.sections.how import how
from vbp.sections.html import Html
from vbp.sections.parts import lacking
from vbp.words import say

STRUCTURE = ("structure_selected", "structure_originator", "structure_product")
METHODS = ("official-saving", "realised-saving", "potential-saving", "alternatives")


@needs("savings")
def savings_kinds(city: City, lang: str) -> Html:
    """Return the total of every kind of saving with the question it answers; they are never added.

    A kind that rests on agreements is a gap without them, and what to supply is said.
    """
    rows = [
        (say(f"play_field.{kind}_yuan", lang), amount, say(f"play_saving.{kind}", lang))
        for kind, amount in there(city.savings).totals.items()
    ]
    columns = ["kind", "saving_yuan", "answers"]
    table = frame_table(pd.DataFrame(rows, columns=columns), lang, columns, name="kinds", city=city)
    words = lacking(city.completion, lang) if isinstance(city.completion, Missing) else Html("")
    return table + words + Html(f'<p class="small">{how(METHODS, lang)}</p>')


@needs("savings")
def totals_agree(city: City, lang: str) -> Html:
    """Return whether every cut adds up to the same total to the fen, in a sentence."""
    checks = there(city.savings).checks
    cuts = say("play.comma", lang).join(say(f"play_cut.{cut}", lang) for cut in checks)
    wrong = say("play.comma", lang).join(say(f"play_cut.{cut}", lang) for cut, right in checks.items() if not right)
    return said(say("play.agree" if not wrong else "play.disagree", lang, cuts=cuts, wrong=wrong))


@needs("spending_change")
def factors(city: City, lang: str) -> Html:
    """Return the ratio of spending as a product of its factors, by batch (LMDI-I)."""
    rows = []
    for batch, found in there(city.spending_change).factors.items():
        ratio = found.table.set_index("factor")["ratio"]
        rows.append(
            {
                "batch_id": batch,
                "value_ratio": found.value_ratio,
                "price_ratio": ratio["price"],
                "volume_ratio": ratio["volume"],
                "structure_ratio": prod(ratio[name] for name in STRUCTURE if name in ratio),
                "new_and_lost_ratio": ratio["new_and_lost"],
            }
        )
    columns = ["batch_id", "value_ratio", "price_ratio", "volume_ratio", "structure_ratio", "new_and_lost_ratio"]
    return frame_table(pd.DataFrame(rows), lang, columns, rows=20, name="factors", city=city)


@needs("savings")
def baselines(city: City, lang: str) -> Html:
    """Return official and realised saving by where the price before comes from."""
    table = there(city.savings).baselines
    return frame_table(table, lang, ["p0_source", "official_yuan", "realised_yuan"], name="baselines", city=city)
