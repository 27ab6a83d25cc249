"""Notebooks: prose and calls only, small, with stored outputs that a changed number breaks."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.tools.pictures import OF, PLOTLY, PNG, add_pictures, outputs_with_figures, picture_of

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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_has_a_picture_of_itself_for_readers_where_no_script_runs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    figures = list(outputs_with_figures(notebook))
    assert [output["metadata"].get(OF) for output in figures] == [picture_of(output) for output in figures]
    assert all(base64.b64decode(output["data"][PNG])[1:4] == b"PNG" for output in figures), "run make notebooks"
    assert len(figures) >= 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_prose_in_two_languages_and_each_part_has_a_heading_of_its_own(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    headings = [line for text in prose for line in text.splitlines() if line.startswith("#")]
    assert headings[0].startswith("# ") and len(headings) >= 3
    assert len(set(headings)) == len(headings), "a heading stands twice"
    for text in prose:
        assert re.search("[\u4e00-\u9fff]", text) and re.search("[A-Za-z]{3}", text), text
    assert "parameters" in next(cell for cell in cells if cell["cell_type"] == "code")["metadata"]["tags"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_shows_is_for_people(path):
    for cell in code_cells(path):
        for output in cell["outputs"]:
            data = output.get("data", {})
            if output["output_type"] == "execute_result":
                assert "text/html" in data, f"a raw value: {''.join(data['text/plain'])[:80]}"
            shown = "".join(data.get("text/html", [])) + "".join(output.get("text", []))
            words = re.sub(r"<style>.*?</style>|<[^>]+>", " ", shown, flags=re.DOTALL)
            assert not re.search(r"_(yuan|units|fen|milliunits|percent)\b|Decimal\(|\bNaN\b|\bNone\b", words), words[
                :200
            ]


def test_pictures_are_kept_where_the_figure_is_the_same_and_drawn_anew_where_it_is_not(chromium):
    def notebook(value: int) -> dict:
        spec = {"data": [{"type": "bar", "x": ["a"], "y": [value]}], "layout": {"height": 200}}
        output = {"output_type": "display_data", "data": {PLOTLY: spec}, "metadata": {}}
        return {"cells": [{"cell_type": "code", "outputs": [output]}]}

    def picture(one: dict) -> str:
        return one["cells"][0]["outputs"][0]["data"][PNG]

    first, same, other = notebook(1), notebook(1), notebook(2)
    assert add_pictures(first, notebook(1)) == 1
    first["cells"][0]["outputs"][0]["data"][PNG] += "kept"
    assert add_pictures(same, first) == 0 and picture(same) == picture(first)
    assert add_pictures(other, first) == 1 and picture(other) != picture(first)


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
