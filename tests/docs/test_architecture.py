"""The architecture page against the tree: every module has a line, every line a module, and layers flow one way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "lib" / "vbp"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LOW = (
    "schema",
    "tables",
    "ledger",
    "prices",
    "completion",
    "savings",
    "decomposition",
    "indices",
    "surplus",
    "projection",
    "impact",
)
HIGH = ("render", "cli", "statement", "play", "city", "results")


def modules() -> set[str]:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    files = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    return folders | files


def imported(path: Path) -> set[str]:
    """Return the vbp packages that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        found |= {name.split(".")[1] for name in names if name.startswith("vbp.")}
    return found


def test_the_list_of_modules_is_the_tree():
    listed = set(re.findall(r"^\| `vbp\.(\w+)` \|", PAGE, re.MULTILINE))
    assert len(listed) > 25
    assert listed == modules(), "add the module's line to docs/architecture.md (or take it away)"


def test_numbers_do_not_reach_up_into_pages_and_commands():
    upward = [
        (str(path.relative_to(PACKAGE)), name)
        for layer in LOW
        for path in (PACKAGE / layer).glob("*.py")
        for name in imported(path) & set(HIGH)
    ]
    assert upward == []


def test_only_pages_of_the_page_know_the_commands():
    users = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "cli" not in path.parts and "cli" in imported(path)
    ]
    assert set(users) <= {
        "__main__.py",
        "city.py",
        "results/summary.py",
        "render/city.py",
        "estimate/result.py",
        "surplus/result.py",
    }, users


def test_the_picture_names_modules_that_exist():
    drawn = set(re.findall(r"^\s+(\w+)\[", PAGE, re.MULTILINE)) | set(re.findall(r"--> (\w+)\[", PAGE))
    assert drawn
    assert drawn <= modules() | {"numbers", "notebooks"}
