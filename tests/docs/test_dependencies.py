"""docs/dependencies.md against pyproject.toml, requirements and the packages' own metadata."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from tests.conftest import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"^\| [\w-]+ \| ", line) and "| what for |" not in line
]


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for group in project["optional-dependencies"].values() for name in group),
    ]
    return {re.split(r"[<>=!~ \[;]", name)[0].lower() for name in wanted}


def pinned(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {re.split(r"[=\[ ;]", line)[0].lower().replace("_", "-") for line in text.splitlines() if "==" in line}


def test_every_direct_dependency_has_a_row_and_every_row_is_one():
    assert len(ROWS) > 25
    assert {row[0].lower() for row in ROWS} == declared()
    assert all(len(row) == 4 and all(row) for row in ROWS)


def test_every_direct_dependency_is_pinned():
    assert declared() <= pinned("requirements.txt") | pinned("requirements-spark.txt")


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_licence_is_what_the_package_itself_says(row):
    try:
        about = metadata.metadata(row[0])
    except metadata.PackageNotFoundError:
        pytest.skip("optional, and not installed")
    said = " ".join(
        [about.get("License-Expression") or "", (about.get("License") or "")[:60], *(about.get_all("Classifier") or [])]
    )
    family = re.split(r"[-. ]", row[2])[0]
    assert family in said or (family == "BSD" and "Enthought" in said), said[:200]
