"""Run a verb again and again in forked children and kill each at a random moment; a process of its own, started by the test.

`python killer.py SEED KILLS SECONDS -- VERB WORDS…` loads the library once, so that kills fall into the work and not
into the loading. Prints how many children were killed while they worked and how many had ended.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time


def child(words: list[str]) -> None:
    """Run the verb in a forked process, silent."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    from vbp.cli import main

    main(words)


def load() -> None:
    """Import what verbs import, without starting a thread."""
    import duckdb  # noqa: F401
    import openpyxl  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401
    import typer  # noqa: F401

    import vbp.check
    import vbp.demo
    import vbp.imports
    import vbp.ledger
    import vbp.statement
    import vbp.surplus
    import vbp.template  # noqa: F401


def one(words: list[str], seconds: float) -> bool:
    """Start a child, wait, kill it; return whether it was still at work."""
    process = os.fork()
    if process == 0:
        try:
            child(words)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def whole(words: list[str]) -> float:
    """Run the verb once to its end and return how long it takes."""
    start = time.monotonic()
    process = os.fork()
    if process == 0:
        try:
            child(words)
        except SystemExit as stop:
            os._exit(int(stop.code or 0))
        os._exit(9)
    status = os.waitpid(process, 0)[1]
    if status:
        sys.exit(f"the verb itself fails: {status}")
    return time.monotonic() - start


def main() -> None:
    """Kill."""
    seed, kills, words = int(sys.argv[1]), int(sys.argv[2]), sys.argv[4:]
    load()
    chance = random.Random(seed)
    length = whole(words)
    at_work = sum(one(words, chance.random() * length) for _ in range(kills))
    print(at_work, kills - at_work)


if __name__ == "__main__":
    main()
