"""Many cities, one after another: progress, what went in and out, failures that do not stop the rest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from vbp.errors import InputError, Problem, UsageError
from vbp.ledger.build import Task, build_task, open_engine
from vbp.ledger.cities import cities
from vbp.ledger.panels import Panels
from vbp.ledger.rowpass import Engine, Kept
from vbp.ledger.units import yuan
from vbp.words import say

if TYPE_CHECKING:
    import pandas as pd


def build_cities(
    folders: Sequence[Path],
    out: Path,
    engine: str = "duckdb",
    master: str = "local[*]",
    spec: tuple[str, ...] | str = (),
    lang: str = "en",
) -> tuple[list[Panels], list[Problem]]:
    """Build every city of the folders into `out/<slug>`; return panels, and the problems of cities that failed.

    Says on standard error how each city went, under a bar on a terminal.
    """
    found, problems = _found(folders, out, spec)
    results: list[Panels] = []
    runner, kept = open_engine(engine, master), Kept()
    try:
        with Progress(
            *Progress.get_default_columns(), console=Console(stderr=True), disable=not sys.stderr.isatty()
        ) as bar:
            step = bar.add_task(say("panel.bar", lang), total=len(found))
            for slug, make in found.items():
                results += _one(slug, make, (runner, kept), problems, bar, lang)
                bar.advance(step)
    finally:
        runner.close()
    return results, problems


def _found(
    folders: Sequence[Path], out: Path, spec: tuple[str, ...] | str
) -> tuple[dict[str, Callable[[], Task]], list[Problem]]:
    """Return all folders' cities by slug, and the problems of folders that cannot be read; two of one name are refused."""
    found: dict[str, Callable[[], Task]] = {}
    problems: list[Problem] = []
    for folder in folders:
        try:
            here = cities(folder, out, spec)
        except InputError as error:
            problems += error.problems
            continue
        twice = sorted(set(found) & set(here))
        if twice:
            raise UsageError(
                f"two inputs are called {', '.join(twice)}; rename one, their panels would fall into one folder"
            )
        found |= here
    return found, problems


def _one(
    slug: str,
    make: Callable[[], Task],
    with_: tuple[Engine, Kept],
    problems: list[Problem],
    bar: Progress,
    lang: str,
) -> list[Panels]:
    """Build one city and say how it went; a failure is kept for the end, the city's earlier panels stand."""
    start = time.monotonic()
    notes: list[str] = []

    def tell(text: str) -> None:
        bar.console.print(text, highlight=False, markup=False, soft_wrap=True)

    try:
        panels = build_task(make(), *with_, lambda what, pieces: notes.append(_note(what, pieces, lang)))
    except InputError as error:
        problems += [replace(problem, message=f"{slug}: {problem.message}") for problem in error.problems]
        tell(say("panel.failed", lang, city=slug))
        return []
    values = {
        "city": slug,
        "rows_in": f"{panels.facts['totals']['rows']:,}",
        "rows_out": f"{sum(panels.facts['rows_out'].values()):,}",
        "seconds": f"{time.monotonic() - start:.1f}",
    }
    tell(say("panel.done_note", lang, **values, note=notes[-1]) if notes else say("panel.done", lang, **values))
    return [panels]


def _note(what: str, pieces: Sequence[str], lang: str) -> str:
    """Return what became of what was kept, in words; of many pieces the first three are named."""
    named = ("、" if lang == "zh" else ", ").join(pieces[:3])
    more = say("panel.and_more", lang, count=len(pieces) - 3 * (lang == "en")) if len(pieces) > 3 else ""
    return say(f"panel.{what}", lang, pieces=named + more)


def reasoned(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the unmatched purchases with their reasons in words."""
    return frame.assign(reason=[say(f"panel.{reason}", lang) for reason in frame["reason"]])


def summary(results: Sequence[Panels]) -> pd.DataFrame:
    """Return one row a city: rows in, amount, months, and rows out by panel."""
    import pandas as pd

    rows = []
    for panels in results:
        total, out = panels.totals.iloc[0], panels.facts["rows_out"]
        rows.append(
            {
                "city": panels.slug,
                "rows_in": int(total["rows"]),
                "amount_yuan": yuan(int(total["amount_fen"])),
                "first_month": f"{total['first_month']:%Y-%m}",
                "last_month": f"{total['last_month']:%Y-%m}",
                "hospitals": int(total["hospitals"]),
                "product_month": out["product_month"],
                "cells": out["cells"],
                "progress": out["progress"],
                "unmatched": out["unmatched"],
                "engine": panels.facts["engine"],
            }
        )
    return pd.DataFrame(
        rows,
        columns=[
            "city",
            "rows_in",
            "amount_yuan",
            "first_month",
            "last_month",
            "hospitals",
            "product_month",
            "cells",
            "progress",
            "unmatched",
            "engine",
        ],
    )


def unmatched(results: Sequence[Panels]) -> pd.DataFrame:
    """Return the unmatched purchases of all cities, amounts in yuan."""
    import pandas as pd

    parts = [panels.unmatched.assign(city=panels.slug) for panels in results if len(panels.unmatched)]
    if not parts:
        return pd.DataFrame(columns=["city", "reason", "product_id", "hospital_id", "purchases", "amount_yuan"])
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(amount_yuan=yuan(frame["amount_fen"]))[
        ["city", "reason", "product_id", "hospital_id", "purchases", "amount_yuan"]
    ]
