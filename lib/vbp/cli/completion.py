"""Completion of agreed volume, by quantity and by amount, against the time gone by.

INPUTS is one inputs folder. Default of --as-of: the end of the ledger's last month, never the clock.
约定采购量完成率：按数量、按金额，与序时进度对照。
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SHOWN = 40
"""Rows printed for people; --csv and --json have all."""


def run(
    inputs: Annotated[Path, typer.Argument(metavar="INPUTS", help="an inputs folder")],
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="YYYY-MM-DD")] = None,
    by: Annotated[
        str, typer.Option("--by", help="item, hospital, group, generic, batch, batch_year or hospital_batch_year")
    ] = "item",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on standard output")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="the rows as CSV")] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Print the completion of INPUTS."""
    from vbp.cli.language import language
    from vbp.cli.output import one_form, print_csv, print_json, print_table
    from vbp.cli.panels import day, open_panels
    from vbp.completion import completion
    from vbp.words import say

    lang, until = language(lang), day(as_of)
    one_form(as_json, as_csv)
    opened = open_panels(inputs, "completion (完成率)", ("awards", "agreements"), until)
    hospitals = opened.inputs.frame("hospitals") if opened.inputs.has("hospitals") else None
    result = completion(opened.panels, hospitals, until)
    table = result.table if by == "item" else result.rolled(by)
    if as_json:
        print_json(opened.marked(result.document()))
    elif as_csv:
        print_csv(table, opened.synthetic)
    else:
        print(opened.title(lang))
        print_table(table.head(SHOWN), say("completion.title", lang), lang)
        if len(table) > SHOWN:
            print(say("completion.more", lang, rows=len(table) - SHOWN))
        print(result.text(lang))
        for said in result.assumptions:
            print(f"· {said.text(lang)}")
