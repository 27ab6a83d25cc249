"""Estimate saving, shares, surplus base and payout, with interval and assumptions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vbp.estimate import EstimateSet


def run(
    place: Annotated[
        str,
        typer.Argument(help="slug of a city, or an inputs folder with the table batch_usage", metavar="CITY|INPUTS"),
    ],
    include_doubtful: Annotated[
        bool, typer.Option("--include-doubtful", help="let doubtful published figures in")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    lang: Annotated[str, typer.Option(help="language of the text: zh or en")] = "zh",
) -> None:
    """Print what follows from published figures, or from amounts by round."""
    from vbp.cli.language import language
    from vbp.cli.output import print_json, print_table
    from vbp.words import say

    language(lang)
    result, name = _estimate(place, include_doubtful)
    if as_json:
        print_json(result.as_json())
        return
    if result.synthetic:
        print(name[lang])
        print(say("page.synthetic", lang))
    print(result.text(lang))
    if any(row.hospital for row in result.estimates):
        print_table(result.hospitals(lang), "", lang)
    print(say("estimate.assumptions_are", lang))
    for row in result.assumptions:
        mark = say(f"mark.{row.mark}", lang)
        print(
            say(
                "estimate.assumption",
                lang,
                name=row.label(lang),
                span=row.shown(lang),
                source=row.source(lang),
                mark=mark,
            )
        )


def _estimate(place: str, doubtful: bool) -> tuple[EstimateSet, dict[str, str]]:
    """Estimate for a folder where `place` is one, else for the city of that name; with its name in both languages."""
    from vbp.city import open_city
    from vbp.cli.panels import title
    from vbp.facts import load_published
    from vbp.words import LANGUAGES

    folder = Path(place)
    published = load_published()
    if place not in published.city and (folder.exists() or "/" in place or "\\" in place):
        from vbp.estimate.inputs import estimate_from_inputs
        from vbp.tables import read_inputs

        inputs = read_inputs(folder)
        return estimate_from_inputs(inputs, published), {lang: title(inputs.place, lang) for lang in LANGUAGES}
    city = open_city(place, doubtful=doubtful, published=published)
    return city.estimate, {lang: city.name(lang) for lang in LANGUAGES}
