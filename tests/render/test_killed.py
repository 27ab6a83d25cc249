"""SIGKILL at any moment: whole pages only, no process left, and the next run puts everything right."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.render.places import FIGURES, light_copy, notebook_of, processes_with
from vbp.render import files

PLACES = ("one", "two", "three", "four")
SWAP = """
import sys
from pathlib import Path
from vbp.render import files
out = Path(sys.argv[1])
if sys.argv[2] == "renames":
    files._exchange = lambda one, other: False
number = 0
while True:
    number += 1
    fresh = files.fresh_folder(out, "city.a")
    for name in ("a", "b", "c"):
        (fresh / name).write_text(f"{number}" * 5000)
    files.put_in_place(fresh, out / "city.a")
    print(number, flush=True)
"""


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "lib"), **more}


def whole(folder: Path) -> bool:
    """Whether a report's folder has every file that its own list names, of the size it names."""
    stamp = json.loads((folder / "made_from.json").read_text(encoding="utf-8"))
    html = (folder / "report.zh.html").read_text(encoding="utf-8").strip()
    return html.endswith("</html>") and all(
        (folder / name).stat().st_size == size for name, size in stamp["files"].items()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("way", ["exchange", "renames"])
@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.long)])
def test_a_kill_between_any_two_steps_of_the_exchange_leaves_a_whole_folder(tmp_path, way, kills):
    chance = random.Random(9)
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", SWAP, str(tmp_path), way], stdout=subprocess.PIPE, env=environment()
        )
        process.stdout.readline()
        time.sleep(chance.random() * 0.05)
        process.kill()
        process.wait()
        process.stdout.close()
        files.recover(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["city.a"]
        assert len({(tmp_path / "city.a" / name).read_text() for name in ("a", "b", "c")}) == 1


def test_a_run_killed_between_the_two_renames_is_repaired_by_the_next(tmp_path, monkeypatch):
    for name, text in (
        (".city.a.7.old", "last good"),
        (".other.7.old", "stale"),
        ("other", "new"),
        (".city.a.7.new", "half"),
        ("other/.report.zh.pdf.7.tmp", "half"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page").write_text(text)
    (tmp_path / ".index.html.7.tmp").write_text("half")
    assert files.recover(tmp_path) == ("city.a",)
    assert {path.name: (path / "page").read_text() for path in tmp_path.iterdir()} == {
        "city.a": "last good",
        "other": "new",
    }
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["page"]


def test_hidden_files_of_other_programs_stay(tmp_path):
    theirs = {".notes.tmp", ".vimrc.old", ".config.app.new", ".a.7.new.txt", "plain.7.tmp"}
    for name in theirs:
        (tmp_path / name).write_text("theirs")
    assert files.recover(tmp_path) == ()
    assert {path.name for path in tmp_path.iterdir()} == theirs


@pytest.fixture
def started(demo, tmp_path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts `vbp report` of four places in a session of its own, and waits until a notebook is at work."""
    for slug in PLACES:
        light_copy(demo, tmp_path / "in", slug)
    begun = f"from pathlib import Path\nPath({str(tmp_path)!r}, f'begun.{{city}}').touch()"
    child = "import subprocess, time\nsubprocess.Popen(['sleep', '600'])"
    notebook_of(tmp_path / "n", FIGURES, f"{child}\n{begun}\ntime.sleep(600)")
    (tmp_path / "tmp").mkdir()
    runs = []

    def start(*words: str) -> subprocess.Popen[str]:
        given = ["report", *PLACES, "--inputs", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--lang", "zh"]
        more = {"VBP_TEST_MARK": mark(tmp_path), "VBP_NOTEBOOKS": str(tmp_path / "n"), "TMPDIR": str(tmp_path / "tmp")}
        run = subprocess.Popen(
            [sys.executable, "-m", "vbp", *given, *words],
            env=environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        runs.append(run)
        until(lambda: list(tmp_path.glob("begun.*")) or run.poll() is not None, 120)
        return run

    yield start
    for run in runs:
        run.kill()
        run.communicate()
    for process in processes_with(f"VBP_TEST_MARK={mark(tmp_path)}"):
        os.kill(process, signal.SIGKILL)


def mark(tmp_path: Path) -> str:
    return f"{tmp_path.name}-{os.getpid()}"


def until(happens: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_so_in_one_line_and_leaves_no_process_and_nothing_half_written(
    started, tmp_path, number, jobs
):
    run = started("--jobs", jobs)
    os.killpg(run.pid, number)  # as Ctrl-C and systemd do: to every process at once
    printed, told = run.communicate(timeout=60)
    assert (run.returncode, printed, told) == (130, "", "stopped; nothing half-written was left behind\n")
    until(lambda: processes_with(f"VBP_TEST_MARK={mark(tmp_path)}") == [], 10)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {".lock", "assets", "methods"}
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_kernels_started_ends_with_a_killed_run(started, tmp_path):
    run = started("--jobs", "2")
    assert len(processes_with(f"VBP_TEST_MARK={mark(tmp_path)}")) > 4
    run.kill()
    until(lambda: processes_with(f"VBP_TEST_MARK={mark(tmp_path)}") == [], 20)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_browser_outlives_a_killed_run_and_the_next_takes_away_its_folder(demo, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {tmp_path}/printing\nexec sleep 600\n")
    browser.chmod(0o755)
    light_copy(demo, tmp_path / "in", "one")
    notebook_of(tmp_path / "n", FIGURES)
    more = {"VBP_TEST_MARK": mark(tmp_path), "VBP_NOTEBOOKS": str(tmp_path / "n"), "VBP_CHROMIUM": str(browser)}
    words = [
        sys.executable,
        "-m",
        "vbp",
        "report",
        "one",
        "--inputs",
        str(tmp_path / "in"),
        "--out",
        str(tmp_path / "out"),
    ]
    words += ["--lang", "zh"]
    assert subprocess.run(words, env=environment(**more), check=False).returncode == 0
    before = {path.name for path in (tmp_path / "out" / "one").iterdir()}
    run = subprocess.Popen([*words, "--pdf"], env=environment(**more))
    until((tmp_path / "printing").exists, 60)
    run.kill()
    run.wait()
    until(lambda: processes_with(f"VBP_TEST_MARK={mark(tmp_path)}") == [], 10)
    assert {path.name for path in (tmp_path / "out" / "one").iterdir()} > before
    assert subprocess.run([*words, "--no-pdf"], env=environment(**more), check=False).returncode == 0
    assert {path.name for path in (tmp_path / "out" / "one").iterdir()} == before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.long)])
def test_a_run_killed_at_random_moments_leaves_whole_pages_and_no_process(demo, tmp_path, kills):
    chance, out, mark = random.Random(kills), tmp_path / "out", f"VBP_TEST_MARK=killed-{os.getpid()}-{kills}"
    for slug in PLACES:
        light_copy(demo, tmp_path / "in", slug)
    notebook_of(tmp_path / "n", FIGURES)
    name, value = mark.split("=")
    env = environment(**{name: value, "VBP_NOTEBOOKS": str(tmp_path / "n"), "TMPDIR": str(tmp_path)})
    words = ["report", *PLACES, "--inputs", str(tmp_path / "in"), "--out", str(out), "--lang", "zh", "--jobs", "2"]
    seen = 0
    for turn in range(kills):
        run = subprocess.Popen(
            [sys.executable, "-m", "vbp", *words, "--force"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env
        )
        if turn % 2 == 0:  # half of the kills while reports come, the others anywhere from the start on
            run.stderr.readline()
        time.sleep(chance.random() * (1.0 if turn % 2 == 0 else 8.0))
        run.send_signal(signal.SIGKILL)
        run.wait()
        end = time.monotonic() + 10
        while left := processes_with(mark):
            assert time.monotonic() < end, f"processes left: {left}"
            time.sleep(0.05)
        run.stderr.close()
        for page in out.glob("[!.]*/made_from.json"):
            assert whole(page.parent), page
            seen += 1
    assert seen, "no kill came after a page: nothing was tried"
    last = subprocess.run([sys.executable, "-m", "vbp", *words], env=env, capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stderr
    assert all(whole(out / slug) for slug in PLACES)
    assert [path.name for path in out.glob(".*")] == [".lock"]
    assert list(tmp_path.glob("vbp-*")) == []
