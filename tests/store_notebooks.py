"""Execute every notebook and store its outputs anew (`make notebooks`); nbval then proves that they stay."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from vbp.render.execute import stable

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
sys.path.insert(0, str(ROOT))
from tests.tools.pictures import add_pictures  # noqa: E402  # a script finds its neighbours by the repository's top


def store(path: Path) -> None:
    """Execute one notebook in its own folder and write it back with stable cell ids, no clock times, pictures of figures."""
    notebook, before = (nbformat.read(path, as_version=4) for _ in range(2))
    client = NotebookClient(
        notebook, timeout=300, coalesce_streams=True, resources={"metadata": {"path": str(NOTEBOOKS)}}
    )
    client.execute()
    notebook.metadata.pop("widgets", None)  # models of the sliders: random names, useless without a kernel
    for cell in notebook.cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", ()):
            cell.outputs = []  # sliders and live tables: shown once run, too large and too random to store
    notebook.metadata["language_info"] = {"name": "python"}
    drawn = add_pictures(notebook, before)
    path.write_text(nbformat.writes(stable(notebook)) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB, {drawn} pictures drawn anew")


if __name__ == "__main__":
    for chosen in [NOTEBOOKS / name for name in sys.argv[1:]] or sorted(NOTEBOOKS.glob("*.ipynb")):
        store(chosen)
