"""One notebook, executed by papermill and proved to have run to its end."""

from __future__ import annotations

import json
import logging
import signal
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vbp.render.kernel import Watch


class NotebookFailed(Exception):
    """A notebook did not run to its end; `reason` is one line, `notebook` the file that shows where."""

    def __init__(self, reason: str, notebook: Path) -> None:
        super().__init__(reason)
        self.reason = reason
        self.notebook = notebook


def execute(source: Path, target: Path, parameters: Mapping[str, Any], watch: Watch | None = None) -> Any:
    """Run `source` with checked parameters, store it as `target`, return the notebook node.

    Parameters
    ----------
    watch
        Limits of time and memory, the zygote where the kernel is to be forked; takes the kernel's peak memory.

    Raises
    ------
    NotebookFailed
        Where a cell raised, time ran out, the kernel died, or a cell did not run (a `sys.exit()` in a cell counts as
        success for papermill). The notebook as far as it came is at `target`.
    """
    from vbp.render.imports import import_nbformat

    import_nbformat()
    import papermill

    from vbp.render import engine
    from vbp.render.kernel import Watch

    engine.register()
    watch = watch or Watch()
    for name in ("papermill", "asyncio"):  # what stops a notebook is told once, by us; also what tasks it leaves behind
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = papermill.execute_notebook(
                str(source),
                str(target),
                dict(parameters),
                engine_name=engine.WARM if watch.zygote else engine.PLAIN,
                progress_bar=False,
                log_output=False,
                cwd=str(source.parent),
                request_save_on_cell_execute=False,
                autosave_cell_every=0,
                watch=watch,
                kept=str(target),
            )
    except OSError:
        raise
    except Exception as error:
        raise NotebookFailed(_reason(error, watch, target), target) from error
    _prove_complete(notebook, target)
    return notebook


def _reason(error: Exception, watch: Watch, kept: Path) -> str:
    """Return what stopped the notebook and where, one line; the place as Jupyter shows it, `In [4]`."""
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillException

    if watch.expired:
        return f"stopped after {watch.seconds:g} s, its time-out (--timeout){_where(kept)}"
    if isinstance(error, DeadKernelError):
        return f"Kernel died: {ending(watch.ended)}{_where(kept)}"
    line = _one_line(error)
    if getattr(error, "ename", None) == "MemoryError" and watch.memory_mib:
        line = f"{line}: a kernel may take {watch.memory_mib} MiB (--memory)"
    count = getattr(error, "exec_count", None)
    line = f"{line} (In [{count}])" if count else line
    return line if isinstance(error, PapermillException) else f"{type(error).__name__}: {line}"


def _one_line(error: Exception) -> str:
    """Return what went wrong, without the traceback."""
    name, value = getattr(error, "ename", None), getattr(error, "evalue", None)
    if name:
        return f"{value}" if name == "InputError" else _named(name, value)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _named(name: str, value: object) -> str:
    """Return an error's name and words, the name alone where it has none."""
    return f"{name}: {value}" if value else name


def _where(kept: Path) -> str:
    """Return which cell a notebook that was broken off had come to, as ` (In [4])`; empty where it does not tell."""
    try:
        cells = json.loads(kept.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return ""
    begun = [cell for cell in cells if cell.get("metadata", {}).get("papermill", {}).get("start_time")]
    count = sum(cell["cell_type"] == "code" and bool("".join(cell["source"]).strip()) for cell in begun)
    return f" (In [{count}])" if count else ""


def ending(code: int | None) -> str:
    """Return how a process ended, in words: its exit status, or the signal with what usually sends it."""
    if code is None or code >= 0:
        return "no word of how" if code is None else f"exit {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"killed by {name}{', as by a system that is out of memory' if name == 'SIGKILL' else ''}"


def _prove_complete(notebook: Any, target: Path) -> None:
    """Check that every code cell with code was executed, in order, without an error output."""
    expected = 0
    for cell in notebook.cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        expected += 1
        wrong = next((output for output in cell.outputs if output.output_type == "error"), None)
        if wrong is not None:
            raise NotebookFailed(f"{_named(wrong.ename, wrong.evalue)} (In [{expected}])", target)
        if cell.execution_count != expected:
            raise NotebookFailed(f"a cell did not run (In [{expected}])", target)
    if notebook.metadata.get("papermill", {}).get("exception"):
        raise NotebookFailed("papermill recorded an exception", target)


def stable(notebook: Any) -> Any:
    """Return the notebook without clock times and paths: the same inputs give the same bytes."""
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
    return notebook
