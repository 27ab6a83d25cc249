"""One run at a time in a folder of reports: a lock that the system takes back when the run ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vbp.errors import InputError, Problem
from vbp.render.files import unwritable

NAME = ".lock"


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Hold the lock of `out`, which is made where it is missing.

    Raises
    ------
    InputError
        Where another run holds it, or `out` cannot be written to.
    """
    path = out / NAME
    try:
        out.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise unwritable(out, error) from error
    with stream:
        if not _take(stream):
            stream.seek(0)
            raise InputError(
                Problem(
                    f"another run is writing here (process {stream.read().strip() or 'unknown'}); wait until it has ended, "
                    "or give another folder with --out",
                    "locked",
                    file=str(out),
                )
            )
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        yield


def _take(stream: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(1 << 20)  # beyond the text, so that the other run may read it
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
