"""The index: every place that has a page or failed, whatever its folder is called and whatever else lies among the reports."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.render.places import FIGURES, light_copy, notebook_of
from vbp.errors import InputError
from vbp.render import failures
from vbp.render.city import Job
from vbp.render.index import write_index
from vbp.render.run import render_all, render_run

NAMES = ("a#b", "50%", "市 一", "o'x \"q", "x?y=1&z")


@pytest.fixture
def notebook(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    return notebook_of(tmp_path / "n", FIGURES, "if city.startswith('bad'):\n    raise ValueError('boom')")


def jobs_of(demo: Path, tmp_path: Path, *slugs: str) -> list[Job]:
    root = tmp_path / "in"
    return [
        Job(
            slug,
            str(root / slug if (root / slug).is_dir() else light_copy(demo, root, slug)),
            "",
            ("zh",),
            tmp_path / "out",
        )
        for slug in slugs
    ]


def links(index: Path) -> list[str]:
    found = re.findall(r'href="([^"]*)"', index.read_text(encoding="utf-8"))
    return [html.unescape(address) for address in found if not address.startswith("#")]


def test_every_link_leads_to_a_file_whatever_a_place_is_called(demo, tmp_path, notebook):
    out = tmp_path / "out"
    assert all(outcome.ok for outcome in render_all(jobs_of(demo, tmp_path, *NAMES), out))
    render_all(jobs_of(demo, tmp_path, "bad #1"), out)
    found = links(out / "index.html")
    assert len(found) == len(NAMES) + 3  # style, methods, the failed notebook
    for address in found:
        assert not set(address) & set("#? \"'"), address
        assert (out / unquote(address)).is_file(), address


def test_a_place_that_is_made_takes_away_no_failure_of_one_with_a_longer_name(demo, tmp_path, notebook):
    out = tmp_path / "out"
    render_all(jobs_of(demo, tmp_path, "bad.y"), out)
    notebook_of(tmp_path / "n", FIGURES, "'good'")
    render_all(jobs_of(demo, tmp_path, "bad"), out)
    assert set(failures.known(out)) == {"bad.y"}
    assert (out / "failed" / "bad.y.report.zh.ipynb").is_file()


@pytest.mark.parametrize("name", ["assets", "methods", "runs", "failed", "index.html", "Runs"])
def test_a_place_with_a_name_that_the_folder_of_reports_needs_is_refused_and_the_others_are_rendered(
    demo, tmp_path, notebook, name
):
    out = tmp_path / "out"
    run, record = render_run(jobs_of(demo, tmp_path, name, "good"), out)
    refused, good = run.outcomes
    assert good.ok and not refused.ok
    assert refused.reason.startswith(f"{name} is a name that the folder of reports needs itself; rename ")
    assert record.is_file()
    assert (out / "assets" / "report.css").is_file()
    assert refused.reason in html.unescape((out / "index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["../elsewhere", "/elsewhere", ".hidden", "..", ""])
def test_nothing_is_ever_written_outside_a_place_s_own_folder(tmp_path, name):
    with pytest.raises(InputError, match="no name for a place's folder"):
        render_all(
            [Job("nantong", "", "", ("zh",), tmp_path / "out"), Job(name, "", "", ("zh",), tmp_path / "out")],
            tmp_path / "out",
        )
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_report_of_ours_does_not_stop_the_index(demo, tmp_path, notebook):
    out = tmp_path / "out"
    render_all(jobs_of(demo, tmp_path, "good", "old"), out)
    for name, text in (("other", '{"a": 1}'), ("list", "[1]"), ("broken", "{"), (".good.77.new", "{}")):
        (out / name).mkdir()
        (out / name / "summary.json").write_text(text)
    summary = out / "old" / "summary.json"
    told = json.loads(summary.read_text(encoding="utf-8"))
    summary.write_text(json.dumps({"slug": "old", "name": told["name"]}))  # as another version of vbp wrote it
    (out / "failed").mkdir(exist_ok=True)
    (out / "failed" / "notes.json").write_text("[]")
    write_index(out, ())
    text = (out / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<tr id="([^"]*)">', text) == ["good", "old"]
    assert "old/report.zh.html" in text
