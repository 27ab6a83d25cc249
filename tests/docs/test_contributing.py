"""CONTRIBUTING.md, CHANGELOG.md and the READMEs name what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.conftest import ROOT

from vbp.cli import VERBS
from vbp.rules import profile_names

PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "README.md", "README.zh.md")
PLACEHOLDER = re.compile(r"NAME|<|\*|FILE")
MADE = ("reports/index.html", "reports/runs/", ".venv/", "data/inputs/mycity")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named_paths(name: str) -> list[str]:
    """Return the files and folders of the repository that a page names in backquotes."""
    quoted = [word for span in re.findall(r"`([^`\n]+)`", text(name)) for word in span.split()]
    tops = ("lib/", "docs/", "tests/", "data/", "notebooks/", "deploy/", "reports/")
    return [
        word.rstrip(".,")
        for word in quoted
        if word.startswith(tops) and not PLACEHOLDER.search(word) and not word.startswith(MADE)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    found = [*named_paths(page), *(link for link in re.findall(r"\]\(([^)#:]+)\)", text(page)))]
    assert found
    assert [path for path in found if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_exists(page: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", text(page))) <= targets | {"it"}
    verbs = {verb.rstrip("_") for verb in VERBS}
    assert set(re.findall(r"`?vbp ([a-z]+)\b", text(page))) - verbs == set()


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "README.zh.md"])
def test_chinese_stands_in_full_width_punctuation(page: str) -> None:
    odd = re.findall(r".{0,12}[\u4e00-\u9fff][,;:?].{0,6}", text(page))
    assert odd == []


def test_the_changelog_is_kept_in_the_usual_form() -> None:
    page = text("CHANGELOG.md")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE)[0].startswith("[Unreleased]")
    assert {"Added", "Not yet"} <= set(re.findall(r"^### (.+)$", page, re.MULTILINE))


def test_every_profile_that_a_readme_shows_exists() -> None:
    shown = set(re.findall(r"--profile ([a-z0-9+-]+)", text("README.md") + text("README.zh.md")))
    shipped = {path.stem for path in Path(ROOT / "data" / "profiles").glob("*.yaml")} | set(profile_names())
    assert shown and shown <= shipped
