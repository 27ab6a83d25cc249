"""papermill engines: `vbp` runs a notebook in a fresh kernel under limits, `vbp-warm` in a kernel forked from a zygote.

Both are entry points, so papermill's own command takes them: `papermill --engine vbp-warm …`.
"""

from __future__ import annotations

import ast
import sys
from contextlib import ExitStack
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import write_ipynb
from papermill.log import logger

from vbp.render import warm
from vbp.render.kernel import PrivateKernelManager, Watch
from vbp.render.provisioner import ZygoteLost

PLAIN, WARM = "vbp", "vbp-warm"
_START_SECONDS = 180
_IOPUB_SECONDS = 60  # nbclient's 4 s are too few on a busy machine


class _Client(PapermillNotebookClient):
    """papermill's client that puts one more question to the kernel after the last cell, outside the notebook."""

    watch: Watch = Watch()

    def papermill_execute_cells(self) -> None:
        """Execute the cells; then ask, where there is something to ask and no cell failed."""
        super().papermill_execute_cells()
        if not self.watch.ask or self.nb.metadata.get("papermill", {}).get("exception"):
            return
        assert self.kc is not None
        message = self.kc.execute("", silent=True, store_history=False, user_expressions={"answer": self.watch.ask})
        told = self.wait_for_reply(message)["content"].get("user_expressions", {}).get("answer", {})
        if told.get("status") == "ok":
            self.watch.answer = ast.literal_eval(told["data"]["text/plain"])


class ReportEngine(NBClientEngine):
    """papermill's own engine with private sockets, limits, and a failed notebook that is kept whatever stopped it."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, *, kept: str = "", **kwargs: Any) -> Any:
        """Execute `nb`; where that is broken off (time, a dead kernel), leave it as far as it came at `kept`."""
        try:
            return super().execute_notebook(nb, kernel_name, **kwargs)
        except BaseException:
            if kept:
                write_ipynb(nb, kept)
            raise

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, watch: Watch | None = None, **kwargs: Any
    ) -> Any:
        """Execute under `watch`, which has the limits and takes the kernel's peak memory."""
        watch = watch or Watch()
        unused = ("input_path", "timeout", "startup_timeout", "execution_timeout", "start_timeout")
        client = _Client(
            nb_man,
            **{name: value for name, value in kwargs.items() if name not in unused},
            kernel_name=kernel_name,
            log=logger,
            kernel_manager_class=PrivateKernelManager.under(watch),
            shutdown_kernel="immediate",
            coalesce_streams=True,
            startup_timeout=max(kwargs.get("start_timeout") or 0, _START_SECONDS),
            iopub_timeout=_IOPUB_SECONDS,
        )
        client.watch = watch
        return client.execute()


class WarmEngine(ReportEngine):
    """The same in a kernel forked from a zygote: that of `watch`, else one started for this notebook."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, watch: Watch | None = None, **kwargs: Any
    ) -> Any:
        """Execute in a forked kernel, or in a plain one, said on standard error, where forking is not to be had."""
        watch = watch or Watch()
        why = "" if watch.zygote else warm.unavailable()
        with ExitStack() as stack:
            if not watch.zygote and not why:
                watch.zygote = stack.enter_context(warm.Zygote()).address
            try:
                if not why:
                    return super().execute_managed_notebook(nb_man, kernel_name, watch=watch, **kwargs)
            except ZygoteLost as error:
                why, watch.zygote = str(error), ""
            print(f"plain kernel instead of a warm one: {why}", file=sys.stderr)
            return super().execute_managed_notebook(nb_man, kernel_name, watch=watch, **kwargs)


def register() -> None:
    """Make the engines known where the package is used from its folder, without its entry points installed."""
    for name, engine in ((PLAIN, ReportEngine), (WARM, WarmEngine)):
        papermill_engines.register(name, engine)
