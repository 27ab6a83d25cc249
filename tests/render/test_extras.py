"""PDF and page in one file: remembered for the place, made anew with its page, never older than it, and named when they fail."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.render.places import FIGURES, light_copy, notebook_of
from vbp.cli import build
from vbp.render import extras, fingerprint

BROWSER = """#!/bin/sh
for word; do case "$word" in --print-to-pdf=*) made="${word#--print-to-pdf=}";; file://*) page="${word#file://}";; esac; done
{ echo %PDF; cat "$page"; } > "$made"
"""
"""Stands in for Chromium where only the order of things is tried: its "PDF" holds the page that it was given."""


@pytest.fixture
def report(demo, tmp_path, monkeypatch):
    """Return a function that runs `vbp report one` in a folder, and that folder."""
    program = tmp_path / "browser"
    program.write_text(BROWSER)
    program.chmod(0o755)
    monkeypatch.setenv("VBP_CHROMIUM", str(program))
    show(tmp_path, monkeypatch, "first")
    light_copy(demo, tmp_path / "in", "one")

    def run(*words: str):
        where = ["--inputs", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--lang", "zh", "--plain"]
        return CliRunner().invoke(build(), ["report", "one", *where, *words])

    return run, tmp_path / "out" / "one"


def show(tmp_path: Path, monkeypatch, text: str) -> None:
    notebook_of(tmp_path / "n", FIGURES, f"print('{text} page')")
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))


def beside(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} & {"report.zh.pdf", "report.zh.standalone.html"}


def test_what_was_asked_for_once_is_made_anew_with_every_page_until_it_is_declined(report, tmp_path, monkeypatch):
    run, folder = report
    assert run("--pdf", "--standalone").exit_code == 0
    assert beside(folder) == {"report.zh.pdf", "report.zh.standalone.html"}
    show(tmp_path, monkeypatch, "second")
    assert run().exit_code == 0
    for name in ("report.zh.html", "report.zh.pdf", "report.zh.standalone.html"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "second page" in text and "first page" not in text, name
    (record, *_) = sorted((folder.parent / "runs").glob("*.json"), reverse=True)
    assert json.loads(record.read_text())["places"][0]["extras"] == ["pdf", "standalone"]
    done = run("--no-pdf")
    assert (done.exit_code, "1 unchanged" in done.stdout) == (0, True)
    assert beside(folder) == {"report.zh.standalone.html"}
    assert run("--force").exit_code == 0
    assert beside(folder) == {"report.zh.standalone.html"}


def test_a_lost_paper_is_made_again_without_rendering(report, tmp_path):
    run, folder = report
    assert run().exit_code == 0
    assert beside(folder) == set()
    stamp = (folder / "report.zh.html").stat().st_mtime_ns
    done = run("--pdf")
    assert "1 unchanged and skipped" in done.stdout and "; 1 PDF beside them." in done.stdout
    assert beside(folder) == {"report.zh.pdf"}
    (folder / "report.zh.pdf").unlink()
    assert run().exit_code == 0
    assert beside(folder) == {"report.zh.pdf"}
    assert (folder / "report.zh.html").stat().st_mtime_ns == stamp
    assert fingerprint.stamped(folder)["extras"] == ["pdf"]


def test_what_brings_its_methods_along_is_made_anew_when_a_method_changes_and_its_page_is_not(
    report, tmp_path, monkeypatch
):
    run, folder = report
    link = "display({'text/html': '<a class=\"how\" href=\"../methods/scan.html\">how</a>'}, raw=True)"
    notebook_of(tmp_path / "n", FIGURES, link)
    shutil.copytree(ROOT / "docs" / "methods", tmp_path / "methods")
    monkeypatch.setattr("vbp.paths.methods", lambda: tmp_path / "methods")
    assert run("--standalone").exit_code == 0
    page, made = folder / "report.zh.html", folder / "report.zh.standalone.html"
    stamp, text = page.stat().st_mtime_ns, made.read_text(encoding="utf-8")
    run()
    assert made.read_text(encoding="utf-8") == text
    with (tmp_path / "methods" / "scan.md").open("a", encoding="utf-8") as method:
        method.write("\nWritten later.\n")
    assert "1 unchanged and skipped" in run().stdout
    assert "Written later." in made.read_text(encoding="utf-8")
    assert page.stat().st_mtime_ns == stamp


def test_a_paper_that_fails_is_named_its_page_stands_and_no_older_paper_beside_it(report, tmp_path, monkeypatch):
    run, folder = report
    assert run("--pdf").exit_code == 0
    show(tmp_path, monkeypatch, "second")
    (tmp_path / "browser").write_text("#!/bin/sh\necho out of paper >&2\nexit 1\n")
    done = run()
    assert done.exit_code == 1
    assert "1 of 1 reports made" in done.stdout
    assert "one: " in done.stderr and "Chromium made no PDF: out of paper" in done.stderr
    assert ".new" not in done.stderr, "the hidden folder is nobody's business"
    assert "second page" in (folder / "report.zh.html").read_text(encoding="utf-8")
    assert beside(folder) == set()
    (record, *_) = sorted((folder.parent / "runs").glob("*.txt"), reverse=True)
    assert "out of paper" in record.read_text(encoding="utf-8")
    (tmp_path / "browser").write_text(BROWSER)
    assert run().exit_code == 0
    assert beside(folder) == {"report.zh.pdf"}


def test_a_browser_that_is_gone_later_costs_the_paper_and_not_the_page(report, monkeypatch):
    run, folder = report
    assert run("--pdf").exit_code == 0
    monkeypatch.setenv("VBP_CHROMIUM", "/nowhere")
    done = run("--force")
    assert done.exit_code == 1
    assert "VBP_CHROMIUM=/nowhere is no program" in done.stderr and "--no-pdf" in done.stderr
    assert (folder / "report.zh.html").is_file()
    assert run("--no-pdf", "--force").exit_code == 0


def test_a_choice_that_cannot_be_noted_is_named_and_stops_no_other_place(report, monkeypatch):
    run, folder = report
    assert run("--standalone").exit_code == 0

    def full(folder, extras):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder / "made_from.json"))

    monkeypatch.setattr(fingerprint, "remember_extras", full)
    done = run("--no-standalone")
    assert (done.exit_code, "1 unchanged and skipped" in done.stdout) == (1, True)
    assert f"one: Read-only file system: {folder / 'made_from.json'}" in done.stderr


@pytest.mark.parametrize(
    "before, asked, then",
    [
        ([], {}, ()),
        (["pdf"], {}, ("pdf",)),
        (["pdf"], {"pdf": None, "standalone": True}, ("pdf", "standalone")),
        (["pdf", "standalone"], {"pdf": False}, ("standalone",)),
        ([], {"pdf": True}, ("pdf",)),
    ],
)
def test_what_is_said_now_wins_over_what_was_said_before(tmp_path, before, asked, then):
    fingerprint.stamp(tmp_path, {}, before)
    assert extras.wanted(tmp_path, asked) == then
