"""One place's report: its notebooks executed, its pages written, its folder replaced in one step."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp import paths
from vbp.errors import InputError
from vbp.render.execute import NotebookFailed, execute, stable
from vbp.render.page import figures_in, page
from vbp.render.parameters import ReportParameters
from vbp.words import say

if TYPE_CHECKING:
    from vbp.city import City

NOTEBOOK = "city_report.ipynb"
LEAST_FIGURES = 5


@dataclass(frozen=True)
class Job:
    """One place to render: its checked parameters but for the language, the languages, and where to."""

    slug: str
    inputs: str
    as_of: str
    languages: tuple[str, ...]
    out: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `reason` is empty where all went well; `problems` are lines for the user."""

    slug: str
    ok: bool
    seconds: float
    reason: str = ""
    problems: tuple[str, ...] = ()
    figures: int = 0
    files: tuple[str, ...] = field(default=())


def render_city(job: Job) -> Outcome:
    """Render one place into `<out>/<slug>/`; a failure leaves what was there and says why.

    The folder is made beside the old one and exchanged only when every page is whole.
    """
    started = time.perf_counter()
    fresh = job.out / f".{job.slug}.{os.getpid()}.new"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        figures = _render_into(fresh, job)
        files = tuple(sorted(path.name for path in fresh.iterdir()))
        _exchange(fresh, job.out / job.slug)
        return Outcome(job.slug, True, time.perf_counter() - started, figures=figures, files=files)
    except NotebookFailed as error:
        kept = _keep_failed(error.notebook, job)
        reason = error.reason + (f" ({kept})" if kept else "")
        return Outcome(job.slug, False, time.perf_counter() - started, reason)
    except InputError as error:
        lines = tuple(problem.line() for problem in error.problems)
        return Outcome(job.slug, False, time.perf_counter() - started, lines[0], lines)
    except OSError as error:
        return Outcome(
            job.slug, False, time.perf_counter() - started, f"{error.strerror or error}: {error.filename or job.out}"
        )
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _render_into(folder: Path, job: Job) -> int:
    """Write notebooks, pages and the summary; return the number of figures on a page."""
    from vbp.city import open_city
    from vbp.sections.published import page_title

    place = open_city(job.slug, inputs=job.inputs or None, as_of=job.as_of or None)
    figures = 0
    for lang in job.languages:
        parameters = ReportParameters(city=job.slug, lang=lang, inputs=job.inputs, as_of=job.as_of)  # type: ignore[arg-type]
        target = folder / f"report.{lang}.ipynb"
        notebook = execute(paths.notebooks() / NOTEBOOK, target, parameters.model_dump())
        figures = _prove_figures(notebook, target)
        other = next((f"report.{name}.html" for name in job.languages if name != lang), "")
        notice = say("page.synthetic", lang) if place.synthetic else ""
        _write(
            folder / f"report.{lang}.html",
            page(notebook, title=page_title(place, lang), lang=lang, assets="../assets", notice=notice, other=other),
        )
        _write_notebook(target, notebook)
    _write_statement(folder / "statement.xlsx", place, job)
    _write(folder / "summary.json", json.dumps(place.summary(), ensure_ascii=False, indent=1) + "\n")
    return figures


def _write_statement(path: Path, place: City, job: Job) -> None:
    """Write the settlement workbook where the place's tables allow a settlement."""
    if not place.surplus:
        return
    from vbp.statement import write_statement
    from vbp.statement.heading import heading_of

    write_statement(place.surplus, path, heading_of(Path(job.inputs), None))


def _prove_figures(notebook: Any, target: Path) -> int:
    figures = figures_in(notebook)
    if figures < LEAST_FIGURES:
        raise NotebookFailed(f"only {figures} figures on the page, at least {LEAST_FIGURES} are expected", target)
    return figures


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_notebook(path: Path, notebook: Any) -> None:
    import nbformat

    _write(path, nbformat.writes(stable(notebook)) + "\n")


def _exchange(fresh: Path, target: Path) -> None:
    """Put the finished folder in place of the old one: at no moment is a page half-written."""
    old = fresh.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    fresh.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def _keep_failed(notebook: Path, job: Job) -> str:
    """Keep the failed notebook aside, where nobody takes it for a report; return its place below `out`."""
    if not notebook.exists():
        return ""
    aside = job.out / "failed"
    aside.mkdir(parents=True, exist_ok=True)
    target = aside / f"{job.slug}.{notebook.name}"
    shutil.copyfile(notebook, target)
    return f"failed/{target.name}"


def languages(choice: str) -> Sequence[str]:
    """Return the languages of `--lang`."""
    return ("zh", "en") if choice == "both" else (choice,)
