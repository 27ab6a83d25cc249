"""A jupyter_client provisioner whose kernels are forked from a zygote (entry point `vbp-fork`)."""

from __future__ import annotations

import json
import os
import signal
import socket
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import Unicode

NAME = "vbp-fork"
_START_SECONDS = 180.0


class ZygoteLost(Exception):
    """The zygote could not be reached, or ended before it had forked."""


class Forked:
    """A kernel that a zygote forked, with as much of `subprocess.Popen` as jupyter_client uses.

    Attributes
    ----------
    pid
        Process id, also of its session and group. It stays ours until `finish`: the zygote keeps the zombie.
    returncode
        None while it runs; negative for a signal.
    peak_kib
        Peak resident memory, known after `finish`; shared pages of the zygote included.
    """

    stdin = stdout = stderr = None

    def __init__(self, address: str, argv: list[str], env: dict[str, str], cwd: str) -> None:
        self.returncode: int | None = None
        self.peak_kib: int | None = None
        self._rest = b""
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(_START_SECONDS)
        try:
            self._line.connect(address)
            self._line.sendall(json.dumps({"argv": argv, "env": env, "cwd": cwd}).encode() + b"\n")
            self.pid = self._first()["pid"]
        except (OSError, ValueError) as error:
            self._line.close()
            raise ZygoteLost(f"the zygote at {address} did not answer ({error})") from error

    def _first(self) -> dict[str, Any]:
        while b"\n" not in self._rest:
            more = self._line.recv(4096)
            if not more:
                raise OSError("it ended while it was loading")
            self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        return dict(json.loads(line))

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs."""
        if self.returncode is None:
            self._line.setblocking(False)
            self._listen()
        return self.returncode

    def _listen(self) -> None:
        """Take in what the zygote said; the end of the line without a word means that the zygote died, its kernels with it."""
        try:
            while more := self._line.recv(4096):
                self._rest += more
                *lines, self._rest = self._rest.split(b"\n")
                for line in lines:
                    told = json.loads(line)
                    self.returncode = told.get("exit", self.returncode)
                    self.peak_kib = told.get("peak_kib", self.peak_kib)
        except (BlockingIOError, TimeoutError):
            return
        except OSError:
            pass
        self.returncode = -signal.SIGKILL if self.returncode is None else self.returncode

    def wait(self) -> int:
        """Return the exit code; to be called when `poll` has it."""
        self.finish()
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Signal the kernel alone."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it with all that it started."""
        self.finish()

    terminate = kill

    def finish(self) -> None:
        """Hang up: the zygote kills and reaps the kernel's process group and says what it took."""
        if self._line.fileno() < 0:
            return
        self._line.settimeout(10.0)
        with suppress(OSError):  # the zygote may be gone
            self._line.shutdown(socket.SHUT_WR)
        self._listen()
        self._line.close()


class ForkProvisioner(LocalProvisioner):
    """Fork the kernel from the zygote at `address` instead of starting a new interpreter."""

    address = Unicode("", config=True, help="the zygote's socket")
    process: Any = None
    peak_kib: int | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Have the zygote fork a kernel with the arguments of `cmd`."""
        env = {name: value for name, value in (kwargs.get("env") or os.environ).items() if name != "JPY_PARENT_PID"}
        start = next(number for number, word in enumerate(cmd) if word == "-f" or word.startswith("--"))
        self.process = Forked(
            self.address, ["ipykernel_launcher.py", *cmd[start:]], env, str(kwargs.get("cwd") or Path.cwd())
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and all that it started."""
        self._finish()

    async def terminate(self, restart: bool = False) -> None:
        """As `kill`: a forked kernel keeps nothing that would be lost."""
        self._finish()

    async def cleanup(self, restart: bool = False) -> None:
        """See that nothing is left, also where the kernel died by itself."""
        self._finish()
        await super().cleanup(restart=restart)

    def _finish(self) -> None:
        if self.process is not None:
            self.process.finish()
            self.peak_kib = self.process.peak_kib


def register() -> None:
    """Make the provisioner known where the package is used from its folder, without its entry points installed."""
    known = KernelProvisionerFactory.instance().provisioners
    known.setdefault(NAME, EntryPoint(NAME, f"{__name__}:ForkProvisioner", KernelProvisionerFactory.GROUP_NAME))
