"""Render report pages with papermill: for the cities named, or --all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vbp.errors import InputError, Problem, UsageError, unknown

if TYPE_CHECKING:
    from vbp.render.city import Job


def run(
    cities: Annotated[
        list[str] | None, typer.Argument(help="slugs of cities, or of folders under --inputs", metavar="[CITY…]")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="every city, and every folder under --inputs")] = False,
    inputs: Annotated[
        Path | None, typer.Option(help="the root above inputs folders (default data/inputs)", metavar="ROOT")
    ] = None,
    lang: Annotated[str, typer.Option(help="zh, en or both")] = "both",
    out: Annotated[Path | None, typer.Option(help="where reports go (default reports/)", metavar="DIR")] = None,
    jobs: Annotated[int, typer.Option(help="reports at a time", min=1)] = 1,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="a notebook parameter, NAME=VALUE", metavar="NAME=VALUE"),
    ] = None,
    standalone: Annotated[bool, typer.Option("--standalone", help="also each page as one HTML file to mail")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="also each page as PDF (A4), printed by Chromium")] = False,
) -> None:
    """Render the reports; exit 1 where one failed (the others are rendered all the same)."""
    from vbp import paths

    root = inputs or paths.data() / "inputs"
    if inputs is not None and not inputs.is_dir():
        raise InputError(
            Problem(
                "no such folder; --inputs is the root above one folder per place", "missing_folder", file=str(inputs)
            )
        )
    chosen = _jobs(
        cities or [], every, root, lang, (out or paths.root() / "reports").resolve(), _parameters(parameter or [])
    )
    browser = _browser() if pdf else ""
    _render(chosen, jobs, browser, standalone)


def _browser() -> str:
    """Find Chromium before anything is rendered: nobody waits for minutes to read that it is missing."""
    from vbp.render.paper import find_browser

    return find_browser()


def _parameters(pairs: list[str]) -> dict[str, str]:
    """Return `-p NAME=VALUE` pairs; what is set by options of its own is refused."""
    broken = [pair for pair in pairs if "=" not in pair]
    if broken:
        raise UsageError(f"-p takes NAME=VALUE, given {', '.join(broken)}")
    given = dict(pair.split("=", 1) for pair in pairs)
    taken = sorted({"city", "lang", "inputs"} & set(given))
    if taken:
        raise UsageError(f"-p {', '.join(taken)}: set by the command itself (cities as arguments, --lang, --inputs)")
    return given


def _jobs(cities: list[str], every: bool, root: Path, lang: str, out: Path, given: dict[str, str]) -> list[Job]:
    from vbp.facts import load_published
    from vbp.render.city import Job, languages
    from vbp.render.parameters import check_parameters

    if lang not in ("zh", "en", "both"):
        raise UsageError(unknown("language", lang, ("zh", "en", "both")))
    if bool(cities) == every:
        raise UsageError("name cities, or give --all (one of the two)")
    own = (
        {path.name: path for path in sorted(root.iterdir()) if path.is_dir() and not path.name.startswith(".")}
        if root.is_dir()
        else {}
    )
    known = tuple(dict.fromkeys([*load_published().city, *own]))
    jobs = []
    for slug in known if every else dict.fromkeys(cities):
        folder = str(own[slug].resolve()) if slug in own else ""
        checked = check_parameters({"city": slug, "lang": languages(lang)[0], "inputs": folder, **given}, known)
        jobs.append(Job(slug, checked.inputs, checked.as_of, tuple(languages(lang)), out))
    return jobs


def _render(jobs: list[Job], workers: int, browser: str = "", one_file: bool = False) -> None:
    from vbp.render.paper import write_extras
    from vbp.render.run import progress_bar, render_all

    out = jobs[0].out
    with progress_bar(len(jobs)) as progress:
        outcomes = render_all(jobs, out, workers, progress)
    extras = write_extras(jobs, outcomes, pdf=browser, one_file=one_file)
    for line in extras:
        print(line, file=sys.stderr)
    failed = [outcome for outcome in outcomes if not outcome.ok]
    for outcome in failed:
        for line in outcome.problems or (outcome.reason,):
            print(f"{outcome.slug}: {line}", file=sys.stderr)
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} reports made. Open {_shown(out / 'index.html')}")
    if failed or extras:
        raise typer.Exit(1)


def _shown(path: Path) -> str:
    """Return a path as the user would type it: relative where it is below the working folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
