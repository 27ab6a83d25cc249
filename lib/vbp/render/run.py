"""A run over many places: what is unchanged is left, the rest rendered; index, record and summary; a failure stops no other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vbp import paths
from vbp.errors import InputError, Problem
from vbp.render import extras, failures, files, fingerprint, methods, record, warm
from vbp.render.city import NOTEBOOK, Job, Outcome
from vbp.render.index import write_index
from vbp.render.lock import only_run
from vbp.render.page import write_assets
from vbp.render.parameters import check_notebook
from vbp.render.pool import Prepare, rendered
from vbp.render.record import KEPT, Run, forget_old, now, write_record

UNCHANGED = "unchanged: inputs, facts, rules, notebook, library and versions are those of the report in place"
TAKEN = ("assets", failures.FOLDER, "index.html", methods.FOLDER, record.FOLDER)
"""What stands in a folder of reports beside the places' own folders."""
Report = Callable[[Outcome], None]


def render_all(
    jobs: Sequence[Job],
    out: Path,
    workers: int = 1,
    progress: Report | None = None,
    *,
    force: bool = False,
    plain: bool = False,
) -> tuple[Outcome, ...]:
    """Render what changed; see `render_run`, which also tells where the record stands."""
    return render_run(jobs, out, workers, progress, force=force, plain=plain)[0].outcomes  # type: ignore[return-value]


def render_run(
    jobs: Sequence[Job],
    out: Path,
    workers: int = 1,
    progress: Report | None = None,
    *,
    force: bool = False,
    plain: bool = False,
    beside: Mapping[str, bool | None] = MappingProxyType({}),
    keep_runs: int = KEPT,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Run, Path]:
    """Render every job that changed, write the index and the run's record; return the run and its record's path.

    Parameters
    ----------
    workers
        Processes at a time.
    progress
        Called with each outcome as it comes, those of skipped places first.
    force
        Render what is unchanged too.
    plain
        Start each kernel afresh, with papermill's plain engine, instead of forking warm ones.
    beside
        Whether a PDF (`pdf`) and the page in one file (`standalone`) are wanted; None or absent: as for the report in place.
    keep_runs
        How many records stay (see `forget_old`); 0 for all.
    options
        What was asked, for the record.

    Raises
    ------
    InputError
        Where another run holds the folder, reports cannot be written there at all, or the notebook does not take the
        parameters.
    """
    started = now()
    notebook = paths.notebooks() / NOTEBOOK
    check_notebook(notebook)
    _check_names(jobs)
    with only_run(out):
        _writing(out, _tidy)
        basis = fingerprint.basis(notebook)
        jobs = [_told(job, basis, beside, force) for job in jobs]
        by_slug: dict[str, Outcome] = {}
        try:
            with _kernels(plain, [job for job in jobs if not (job.stands or job.refused)]) as (kernels, prepare, done):
                _writing(out, _share)  # while the zygote loads
                with closing(_outcomes(jobs, workers, prepare)) as coming:
                    for outcome in coming:
                        done(outcome.slug)
                        by_slug[outcome.slug] = outcome
                        if progress:
                            progress(outcome)
        finally:
            with suppress(OSError):  # the next run tidies up, too
                _tidy(out)
        outcomes = tuple(by_slug[job.slug] for job in jobs)
        run = Run(started, (now() - started).total_seconds(), kernels, jobs, outcomes, basis, options)
        written = _finish(out, run)
        forget_old(out, keep_runs)
        return run, written


def _check_names(jobs: Sequence[Job]) -> None:
    """Refuse places that would be written elsewhere than in a folder of their own (a record may come from anybody)."""
    wrong = [job.slug for job in jobs if job.slug.startswith(".") or Path(job.slug).name != job.slug or not job.slug]
    if wrong:
        raise InputError([Problem("no name for a place's folder", "place_name", value=slug) for slug in wrong])


def _writing(out: Path, action: Callable[[Path], None]) -> None:
    """Do what writes into `out`; one clear message where that cannot be."""
    try:
        action(out)
    except OSError as error:
        raise files.unwritable(out, error) from error


def _tidy(out: Path) -> None:
    """Take away what killed processes left half-done."""
    warm.sweep()
    files.recover(out)


def _share(out: Path) -> None:
    """Put what all pages share in place."""
    write_assets(out / "assets")
    methods.write_methods(out)


def _told(job: Job, basis: Mapping[str, Any], beside: Mapping[str, bool | None], force: bool) -> Job:
    """Return the job with what it is made from, what is wanted beside its pages, and whether its report stands."""
    if job.slug.lower() in TAKEN:
        return replace(
            job, refused=f"{job.slug} is a name that the folder of reports needs itself; rename {job.inputs}"
        )
    try:
        made_from = fingerprint.made_from(job, basis)
    except OSError as error:
        return replace(job, refused=failures.explain(error, Path(job.inputs), job.slug)["reason"])
    folder = job.out / job.slug
    stands = not (force or fingerprint.difference(folder, made_from))
    kinds = extras.wanted(folder, beside) if job.extras is None else job.extras
    return replace(job, made_from=made_from, extras=kinds, stands=stands)


@contextmanager
def _kernels(plain: bool, jobs: Sequence[Job]) -> Iterator[tuple[str, Prepare, Callable[[str], None]]]:
    """Give how kernels are started, what readies a job for it, and what is told when the job is done.

    One notebook alone is done sooner with a fresh kernel than with a zygote, which imports more than one report needs.
    """
    why = warm.unavailable()
    with ExitStack() as stack:
        nursery = None
        if not plain and sum(len(job.languages) for job in jobs) >= 2:
            try:
                nursery = None if why else stack.enter_context(warm.Nursery())
            except OSError as error:  # no place for a socket, no more processes
                why = str(error)
        if nursery is None:
            if why and jobs and not plain:
                print(f"kernels are started one by one with papermill's plain engine: {why}", file=sys.stderr)
            yield "plain", lambda job: job, lambda slug: None
        else:
            yield "warm", partial(_forked, nursery), nursery.done


def _forked(nursery: warm.Nursery, job: Job) -> Job:
    """Return the job with the zygote that forks its kernels; as it is where none is needed, or none can be started any more."""
    try:
        return job if job.stands else replace(job, zygote=nursery.address(job.slug))
    except OSError as error:
        print(f"plain kernel instead of a warm one: {error}", file=sys.stderr)
        return job


def _outcomes(jobs: Sequence[Job], workers: int, prepare: Prepare) -> Generator[Outcome, None, None]:
    """Yield the outcomes, those of places that are refused or left as they are first."""
    todo = [job for job in jobs if not job.refused and (not job.stands or extras.missing(job))]
    lacking = {job.slug: extras.settle(job) for job in jobs if job.stands}
    busy = {job.slug for job in todo}
    for job in jobs:
        if job.refused:
            yield Outcome(job.slug, False, 0.0, job.refused)
        elif job.slug not in busy:
            sums = fingerprint.sums(job.out / job.slug)
            yield Outcome(job.slug, True, 0.0, UNCHANGED, skipped=True, files=sums, lacking=lacking[job.slug])
    with closing(rendered(todo, workers, prepare)) as made:
        for outcome in made:
            told = (*lacking.get(outcome.slug, ()), *outcome.lacking)
            yield replace(outcome, reason=UNCHANGED, lacking=told) if outcome.skipped else outcome


def _finish(out: Path, run: Run) -> Path:
    """Write what a run leaves beside the pages; the pages stand even where this cannot be written."""
    try:
        for outcome in run.outcomes:
            if outcome.ok:
                failures.forget(out, outcome.slug)
            else:
                failures.remember(out, outcome.slug, outcome.reason, outcome.kept)
        write_index(out, run.outcomes)
        return write_record(out, run)
    except OSError as error:
        lost = [Problem(f"{outcome.slug}: {outcome.reason}", "report_failed") for outcome in run.failed]
        raise InputError([*lost, *files.unwritable(out, error).problems]) from error


def progress_bar(total: int, quiet: bool = False) -> Any:
    """Return a context that gives a progress callback: a bar on a terminal, a line per place elsewhere (standard error).

    With `quiet` only failures are told. A skipped place is counted and gets no line: a run without changes says nothing here.
    """
    if quiet:
        return nullcontext(lambda outcome: None)
    if not sys.stderr.isatty():
        return nullcontext(_Lines(total))
    return _Bar(total)


def _line(outcome: Outcome) -> str:
    told = f"{outcome.figures} figures" if outcome.ok else "FAILED, " + outcome.reason
    return f"{outcome.slug}: {told} ({outcome.seconds:.1f} s)"


class _Lines:
    """A line per place with the time that is left, reckoned from the reports made so far."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._rendered = total, 0, 0
        self._started: float | None = None

    def __call__(self, outcome: Outcome) -> None:
        self._done += 1
        if outcome.skipped:
            return
        if self._started is None:
            self._started = time.monotonic() - outcome.seconds
        self._rendered += 1
        each = (time.monotonic() - self._started) / self._rendered
        left = f", {clock(each * (self._total - self._done))} left" if self._done < self._total else ""
        print(f"[{self._done}/{self._total}] {_line(outcome)}{left}", file=sys.stderr, flush=True)


def clock(seconds: float) -> str:
    """Return a duration for people: 45 s, 3 min 20 s, 1 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


class _Bar:
    """A progress bar with remaining time (rich), failures listed above it."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
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
