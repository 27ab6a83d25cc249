"""Run a notebook's cells in this process: quick enough for many folders, and what each cell shows is at hand."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.conftest import ROOT


@dataclass(frozen=True)
class Shown:
    """What one code cell showed: its source, all words (HTML as it is), the number of figures, and its error if any."""

    source: str
    words: str
    figures: int
    error: BaseException | None


def run(name: str, **parameters: str) -> list[Shown]:
    """Return what each code cell of a notebook shows with these parameters; a cell that fails stops nothing."""
    from IPython.core.interactiveshell import InteractiveShell

    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()  # `display` asks for the one shell of the process
    try:
        shown = []
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                if "parameters" in cell["metadata"].get("tags", ()):
                    source = _with(source, parameters)
                shown.append(_ran(shell, source))
        return shown
    finally:
        InteractiveShell.clear_instance()


def _with(source: str, parameters: dict[str, str]) -> str:
    for name, value in parameters.items():
        source, count = re.subn(rf'^{name}: str = "[^"]*"', f"{name}: str = {value!r}", source, flags=re.MULTILINE)
        assert count == 1, f"the notebook has no parameter {name}"
    return source


def _ran(shell: Any, source: str) -> Shown:
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        done = shell.run_cell(source)
    data = [output.data for output in captured.outputs]
    if done.result is not None:
        data.append({"text/html": getattr(done.result, "_repr_html_", lambda: "")() or repr(done.result)})
    words = [captured.stdout, captured.stderr, *(str(one.get("text/html", "")) for one in data)]
    figures = sum("application/vnd.plotly.v1+json" in one for one in data)
    return Shown(source, "\n".join(words), figures, done.error_in_exec or done.error_before_exec)
