"""The result of `vbp index`: indices by period and formula, what matched, and the exact decomposition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from vbp.decomposition import Bennet, bennet, changes
from vbp.errors import Problem
from vbp.indices.observations import Observations
from vbp.words import say
from vbp.words.said import Said

PLACES = 6
"""Decimals of amounts in the exact decomposition: a file's prices need not be yuan, so finer than the fen."""


@dataclass(frozen=True)
class IndexResult:
    """Indices against `base`; frames have a row per period (its label as in the file) and a column per formula.

    `prices`, `quantities` compare with the base directly on matched products; `chained` ones multiply neighbours.
    `match` says per period what matched and what is new or lost.
    """

    base: str
    observations: Observations
    prices: pd.DataFrame
    quantities: pd.DataFrame
    chained: pd.DataFrame
    chained_quantities: pd.DataFrame
    match: pd.DataFrame
    notes: tuple[Problem, ...]

    @property
    def periods(self) -> tuple[str, ...]:
        """Return the periods' labels in natural order."""
        return self.observations.periods

    @cached_property
    def decompositions(self) -> dict[str, Bennet]:
        """Return the exact additive decomposition of each period's value against the base."""
        rows = {str(period): rows for period, rows in self.observations.table.groupby("period", sort=False)}
        return {
            period: bennet(changes(rows[self.base], rows[period]), places=PLACES)
            for period in self.periods
            if period != self.base
        }

    @property
    def table(self) -> pd.DataFrame:
        """Return the price indices with the value ratio, one row per period."""
        return self.prices.assign(value_ratio=self.match["value_ratio"]).reset_index()

    @property
    def checks(self) -> dict[str, float]:
        """Return the largest gap between Vartia I price × quantity and the value ratio (should be below 1e-12)."""
        product = self.prices["vartia1"] * self.quantities["vartia1"]
        return {"vartia1_times_quantity_minus_value_ratio": float((product - self.match["value_ratio"]).abs().max())}

    @property
    def assumptions(self) -> tuple[Said, ...]:
        """Return what the indices rest on."""
        return (Said("index.assume_matched"), Said("index.assume_chained"), Said("index.assume_dutot"))

    def text(self, lang: str) -> str:
        """Return the last period's price, quantity and value against the base in a few sentences."""
        last = next(period for period in reversed(self.periods) if period != self.base)
        row: dict[Any, Any] = self.match.loc[last].to_dict()
        fisher = {"price": float(self.prices["fisher"][last]), "quantity": float(self.quantities["fisher"][last])}
        shown = {name: f"{value:.4f}" for name, value in {**fisher, "value": row["value_ratio"]}.items()}
        counts = {name: row[name] for name in ("matched", "new", "lost")}
        return say("index.sentence", lang, base=self.base, period=last, **shown, **counts)

    def document(self) -> dict[str, Any]:
        """Return the JSON document of the contract; periods keep their labels, the base itself is left out."""
        return {
            "base": self.base,
            "periods": list(self.periods),
            "indices": _columns(self.prices, self.base),
            "chained": _columns(self.chained, self.base),
            "quantity": _columns(self.quantities, self.base),
            "chained_quantity": _columns(self.chained_quantities, self.base),
            "value_ratio": _column(self.match["value_ratio"], self.base),
            "value_ratio_all": _column(self.match["value_ratio_all"], self.base),
            "matched": {str(period): _match_row(row) for period, row in self.match.iterrows() if period != self.base},
            "decomposition": {period: _parts(parts) for period, parts in self.decompositions.items()},
            "checks": self.checks,
            "notes": [note.as_json() for note in self.notes],
            "assumptions": [{"zh": said.text("zh"), "en": said.text("en")} for said in self.assumptions],
        }


def _column(values: pd.Series, base: str) -> dict[str, float]:
    return {str(period): float(value) for period, value in values.items() if period != base}


def _columns(frame: pd.DataFrame, base: str) -> dict[str, dict[str, float]]:
    return {str(name): _column(frame[name], base) for name in frame.columns}


def _match_row(row: pd.Series) -> dict[str, Any]:
    return {
        str(name): list(value) if isinstance(value, tuple) else value
        for name, value in row.items()
        if not str(name).startswith("value_ratio")
    }


def _parts(parts: Bennet) -> dict[str, Any]:
    amounts = {name: format(amount.normalize(), "f") for name, amount in parts.parts.items()}
    return {
        "base_value": format(parts.base_yuan.normalize(), "f"),
        "value": format(parts.other_yuan.normalize(), "f"),
        "change": format(parts.change_yuan.normalize(), "f"),
        **amounts,
    }
