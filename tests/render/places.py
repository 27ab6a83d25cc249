"""What the tests of rendering share: places of the demonstration's kind with few tables, and small notebooks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat

TABLES = ("city.yaml", "hospitals.csv", "batch_usage.csv", "batches.csv", "fund.csv")
PARAMETERS = 'city: str = "quanzhou"\nlang: str = "zh"\ninputs: str = ""\nas_of: str = ""'
FIGURES = (
    "from IPython.display import display\n"
    "figure = {'data': [], 'layout': {'meta': {'alt': city, 'help': lang}}}\n"
    "for _ in range(5):\n"
    "    display({'application/vnd.plotly.v1+json': figure, 'text/plain': ''}, raw=True)"
)


def light_copy(demo: Path, root: Path, slug: str) -> Path:
    """Copy the demonstration's amounts by round (no ledger) as another place; it stays marked synthetic."""
    folder = root / slug
    folder.mkdir(parents=True)
    for name in TABLES:
        shutil.copyfile(demo / name, folder / name)
    return folder


def notebook_of(folder: Path, *cells: str) -> Path:
    """Write a report notebook with these cells; `VBP_NOTEBOOKS` makes `vbp report` use it."""
    folder.mkdir(exist_ok=True)
    path = folder / "city_report.ipynb"
    parameters = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    made = nbformat.v4.new_notebook(
        cells=[parameters, *map(nbformat.v4.new_code_cell, cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(made, path)
    return path


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return the contents of a report's folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def processes_with(mark: str) -> list[int]:
    """Return the live processes whose environment holds `mark`; zombies have none."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        except OSError:
            continue
    return found
