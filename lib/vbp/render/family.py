"""A process with all that it started, also what left its session: ended together (Linux; elsewhere nothing is known below it)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What ends a process for certain; Windows has one way only."""


def die_with_parent(parent: int, number: int = KILL) -> None:
    """Ask the kernel (Linux) to send this process a signal when `parent` ends; end at once where it has ended already."""
    dying(parent, number)()


def dying(parent: int, number: int = KILL) -> Callable[[], None]:
    """Return `die_with_parent` with everything looked up beforehand: it may be called between fork and exec."""
    ask = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def told() -> None:
        if ask:
            ask(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(0)

    return told


def adopt() -> None:
    """Have what is left of this process's children, when these end, become children of this process (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def children(process: int) -> list[int]:
    """Return the children of a process, zombies included; none where the platform does not tell."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            with suppress(OSError):  # a thread that has just ended
                found += map(int, (thread / "children").read_text().split())
    return found


def below(process: int) -> list[int]:
    """Return what a process started, what that started, and so on, without those that have ended."""
    return [one for child in children(process) if not _ended(child) for one in (child, *below(child))]


def end_below(process: int) -> None:
    """Kill all that a process started; it is stopped meanwhile, so that it starts nothing more."""
    killed: set[int] = set()
    while left := set(below(process)) - killed:
        for number, one in ((signal.SIGSTOP, process), *((KILL, one) for one in left)):
            with suppress(OSError):  # it ended just now, or is another user's
                os.kill(one, number)
        killed |= left


def end(process: int) -> None:
    """Kill a child of ours, its group and all that it started; it stays a zombie until it is waited for."""
    end_below(process)
    end_group(process)
    with suppress(OSError):
        os.kill(process, KILL)


def end_group(leader: int) -> None:
    """Kill the processes of a group, its leader among them where it still runs."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(leader, KILL)


def end_orphans(leader: int) -> None:
    """Kill what is left of the group of a process that has ended and was waited for (Linux).

    While the group lasts, no other process gets the leader's number; where one has it, nothing was left.
    """
    if sys.platform == "linux" and not Path(f"/proc/{leader}").exists():
        end_group(leader)


def _ended(process: int) -> bool:
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return told.rpartition(")")[2].split()[0] in "ZX"
