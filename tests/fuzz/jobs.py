"""Many cases at once: on several processes, with a tally of what was run, what came out and what is wrong."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import gc
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from tests.fuzz import run
from tests.fuzz.chain import Outcome

CHUNK = 10
"""Cases that a process takes at a time."""
HANGS = 300.0
"""Seconds after which a chunk shows on stderr where it stands."""


@dataclass
class Tally:
    """What was run: cases, what had to come of them, what came, the steps taken, CPU seconds; a line a defect."""

    numbers: list[int] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    defects: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """How many cases were run to their end."""
        return len(self.numbers)

    @property
    def ranges(self) -> str:
        """The numbers of the cases that were run: 0-39, 60-79."""
        ends: list[list[int]] = []
        for number in sorted(self.numbers):
            if ends and number == ends[-1][1] + 1:
                ends[-1][1] = number
            else:
                ends.append([number, number])
        return ", ".join(f"{first}-{last}" for first, last in ends) or "none"

    def add(self, other: Tally) -> None:
        """Add the tally of other cases."""
        self.numbers += other.numbers
        self.seconds += other.seconds
        for name in ("expected", "came", "rules", "steps"):
            getattr(self, name).update(getattr(other, name))
        self.defects += other.defects
        self.messages += other.messages

    def text(self) -> str:
        """What was run and what came of it, in a few honest lines."""

        def listed(counts: Counter[str]) -> str:
            return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"

        each = self.seconds / max(self.cases, 1)
        return "\n".join(
            (
                f"steps: {listed(self.steps)}",
                f"rules that refused: {listed(self.rules)}",
                f"had to come: {listed(self.expected)}; came: {listed(self.came)}",
                f"{self.cases:,} cases, {len(self.defects):,} defects, {each:.2f} CPU s a case",
            )
        )


@dataclass
class Stop:
    """When to take no more cases: after `minutes`, or when told to by a signal; what was begun is finished."""

    minutes: float | None = None
    told: bool = False
    start: float = field(default_factory=time.monotonic)

    def __bool__(self) -> bool:
        late = self.minutes is not None and time.monotonic() - self.start > 60 * self.minutes
        return self.told or late


def many(
    seed: int,
    numbers: Sequence[int],
    folder: Path,
    jobs: int = 1,
    told: Callable[[Tally, Tally], None] = lambda whole, part: None,
    stop: Stop | None = None,
) -> Tally:
    """Run cases on `jobs` processes; folders of failing ones are left in `folder`.

    `told(whole, part)` is called after every chunk. A process that dies is a defect of the chunks that it leaves undone.
    """
    whole, stop = Tally(), Stop() if stop is None else stop  # one that has not been told yet is false
    pieces = [list(numbers[at : at + CHUNK]) for at in range(0, len(numbers), CHUNK)]
    for part in _here(seed, pieces, folder, stop) if jobs == 1 else _spread(seed, pieces, folder, jobs, stop):
        whole.add(part)
        told(whole, part)
    return whole


def _here(seed: int, pieces: Iterable[list[int]], folder: Path, stop: Stop) -> Iterator[Tally]:
    for piece in pieces:
        if not stop:
            yield chunk(seed, piece, folder)


def _spread(seed: int, pieces: Sequence[list[int]], folder: Path, jobs: int, stop: Stop) -> Iterator[Tally]:
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=lasting) as pool:
        waiting: dict[Future[Tally], list[int]] = {pool.submit(chunk, seed, piece, folder): piece for piece in pieces}
        for done in as_completed(waiting):
            if stop:
                for future in waiting:
                    future.cancel()
            if done.cancelled():
                continue
            piece = waiting[done]
            try:
                yield done.result()
            except Exception as error:
                where = f"seed {seed} cases {piece[0]}-{piece[-1]}"
                yield Tally(defects=[f"{where}: not run to their end: {type(error).__name__}: {error}"])


def chunk(seed: int, numbers: Iterable[int], folder: Path) -> Tally:
    """Run cases in this process."""
    tally, start = Tally(), time.process_time()
    if sys.__stderr__ is not None:
        faulthandler.dump_traceback_later(HANGS, file=sys.__stderr__)
    try:
        for number in numbers:
            tally.defects += run.run(seed, [number], folder, lambda case, outcome: _count(tally, case, outcome))
            tally.numbers.append(number)
    finally:
        faulthandler.cancel_dump_traceback_later()
    tally.seconds = time.process_time() - start
    gc.collect()
    return tally


def _count(tally: Tally, case: Any, outcome: Outcome) -> None:
    tally.expected[case.expect] += 1
    tally.steps.update(case.steps)
    tally.came["refused" if outcome.errors else "accepted"] += 1
    tally.rules.update({problem.rule for problem in outcome.errors})
    for problem in outcome.errors[:1]:
        tally.messages.append(f"case {case.number} ({', '.join(case.steps)}): {problem.line()}")


def _end_with(parent: Any) -> None:
    """End this process as soon as the one that started it is gone, however it went: a pool's processes would stay."""
    if parent is not None:
        parent.join()
        os._exit(1)


def lasting() -> None:
    """Make this process ready for many cases: one DuckDB for all of them, as a run over several cities has it, and
    garbage collected between chunks. A failure that a case alone does not show is then one of what is kept.
    """
    threading.Thread(target=_end_with, args=[parent_process()], daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process is told, and lets the others finish
    build: Any = import_module("vbp.ledger.build")  # the package's own `build` is the function
    engine = build.open_engine("duckdb")

    class Lent:
        def __getattr__(self, name: str) -> Any:
            return getattr(engine, name)

        def close(self) -> None:
            """Stay open for the next case."""

    lent, opened = Lent(), build.open_engine
    build.open_engine = lambda name, master="local[*]": lent if name == "duckdb" else opened(name, master)
    gc.collect()
    gc.freeze()
    gc.disable()
    atexit.register(lambda: (engine.close(), gc.unfreeze(), gc.collect()))  # else DuckDB complains of leaks at the end


@contextlib.contextmanager
def progress(cases: int, every: float = 20.0) -> Iterator[Callable[[Tally, Tally], None]]:
    """Print defects as they come, and on stderr how far the run is."""
    start = last = time.monotonic()

    def told(whole: Tally, part: Tally) -> None:
        nonlocal last
        for line in part.defects:
            print(line, flush=True)
        if time.monotonic() - last >= every:
            last = time.monotonic()
            left = (last - start) / max(whole.cases, 1) * (cases - whole.cases)
            print(
                f"{whole.cases:,} of {cases:,} cases, {len(whole.defects):,} defects, {last - start:.0f} s,"
                f" about {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )

    yield told
