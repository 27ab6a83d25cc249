"""Records of runs: what they hold, how long they are kept, and that a recorded run is done again as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.render.places import FIGURES, bytes_of, light_copy, notebook_of
from vbp.cli import build
from vbp.render.city import Job, Outcome
from vbp.render.record import Run, forget_old, write_record

START = datetime(2026, 1, 1, tzinfo=UTC)


def night(out: Path, number: float, made: bool) -> str:
    """Write the record of a run that made a report, or found nothing to do; return its id."""
    run = Run(
        START + timedelta(days=number),
        1.0,
        "plain",
        [Job("one", "", "", ("zh",), out)],
        [Outcome("one", True, 0.0, skipped=not made)],
        {"versions": {}, "data": {}},
    )
    return write_record(out, run).stem


def kept(out: Path) -> list[str]:
    for path in (out / "runs").glob("*.json"):
        assert path.with_suffix(".txt").is_file()
    assert len(list((out / "runs").glob("*.txt"))) == len(list((out / "runs").glob("*.json")))
    return sorted(path.stem for path in (out / "runs").glob("*.json"))


def test_quiet_nights_do_not_push_out_the_records_of_runs_that_made_something(tmp_path):
    made = [night(tmp_path, number, True) for number in (0, 1, 2)]
    idle = [night(tmp_path, number, False) for number in range(3, 9)]
    forget_old(tmp_path, 2)
    assert kept(tmp_path) == [*made[1:], *idle[-2:]]


def test_a_failed_run_counts_as_one_that_did_something_and_the_newest_stays(tmp_path):
    for number in range(4):
        night(tmp_path, number, False)
    failed = Run(
        START + timedelta(days=9),
        1.0,
        "plain",
        [Job("a", "", "", ("zh",), tmp_path)],
        [Outcome("a", False, 1.0, "x")],
        {"versions": {}},
    )
    last = write_record(tmp_path, failed).stem
    forget_old(tmp_path, 1)
    assert kept(tmp_path)[-1] == last
    assert len(kept(tmp_path)) == 2


def test_two_runs_of_one_process_in_one_second_leave_two_records(tmp_path):
    assert night(tmp_path, 0, True) != night(tmp_path, 1 / 864_000, True)
    assert len(kept(tmp_path)) == 2


def test_nought_keeps_all_and_other_peoples_files_stay(tmp_path):
    names = [night(tmp_path, number, True) for number in range(4)]
    forget_old(tmp_path, 0)
    assert kept(tmp_path) == names
    (tmp_path / "runs" / "notes.json").write_text("{}")
    forget_old(tmp_path, 1)
    assert (tmp_path / "runs" / "notes.json").is_file()
    assert (tmp_path / "runs" / f"{names[-1]}.json").is_file()
    assert not (tmp_path / "runs" / f"{names[0]}.json").exists()


@pytest.fixture
def recorded(demo, tmp_path, monkeypatch) -> Path:
    """A folder of reports of one place, made with options of its own; its record is the only one."""
    notebook_of(tmp_path / "n", FIGURES, "print(city)")
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    light_copy(demo, tmp_path / "in", "one")
    words = ["report", "one", "--inputs", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--lang", "zh"]
    words += ["--plain", "--timeout", "77", "--memory", "1800", "--standalone"]
    assert CliRunner().invoke(build(), words).exit_code == 0
    (record,) = (tmp_path / "out" / "runs").glob("*.json")
    return record


def test_a_run_is_done_again_with_its_own_limits_and_options(recorded, tmp_path):
    told = json.loads(recorded.read_text(encoding="utf-8"))
    assert told["options"] == {"jobs": 1, "plain": True, "timeout": 77, "memory": 1800, "pdf": None, "standalone": True}
    assert told["places"][0]["worker_mib"] is None or told["places"][0]["worker_mib"] > 20
    done = CliRunner().invoke(build(), ["rerun", str(recorded), "--out", str(tmp_path / "again"), "--strict"])
    assert done.exit_code == 0, done.output
    assert "Byte for byte as recorded: 1 of 1" in done.stdout
    assert bytes_of(tmp_path / "again" / "one") == bytes_of(tmp_path / "out" / "one")
    assert (tmp_path / "again" / "one" / "report.zh.standalone.html").is_file()
    (again,) = (json.loads(path.read_text()) for path in (tmp_path / "again" / "runs").glob("*.json"))
    assert (again["kernels"], again["places"][0]["limits"]) == ("plain", {"seconds": 77.0, "memory_mib": 1800})
    changed = CliRunner().invoke(build(), ["rerun", str(recorded), "--out", str(tmp_path / "again"), "--timeout", "99"])
    assert changed.exit_code == 0
    newest = max((tmp_path / "again" / "runs").glob("*.json"))
    assert json.loads(newest.read_text())["places"][0]["limits"] == {"seconds": 99.0, "memory_mib": 1800}


def test_strictly_nothing_is_rendered_where_anything_differs_and_every_difference_is_named(recorded, tmp_path):
    told = json.loads(recorded.read_text(encoding="utf-8"))
    told["versions"]["plotly"] = "1.0"
    told["hashes"]["library"]["render/page.py"] = "0" * 64
    told["hashes"]["data"]["facts_of_old.csv"] = "0" * 64
    told["places"][0]["inputs"].pop("fund.csv")
    recorded.write_text(json.dumps(told))
    done = CliRunner().invoke(build(), ["rerun", str(recorded), "--out", str(tmp_path / "again"), "--strict"])
    lines = [problem.message for problem in done.exception.problems]
    assert [line.split(":")[1].strip() for line in lines] == ["data", "library", "versions", "inputs of one"]
    assert "facts_of_old.csv is gone" in lines[0]
    assert "render/page.py has changed" in lines[1]
    assert "plotly 1.0 is now " in lines[2]
    assert "fund.csv is new" in lines[3]
    assert not (tmp_path / "again").exists()


def test_a_place_that_was_skipped_is_in_the_record_with_its_reason_and_its_files(recorded, tmp_path):
    words = ["report", "one", "--inputs", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--lang", "zh"]
    assert "1 unchanged and skipped" in CliRunner().invoke(build(), words).stdout
    records = sorted((tmp_path / "out" / "runs").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    first, second = (json.loads(path.read_text(encoding="utf-8"))["places"][0] for path in records)
    assert second["skipped"] and second["reason"].startswith("unchanged: inputs, facts")
    assert second["files"] == first["files"] != {}
