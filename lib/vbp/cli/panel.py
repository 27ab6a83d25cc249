"""Make ledgers into their panels (docs/panels.md): small Parquet tables per city, kept up to date month by month.

把采购明细汇成面板：每城几张小表，按月更新。
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="inputs folders: a city's tables, with usage/*.parquet, or national: usage/city=<slug>/*.parquet"
        ),
    ],
    out: Annotated[Path, typer.Option(help="the folder that gets a folder of panels for each city")],
    engine: Annotated[
        str, typer.Option(help="duckdb (here) or spark (a cluster; needs Java 17 and pyspark)")
    ] = "duckdb",
    master: Annotated[str, typer.Option(help="Spark's master: local[*], spark://host:port")] = "local[*]",
    spec: Annotated[
        list[str] | None,
        typer.Option(help="a generic to keep by product too (a profile that settles by spec); 'all' for every one"),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
    json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Build or update every city; a city that fails keeps its earlier panels, and all failures are told at the end."""
    from vbp.cli.language import language
    from vbp.cli.output import print_json, print_table
    from vbp.errors import InputError
    from vbp.ledger.batch import build_cities, reasoned, summary, unmatched
    from vbp.words import say

    by_product = "all" if spec and "all" in spec else tuple(sorted(spec or ()))
    results, problems = build_cities(inputs, out, engine, master, by_product, language(lang))
    if json:
        print_json(
            {
                "out": str(out),
                "cities": summary(results).to_dict("records"),
                "unmatched": unmatched(results).to_dict("records"),
                "problems": [problem.as_json() for problem in problems],
            }
        )
    else:
        if results:
            print_table(summary(results), say("panel.cities", lang), lang)
        if len(unmatched(results)):
            print_table(reasoned(unmatched(results), lang), say("panel.unmatched", lang), lang)
    if problems:
        raise InputError(problems)
