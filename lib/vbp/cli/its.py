"""Interrupted time series of one outcome in a CSV · 中断时间序列: level and slope change, verdict, counterfactual.

The default inference holds its size on short series (AR(2) mixture, confirmed by Kenward–Roger).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    file: Annotated[Path, typer.Argument(help="CSV with one row a time")],
    outcome: Annotated[str, typer.Option(help="column of the outcome")],
    time: Annotated[str, typer.Option(help="column of the time: 2019-12, 2019-12-25 or a number")],
    date: Annotated[list[str], typer.Option(help="date of the policy; give it again for later batches or renewals")],
    family: Annotated[str, typer.Option(help="gaussian, log, poisson, quasipoisson")] = "gaussian",
    offset: Annotated[str | None, typer.Option(help="column of an exposure; its logarithm enters")] = None,
    effect: Annotated[str | None, typer.Option(help="level, level+slope")] = None,
    harmonics: Annotated[int, typer.Option(help="pairs of sine and cosine")] = 0,
    period: Annotated[float, typer.Option(help="length of the season in steps")] = 12,
    month_dummies: Annotated[bool, typer.Option(help="a term for every month")] = False,
    spring_festival: Annotated[bool, typer.Option(help="days of Spring Festival (春节) in the month")] = False,
    phase_in: Annotated[int, typer.Option(help="points from the date on that are a transition")] = 0,
    anticipation: Annotated[int, typer.Option(help="points before the date with stockpiling or run-down")] = 0,
    windows: Annotated[str, typer.Option(help="drop or model the points of transition and anticipation")] = "drop",
    exclude: Annotated[list[str] | None, typer.Option(help="window left out, such as 2020-01:2020-04")] = None,
    inference: Annotated[
        str, typer.Option(help="auto, mixture, kenward-roger, model, hac, prais-winsten, gls-ar")
    ] = "auto",
    margin: Annotated[float | None, typer.Option(help="smallest change that matters, set in advance")] = None,
    measure: Annotated[str, typer.Option(help="price, quantity, spending, selected_share … for the words")] = "other",
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
    json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Fit, print terms and words, or one JSON document."""
    from vbp.cli.csvfile import read_csv
    from vbp.cli.output import print_json, print_table
    from vbp.errors import UsageError, unknown
    from vbp.impact import its
    from vbp.words import LANGUAGES
    from vbp.words.fields import field_text

    if lang not in LANGUAGES:
        raise UsageError(unknown("language", lang, LANGUAGES))
    result = its(
        read_csv(file),
        outcome,
        time,
        date,
        family=family,
        effect=effect,
        offset=offset,
        inference=inference,
        margin=margin,
        measure=measure,
        harmonics=harmonics,
        period=period,
        month_dummies=month_dummies,
        spring_festival=spring_festival,
        phase_in=phase_in,
        anticipation=anticipation,
        windows=windows,
        exclude=tuple(exclude or ()),
    )
    if json:
        print_json(result.as_json())
        return
    print_table(result.table, f"{outcome} · {result.inference}", lang)
    print(result.text(lang))
    for check in result.checks:
        print(f"  [{field_text('verdict', check.verdict, lang)}] {check.text(lang)}")
