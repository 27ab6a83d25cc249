"""Do a recorded run again (reports/runs/<id>.json): the same places and parameters; says whether the same bytes came out."""

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
    jobs: Annotated[int, typer.Option(help="reports at a time", min=1)] = 1,
    plain: Annotated[bool, typer.Option("--plain", help="a fresh kernel for each notebook, none forked")] = False,
) -> None:
    """Render every place of the record anew with its recorded parameters; what differs today is named first."""
    told = _read(record)
    folder = (out or record.resolve().parent.parent).resolve()
    chosen = [_job(place, folder) for place in told["places"]]
    for line in _differences(told, chosen):
        print(f"not as recorded: {line}", file=sys.stderr)
    done = render(chosen, Choices(jobs=jobs, force=True, plain=plain))
    _compare(told, done)


def _read(record: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        if not told["places"]:
            raise ValueError("it names no place")
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"no run's record ({error}); records stand in reports/runs/"
        raise InputError(Problem(message, "run_record", file=str(record))) from error
    return told


def _job(place: dict[str, Any], out: Path) -> Job:
    from vbp.render.city import Job

    given = place["parameters"]
    if given["inputs"] and not Path(given["inputs"]).is_dir():
        raise InputError(Problem("the recorded inputs folder is gone", "missing_folder", file=given["inputs"]))
    return Job(given["city"], given["inputs"], given["as_of"], tuple(given["languages"]), out)


def _differences(told: dict[str, Any], chosen: list[Job]) -> list[str]:
    """Name what is not as it was: shared parts once, inputs by place."""
    from vbp import paths
    from vbp.render import fingerprint
    from vbp.render.city import NOTEBOOK

    shared = fingerprint.basis(paths.notebooks() / NOTEBOOK)
    before = {**told["hashes"], "versions": told["versions"]}
    lines = [f"{part}: {names}" for part in shared if (names := fingerprint.names(before.get(part), shared[part]))]
    for place, job in zip(told["places"], chosen, strict=True):
        names = fingerprint.names(place["inputs"], fingerprint.made_from(job, shared)["inputs"])
        lines += [f"inputs of {job.slug}: {names}"] if names else []
    return lines


def _compare(told: dict[str, Any], done: Run) -> None:
    """Say whether the same bytes came out, for the places of which the record holds them."""
    before = {place["slug"]: place["files"] for place in told["places"] if place["files"]}
    after = {outcome.slug: outcome.files for outcome in done.outcomes}
    other = [slug for slug, files in before.items() if after[slug] != files]
    if before and not other:
        print(f"Byte for byte as recorded: {len(before)} of {len(told['places'])} reports.")
    elif other:
        print(f"Other bytes than recorded: {', '.join(other)}.")
