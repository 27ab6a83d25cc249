"""Settlement workbook with live formulas (结余留用核算表), and a printable notice per hospital."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def run(
    inputs: Annotated[Path | None, typer.Argument(help="An inputs folder (data/inputs/<slug>).")] = None,
    out: Annotated[Path, typer.Option(help="The workbook to write (.xlsx).")] = ...,  # type: ignore[assignment]
    items: Annotated[Path | None, typer.Option(help="A flat items file instead of an inputs folder.")] = None,
    profile: Annotated[str | None, typer.Option(help="Rule profile; default: the folder's own.")] = None,
    as_of: Annotated[str | None, typer.Option(help="YYYY-MM-DD; years that end later are shown, not paid.")] = None,
    notices: Annotated[Path | None, typer.Option(help="Also write each hospital's notice (HTML) here.")] = None,
    lang: Annotated[str, typer.Option(help="Language of what is printed here: zh or en.")] = "zh",
) -> None:
    """Write the statement, and the notices where asked for."""
    from vbp.cli.language import language
    from vbp.errors import UsageError
    from vbp.statement import write_notices, write_statement
    from vbp.statement.heading import heading_of
    from vbp.surplus.open import open_settlement
    from vbp.words import say

    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"--out {out} must end in .xlsx")
    language(lang)
    opened = open_settlement(inputs, items, profile, as_of, warn=lambda text: print(text, file=sys.stderr))
    opened.refuse_over(out)
    settlement, heading = opened.settlement, heading_of(opened.inputs, opened.read_from)
    paths = write_statement(settlement, out, heading)
    print(say("statement.written", lang, path=paths[0], rows=len(settlement.table), total=f"{settlement.total_yuan:,}"))
    if notices:
        pages = write_notices(settlement, notices, heading)
        print(say("statement.notices", lang, count=len(pages), folder=notices))
