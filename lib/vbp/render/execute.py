"""One notebook, executed by papermill and proved to have run to its end."""

from __future__ import annotations

import logging
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
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
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
        raise NotebookFailed(_reason(error, watch), target) from error
    _prove_complete(notebook, target)
    return notebook


def _reason(error: Exception, watch: Watch) -> str:
    """Return what stopped the notebook, one line."""
    from papermill.exceptions import PapermillException

    if watch.expired:
        return f"stopped after {watch.seconds:g} s, its time-out"
    line = _one_line(error)
    return line if isinstance(error, PapermillException) else f"{type(error).__name__}: {line}"


def _one_line(error: Exception) -> str:
    """Return what went wrong, without the traceback."""
    name, value = getattr(error, "ename", None), getattr(error, "evalue", None)
    if name:
        return f"{value}" if name == "InputError" else f"{name}: {value}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _prove_complete(notebook: Any, target: Path) -> None:
    """Check that every code cell with code was executed, in order, without an error output."""
    expected = 0
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        expected += 1
        wrong = next((output for output in cell.outputs if output.output_type == "error"), None)
        if wrong is not None:
            raise NotebookFailed(f"cell {number} ended in {wrong.ename}: {wrong.evalue}", target)
        if cell.execution_count != expected:
            raise NotebookFailed(f"cell {number} did not run", target)
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
