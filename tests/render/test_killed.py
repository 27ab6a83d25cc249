"""SIGKILL at any moment: whole pages only, no process left, and the next run puts everything right."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
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
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page").write_text(text)
    (tmp_path / ".index.html.7.tmp").write_text("half")
    assert files.recover(tmp_path) == ("city.a",)
    assert {path.name: (path / "page").read_text() for path in tmp_path.iterdir()} == {
        "city.a": "last good",
        "other": "new",
    }


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
