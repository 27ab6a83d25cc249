"""A run over many places: progress, index, run record, and what failed; one failure never stops the others."""
from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from vbp import __version__, paths
from vbp.render.city import NOTEBOOK, Job, Outcome, render_city
from vbp.render.index import write_index
from vbp.render.page import write_assets

_PACKAGES = ("pandas", "numpy", "plotly", "papermill", "nbconvert", "ipykernel")
Report = Callable[[Outcome], None]


def render_all(jobs: Sequence[Job], out: Path, workers: int = 1, progress: Report | None = None) -> tuple[Outcome, ...]:
    """Render every job, write the index and the run's record, and return all outcomes in the order of the jobs.

    Parameters
    ----------
    workers
        Processes at a time; each starts kernels of its own on private sockets.
    progress
        Called with each outcome as it comes.
    """
    started = datetime.now(UTC)
    out.mkdir(parents=True, exist_ok=True)
    write_assets(out / "assets")
    by_slug: dict[str, Outcome] = {}
    for outcome in _outcomes(jobs, workers):
        by_slug[outcome.slug] = outcome
        if progress:
            progress(outcome)
    outcomes = tuple(by_slug[job.slug] for job in jobs)
    write_index(out, outcomes)
    _write_record(out, jobs, outcomes, started)
    return outcomes


def _outcomes(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    if workers <= 1 or len(jobs) <= 1:
        yield from map(render_city, jobs)
        return
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(render_city, job): job for job in jobs}
        for future in as_completed(futures):
            try:
                yield future.result()
            except Exception as error:  # a worker that died takes its job with it, not the run
                yield Outcome(futures[future].slug, False, 0.0, f"the worker process died: {type(error).__name__}")


def _write_record(out: Path, jobs: Sequence[Job], outcomes: Sequence[Outcome], started: datetime) -> None:
    """Write `runs/<id>.json`: inputs' hashes, versions, parameters, duration and outcome of each place."""
    identifier = f"{started:%Y%m%dT%H%M%S}-{os.getpid()}"
    record: dict[str, Any] = {
        "run": identifier, "started": started.isoformat(timespec="seconds"), "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
        "python": platform.python_version(), "versions": {"vbp": __version__} | {name: version(name) for name in _PACKAGES},
        "hashes": {"notebook": _hash(paths.notebooks() / NOTEBOOK), "data": {path.name: _hash(path) for path in sorted(paths.data().glob("*.csv"))}},
        "places": [{"parameters": {"city": job.slug, "inputs": job.inputs, "as_of": job.as_of, "languages": job.languages},
                    "inputs": {path.name: _hash(path) for path in _input_files(job)}, **asdict(outcome) | {"seconds": round(outcome.seconds, 2)}}
                   for job, outcome in zip(jobs, outcomes, strict=True)]}
    folder = out / "runs"
    folder.mkdir(exist_ok=True)
    temporary = folder / f".{identifier}.tmp"
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / f"{identifier}.json")


def _input_files(job: Job) -> list[Path]:
    return sorted(path for path in Path(job.inputs).iterdir() if path.is_file()) if job.inputs else []


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def progress_bar(total: int) -> Any:
    """Return a context that gives a progress callback: a bar on a terminal, a line per place elsewhere (standard error)."""
    import sys

    if not sys.stderr.isatty():
        return nullcontext(lambda outcome: print(_line(outcome), file=sys.stderr, flush=True))
    return _Bar(total)


def _line(outcome: Outcome) -> str:
    return f"{outcome.slug}: {f'{outcome.figures} figures' if outcome.ok else 'FAILED, ' + outcome.reason} ({outcome.seconds:.1f} s)"


class _Bar:
    """A progress bar with remaining time (rich), failures listed above it."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
                             console=Console(stderr=True))
        self._task = self._bar.add_task("reports", total=total)

    def __enter__(self) -> Report:
        self._bar.start()
        return self._advance

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _advance(self, outcome: Outcome) -> None:
        if not outcome.ok:
            self._bar.console.print(_line(outcome), markup=False)
        self._bar.advance(self._task)
