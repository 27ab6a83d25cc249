"""Retained surplus (结余留用): budget, expenditure, base, ratio, payout and reasons, per hospital × batch × year."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vbp.surplus import Settlement


def run(
    inputs: Annotated[Path | None, typer.Argument(help="An inputs folder (data/inputs/<slug>).")] = None,
    items: Annotated[Path | None, typer.Option(help="A flat items file (csv, xlsx, parquet) instead.")] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Rule profile: a name in data/rules or your own .yaml; default: the folder's or national-2020."
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="YYYY-MM-DD; years that end later are shown, not paid. Default: the last usage month's end."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document (money as decimal strings).")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The rows as CSV.")] = False,
    lang: Annotated[str, typer.Option(help="zh or en, for the table and the CSV's reasons.")] = "zh",
) -> None:
    """Settle retained surplus and print the rows."""
    from vbp.cli.language import language
    from vbp.cli.output import one_form, print_csv, print_json, print_table
    from vbp.cli.panels import title
    from vbp.surplus.open import open_settlement
    from vbp.surplus.show import flat

    language(lang)
    one_form(json, csv)
    opened = open_settlement(inputs, items, profile, as_of, warn=lambda text: print(text, file=sys.stderr))
    settlement, place = opened.settlement, opened.inputs.place if opened.inputs else None
    synthetic = bool(place and place.synthetic)
    if json:
        print_json({"synthetic": synthetic, **settlement.as_json()})
    elif csv:
        print_csv(flat(settlement, lang), synthetic)
    else:
        if place:
            print(title(place, lang))
        _print_people(settlement, lang, print_table, flat)


def _print_people(settlement: Settlement, lang: str, print_table: object, flat: object) -> None:
    assert callable(print_table) and callable(flat)
    shown = flat(settlement, lang).rename(columns={"base_yuan": "surplus_base_yuan"})
    print_table(shown, settlement.profile.title.say(lang), lang)
    print(settlement.text(lang))
    for note in (*settlement.notes(lang), *settlement.assumptions(lang)):
        print(f"· {note}")
