"""Two rule profiles on the same items: what each row gets under one and the other, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from vbp.rules import Profile
from vbp.surplus.columns import ROW
from vbp.surplus.lines import Lines
from vbp.surplus.result import Settlement, settle
from vbp.words import say


@dataclass(frozen=True)
class Comparison:
    """`table`: per row `retained_yuan_a`, `retained_yuan_b`, `difference_yuan` (b − a; None where either is unknown),
    `codes_a`, `codes_b`; `switches`: the parameters in which the profiles differ.
    """

    first: Settlement
    second: Settlement
    table: pd.DataFrame
    switches: tuple[tuple[str, str, str], ...]

    @property
    def difference_yuan(self) -> Decimal:
        """The second profile's total less the first's."""
        return self.second.total_yuan - self.first.total_yuan

    def text(self, lang: str) -> str:
        """Return the comparison as one sentence."""
        return say(
            "compare.text",
            lang,
            first=self.first.profile.name,
            second=self.second.profile.name,
            first_total=f"{self.first.total_yuan:,}",
            second_total=f"{self.second.total_yuan:,}",
            difference=f"{self.difference_yuan:+,}",
            count=len(self.switches),
        )

    def assumptions(self, lang: str) -> tuple[str, ...]:
        """Return the assumptions of both profiles."""
        return (*self.first.assumptions(lang), *self.second.assumptions(lang))


def compare(items: pd.DataFrame | Lines, first: Profile, second: Profile, as_of: date | None = None) -> Comparison:
    """Settle the same items under two profiles and set them side by side."""
    one = settle(items, first, as_of)
    two = settle(one.lines, second, as_of)
    keep = [*ROW, "base_yuan", "ratio", "retained_yuan", "codes"]
    table = one.table[keep].merge(two.table[keep], on=list(ROW), suffixes=("_a", "_b"), validate="1:1")
    table["difference_yuan"] = pd.Series(
        [
            None if a is None or b is None else b - a
            for a, b in zip(table["retained_yuan_a"], table["retained_yuan_b"], strict=True)
        ],
        dtype=object,
    )
    switches = tuple(
        (name, str(left), str(right))
        for (name, left), (_, right) in zip(_all(first), _all(second), strict=True)
        if left != right
    )
    return Comparison(one, two, table, switches)


def _all(profile: Profile) -> list[tuple[str, object]]:
    bands = ", ".join(
        f"{band.lowest.normalize():f}–{band.highest.normalize():f}→{band.ratio.normalize():f}"
        for band in profile.assessment.bands
    )
    return [*profile.parameters(), ("assessment.bands", bands)]
