"""The arithmetic behind one payout (结余留用测算说明): rule, formula, items, ledger rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def run(
    inputs: Annotated[Path | None, typer.Argument(help="An inputs folder (data/inputs/<slug>).")] = None,
    hospital: Annotated[str, typer.Option(help="The hospital's hospital_id.")] = ...,  # type: ignore[assignment]
    batch: Annotated[str, typer.Option(help="The round's batch_id.")] = ...,  # type: ignore[assignment]
    year: Annotated[int | None, typer.Option(help="One agreement year; default: all.")] = None,
    generic: Annotated[str | None, typer.Option(help="One generic, with every ledger row behind it.")] = None,
    items: Annotated[Path | None, typer.Option(help="A flat items file instead of an inputs folder.")] = None,
    profile: Annotated[str | None, typer.Option(help="Rule profile; default: the folder's own.")] = None,
    as_of: Annotated[str | None, typer.Option(help="YYYY-MM-DD; years that end later are not paid.")] = None,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
) -> None:
    """Explain one payout line by line."""
    from vbp.cli.language import language
    from vbp.cli.panels import title
    from vbp.surplus.explain import explain
    from vbp.surplus.open import open_settlement

    language(lang)
    opened = open_settlement(inputs, items, profile, as_of, warn=lambda text: print(text, file=sys.stderr))
    made = explain(opened.settlement, hospital, batch, year, generic, opened.ledger)
    if opened.inputs is not None:
        print(title(opened.inputs.place, lang))
    print(made.text(lang))
