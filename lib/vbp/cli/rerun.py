"""Do a recorded run again (reports/runs/<id>.json): the same places, parameters and options; says whether the same bytes came out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vbp.cli.rendering import Choices, render
from vbp.errors import InputError, Problem

if TYPE_CHECKING:
    from vbp.render.city import Job
    from vbp.render.record import Run


def run(
    record: Annotated[Path, typer.Argument(help="a run's record, reports/runs/<id>.json", metavar="RUN.json")],
    out: Annotated[
        Path | None, typer.Option(help="where reports go (default: where the record stands)", metavar="DIR")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="render nothing where anything differs from what was recorded")
    ] = False,
    jobs: Annotated[int | None, typer.Option(help="reports at a time (default: as recorded)", min=1)] = None,
    plain: Annotated[
        bool | None,
        typer.Option("--plain/--warm", help="how kernels are started (default: as recorded)", show_default=False),
    ] = None,
    timeout: Annotated[
        int | None, typer.Option(help="seconds that one notebook may take (default: as recorded)", min=1)
    ] = None,
    memory: Annotated[
        int | None, typer.Option(help="MiB that one kernel may take (default: as recorded; 0: this machine's)", min=0)
    ] = None,
) -> None:
    """Render every place of the record anew with its recorded parameters; what differs today is named first."""
    told = _read(record)
    folder = (out or record.resolve().parent.parent).resolve()
    chosen = [_job(place, folder) for place in told["places"]]
    differences = _differences(told, chosen)
    if strict and differences:
        raise InputError(
            [Problem(f"not as recorded: {line}", "not_as_recorded", file=str(record)) for line in differences]
        )
    for line in differences:
        print(f"not as recorded: {line}", file=sys.stderr)
    given = {"jobs": jobs, "plain": plain, "timeout": timeout, "memory": memory}
    choices = _choices(told, {name: value for name, value in given.items() if value is not None})
    render(chosen, choices, then=lambda done: _compare(told, done))


def _read(record: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        if not isinstance(told, dict) or not told.get("places"):
            raise ValueError("it names no place")
        _prove(told)
    except (OSError, ValueError) as error:
        message = f"no run's record ({error}); records stand in reports/runs/"
        raise InputError(Problem(message, "run_record", file=str(record))) from error
    return told


def _prove(told: dict[str, Any]) -> None:
    """Raise ValueError with everything that the record should have and has not; what it was is then not to be known."""
    kinds: dict[str, type] = {"versions": dict, "hashes": dict, "places": list}
    of_place: dict[str, type] = {"slug": str, "parameters": dict, "inputs": dict, "files": dict}
    of_parameters: dict[str, type] = {"city": str, "inputs": str, "as_of": str, "languages": list}
    lacking = _lacking(told, kinds)
    for number, place in enumerate(told["places"] if isinstance(told["places"], list) else (), 1):
        lacking += [f"place {number}: {name}" for name in _lacking(place, of_place)]
        if not _lacking(place, of_place):
            lacking += [f"place {number}: parameters.{name}" for name in _lacking(place["parameters"], of_parameters)]
    if lacking:
        raise ValueError(f"it lacks {', '.join(lacking)}")


def _lacking(told: Any, kinds: dict[str, type]) -> list[str]:
    given = told if isinstance(told, dict) else {}
    return [name for name, kind in kinds.items() if not isinstance(given.get(name), kind)]


def _choices(told: dict[str, Any], given: dict[str, Any]) -> Choices:
    """Return how to render: as recorded, but for what was given now; the record that is done again is not deleted."""
    before = {name: value for name, value in told.get("options", {}).items() if name in Choices.__annotations__}
    limits = told["places"][0].get("limits", {})
    if "memory_mib" in limits:  # what the machine's share came to then, so that the same notebook meets the same limit
        before["memory"] = limits["memory_mib"]
    return Choices(**{**before, **given, "force": True, "keep_runs": 0})


def _job(place: dict[str, Any], out: Path) -> Job:
    from vbp.render.city import Job

    given = place["parameters"]
    if given["inputs"] and not Path(given["inputs"]).is_dir():
        raise InputError(Problem("the recorded inputs folder is gone", "missing_folder", file=given["inputs"]))
    extras = tuple(place.get("extras", ()))
    return Job(given["city"], given["inputs"], given["as_of"], tuple(given["languages"]), out, extras=extras)


def _differences(told: dict[str, Any], chosen: list[Job]) -> list[str]:
    """Name what is not as it was, file by file: shared parts once, inputs by place."""
    from vbp import paths
    from vbp.render import fingerprint
    from vbp.render.city import NOTEBOOK

    shared = fingerprint.basis(paths.notebooks() / NOTEBOOK)
    before = {**told["hashes"], "versions": told["versions"]}
    changed = {
        part: fingerprint.described(before.get(part), now, values=part == "versions") for part, now in shared.items()
    }
    for place, job in zip(told["places"], chosen, strict=True):
        try:
            now = fingerprint.described(place["inputs"], fingerprint.made_from(job, shared)["inputs"])
        except OSError as error:
            now = f"{error.strerror or error}: {error.filename or job.inputs}"
        changed[f"inputs of {job.slug}"] = now
    return [f"{part}: {names}" for part, names in changed.items() if names]


def _compare(told: dict[str, Any], done: Run) -> None:
    """Say whether the same bytes came out, and which file is another where they did not."""
    from vbp.render import fingerprint

    before = {place["slug"]: place["files"] for place in told["places"] if place["files"]}
    after = {outcome.slug: outcome.files for outcome in done.outcomes}
    other = {slug: fingerprint.names(files, after[slug]) for slug, files in before.items() if after[slug] != files}
    if before and not other:
        print(f"Byte for byte as recorded: {len(before)} of {len(told['places'])} reports.")
    elif other:
        print(f"Other bytes than recorded: {'; '.join(f'{slug} ({names})' for slug, names in other.items())}.")
