"""One number changed, and nbval fails in the cells that show it or what follows from it, and in no others.

Each notebook is copied; what it reads is a copy with one thing altered: a published figure or price, a switch of a rule
profile, a number of the demonstration folder, the demonstration's seed, or a formula of the library. One notebook is
proved with every run, the others with `make test-long`.
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
    """One number in one file (of `data`, the demonstration folder or the library), and the code cells that must fail."""

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
    change("city_report", "lib", "estimate/published.py", r'CAP = Decimal\("0\.50"\)', 'CAP = Decimal("0.40")', 10),
    change("overview", "data", "facts.csv", "1124000000", "1125000000", 3, 5),
    change("overview", "data", "facts.csv", "average_price_cut,63\\.64,", "average_price_cut,63.65,", 2, 3),
    change("validation", "data", "reference/index_quantity6.csv", r"0,1\.0,0\.8,", "0,1.0,0.7,", 3, 9),
    change("validation", "data", "rules/national-2020.yaml", "non_selected: all", "non_selected: none", 4, 9),
    change("validation", "data", "rules/shenzhen-2024-draft.yaml", r"ratio: 0\.30", "ratio: 0.35", 4, 9),
    change("validation", "lib", "prices/ratio_rules.py", r'PACK_BASE = Decimal\("1\.95"\)', 'PACK_BASE = Decimal("1.96")', 5, 6, 9),
    change("your_own_data", "data", "rules/national-2020.yaml", r"ratio: 0\.50", "ratio: 0.40", 6),
    change("tender_results", "demo", "awards.csv", r"2021-01-01,2022-12-31,13\.48,", "2021-01-01,2022-12-31,13.58,", 3, 4, 5),
    change("tender_results", "data", "prices.csv", "108,average,18,18", "108,average,19,19", 8),
    change("hospital_usage", "demo", "usage.csv", r"(H001,2023-01,P0001,\d+,)", r"\g<1>1", 2),
    change("savings", "demo", "usage.csv", "H001,2020-01,P0001,", "H001,2020-01,P0001,1", 2, 3, 5, 6, 7, 8),
    change("savings", "lib", "savings/parts.py", r"Fine\.product\(p0, agreed\)", "Fine.product(p0 + 10**6, agreed)", 2, 3, 8),
    change("retained_surplus", "demo", "assessments.csv", r"(DEMO-N1,H001,1,)\d", r"\g<1>5", 2, 3, 5, 6, 8, 10, 11),
    change(
        "retained_surplus", "data", "rules/national-2020.yaml", "eligibility: each_item", "eligibility: all_items",
        2, 3, 5, 6, 8, 9, 10, 11,
    ),
    change("policy_impact", "demo", "usage.csv", "H001,2020-01,P0001,", "H001,2020-01,P0001,1", 2, 4),
    change("policy_impact", "lib", "play/opening.py", r"months=MONTHS\)", "months=MONTHS, seed=2)", 2, 3, 4),
)  # fmt: skip
SAMPLE = "savings-demo"
CASES = [f"{one.notebook}-{one.root}" for one in CHANGES]


def failing(notebook: str, folder: Path, inputs: Path | None = None, **where: str) -> set[int]:
    """Run nbval (strict) on a copy of a notebook and return the numbers of the code cells that fail.

    `where` sets environment variables: another `data`, another library.
    """
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
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(copy), "-q", "-rf", "--tb=no"],
        cwd=folder,
        env={**os.environ, **where},
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
    """Return the cells of a notebook that fail on a copy of what it reads, with the number changed or as it is."""
    if chosen.root == "demo":
        root = make_demo(folder / "demo", hospitals=HOSPITALS, months=MONTHS)
    elif chosen.root == "lib":
        root = shutil.copytree(ROOT / "lib" / "vbp", folder / "lib" / "vbp")
    else:
        root = shutil.copytree(ROOT / "data", folder / "data", ignore=shutil.ignore_patterns("inputs"))
    if change_it:
        altered(root / chosen.file, chosen.before, chosen.after)
    if chosen.root == "demo":
        return failing(chosen.notebook, folder, root)
    if chosen.root == "lib":
        return failing(chosen.notebook, folder, PYTHONPATH=str(root.parent), VBP_ROOT=str(ROOT))
    return failing(chosen.notebook, folder, VBP_DATA=str(root))


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(one, id=f"{name}-{one.file}", marks=() if name == SAMPLE else pytest.mark.long)
        for one, name in zip(CHANGES, CASES, strict=True)
    ],
)
def test_one_changed_number_fails_the_cells_that_show_it_and_no_others(chosen, tmp_path):
    assert outcome(chosen, tmp_path) == set(chosen.cells)


UNCHANGED = [one for one in CHANGES if one.root == "demo"] + [next(one for one in CHANGES if one.root == "lib")]


@pytest.mark.long
@pytest.mark.parametrize("chosen", UNCHANGED, ids=lambda one: f"{one.notebook}-{one.root}")
def test_the_same_unchanged_fails_no_cell(chosen, tmp_path):
    assert outcome(chosen, tmp_path, change_it=False) == set()


def test_every_notebook_is_changed_and_every_kind_of_change_is_tried():
    assert {one.notebook for one in CHANGES} == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {one.root for one in CHANGES} == {"data", "demo", "lib"}
    assert all(one.cells for one in CHANGES)
