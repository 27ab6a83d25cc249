"""The same inputs on another run, in another folder, zone, locale and hash seed: the same pages, summaries, statements, outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.places import environment, place, run


def rendered(base: Path, **env: str | None) -> Path:
    """Render the small place in this folder by the command line."""
    place(base / "inputs" / "试验")
    base.joinpath("elsewhere").mkdir()
    words = ("report", "试验", "--inputs", base / "inputs", "--out", base / "out", "--lang", "zh", "--plain")
    done = run(*words, cwd=base / "elsewhere", env=environment(**env))
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    return base / "out" / "试验"


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[Path, Path]:
    """The same place rendered twice under other circumstances."""
    one = rendered(tmp_path_factory.mktemp("one"), PYTHONHASHSEED="0", TZ="Asia/Shanghai")
    two = rendered(
        tmp_path_factory.mktemp("另 一 处"), PYTHONHASHSEED="4321", TZ="America/St_Johns", LC_ALL="C", HOME=None
    )
    return one, two


def outputs(notebook: Path) -> list[Any]:
    return [cell.get("outputs") for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]


@pytest.mark.parametrize("name", ["report.zh.html", "summary.json", "statement.xlsx"])
def test_pages_summaries_and_statements_are_byte_identical(pair, name):
    one, two = (folder / name for folder in pair)
    assert one.stat().st_size > 1000
    assert one.read_bytes() == two.read_bytes()


def test_outputs_of_executed_notebooks_are_identical(pair):
    one, two = (outputs(folder / "report.zh.ipynb") for folder in pair)
    assert sum(bool(cell) for cell in one) > 8
    assert one == two
