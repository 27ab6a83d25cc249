"""A run of reports: good pages stay, failures are named everywhere, the same inputs give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.render.places import bytes_of, light_copy, notebook_of
from vbp.city import open_city
from vbp.render.city import Job
from vbp.render.run import render_all


def job(out: Path, slug: str = "nantong") -> Job:
    return Job(slug, "", "", ("zh",), out)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("reports")
    (outcome,) = render_all([job(out)], out)
    assert outcome.ok, outcome.reason
    return out


def test_a_report_has_its_files_and_its_record(rendered):
    assert {path.name for path in (rendered / "nantong").iterdir()} == {
        "report.zh.html",
        "report.zh.ipynb",
        "summary.json",
        "made_from.json",
    }
    (record,) = (json.loads(path.read_text(encoding="utf-8")) for path in (rendered / "runs").glob("*.json"))
    assert record["places"][0]["ok"] is True
    assert record["places"][0]["peak_mib"] > 50
    assert set(record["places"][0]["files"]) == {"report.zh.html", "report.zh.ipynb", "summary.json"}
    assert len(record["hashes"]["data"]["facts.csv"]) == 64
    assert record["versions"]["plotly"]
    assert "南通市" in (rendered / "index.html").read_text(encoding="utf-8")


def test_the_summary_is_that_of_the_objects_that_the_page_shows(rendered):
    told = json.loads((rendered / "nantong" / "summary.json").read_text(encoding="utf-8"))
    assert told["headline"] and told["facts"]
    assert told == json.loads(json.dumps(open_city("nantong").summary()))


def test_the_process_that_renders_reads_no_table_of_the_place(demo, tmp_path, monkeypatch):
    def opened(*_, **__):
        raise AssertionError("the place was opened in the driver")

    monkeypatch.setattr("vbp.city.open_city", opened)
    (outcome,) = render_all([Job("demo", str(demo), "", ("zh",), tmp_path)], tmp_path)
    assert (outcome.ok, outcome.reason) == (True, "")
    page = (tmp_path / "demo" / "report.zh.html").read_text(encoding="utf-8")
    assert "<title>" in page and "演示数据" in page.split("</title>")[0] and 'class="notice' in page
    assert {"summary.json", "statement.xlsx"} <= {path.name for path in (tmp_path / "demo").iterdir()}


def test_every_problem_of_the_tables_is_told_and_not_the_cell_that_met_the_first(demo, tmp_path):
    folder = light_copy(demo, tmp_path / "in", "one")
    amounts = folder / "batch_usage.csv"
    text = amounts.read_text(encoding="utf-8").replace(",before", ",sometimes", 1).replace(",after", ",never", 1)
    amounts.write_text(text, encoding="utf-8")
    (outcome,) = render_all([Job("one", str(folder), "", ("zh",), tmp_path / "out")], tmp_path / "out")
    assert len(outcome.problems) == 2
    assert "sometimes" in outcome.problems[0] and "never" in outcome.problems[1]


def test_a_second_run_gives_the_same_bytes(rendered, tmp_path):
    (outcome,) = render_all([job(tmp_path)], tmp_path)
    assert outcome.ok
    assert bytes_of(tmp_path / "nantong") == bytes_of(rendered / "nantong")
    assert (tmp_path / "index.html").read_bytes() == (rendered / "index.html").read_bytes()


@pytest.mark.parametrize(
    "cell, told",
    [
        ("raise ValueError('boom')", "ValueError: boom"),
        ("import sys; sys.exit()", "SystemExit"),
        ("import os; os._exit(1)", "Kernel died"),
        ("1", "figures on the page"),
    ],
)
def test_a_failing_city_leaves_its_last_good_page_and_is_named(rendered, tmp_path, monkeypatch, cell, told):
    good = (rendered / "nantong" / "report.zh.html").read_bytes()
    notebook_of(tmp_path, cell, "2")
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path))
    (outcome,) = render_all([job(rendered)], rendered)
    assert not outcome.ok
    assert told in outcome.reason
    assert (rendered / "nantong" / "report.zh.html").read_bytes() == good
    assert [path.name for path in rendered.glob(".*")] == [".lock"]
    index = (rendered / "index.html").read_text(encoding="utf-8")
    assert 'class="failed"' in index
    assert told in index
    assert outcome.kept in index
    assert (rendered / outcome.kept).is_file()
    assert "report.zh.html" in index


def test_a_broken_data_row_fails_the_city_with_file_row_and_column(data_copy, tmp_path):
    facts = data_copy / "facts.csv"
    facts.write_text(
        facts.read_text(encoding="utf-8").replace("714350", "many").replace("7143500", "many"), encoding="utf-8"
    )
    (outcome,) = render_all([job(tmp_path)], tmp_path)
    assert not outcome.ok
    assert "facts.csv, row" in outcome.reason
    assert "column value" in outcome.reason
    assert not (tmp_path / "nantong").exists()


def test_a_read_only_place_for_reports_is_one_clear_reason(tmp_path):
    (tmp_path / "nantong").write_text("a file where a folder should be")
    (outcome,) = render_all([job(tmp_path)], tmp_path)
    assert outcome.ok or "nantong" in outcome.reason


def test_plain_papermill_runs_the_notebook_as_it_is(tmp_path, monkeypatch):
    import papermill

    monkeypatch.setenv("PYTHONPATH", str(ROOT / "lib"))  # where the package is not installed

    made = papermill.execute_notebook(
        str(ROOT / "notebooks" / "city_report.ipynb"),
        str(tmp_path / "out.ipynb"),
        {"city": "zhoukou", "lang": "en"},
        progress_bar=False,
        cwd=str(ROOT / "notebooks"),
    )
    assert (
        sum("application/vnd.plotly.v1+json" in o.get("data", {}) for c in made.cells for o in c.get("outputs", ()))
        >= 5
    )
