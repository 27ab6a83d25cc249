"""Results in words: the design and its checks decide what may be said; a fall in price is the aim of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.words import say

if TYPE_CHECKING:
    from vbp.impact.its_result import ItsResult, Term

AIMS = {
    "price": -1,
    "spending": -1,
    "selected_share": 1,
    "originator_share": -1,
    "quantity": 0,
    "alternatives": 0,
    "other": 0,
}
"""Which direction of a measure is the policy's aim: −1 a fall, 1 a rise, 0 neither."""


def number(value: float) -> str:
    """Return a number with four significant digits and a true minus sign."""
    text = f"{value:,.4g}" if abs(value) < 1e5 else f"{value:,.0f}"
    return text.replace("-", "−")


def effect(family: str, value: float) -> str:
    """Return an effect as people read it: a percentage on the log scale, else the number."""
    if family == "gaussian":
        return number(value)
    return f"{_percent(value):+.1f}%".replace("-", "−")


def _percent(log_effect: float) -> float:
    import math

    return (math.exp(min(log_effect, 700.0)) - 1) * 100


def direction(measure: str, estimate: float, lang: str) -> str:
    """Return what a change in this direction means for the policy, or an empty text."""
    aim = AIMS.get(measure, 0)
    if aim == 0 or estimate == 0:
        return ""
    towards = (estimate > 0) == (aim > 0)
    return say(f"impact_direction.{measure}_{'aim' if towards else 'against'}", lang)


def _sentence(result: ItsResult, term: Term, lang: str) -> str:
    values = {
        "estimate": effect(result.family, term.estimate),
        "low": effect(result.family, term.ci_low),
        "high": effect(result.family, term.ci_high),
        "outcome": result.outcome,
        "date": result.start,
    }
    key = "level" if term.name.startswith("level") else "slope"
    return say(f"impact_its.{key}", lang, **values) + term.verdict.text(lang)


def _sums(result: ItsResult, lang: str) -> str:
    made = result.counterfactual
    parts: dict[str, str | int] = {"points": made.points}
    for name, amount in (("expected", made.expected), ("realised", made.realised)):
        parts |= {
            name: number(amount.estimate),
            f"{name}_low": number(amount.ci_low),
            f"{name}_high": number(amount.ci_high),
        }
    text = say("impact_its.cumulative", lang, **parts)
    if made.relative:
        text += say("impact_its.relative", lang, share=f"{made.relative.estimate * 100:+.1f}%".replace("-", "−"))
    return text


def its_text(result: ItsResult, lang: str) -> str:
    """Return the paragraph of an interrupted time series."""
    level = result.term("level")
    if result.exact:
        return (
            say("impact_its.exact", lang, outcome=result.outcome, date=result.start)
            + level.verdict.text(lang)
            + (direction(result.measure, level.estimate, lang))
        )
    effects = [term for term in result.terms if term.name.startswith(("level", "slope"))]
    parts = [_sentence(result, term, lang) for term in effects]
    if level.verdict.word == "supported":
        parts.append(direction(result.measure, level.estimate, lang))
    parts.append(_sums(result, lang))
    worrying = [check.text(lang) for check in result.checks if check.verdict == "fail"]
    if worrying:
        parts.append(say("impact_its.caution", lang) + ("" if lang == "zh" else " ").join(worrying))
    elif result.checks:
        parts.append(say("impact_its.checks_fine", lang))
    parts += [say(f"impact_assumption.{key}", lang) for key in result.assumptions]
    return ("" if lang == "zh" else " ").join(part.strip() for part in parts if part)
