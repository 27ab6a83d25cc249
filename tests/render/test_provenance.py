"""The run record at the end of a page: what it was made from, nothing of the clock or the machine."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

from tests.conftest import ROOT
from vbp.render import fingerprint, provenance
from vbp.render.city import Job


def record(folder: Path, lang: str = "zh") -> str:
    basis = fingerprint.basis(ROOT / "notebooks" / "city_report.ipynb")
    return provenance.section(fingerprint.made_from(Job("demo", str(folder), "", ("zh",), folder), basis), lang)


def inputs(folder: Path) -> Path:
    (folder / "own").mkdir()
    (folder / "own" / "usage.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "own" / "<b>.csv").write_text("x\n", encoding="utf-8")
    return folder / "own"


def test_the_record_holds_hashes_versions_and_where_the_rest_lies(tmp_path):
    folder = inputs(tmp_path)
    soup = BeautifulSoup(record(folder), "html.parser")
    assert fingerprint.digest(folder / "usage.csv") in soup.text
    assert fingerprint.digest(ROOT / "notebooks" / "city_report.ipynb") in soup.text
    assert "duckdb" in soup.text
    assert "runs/" in soup.text
    assert soup.select_one("a[href='made_from.json']")
    assert soup.find("b") is None


def test_the_record_says_nothing_of_the_machine_and_is_the_same_every_time(tmp_path):
    folder = inputs(tmp_path)
    assert record(folder) == record(folder)
    assert str(tmp_path) not in record(folder)
    assert "own" in record(folder)


def test_a_changed_file_changes_the_record(tmp_path):
    folder = inputs(tmp_path)
    before = record(folder)
    (folder / "usage.csv").write_text("a,b\n1,3\n", encoding="utf-8")
    assert record(folder) != before


def test_a_report_of_published_figures_says_so(tmp_path):
    basis = fingerprint.basis(ROOT / "notebooks" / "city_report.ipynb")
    text = provenance.section(fingerprint.made_from(Job("quanzhou", "", "", ("en",), tmp_path), basis), "en")
    assert "published figures" in text
    assert provenance.section({}, "en") == ""
