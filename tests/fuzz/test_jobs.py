"""Many cases at once: the tally says what was run and no more, and a case is the same on any process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import jobs
from tests.fuzz.jobs import Stop, Tally, many


def test_a_tally_says_what_was_run_came_and_failed(tmp_path: Path) -> None:
    parts: list[int] = []
    tally = many(3, range(6), tmp_path, told=lambda whole, part: parts.append(part.cases))
    assert (tally.cases, sum(parts), tally.ranges) == (6, 6, "0-5")
    assert sum(tally.expected.values()) == sum(tally.came.values()) == 6
    assert len(tally.messages) == tally.came["refused"]
    assert "6 cases, 0 defects" in tally.text()


def test_ranges_leave_out_what_was_not_run() -> None:
    assert Tally([41, 0, 1, 40, 7]).ranges == "0-1, 7-7, 40-41"
    assert Tally().ranges == "none"


def test_a_run_that_is_told_to_stop_begins_no_more_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert many(3, range(60), tmp_path, stop=Stop(told=True)).numbers == []
    assert many(3, range(60), tmp_path, stop=Stop(minutes=0.0)).numbers == []
    monkeypatch.setattr("tests.fuzz.jobs.CHUNK", 1)
    stop = Stop()
    later = many(3, range(60), tmp_path, told=lambda whole, part: setattr(stop, "told", whole.cases == 2), stop=stop)
    assert later.numbers == [0, 1]


def test_a_defect_is_a_line_of_the_tally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.run.judge", lambda case, outcome, folder: "wrong" if case.number == 2 else None)
    tally = many(3, range(4), tmp_path)
    assert tally.cases == 4
    assert [line.split(" (")[0] for line in tally.defects] == ["seed 3 case 2"]
    assert [path.name for path in tmp_path.iterdir()] == ["case2"]


@pytest.mark.long
def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    alone, spread = many(3, range(40), tmp_path), many(3, range(40), tmp_path, jobs=2)
    assert alone.cases == spread.cases == 40
    assert (alone.expected, alone.came, alone.rules) == (spread.expected, spread.came, spread.rules)
    assert sorted(alone.messages) == sorted(spread.messages)
    assert jobs.CHUNK < 40
