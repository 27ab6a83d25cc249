"""Worker processes that render: a worker that dies or hangs costs its own report and is replaced."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from vbp.render.city import Job, Outcome, render_city
from vbp.render.execute import ending
from vbp.render.extras import SECONDS_A_PAGE
from vbp.render.family import die_with_parent

_GRACE_SECONDS = 120.0
_STOP_SECONDS = 5.0
Prepare = Callable[[Job], Job]


class _Worker:
    """A process that renders one job after another, and the job that it has."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=_work, args=(other, os.getpid()), daemon=True)
        with _deaf():
            self.process.start()
        other.close()
        self.job: Job | None = None
        self.until = 0.0

    def take(self, job: Job) -> None:
        """Send a job; it must come back within its notebooks' time-outs, those of its extras and some minutes."""
        a_page = job.seconds + SECONDS_A_PAGE * len(job.extras or ())
        self.job, self.until = job, time.monotonic() + a_page * len(job.languages) + _GRACE_SECONDS
        try:
            self.line.send(job)
        except OSError:
            return  # the process has died: the wait for its outcome says so

    def collect(self) -> Outcome:
        """Return the outcome of the job, also where the process died with it."""
        job, self.job = self.job, None
        assert job is not None
        try:
            outcome: Outcome = self.line.recv()
        except (EOFError, OSError):
            self.process.join(10)
            outcome = Outcome(job.slug, False, 0.0, f"the worker process died ({ending(self.process.exitcode)})")
        return outcome

    def stop(self) -> None:
        """End the process; one that is at work ends its kernel and takes away what it has begun."""
        self.line.close()
        if self.job:
            self.process.terminate()
        self.process.join(_STOP_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextmanager
def _deaf() -> Iterator[None]:
    """Start a process that does not hear Ctrl-C, which reaches every process of the terminal: the parent ends its workers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(line: Connection, parent: int) -> None:
    """Render what comes down the line until it closes; die with the parent."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, lambda *_: None)  # as deaf as it was started, but not so the programs that it starts
    # a stop that comes while a notebook begins leaves a task unstarted, which Python would tell of beside our one line
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    if sys.platform != "win32":
        die_with_parent(parent)
    while True:
        try:
            job = line.recv()
        except EOFError:
            return
        line.send(render_city(job))


def rendered(jobs: Sequence[Job], workers: int, prepare: Prepare) -> Generator[Outcome, None, None]:
    """Yield outcomes as they come.

    Parameters
    ----------
    workers
        Processes at a time; with one, everything happens in this process.
    prepare
        Called with each job just before it starts, and returns it with the zygote it is to use.
    """
    if min(workers, len(jobs)) <= 1:
        yield from (render_city(prepare(job)) for job in jobs)
        return
    left = list(reversed(jobs))
    crew = [_Worker() for _ in range(min(workers, len(jobs)))]
    try:
        while True:
            for worker in crew:
                if worker.job is None and left:
                    worker.take(prepare(left.pop()))
            if not any(worker.job for worker in crew):
                return
            for worker in _ready(crew):
                yield worker.collect()
                if not worker.process.is_alive() and left:
                    worker.stop()
                    crew[crew.index(worker)] = _Worker()
    finally:
        for worker in crew:
            worker.stop()


def _ready(crew: Sequence[_Worker]) -> list[_Worker]:
    """Return the workers that have something to say; one whose time is up is killed, which is something to say."""
    busy = [worker for worker in crew if worker.job is not None]
    heard: list[Any] = wait([worker.line for worker in busy], timeout=5.0)
    now = time.monotonic()
    for worker in busy:
        if worker.until < now and worker.line not in heard:
            worker.process.kill()
    return [worker for worker in busy if worker.line in heard]
