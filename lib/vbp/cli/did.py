"""Difference-in-differences of a CSV · 双重差分: cells, two-way or imputation, permutation where few are treated.

The smallest possible p-value is stated; p is never 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    file: Annotated[Path, typer.Argument(help="CSV with one row a unit and time")],
    outcome: Annotated[str, typer.Option(help="column of the outcome")],
    unit: Annotated[str, typer.Option(help="column of the unit: a generic, hospital or city")],
    time: Annotated[str, typer.Option(help="column of the time: 2019-12, 2019-12-25 or a number")],
    treated: Annotated[str, typer.Option(help="column of 1 (treated) or 0")] = "",
    date: Annotated[str, typer.Option(help="common date of the treated units")] = "",
    cohort: Annotated[str | None, typer.Option(help="instead: column of each unit's date, empty for never")] = None,
    estimator: Annotated[str, typer.Option(help="auto, cells, two-way, imputation, synthetic")] = "auto",
    inference: Annotated[str, typer.Option(help="auto, cluster, permutation, wild-cluster")] = "auto",
    balanced: Annotated[bool, typer.Option(help="complete units only")] = False,
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
    json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Compare, print cells and words, or one JSON document."""
    from vbp.cli.csvfile import read_csv
    from vbp.cli.output import print_json, print_table, records
    from vbp.errors import UsageError, unknown
    from vbp.impact import did, synthetic_control
    from vbp.words import LANGUAGES
    from vbp.words.fields import field_text

    if lang not in LANGUAGES:
        raise UsageError(unknown("language", lang, LANGUAGES))
    if not cohort and not (treated and date):
        raise UsageError("give --treated and --date, or --cohort with each unit's own date")
    frame = read_csv(file)
    if estimator == "synthetic":
        control = synthetic_control(frame, outcome, unit, time, treated, date)
        if json:
            print_json(
                {
                    "estimate": control.estimate,
                    "std_error": None,
                    "p_value": control.p_value,
                    "smallest_possible_p": control.smallest_possible_p,
                    "cells": [],
                    "ratio": control.ratio,
                    "inference": "synthetic control, permutation over units",
                    "path": records(control.path),
                    "weights": control.weights[control.weights > 0].to_dict(),
                    "checks": [check.as_json() for check in control.checks],
                    "text": {"zh": control.text("zh"), "en": control.text("en")},
                }
            )
            return
        print_table(control.path, f"{outcome} · synthetic control", lang)
        print(control.text(lang))
        return
    result = did(
        frame,
        outcome,
        unit,
        time,
        treated,
        date,
        cohort=cohort,
        estimator=estimator,
        inference=inference,
        balanced=balanced,
    )
    if json:
        print_json(result.as_json())
        return
    print_table(result.table, f"{outcome} · {result.estimator} · {result.inference}", lang)
    print(result.text(lang))
    for check in result.checks:
        print(f"  [{field_text('verdict', check.verdict, lang)}] {check.text(lang)}")
