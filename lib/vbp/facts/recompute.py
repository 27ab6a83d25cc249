"""Printed results recomputed from the other printed numbers beside them (`data/published_results.csv`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from vbp import paths
from vbp.errors import InputError, Problem, unknown
from vbp.facts.load import read_rows
from vbp.facts.rows import Row

Inputs = Mapping[str, float]

RECIPES: dict[str, Callable[[Inputs], float]] = {
    "unit_cost_change": lambda i: (
        100 * ((1 + i["spending_change_percent"] / 100) / (1 + i["volume_change_percent"] / 100) - 1)
    ),
    "unit_cost_change_from_amounts": lambda i: (
        100 * (i["spending_after"] / i["spending_before"] / (i["volume_after"] / i["volume_before"]) - 1)
    ),
    "product": lambda i: math.prod(i.values()),
    "product_change": lambda i: 100 * (math.prod(i.values()) - 1),
    "quotient": lambda i: i["numerator"] / i["denominator"],
    "exp_change": lambda i: 100 * math.expm1(i["coefficient"]),
    "market_times_cut": lambda i: i["market_yuan"] * i["cut_percent"] / 100,
    "sum": lambda i: math.fsum(i.values()),
    "share": lambda i: 100 * i["part"] / i["whole"],
    "price_cut": lambda i: 100 * (1 - i["selected_price_yuan"] / i["pre_price_yuan"]),
    "quantity_times_price_drop": lambda i: i["quantity_pieces"] * (i["pre_price_yuan"] - i["selected_price_yuan"]),
}
"""How a printed result follows from its inputs; the formulas in words stand in the file."""


class PrintedResult(Row):
    """One printed result: what was printed, how it should follow, and whether it does (`follows`)."""

    result_id: str
    publication: str
    publication_zh: str
    quantity_zh: str
    quantity_en: str
    printed_text: str
    printed: Decimal
    unit: str
    tolerance: float
    follows: Literal["yes", "no"]
    recipe: str
    inputs: str
    formula_zh: str
    formula_en: str
    source_id: str
    note_zh: str
    note_en: str


@dataclass(frozen=True)
class Recomputed:
    """A printed result beside our own; `holds` says whether they agree within the printed rounding."""

    row: PrintedResult
    value: float

    @property
    def holds(self) -> bool:
        """Whether the recomputed value is the printed one within its tolerance."""
        return abs(self.value - float(self.row.printed)) <= self.row.tolerance

    @property
    def as_stated(self) -> bool:
        """Whether it follows, or does not, as the file says."""
        return self.holds == (self.row.follows == "yes")


def recompute(row: PrintedResult) -> Recomputed:
    """Recompute one printed result.

    Raises
    ------
    InputError
        Where the recipe is unknown, or an input is missing or no number that the recipe can take.
    """
    if row.recipe not in RECIPES:
        raise InputError(
            Problem(
                unknown("recipe", row.recipe, sorted(RECIPES)), "recipe", file="published_results.csv", column="recipe"
            )
        )
    try:
        given = {key: float(value) for key, _, value in (pair.partition("=") for pair in row.inputs.split(";"))}
        return Recomputed(row, RECIPES[row.recipe](given))
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(
            Problem(
                f"{row.result_id}: nothing follows from these inputs ({error})",
                "inputs",
                file="published_results.csv",
                column="inputs",
                value=row.inputs,
            )
        ) from error
    except KeyError as error:
        raise InputError(
            Problem(
                f"{row.result_id}: input {error} is missing", "inputs", file="published_results.csv", column="inputs"
            )
        ) from error


def recompute_all(folder: Path | None = None) -> tuple[Recomputed, ...]:
    """Recompute every row of `published_results.csv`; raises InputError with every broken row."""
    problems: list[Problem] = []
    rows = [row for _, row in read_rows((folder or paths.data()) / "published_results.csv", PrintedResult, problems)]
    if problems:
        raise InputError(problems)
    return tuple(recompute(row) for row in rows)
