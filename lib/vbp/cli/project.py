"""A batch just announced, applied to last year's usage: expected saving, completion and payout, with intervals.

INPUTS is one inputs folder with the batch's awards and agreements. 新批次测算：预期节约、完成率与结余留用，附区间。
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    inputs: Annotated[Path, typer.Argument(metavar="INPUTS", help="an inputs folder")],
    batch: Annotated[str | None, typer.Option("--batch", help="which batch, where several are announced")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on standard output")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="the hospitals as CSV")] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Print the projection of the batch announced in INPUTS."""
    from vbp.cli.language import language
    from vbp.cli.output import one_form, print_csv, print_json, print_table
    from vbp.cli.panels import open_panels
    from vbp.funds import Terms
    from vbp.projection import project
    from vbp.rules import profile_of_place
    from vbp.words import say

    lang = language(lang)
    one_form(as_json, as_csv)
    opened = open_panels(inputs, "a projection (新批次测算)", ("awards", "agreements"))
    fund = opened.inputs.frame("fund") if opened.inputs.has("fund") else None
    profile = profile_of_place(opened.inputs.place.rule_profile, opened.inputs.folder)
    result = project(opened.panels, batch, fund, terms=Terms.of(profile.settlement))
    if as_json:
        print_json(opened.marked(result.document()))
    elif as_csv:
        print_csv(result.hospitals, opened.synthetic)
    else:
        print(opened.title(lang))
        print_table(result.shown(lang), say("projection.title", lang, batch=result.batch_id), lang)
        print(result.text(lang))
        for said in result.assumptions:
            print(f"· {said.text(lang)}")
