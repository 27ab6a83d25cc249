"""What `vbp report` and `vbp rerun` share: limits, the run, what is printed, the command on failure, the exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from vbp.render.city import Job
    from vbp.render.record import Run

_SHARE_OF_MEMORY = 0.8
_COMMAND_SECONDS = 300


@dataclass(frozen=True)
class Choices:
    """How to render: reports at a time, and the options of the same names.

    Attributes
    ----------
    quiet
        True: not a word unless something was made or failed. None: the same where nobody watches (no terminal). False: always.
    pdf, standalone
        None: as it was for the report in place.
    """

    jobs: int = 1
    force: bool = False
    plain: bool = False
    timeout: int = 600
    memory: int = 0
    on_failure: str = ""
    quiet: bool | None = False
    pdf: bool | None = None
    standalone: bool | None = None
    keep_runs: int = 100

    def recorded(self) -> dict[str, Any]:
        """Return what `vbp rerun` takes from the run's record."""
        return {name: getattr(self, name) for name in ("jobs", "plain", "timeout", "memory", "pdf", "standalone")}


def render(chosen: Sequence[Job], choices: Choices, then: Callable[[Run], None] = lambda run: None) -> None:
    """Render, say what came of it, call `then` with the run; exit 1 where a report failed, or a PDF beside it.

    Whoever waits for the command on failure is called too where there was no run at all: a full disk, a folder in use.
    """
    from vbp.render.record import not_run, summary
    from vbp.render.run import progress_bar, render_run

    memory = choices.memory or _share(choices.jobs)
    limited = [replace(job, seconds=float(choices.timeout), memory_mib=memory) for job in chosen]
    out = chosen[0].out
    try:
        with _stopping_politely(), progress_bar(len(limited), bool(choices.quiet)) as progress:
            run, record = render_run(
                limited,
                out,
                choices.jobs,
                progress,
                force=choices.force,
                plain=choices.plain,
                beside={"pdf": choices.pdf, "standalone": choices.standalone},
                keep_runs=choices.keep_runs,
                options=choices.recorded(),
            )
    except Exception as error:
        _call(choices.on_failure, not_run(error, out))
        raise
    _tell(run, out, choices.quiet)
    then(run)
    if run.failed or run.lacking:
        _call(choices.on_failure, summary(run), record)
        raise typer.Exit(1)


def _tell(run: Run, out: Path, quiet: bool | None) -> None:
    """Print failures on standard error, and one line on standard output unless nothing was done and that is to be quiet."""
    for outcome in run.failed:
        for line in outcome.problems or (outcome.reason,):
            print(f"{outcome.slug}: {line}{f' ({outcome.kept})' if outcome.kept else ''}", file=sys.stderr)
    for slug, line in run.lacking:
        print(f"{slug}: {line}", file=sys.stderr)
    unheard = quiet or (quiet is None and not sys.stdout.isatty())
    if run.made or run.failed or not unheard:
        skipped = f", {run.skipped} unchanged and skipped (--force renders them)" if run.skipped else ""
        failed = f", {len(run.failed)} failed" if run.failed else ""
        paper = f"; {_beside(run)} beside them" if _beside(run) else ""
        print(
            f"{run.made} of {len(run.outcomes)} reports made{skipped}{failed}{paper}. Open {shown(out / 'index.html')}"
        )


def _beside(run: Run) -> str:
    """Return how many PDFs and pages in one file stand beside the reports of a run, in words; empty for none."""
    from vbp.render.extras import SUFFIXES

    names = {"pdf": "PDF", "standalone": "page in one file"}
    told = []
    for kind, suffix in SUFFIXES.items():
        jobs = [job for job in run.jobs if kind in (job.extras or ())]
        count = sum((job.out / job.slug / f"report.{lang}{suffix}").is_file() for job in jobs for lang in job.languages)
        if count:
            told.append(
                f"{count} {names[kind] if count == 1 else names[kind].replace('page', 'pages').replace('PDF', 'PDFs')}"
            )
    return " and ".join(told)


def _call(command: str, told: str, record: Path | str = "") -> None:
    """Run the user's command with what was told on its input; VBP_RECORD names the record, and is empty where there is none."""
    if not command:
        return
    try:
        done = subprocess.run(
            command,
            check=False,
            shell=True,
            input=told.encode(),
            timeout=_COMMAND_SECONDS,
            env={**os.environ, "VBP_RECORD": str(record)},
        )
        trouble = f"exit status {done.returncode}" if done.returncode else ""
    except (subprocess.TimeoutExpired, OSError) as error:
        trouble = str(error)
    if trouble:
        print(f"--on-failure: {command}: {trouble}", file=sys.stderr)


def _share(jobs: int) -> int:
    """Return what each of `jobs` kernels may take of this machine's memory, MiB; 0 (no limit) where it does not tell."""
    try:
        return int(_SHARE_OF_MEMORY * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / jobs) >> 20
    except (AttributeError, ValueError, OSError):
        return 0


@contextmanager
def _stopping_politely() -> Iterator[None]:
    """Treat SIGTERM (systemd, batch systems) as Ctrl-C meanwhile: kernels ended, private folders removed."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # a stop that comes while a notebook begins leaves a task unstarted, which Python would tell of beside our one line
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def shown(path: Path) -> str:
    """Return a path as the user would type it: relative where it is below the working folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
