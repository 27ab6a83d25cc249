"""A rule profile to start from: YAML in which every switch stands, behind a #, with its values in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from vbp.rules.model import Profile, Settlement
from vbp.words import say

HEAD = """# 结余留用规则 · rule profile. Name your document under `source`; take the # away from the switches that it settles and
# write what it says. What stays behind a # stays as in {parent}. Check with: vbp rules {file}
name: {name}
extends: {parent}
title: {{zh: 某某市结余留用, en: Retained surplus of Some City}}
place: {{zh: 某某市, en: Some City}}
source: {{document: 文号, publisher: 发文机关, date: "2024-01"}}
effective: {{from: 2024-01-01}}
settlement:
"""
TAIL = """assessment:
  # no_score: {no_score}    # {no_score_words}
  bands:    # {bands}: from ≤ score < to, 0 to 100 without a gap; ratio at most 0.50
"""


def starter(parent: Profile, name: str, file: str) -> str:
    """Return the text of a profile that changes nothing yet: every switch of `parent` with a remark on its values."""
    text = HEAD.format(parent=parent.name, name=name, file=file) + "".join(_switches(parent.settlement))
    choices = _choices("no_score", ("zero", "unknown"))
    text += TAIL.format(no_score=parent.assessment.no_score, no_score_words=choices, bands=say("rules.bands", "zh"))
    return text + "".join(
        f"    - {{from: {band.lowest}, to: {band.highest}, ratio: {band.ratio}}}\n" for band in parent.assessment.bands
    )


def _switches(settlement: Settlement) -> Iterator[str]:
    for name, field in Settlement.model_fields.items():
        known = tuple(value for value in get_args(field.annotation) if isinstance(value, str))
        if name == "categories":
            known = ("drug", "consumable", "reagent")
        yield f"  # {name}: {_yaml(getattr(settlement, name))}    # {_choices(name, known)}\n"


def _choices(name: str, known: tuple[str, ...]) -> str:
    words = " | ".join(f"{value} {say(f'rules.value_{value}', 'zh')}" for value in known)
    return say(f"rules.{name}", "zh") + (f": {words}" if words else "")


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)
