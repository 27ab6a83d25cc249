"""Policy impact in the notebook: the scan's first rows, one series in words with its checks, two groups compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from vbp.city import City
from vbp.results.missing import Missing
from vbp.sections.explore.needs import needs, said, there
from vbp.sections.frames import frame_table, word
from vbp.sections.html import Html
from vbp.sections.parts import lacking
from vbp.words import MISSING, say

if TYPE_CHECKING:
    from vbp.impact.did import DidResult
    from vbp.play import Chosen

ALL = ("generic", "measure", "date", "points", "change_percent", "change_points", "p_joint", "q_bh", "verdict")
SCAN = ("generic", "measure", "date", "points", "level_change", "p_shown", "q_shown", "verdict")


def scan_table(city: City, lang: str) -> pd.DataFrame | Missing:
    """Return the scan in rank order: changes as people read them (percent, percentage points), verdicts in words."""
    from vbp.charts.impact import SHARES, change_text

    found = city.scan
    if isinstance(found, Missing):
        return found
    table = there(found).table
    return table.assign(
        level_change=[change_text(row, lang) for row in table.to_dict("records")],
        change_points=table["level"].mul(100).where(table["measure"].isin(SHARES)),
        verdict=[word(name, lang) for name in table["level_verdict"]],
        q_shown=[f"{q:.3f}" if q == q else MISSING for q in table["q_bh"]],
    )


@needs("scan")
def scan_rows(city: City, lang: str, rows: int = 12) -> Html:
    """Return the scan in words and its first rows in rank order."""
    table = scan_table(city, lang)
    assert not isinstance(table, Missing)
    return said(there(city.scan).text(lang)) + frame_table(table, lang, SCAN, rows=rows, name="scan", city=city)


def series_words(chosen: Chosen | Missing, lang: str) -> Html:
    """Return one series in words and its robustness checks."""
    if isinstance(chosen, Missing):
        return lacking(chosen, lang)
    return said(chosen.result.text(lang)) + checks(chosen.result.checks, lang)


def checks(found: Sequence[Any], lang: str) -> Html:
    """Return the checks of a result, each with its verdict and sentence."""
    rows = [(say(f"check_name.{check.name}", lang), word(check.verdict, lang), check.text(lang)) for check in found]
    columns = ["name", "verdict", "text"]
    return frame_table(pd.DataFrame(rows, columns=columns), lang, columns, rows=20, name="checks")


def groups(compared: tuple[pd.DataFrame, DidResult] | Missing, lang: str) -> Html:
    """Return the comparison of two groups in words and its checks."""
    if isinstance(compared, Missing):
        return lacking(compared, lang)
    return said(compared[1].text(lang)) + checks(compared[1].checks, lang)
