"""Notebooks: prose and calls only, small, with stored outputs that a changed number breaks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def code_cells(path: Path) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin_and_stored_whole(path):
    cells = code_cells(path)
    lines = [
        line
        for cell in cells
        for line in "".join(cell["source"]).splitlines()
        if line.strip() and not line.strip().startswith("#")
    ]
    assert 1 < len(cells) <= 15
    assert len(lines) <= 60
    assert not any(line.lstrip().startswith(("def ", "class ")) for line in lines)
    assert all(cell["execution_count"] for cell in cells)
    assert not any(output["output_type"] == "error" for cell in cells for output in cell["outputs"])
    assert path.stat().st_size < 1_500_000
    assert "/work/" not in path.read_text(encoding="utf-8")


def test_a_number_changed_by_hand_makes_nbval_fail(tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(ROOT / "data", copy, ignore=shutil.ignore_patterns("inputs"))
    facts = copy / "facts.csv"
    text = facts.read_text(encoding="utf-8")
    assert "1124000000" in text
    facts.write_text(text.replace("1124000000", "1125000000"), encoding="utf-8")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-o",
            "addopts=",
            "--nbval",
            "--nbval-sanitize-with",
            str(ROOT / "tests" / "nbval.cfg"),
            str(ROOT / "notebooks" / "city_report.ipynb"),
            "-q",
        ],
        cwd=ROOT,
        env={**os.environ, "VBP_DATA": str(copy)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 1
    assert "failed" in run.stdout
