"""Sliders over a settlement: what other rules and prices would pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vbp.results.missing import Missing
from vbp.surplus.what_if import HIGHEST, payout
from vbp.words import money, say

if TYPE_CHECKING:
    from vbp.surplus import Settlement


def payout_sliders(settlement: Settlement | Missing, lang: str) -> Any:
    """Return sliders over `payout` (ipywidgets), at rest where the place's own rules are; what is missing where there is none."""
    if isinstance(settlement, Missing):
        from vbp.sections.parts import lacking

        return lacking(settlement, lang)
    from ipywidgets import Dropdown, interactive

    from vbp.surplus.show import switch_text

    rules = settlement.profile.settlement
    style: dict[str, Any] = {"style": {"description_width": "initial"}, "layout": {"width": "460px"}}

    def shown(highest_ratio: float, threshold: float, nonselected: str, change: float) -> None:
        total = payout(
            settlement, highest_ratio=highest_ratio, threshold=threshold, nonselected=nonselected, change=change
        )
        print(say("play.payout", lang, now=money(total, lang), before=money(settlement.total_yuan, lang)))

    values = dict.fromkeys((rules.non_selected, "all", "none"))
    return interactive(
        shown,
        highest_ratio=_slider("ratio", HIGHEST, 0, HIGHEST, lang, style),
        threshold=_slider("threshold", float(rules.completion_threshold), 0.7, 1.0, lang, style),
        nonselected=Dropdown(
            options=[(switch_text(value, lang), value) for value in values],
            description=say("play.nonselected", lang),
            **style,
        ),
        change=_slider("price_before", 0, -0.3, 0.3, lang, style),
    )


def _slider(name: str, value: float, low: float, high: float, lang: str, style: dict[str, Any]) -> Any:
    from ipywidgets import FloatSlider

    return FloatSlider(
        value, min=low, max=high, step=0.05, readout_format=".0%", description=say(f"play.{name}", lang), **style
    )
