"""A kernel manager for parallel runs: private IPC sockets instead of TCP ports that can collide (papermill#511)."""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager


_NO_HISTORY = "--HistoryManager.hist_file=:memory:"


class PrivateKernelManager(AsyncKernelManager):
    """Start each kernel on sockets in a private folder of its own, with its history in memory.

    The folder is short (socket paths end at 107 bytes) and is removed with the kernel. Where the platform has no
    UNIX sockets (Windows), the default TCP transport stays.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if sys.platform != "win32":
            self._folder = tempfile.TemporaryDirectory(prefix="vbp")
            self.transport = "ipc"
            self.ip = str(Path(self._folder.name) / "k")
            self.connection_file = str(Path(self._folder.name) / "kernel.json")

    async def _async_start_kernel(self, **kwargs: Any) -> None:
        extra = kwargs.get("extra_arguments", [])
        if _NO_HISTORY not in extra:  # nbclient passes the option too
            kwargs["extra_arguments"] = [*extra, _NO_HISTORY]
        await super()._async_start_kernel(**kwargs)

    start_kernel = _async_start_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if self._folder is not None and not restart:
            self._folder.cleanup()

    cleanup_resources = _async_cleanup_resources
