"""One notebook, executed by papermill and proved to have run to its end."""
from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 600


class NotebookFailed(Exception):
    """A notebook did not run to its end; `reason` is one line, `notebook` the file that shows where."""

    def __init__(self, reason: str, notebook: Path) -> None:
        super().__init__(reason)
        self.reason = reason
        self.notebook = notebook


def execute(source: Path, target: Path, parameters: Mapping[str, Any]) -> Any:
    """Run `source` with checked parameters, store it as `target`, return the notebook node.

    Raises
    ------
    NotebookFailed
        Where a cell raised, timed out, or did not run (a `sys.exit()` in a cell counts as success for papermill).
    """
    import papermill
    from papermill.exceptions import PapermillException

    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = papermill.execute_notebook(
                str(source), str(target), dict(parameters), progress_bar=False, log_output=False, cwd=str(source.parent),
                request_save_on_cell_execute=False, autosave_cell_every=0, execution_timeout=TIMEOUT_SECONDS,
                kernel_manager_class="vbp.render.kernel.PrivateKernelManager")
    except PapermillException as error:
        raise NotebookFailed(_one_line(error), target) from error
    except Exception as error:
        raise NotebookFailed(f"{type(error).__name__}: {_one_line(error)}", target) from error
    _prove_complete(notebook, target)
    return notebook


def _one_line(error: Exception) -> str:
    """Return what went wrong, without the traceback."""
    name, value = getattr(error, "ename", None), getattr(error, "evalue", None)
    if name:
        return f"{value}" if name == "InputError" else f"{name}: {value}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _prove_complete(notebook: Any, target: Path) -> None:
    """Check that every code cell with code was executed, in order, without an error output."""
    if notebook.metadata.get("papermill", {}).get("exception"):
        raise NotebookFailed("papermill recorded an exception", target)
    expected = 0
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        expected += 1
        if cell.execution_count != expected:
            raise NotebookFailed(f"cell {number} did not run", target)
        if any(output.output_type == "error" for output in cell.outputs):
            raise NotebookFailed(f"cell {number} ended in an error", target)


def stable(notebook: Any) -> Any:
    """Return the notebook without clock times and paths: the same inputs give the same bytes."""
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
    return notebook
