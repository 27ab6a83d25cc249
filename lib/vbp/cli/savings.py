"""Savings of a city, each kind named, and the decomposition of the change in spending.

INPUTS is one inputs folder. Official (agreed volume), realised (actual volume), potential, alternatives stand apart.
集采节约：各口径分列，并附支出变动的精确分解。
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from vbp.savings import Savings, SpendingChange


def run(
    inputs: Annotated[Path, typer.Argument(metavar="INPUTS", help="an inputs folder")],
    by: Annotated[
        str, typer.Option("--by", help="generic, hospital, batch, month or year (of the agreement)")
    ] = "generic",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on standard output")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="the rows of the cut as CSV")] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Print the savings of INPUTS."""
    from vbp.cli.language import language
    from vbp.cli.output import one_form, print_csv, print_json
    from vbp.cli.panels import Opened, open_panels
    from vbp.errors import UsageError, unknown
    from vbp.savings import savings, spending_change
    from vbp.savings.result import CUTS

    lang = language(lang)
    one_form(as_json, as_csv)
    if by not in CUTS:
        raise UsageError(unknown("cut", by, CUTS))
    opened: Opened = open_panels(inputs, "savings (节约)", ("awards",))
    products = opened.inputs.frame("products")
    result = savings(opened.panels, products)
    if as_csv:
        print_csv(result.by(by), opened.synthetic)
        return
    change = spending_change(opened.panels, products)
    if as_json:
        print_json(opened.marked({**result.document(by), "decomposition": _change(change)}))
    else:
        _print(opened.title(lang), result, change, by, lang)


def _change(change: SpendingChange) -> dict[str, Any]:
    factors = {batch: {**result.factors, "value_ratio": result.value_ratio} for batch, result in change.factors.items()}
    return {
        "batches": change.table.to_dict("records"),
        "factors": factors,
        "left_out": change.skipped.to_dict("records"),
        "assumptions": [{"zh": said.text("zh"), "en": said.text("en")} for said in change.assumptions],
    }


def _print(title: str, result: Savings, change: SpendingChange, by: str, lang: str) -> None:
    from vbp.cli.output import print_table
    from vbp.words import say

    print(title)
    print_table(result.by(by), say("savings.title", lang), lang)
    if len(result.left_out):
        print_table(result.left_out, say("savings.title_left_out", lang), lang)
    print_table(change.table, say("savings.title_change", lang), lang)
    print(result.text(lang))
    for said in (*result.assumptions, *change.assumptions):
        print(f"· {said.text(lang)}")
