"""The zygote: a process that has imported everything heavy, run nothing, and forks a Jupyter kernel on request (Linux).

Run as `python -m vbp.render.zygote FD PARENT`, by `vbp.render.warm.Zygote`. One connection is one kernel's life:

1. the driver sends one line of JSON: `{"argv", "env", "cwd"}`;
2. the zygote forks, answers `{"pid"}`, and `{"exit"}` if the kernel ends by itself. The dead kernel stays a zombie, so its
   process id cannot pass to another process while the driver may still signal it;
3. the driver hangs up, or dies: the kernel is killed with all that it started, also what left its session; it is reaped, and
   `{"exit", "peak_kib"}` is the last word.

So a kernel lives no longer than its driver, whatever kills the driver. With its parent the zygote gets SIGTERM and does the same
for every kernel; where the zygote itself is killed, its kernels die by PDEATHSIG.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import random
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vbp.render import family
from vbp.render.family import die_with_parent

LIBRARIES = (
    "pandas",
    "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape",
    "pyarrow",
    "pyarrow.pandas_compat",
    "duckdb",
    "scipy.stats",
    "statsmodels.api",
    "nbformat",
    "faulthandler",
    "runpy",
    "sqlite3",
    "tornado.platform.asyncio",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.inprocess",
    "matplotlib_inline.config",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.magics",
    "IPython.extensions.storemagic",
    "plotly.graph_objects",
    "plotly.io",
    "vbp.render.asked",
)
UNWANTED = ("vbp.cli", "vbp.render", "vbp.demo", "vbp.__main__")
_REQUEST_SECONDS = 30.0


@dataclass
class _Kernel:
    """One forked kernel: its driver's connection, its process, and whether it was seen to end."""

    connection: socket.socket
    pid: int
    watch: int


@dataclass
class _Server:
    """The listening socket, the selector, the kernels that live, and what imports have put into the environment."""

    listener: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    kernels: list[_Kernel] = field(default_factory=list)
    retiring: bool = False
    imported: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Serve on the inherited socket until standard input ends and the last kernel is gone."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent, signal.SIGTERM)
    try:
        listener = socket.socket(fileno=descriptor)
        _forget_working_folder()
        before = dict(os.environ)
        gc.disable()  # six walks over all that is being imported find next to nothing
        preload()
        gc.collect()
        gc.freeze()  # pages of imported modules stay shared: the collector does not write to them
        gc.enable()
        _serve(_Server(listener, imported=dict(os.environ.items() - before.items())))
    except Exception as error:  # whoever asks for a kernel is told that there is none; one line says why
        print(f"no warm kernels: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)  # no tear-down of modules whose objects are frozen


def preload() -> None:
    """Import what a report imports, and draw a figure of each kind so that plotly's lazy classes are there too.

    Raises
    ------
    RuntimeError
        Where an import left a thread running: forking would lose it.
    """
    from vbp.render.imports import import_nbformat

    import_nbformat()
    for name in (*LIBRARIES, *_own_modules()):
        try:
            importlib.import_module(name)
        except ImportError:  # an optional part; a report that needs it says so itself
            continue
    _rehearse()
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"{threads} threads after importing, so no kernel is forked from here")


def _own_modules() -> Iterator[str]:
    import vbp

    for module in pkgutil.walk_packages(vbp.__path__, "vbp."):
        if not module.name.startswith(UNWANTED):
            yield module.name


def _rehearse() -> None:
    """Touch what loads on first use, classes and the library's own phrases; nothing is kept, nothing of a user's is read."""
    from vbp.charts import theme
    from vbp.words import keys

    keys()
    line = {"line": {"width": 1, "color": "#000000"}}
    drawn = theme.frame("", "")
    drawn.add_bar(x=[1], y=[1], marker=line, error_x={"array": [1]}, textfont={"size": 9})
    drawn.add_scatter(x=[1], y=[1], error_x={"array": [1]}, marker=line, mode="markers", textfont={"size": 9}, **line)
    drawn.add_heatmap(z=[[1]], colorbar={"title": {"text": ""}}, textfont={"size": 9})
    drawn.add_waterfall(
        y=[1], connector=line, **{part: {"marker": line} for part in ("increasing", "decreasing", "totals")}
    )
    drawn.add_sankey(node={"label": [""]}, link={"source": [0], "target": [0], "value": [1]})
    drawn.add_hline(1, **line).add_vline(1).add_annotation(text="", font={"size": 9})
    drawn.update_layout(barmode="group", legend={"orientation": "h"})
    drawn.update_xaxes(tickfont={"size": 9}).update_yaxes(tickfont={"size": 9})
    drawn.to_json()
    for name in drawn.layout:
        drawn.layout[name]


def _serve(server: _Server) -> None:
    family.adopt()
    signal.signal(signal.SIGTERM, lambda *_: _stop(server))
    server.selector.register(server.listener, selectors.EVENT_READ, None)
    server.selector.register(0, selectors.EVENT_READ, "retire")
    while server.kernels or not server.retiring:
        for key, _ in server.selector.select():
            if server.selector.get_map().get(key.fd) is not key:
                continue  # closed by what was heard before it in this round
            if key.data is None:
                _fork(server)
            elif key.data == "retire":
                _retire(server)
            else:
                kernel, what = key.data
                _ended(server, kernel) if what == "watch" else _hung_up(server, kernel)


def _stop(server: _Server) -> None:
    """End every kernel with all that it started, and this process."""
    for process in {*(kernel.pid for kernel in server.kernels), *family.children(os.getpid())}:
        family.end(process)
    os._exit(0)


def _retire(server: _Server) -> None:
    """Take no more requests; end with the last kernel."""
    server.retiring = True
    server.selector.unregister(0)
    server.selector.unregister(server.listener)
    server.listener.close()


def _fork(server: _Server) -> None:
    connection, _ = server.listener.accept()
    connection.settimeout(_REQUEST_SECONDS)
    try:
        request = json.loads(connection.makefile("rb").readline())
    except (OSError, ValueError):
        connection.close()
        return
    zygote = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_kernel(server, connection, request, zygote)
    kernel = _Kernel(connection, pid, os.pidfd_open(pid))
    server.kernels.append(kernel)
    server.selector.register(kernel.watch, selectors.EVENT_READ, (kernel, "watch"))
    server.selector.register(connection, selectors.EVENT_READ, (kernel, "connection"))
    _tell(kernel, {"pid": pid})


def _ended(server: _Server, kernel: _Kernel) -> None:
    """Tell the driver that its kernel ended by itself; keep the zombie until the driver hangs up."""
    server.selector.unregister(kernel.watch)
    info = os.waitid(os.P_PID, kernel.pid, os.WEXITED | os.WNOWAIT)
    if info is not None:
        _tell(kernel, {"exit": info.si_status if info.si_code == os.CLD_EXITED else -info.si_status})


def _hung_up(server: _Server, kernel: _Kernel) -> None:
    """End the kernel and all that it started, reap it, and say how it ended and what it took."""
    family.end(kernel.pid)
    _, status, usage = os.wait4(kernel.pid, 0)
    if kernel.watch in server.selector.get_map():
        server.selector.unregister(kernel.watch)
    os.close(kernel.watch)
    _tell(kernel, {"exit": os.waitstatus_to_exitcode(status), "peak_kib": usage.ru_maxrss})
    server.selector.unregister(kernel.connection)
    kernel.connection.close()
    server.kernels.remove(kernel)
    _end_strays(server)


def _end_strays(server: _Server) -> None:
    """End what kernels that are gone had started: living kernels have theirs below themselves."""
    for process in set(family.children(os.getpid())) - {kernel.pid for kernel in server.kernels}:
        family.end(process)
        with suppress(ChildProcessError):
            os.waitpid(process, 0)


def _tell(kernel: _Kernel, message: dict[str, Any]) -> None:
    try:
        kernel.connection.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        return  # the driver is gone; its end of the connection says so too


def _become_kernel(server: _Server, connection: socket.socket, request: dict[str, Any], zygote: int) -> None:
    """Turn the forked child into a kernel as if started afresh; never returns."""
    try:
        _let_go(server, connection)
        os.setsid()
        die_with_parent(zygote)
        family.adopt()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.environ.clear()
        os.environ.update({**request["env"], **server.imported})
        time.tzset()
        os.chdir(request["cwd"])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.argv = request["argv"]
        _reseed()
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance()
    except SystemExit:
        os._exit(0)
    except BaseException as error:
        os.write(2, f"kernel: {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os._exit(0)


def _let_go(server: _Server, connection: socket.socket) -> None:
    """Close what belongs to the zygote, object by object: a number closed twice could be another's by then."""
    server.selector.close()
    server.listener.close()
    connection.close()
    for kernel in server.kernels:
        kernel.connection.close()
        os.close(kernel.watch)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _reseed() -> None:
    """Give the child entropy of its own: forks of one process would all draw the same numbers."""
    import numpy as np

    random.seed()
    np.random.seed()


def _forget_working_folder() -> None:
    """Leave the working folder off the module path, as `ipykernel_launcher` does."""
    if sys.path and sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]


if __name__ == "__main__":
    main()
