"""Execute every notebook and store its outputs anew (`make notebooks`); nbval then proves that they stay."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from vbp.render.execute import stable

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def store(path: Path) -> None:
    """Execute one notebook in its own folder and write it back with stable cell ids and no clock times."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, coalesce_streams=True, resources={"metadata": {"path": str(NOTEBOOKS)}}
    )
    client.execute()
    notebook.metadata.pop("widgets", None)  # models of the sliders: random names, useless without a kernel
    for cell in notebook.cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", ()):
            cell.outputs = []  # sliders and live tables: shown once run, too large and too random to store
    notebook.metadata["language_info"] = {"name": "python"}
    path.write_text(nbformat.writes(stable(notebook)) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    for chosen in [NOTEBOOKS / name for name in sys.argv[1:]] or sorted(NOTEBOOKS.glob("*.ipynb")):
        store(chosen)
