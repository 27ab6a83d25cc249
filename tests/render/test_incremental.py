"""Only what changed is rendered again, and the reason is said; a recorded run can be done again."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.render.places import FIGURES, bytes_of, light_copy, notebook_of
from vbp.cli import build
from vbp.errors import InputError
from vbp.render import fingerprint
from vbp.render.city import Job
from vbp.render.run import UNCHANGED, render_all


@pytest.fixture
def place(demo, tmp_path, monkeypatch, data_copy) -> Path:
    notebook_of(tmp_path / "n", FIGURES, "print(city)")
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    return light_copy(demo, tmp_path / "in", "one")


def job_of(place: Path, out: Path) -> Job:
    return Job("one", str(place), "", ("zh",), out)


def difference(job: Job, notebook: Path) -> str:
    return fingerprint.difference(job.out / "one", fingerprint.made_from(job, fingerprint.basis(notebook)))


def test_an_unchanged_place_is_skipped_with_the_reason_and_force_renders_it_to_the_same_bytes(place, tmp_path):
    out = tmp_path / "out"
    job = job_of(place, out)
    (first,) = render_all([job], out)
    assert first.ok and not first.skipped
    before, index = bytes_of(out / "one"), (out / "index.html").read_bytes()
    stamp = (out / "one" / "report.zh.html").stat().st_mtime_ns
    (second,) = render_all([job], out)
    assert (second.ok, second.skipped, second.reason) == (True, True, UNCHANGED)
    assert (out / "one" / "report.zh.html").stat().st_mtime_ns == stamp
    assert (out / "index.html").read_bytes() == index
    (third,) = render_all([job], out, force=True)
    assert third.ok and not third.skipped
    assert bytes_of(out / "one") == before


def test_each_kind_of_change_is_seen_and_named(place, tmp_path, data_copy, monkeypatch):
    out = tmp_path / "out"
    job, notebook = job_of(place, out), tmp_path / "n" / "city_report.ipynb"
    assert difference(job, notebook) == "no report yet"
    render_all([job], out)
    assert difference(job, notebook) == ""
    assert difference(Job("one", str(place), "2024-06-30", ("zh",), out), notebook) == "changed parameters: as_of"
    for path, told in (
        (place / "fund.csv", "inputs: fund.csv"),
        (data_copy / "facts.csv", "data: facts.csv"),
        (data_copy / "rules" / "new.yaml", "data: rules/new.yaml"),
        (notebook, "notebook: city_report.ipynb"),
    ):
        path.parent.mkdir(exist_ok=True)
        before = path.read_bytes() if path.exists() else None
        path.write_bytes((before or b"") + b"\n")
        assert difference(job, notebook) == f"changed {told}"
        path.unlink() if before is None else path.write_bytes(before)
    monkeypatch.setattr(fingerprint, "_version", lambda name: "0" if name == "plotly" else "1")
    assert "versions: " in difference(job, notebook)
    monkeypatch.undo()
    (out / "one" / "report.zh.html").unlink()
    assert "missing or altered: report.zh.html" in fingerprint.difference(out / "one", {})


def test_what_no_table_is_read_from_changes_nothing(place, tmp_path):
    out, notebook = tmp_path / "out", tmp_path / "n" / "city_report.ipynb"
    render_all([job_of(place, out)], out)
    for name in (
        "~$fund.xlsx",
        ".fund.csv.swp",
        "fund.csv.tmp",
    ):  # a workbook that is open, an editor's copy, half a download
        (place / name).write_text("x")
    assert difference(job_of(place, out), notebook) == ""


def test_the_versions_hold_every_package_that_the_library_calls_for_a_report():
    others = ("cli", "demo", "imports", "play", "spark.py")  # not called for a report
    called = set()
    for path in (ROOT / "lib" / "vbp").rglob("*.py"):
        if not set(others) & set(path.relative_to(ROOT / "lib" / "vbp").parts):
            called |= {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names
    called -= {"vbp", "rich", "traitlets"}  # progress on a terminal, the names of options
    packages = packages_distributions()
    assert {normal(packages[module][0]) for module in called} - set(map(normal, fingerprint.PACKAGES)) == set()
    assert all(fingerprint._version(name) != "absent" for name in fingerprint.PACKAGES)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_a_file_in_a_folder_of_the_report_is_recorded_and_missed_like_any_other(tmp_path):
    page = tmp_path / "statement.xlsx_hospitals" / "H01.xlsx"
    page.parent.mkdir()
    page.write_bytes(b"one")
    sums = fingerprint.stamp(tmp_path, {})
    assert sums == {"statement.xlsx_hospitals/H01.xlsx": hashlib.sha256(b"one").hexdigest()}
    assert fingerprint.difference(tmp_path, {}) == ""
    page.write_bytes(b"other")
    assert "missing or altered: statement.xlsx_hospitals/H01.xlsx" in fingerprint.difference(tmp_path, {})


def test_a_file_that_changes_while_its_report_is_made_is_seen_by_the_next_run(place, tmp_path):
    out, notebook = tmp_path / "out", tmp_path / "n"
    notebook_of(notebook, FIGURES, f"open({str(place / 'fund.csv')!r}, 'a').write('\\n')")
    render_all([job_of(place, out)], out)
    assert difference(job_of(place, out), notebook / "city_report.ipynb") == "changed inputs: fund.csv"


def test_a_recorded_run_is_done_again_byte_for_byte_and_what_differs_is_named(place, tmp_path, capfd):
    out = tmp_path / "out"
    render_all([job_of(place, out)], out)
    (record,) = (out / "runs").glob("*.json")
    done = CliRunner().invoke(build(), ["rerun", str(record), "--out", str(tmp_path / "again"), "--plain"])
    assert done.exit_code == 0, done.output
    assert "Byte for byte as recorded: 1 of 1" in done.stdout
    assert bytes_of(tmp_path / "again" / "one") == bytes_of(out / "one")
    notebook_of(tmp_path / "n", FIGURES, "print('else')")
    (place / "fund.csv").write_bytes((place / "fund.csv").read_bytes() + b"\n")
    done = CliRunner().invoke(build(), ["rerun", str(record), "--plain"])
    told = done.stderr + capfd.readouterr().err
    assert "not as recorded: notebook: city_report.ipynb has changed" in told
    assert "not as recorded: inputs of one: fund.csv has changed" in told
    assert "Other bytes than recorded: one (report.zh.html, report.zh.ipynb, summary.json)." in done.stdout


def test_what_is_no_record_is_refused(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"places": []}))
    (tmp_path / "other.json").write_text(json.dumps({"a": 1}))
    (tmp_path / "list.json").write_text("[]")
    for number, places in enumerate(([{}], ["x"], [{"slug": "a", "parameters": {}, "inputs": {}, "files": {}}])):
        (tmp_path / f"places{number}.json").write_text(json.dumps({"versions": {}, "places": places}))
    for path in (*tmp_path.glob("*.json"), tmp_path / "none"):
        done = CliRunner().invoke(build(), ["rerun", str(path)])
        assert isinstance(done.exception, InputError), path
        assert "no run's record" in str(done.exception)
    assert "it lacks hashes, place 1: parameters.city, place 1: parameters.inputs" in str(
        CliRunner().invoke(build(), ["rerun", str(tmp_path / "places2.json")]).exception
    )


def test_a_run_done_again_says_what_is_the_same_also_where_a_place_fails(place, tmp_path):
    out = tmp_path / "out"
    render_all([job_of(place, out)], out)
    (record,) = (out / "runs").glob("*.json")
    notebook_of(tmp_path / "n", FIGURES, "raise ValueError('boom')")
    done = CliRunner().invoke(build(), ["rerun", str(record), "--out", str(tmp_path / "again"), "--plain"])
    assert done.exit_code == 1
    assert "Other bytes than recorded: one (report.zh.html, report.zh.ipynb, summary.json)." in done.stdout
