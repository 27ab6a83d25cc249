"""Price and quantity indices and the exact decomposition of spending, from a file of prices and quantities.

FILE is a csv, xlsx or parquet with the columns period, product_id, price, quantity (期间、产品编码、价格、数量).
价格指数与数量指数：定基与环比，及支出变动的精确分解。
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from vbp.indices import IndexResult


def run(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="csv, xlsx or parquet: period, product_id, price, quantity")
    ],
    base: Annotated[
        str | None, typer.Option("--base", metavar="PERIOD", help="base period; default: the first")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on standard output")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="the price indices as CSV")] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Print the indices of FILE against the base period."""
    from vbp.cli.language import language
    from vbp.cli.output import one_form, print_csv, print_json
    from vbp.indices import index_series, read_observations

    lang = language(lang)
    one_form(as_json, as_csv)
    result = index_series(read_observations(file), base)
    for note in result.notes:
        print(note.line(), file=sys.stderr)
    if as_json:
        print_json(result.document())
    elif as_csv:
        print_csv(result.table)
    else:
        _print(result, lang)


def _print(result: IndexResult, lang: str) -> None:
    from vbp.cli.output import print_table
    from vbp.words import say

    blocks = (("price", result.prices), ("chained", result.chained), ("quantity", result.quantities))
    for name, frame in blocks:
        shown = frame.T.map(lambda value: f"{value:.4f}").rename_axis("formula").reset_index()
        print_table(shown, say(f"index.title_{name}", lang, base=result.base))
        print()
    match = result.match.drop(columns=["new_products", "lost_products"])
    shares = match.map(lambda value: value if isinstance(value, int) else f"{value:.4f}").reset_index()
    print_table(shares, say("index.title_match", lang))
    parts = [
        {"period": period, **parts.parts, "change": parts.change_yuan}
        for period, parts in result.decompositions.items()
    ]
    print()
    print_table(_frame(parts), say("index.title_parts", lang))
    print()
    print(result.text(lang))


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows).map(lambda value: value if isinstance(value, str) else format(value.normalize(), "f"))
