"""A kernel manager for parallel runs: private IPC sockets instead of TCP ports that can collide (papermill#511), limits
on time and memory, and warm kernels where a zygote is given."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec
from jupyter_client.manager import AsyncKernelManager

from vbp.render import family, warm

_PYTHON = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
_NO_HISTORY = "--HistoryManager.hist_file=:memory:"
SECONDS = 600.0


@dataclass
class Watch:
    """Limits of one report's kernel, and what it turned out to take.

    Attributes
    ----------
    seconds
        Time-out of the whole notebook; the kernel is killed then, and `expired` says so.
    memory_mib
        Most private memory of the kernel (RLIMIT_DATA), 0 for no limit.
    zygote
        The zygote's socket for a warm kernel; empty for a kernel started afresh.
    ask
        A Python expression put to the kernel after the last cell; empty for none.
    answer
        Its value as text (what `repr` of a str would hold), empty where the kernel could not say.
    peak_kib
        Peak resident memory, 0 where the platform does not tell.
    expired
        The kernel was killed when its time was up.
    ended
        How the kernel ended by itself: its exit status, negative for a signal; None where it was ended in good order.
    """

    seconds: float = SECONDS
    memory_mib: int = 0
    zygote: str = ""
    ask: str = ""
    answer: str = ""
    peak_kib: int = 0
    expired: bool = False
    ended: int | None = None


class PrivateKernelManager(AsyncKernelManager):
    """Start each kernel on sockets in a private folder of its own, with its history in memory, under a `Watch`.

    It is this interpreter, whatever kernels a user has installed, and its IPython takes nothing from the user's home: a
    start-up script would change a page whose fingerprint stays. The folder is short (socket paths end at 107 bytes) and is
    removed with the kernel. Where the platform has no UNIX sockets (Windows), the default TCP transport stays.
    """

    watch = Watch()

    @classmethod
    def under(cls, watch: Watch) -> type[PrivateKernelManager]:
        """Return the class for one report: papermill and nbclient take a class, and make the manager themselves."""
        return type(cls.__name__, (cls,), {"watch": watch})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder = None
        self._alarm: threading.Timer | None = None
        self._noted = False
        if sys.platform != "win32":
            self._folder = warm.private_folder()
            self.transport = "ipc"
            self.ip = str(Path(self._folder.name) / "k")
            self.connection_file = str(Path(self._folder.name) / "kernel.json")

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel's specification: this interpreter where the notebook asks for Python; with a zygote, provisioned by forking.

        Nothing is looked up for it: jupyter_client would look into the user's home, and make one in /tmp where there is none.
        """
        if self.kernel_name != NATIVE_KERNEL_NAME:
            return super().kernel_spec
        spec = KernelSpec(argv=_PYTHON, display_name="Python", language="python", metadata={})
        if self.watch.zygote:
            from vbp.render import provisioner

            provisioner.register()
            config = {"address": self.watch.zygote}
            spec.metadata["kernel_provisioner"] = {"provisioner_name": provisioner.NAME, "config": config}
        return spec

    async def _async_start_kernel(self, **kwargs: Any) -> None:
        extra = kwargs.get("extra_arguments", [])
        if _NO_HISTORY not in extra:  # nbclient passes the option too
            kwargs["extra_arguments"] = [*extra, _NO_HISTORY]
        kwargs["env"] = warm.environment(kwargs.get("env"))
        if self._folder is not None:
            kwargs["env"]["IPYTHONDIR"] = str(Path(self._folder.name) / "ipython")
        kwargs["cwd"] = str(Path(kwargs.get("cwd") or ".").resolve())
        await super()._async_start_kernel(**kwargs)
        self._limit()

    start_kernel = _async_start_kernel

    def _limit(self) -> None:
        """Put the kernel under its limits, and first in line where the machine runs out of memory."""
        pid = self._pid()
        self._alarm = threading.Timer(self.watch.seconds, self._expire, [pid])
        self._alarm.daemon = True
        self._alarm.start()
        if sys.platform != "linux" or not pid:
            return
        import resource

        try:
            Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
            if self.watch.memory_mib:
                most = self.watch.memory_mib << 20
                resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))
        except OSError:
            return  # it has ended already; nbclient will see that

    def _pid(self) -> int:
        return int(getattr(self.provisioner, "pid", 0) or 0)

    def _expire(self, pid: int) -> None:
        """Kill the kernel with all that it started when time is up; nbclient notices within a second."""
        if self._alarm is not None and self.has_kernel and 0 < pid == self._pid():
            self.watch.expired = True
            family.end(pid)

    async def _async_interrupt_kernel(self) -> None:
        """Interrupt the kernel, but not on the way out: it is killed next and would only complain."""
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    interrupt_kernel = _async_interrupt_kernel

    async def _async_kill_kernel(self, restart: bool = False) -> None:
        self._remember(_peak_kib(self._pid()))
        self._note_end()
        if not self.watch.zygote:  # a zygote ends what its kernels started
            family.end_below(self._pid())
        await super()._async_kill_kernel(restart=restart)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._note_end()
        pid = self._pid()
        await super()._async_cleanup_resources(restart=restart)
        self._remember(getattr(self.provisioner, "peak_kib", None))
        if pid and not self.watch.zygote:
            family.end_orphans(pid)
        if self._folder is not None and not restart:
            self._folder.cleanup()

    cleanup_resources = _async_cleanup_resources

    def _note_end(self) -> None:
        """Note how the kernel ended by itself, once: what comes after is our own doing."""
        if not self._noted:
            process = getattr(self.provisioner, "process", None)
            self._noted, self.watch.ended = True, process.poll() if process is not None else None

    def _remember(self, peak_kib: int | None) -> None:
        self.watch.peak_kib = max(self.watch.peak_kib, peak_kib or 0)


def resident_mib() -> float | None:
    """Return the resident memory of this process, MiB; None where the platform does not tell."""
    taken = _status("self", "VmRSS")
    return None if taken is None else round(taken / 1024, 1)


def _peak_kib(pid: int) -> int | None:
    return _status(str(pid), "VmHWM")


def _status(process: str, field: str) -> int | None:
    """Return a field of a running process in KiB, None where the platform does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), None)
