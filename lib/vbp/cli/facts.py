"""Show the published figures, each with unit, status, scope and source."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vbp.facts import Fact, Published


def run(
    city: Annotated[str | None, typer.Argument(help="slug of a city; all cities without", metavar="[CITY]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with the columns of facts.csv")] = False,
    lang: Annotated[str, typer.Option(help="language of the table: zh or en")] = "zh",
) -> None:
    """Print the figures of one city or of all."""
    from vbp.cli.language import language
    from vbp.cli.output import one_form, print_json
    from vbp.facts import Fact, load_published

    one_form(as_json, as_csv)
    language(lang)
    published = load_published()
    facts = published.of(city) if city else published.facts
    if as_json:
        print_json(
            {
                "facts": [fact.model_dump() for fact in facts],
                "sources": [published.source[name].model_dump() for name in sorted({fact.source_id for fact in facts})],
            }
        )
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(Fact.model_fields)
        writer.writerows([["" if value is None else value for value in fact.model_dump().values()] for fact in facts])
    else:
        _print_table(published, facts, lang)


def _print_table(published: Published, facts: tuple[Fact, ...], lang: str) -> None:
    """Print the figures for people, and under them the sources."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from vbp.words import baseline_label, period_label, qualified, say, scope_label

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for key in ("city", "figure", "value", "scope", "period", "baseline", "status", "source"):
        table.add_column(say(f"column.{key}", lang), overflow="fold")
    for fact in facts:
        metric = published.metric[fact.metric]
        place = published.city[fact.city]
        cells = (
            place.name_zh if lang == "zh" else place.name_en,
            metric.name_zh if lang == "zh" else metric.name_en,
            qualified(fact.value, fact.unit, fact.qualifier, lang),
            scope_label(fact.scope, lang),
            period_label(fact.period_start, fact.period_end, lang),
            baseline_label(fact.baseline, lang),
            say(f"status.{fact.status}", lang),
            fact.source_id,
        )
        table.add_row(*map(escape, cells))
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
    for name in sorted({fact.source_id for fact in facts}):
        source = published.source[name]
        console.print(
            escape(f"{name}: {source.title}, {source.publisher}, {source.published}. {source.note}"), highlight=False
        )
