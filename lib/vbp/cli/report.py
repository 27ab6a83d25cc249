"""Render report pages with papermill: for the cities named, or --all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vbp.cli.rendering import Choices, render
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
    force: Annotated[bool, typer.Option("--force", help="render what is unchanged too")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="a fresh kernel for each notebook, none forked")] = False,
    timeout: Annotated[int, typer.Option(help="seconds that one notebook may take", min=1)] = 600,
    memory: Annotated[int, typer.Option(help="MiB that one kernel may take (0: this machine's, shared)", min=0)] = 0,
    on_failure: Annotated[
        str,
        typer.Option(help="run this command, with the summary on its input, where a report failed", metavar="COMMAND"),
    ] = "",
    quiet: Annotated[
        bool | None,
        typer.Option(
            "--quiet/--no-quiet",
            "-q",
            help="say nothing unless something was made or failed (with --all off a terminal, as under cron: the default)",
            show_default=False,
        ),
    ] = None,
    standalone: Annotated[
        bool | None,
        typer.Option(
            "--standalone/--no-standalone",
            help="also each page as one HTML file to mail; remembered for the place",
            show_default=False,
        ),
    ] = None,
    pdf: Annotated[
        bool | None,
        typer.Option(
            "--pdf/--no-pdf",
            help="also each page as PDF (A4), printed by Chromium; remembered for the place",
            show_default=False,
        ),
    ] = None,
    keep_runs: Annotated[int, typer.Option(help="records of runs to keep in runs/ (0: all)", min=0)] = 100,
) -> None:
    """Render the reports; exit 1 where one failed (the others are rendered all the same).

    A place whose report in place was made from the same inputs, facts, rules, notebook, library and versions is skipped.
    """
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
    if pdf:
        _find_browser()
    if quiet is None and not every:
        quiet = False  # who names a place waits for an answer
    render(chosen, Choices(jobs, force, plain, timeout, memory, on_failure, quiet, pdf, standalone, keep_runs))


def _find_browser() -> None:
    """Find Chromium before anything is rendered: nobody waits for minutes to read that it is missing."""
    from vbp.render.paper import find_browser

    find_browser()


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
