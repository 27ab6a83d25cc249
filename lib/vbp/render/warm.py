"""Warm kernels from the driver's side: is forking to be had, start a zygote, recycle it, private folders."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

REPORTS_PER_ZYGOTE = 60
"""Reports after which a zygote is replaced, so that nothing can pile up in a long run."""

MOST_DEAD = 3
"""Zygotes that may die before a run goes on with plain kernels."""

PREFIX = "vbp-"
_LONGEST_SOCKET = 107 - len("/zzzzzzzz/k-5")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def unavailable() -> str:
    """Return why kernels cannot be forked here, empty where they can."""
    if sys.platform != "linux":
        return f"warm kernels need Linux, this is {sys.platform}"
    if not hasattr(os, "pidfd_open"):
        return "warm kernels need Linux 5.3 or newer"
    return ""


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of every kernel, warm or cold: the same threads, renderer and library for both.

    One thread each: threads are lost in a fork, and the order in which they add changes last digits. Large arrays come from
    memory that is kept, not from the system each time (glibc), which costs a report a third of its page faults. The module
    path starts with the library that is running, so that a kernel in another folder finds the same one.
    """
    made = dict(os.environ if base is None else base)
    made.pop("PYTHONSTARTUP", None)
    made.update(dict.fromkeys(_THREADS, "1"))
    made.update({"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)})
    made["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
    made["PLOTLY_RENDERER"] = "plotly_mimetype"
    made["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # ipykernel brings a debugger, and that a warning nobody can heed
    library = str(Path(__file__).resolve().parents[2])
    others = [str(Path(part).resolve()) for part in made.get("PYTHONPATH", "").split(os.pathsep) if part]
    made["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([library, *others]))
    return made


def private_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a short folder for sockets, named after this process (socket paths end at 107 bytes)."""
    place = tempfile.gettempdir()
    owner = f"{PREFIX}{os.getpid()}-{_begun(os.getpid())}-"
    if len(place) + len(owner) > _LONGEST_SOCKET and Path("/tmp").is_dir():
        place = "/tmp"
    return tempfile.TemporaryDirectory(prefix=owner, dir=place)


def sweep() -> None:
    """Remove private folders whose process is gone: a killed run cannot clean up after itself (Linux only)."""
    if sys.platform != "linux":
        return
    for place in {tempfile.gettempdir(), "/tmp"}:
        for folder in Path(place).glob(f"{PREFIX}[0-9]*-*-*"):
            process, begun = folder.name[len(PREFIX) :].split("-")[:2]
            if process.isdigit() and _begun(int(process)) != begun and _is_ours(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return False  # another run has just swept it


def _begun(process: int) -> str:
    """Return when a process began, in clock ticks since the machine did; empty where it does not run, or no /proc.

    A number alone does not name a process: soon another process, or a thread, has it. And one that was killed keeps its
    number as a zombie until someone asks how it ended, which in a container may be never.
    """
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else fields[18]


class Zygote:
    """A running zygote; `address` is the socket on which it forks kernels.

    It listens before it has imported anything, so a request may come at once and is answered when all is loaded.
    """

    def __init__(self) -> None:
        self._folder = private_folder()
        self.address = str(Path(self._folder.name) / "z")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vbp.render.zygote", str(listener.fileno()), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(listener.fileno(),),
                env={name: value for name, value in environment().items() if name != "JPY_PARENT_PID"},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Return whether the process runs."""
        return self._process.poll() is None

    def retire(self) -> None:
        """Let it take no more requests and end with its last kernel."""
        if self._process.stdin:
            self._process.stdin.close()

    def close(self) -> None:
        """End it, with any kernel that is left."""
        self.retire()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Nursery:
    """Zygotes for a run: one at a time, replaced after `reports` reports or when it died.

    One that is replaced takes requests until the last of its reports is done: a report has several notebooks, and a worker
    may not have asked for its first kernel yet.
    """

    def __init__(self, reports: int = REPORTS_PER_ZYGOTE) -> None:
        self._reports = reports
        self._given = self._died = 0
        self._zygotes = [Zygote()]
        self._at_work: dict[str, Zygote] = {}

    def address(self, report: str) -> str:
        """Return where the kernels of `report` are forked; empty once zygotes died too often to go on with them."""
        dead = not self._zygotes[-1].alive()
        self._died += dead
        if self._died >= MOST_DEAD:
            return ""
        if self._given >= self._reports or dead:
            self._zygotes.append(Zygote())
            self._given = 0
        self._given += 1
        self._at_work[report] = self._zygotes[-1]
        self._retire()
        return self._zygotes[-1].address

    def done(self, report: str) -> None:
        """Take note that `report` needs no kernel any more."""
        self._at_work.pop(report, None)
        self._retire()

    def _retire(self) -> None:
        """End the zygotes that were replaced and have no report at work."""
        for zygote in self._zygotes[:-1]:
            if zygote not in self._at_work.values():
                self._zygotes.remove(zygote)
                zygote.close()

    def close(self) -> None:
        """End every zygote."""
        for zygote in self._zygotes:
            zygote.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
