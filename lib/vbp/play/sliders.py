"""Sliders over a settlement: what other rules and prices would pay, and the same function at fixed positions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.results.missing import Missing
from vbp.words import money, say

if TYPE_CHECKING:
    from vbp.surplus import Settlement

HIGHEST = 0.5
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"highest_ratio": 0.3},
    {"threshold": 0.9},
    {"nonselected": "none"},
    {"change": -0.1},
)
"""Positions that are shown beside the sliders, each moving one of them."""


def payout(
    settlement: Settlement,
    *,
    highest_ratio: float = HIGHEST,
    threshold: float | None = None,
    nonselected: str | None = None,
    change: float = 0.0,
) -> Decimal:
    """Return the city's payout with other rules and prices before: what the sliders show; as settled where none is moved.

    Parameters
    ----------
    highest_ratio
        The most that any band of scores retains (0–0.5).
    threshold
        Completion from which an item counts (1 is the whole agreed volume); None: the profile's own.
    nonselected
        Rule for non-selected spending (`all` deducts it, `none` does not); None: the profile's own.
    change
        Relative change of the price before (−0.1 is ten percent less).
    """
    from vbp.surplus import settle
    from vbp.surplus.sensitivity import moved

    own = settlement.profile
    switches = {"completion_threshold": None if threshold is None else str(threshold), "non_selected": nonselected}
    profile = own.with_switches(**{name: value for name, value in switches.items() if value is not None})
    most = Decimal(str(highest_ratio))
    bands: list[tuple[object, object, object]] = [
        (band.lowest, band.highest, min(band.ratio, most)) for band in own.assessment.bands
    ]
    lines = moved(settlement.lines, "pre_price_yuan", 1 + Decimal(str(change)))
    return settle(lines, profile.with_bands(bands), settlement.as_of).total_yuan


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
