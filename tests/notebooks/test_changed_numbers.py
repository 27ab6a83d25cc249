"""One number changed in the data, and nbval fails in the cells that show it or what follows from it, and in no others.

Each notebook is copied; its data or its demonstration folder is a copy with one number altered. One notebook is proved with
every run, the others with `make test-long`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from vbp.demo import make_demo
from vbp.play import HOSPITALS, MONTHS


@dataclass(frozen=True)
class Change:
    """One number in one file (of `data/`, or of the demonstration folder), and the code cells that must fail."""

    notebook: str
    root: str
    file: str
    before: str
    after: str
    cells: frozenset[int]


def change(notebook: str, root: str, file: str, before: str, after: str, *cells: int) -> Change:
    return Change(notebook, root, file, before, after, frozenset(cells))


CHANGES = (
    change("city_report", "data", "facts.csv", "1124000000", "1125000000", 2, 10, 11, 12, 14),
    change("overview", "data", "facts.csv", "1124000000", "1125000000", 4, 6),
    change("validation", "data", "reference/index_quantity6.csv", r"0,1\.0,0\.8,", "0,1.0,0.7,", 6),
    change("your_own_data", "data", "rules/national-2020.yaml", r"ratio: 0\.50", "ratio: 0.40", 5),
    change("tender_results", "demo", "awards.csv", r"2021-01-01,2022-12-31,13\.48,", "2021-01-01,2022-12-31,13.58,", 3, 4, 6, 7),
    change("hospital_usage", "demo", "usage.csv", r"(H001,2023-01,P0001,\d+,)", r"\g<1>1", 2, 3),
    change("savings", "demo", "usage.csv", "H001,2020-01,P0001,", "H001,2020-01,P0001,1", 2, 3, 4, 5, 7, 8, 9, 10),
    change("retained_surplus", "demo", "assessments.csv", r"(DEMO-N1,H001,1,)\d", r"\g<1>5", 1, 2, 4, 5, 6, 8, 10, 11),
    change("policy_impact", "demo", "usage.csv", "H001,2020-01,P0001,", "H001,2020-01,P0001,1", 2, 6, 7, 8),
)  # fmt: skip
SAMPLE = "savings"


def failing(notebook: str, folder: Path, data: Path | None, inputs: Path | None) -> set[int]:
    """Run nbval (strict) on a copy of a notebook and return the numbers of the code cells that fail."""
    copy = folder / f"{notebook}.ipynb"
    source = json.loads((ROOT / "notebooks" / copy.name).read_text(encoding="utf-8"))
    if inputs is not None:
        cell = next(cell for cell in source["cells"] if "parameters" in cell["metadata"].get("tags", ()))
        text = "".join(cell["source"])
        assert 'inputs: str = ""' in text
        cell["source"] = text.replace('inputs: str = ""', f"inputs: str = {str(inputs)!r}")
    copy.write_text(json.dumps(source), encoding="utf-8")
    options = [
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=",
        "--nbval",
        "--nbval-sanitize-with",
        str(ROOT / "tests" / "nbval.cfg"),
    ]
    environment = {**os.environ, **({"VBP_DATA": str(data)} if data else {})}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(copy), "-q", "-rf", "--tb=no"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert run.returncode in (0, 1), run.stdout[-2000:] + run.stderr[-2000:]
    assert "passed" in run.stdout
    return {int(number) for number in re.findall(r"^FAILED .*::Cell (\d+)", run.stdout, re.MULTILINE)}


def altered(path: Path, before: str, after: str) -> None:
    """Change one number (a pattern and what takes its place) in a file; refuse where it is not there."""
    text, count = re.subn(before, after, path.read_text(encoding="utf-8"), count=1)
    assert count == 1
    path.write_text(text, encoding="utf-8")


def outcome(chosen: Change, folder: Path, change_it: bool = True) -> set[int]:
    """Return the cells of a notebook that fail on a copy of its data, with the number changed or as it is."""
    root = folder / chosen.root
    if chosen.root == "data":
        shutil.copytree(ROOT / "data", root, ignore=shutil.ignore_patterns("inputs"))
    else:
        make_demo(root, hospitals=HOSPITALS, months=MONTHS)
    if change_it:
        altered(root / chosen.file, chosen.before, chosen.after)
    return failing(
        chosen.notebook, folder, root if chosen.root == "data" else None, root if chosen.root == "demo" else None
    )


@pytest.mark.parametrize(
    "chosen",
    [pytest.param(one, id=one.notebook, marks=() if one.notebook == SAMPLE else pytest.mark.long) for one in CHANGES],
)
def test_one_changed_number_fails_the_cells_that_show_it_and_no_others(chosen, tmp_path):
    assert outcome(chosen, tmp_path) == set(chosen.cells)


@pytest.mark.long
@pytest.mark.parametrize("chosen", [one for one in CHANGES if one.root == "demo"], ids=lambda one: one.notebook)
def test_the_same_folder_unchanged_fails_no_cell(chosen, tmp_path):
    assert outcome(chosen, tmp_path, change_it=False) == set()


def test_every_notebook_is_changed_once():
    assert sorted(one.notebook for one in CHANGES) == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert all(one.cells for one in CHANGES)
