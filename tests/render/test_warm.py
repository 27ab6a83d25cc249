"""Warm kernels: the same bytes as cold ones, nothing carried over, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT
from tests.render.places import FIGURES, light_copy, notebook_of, processes_with
from vbp.render import warm
from vbp.render.city import Job
from vbp.render.execute import NotebookFailed, execute, stable
from vbp.render.kernel import Watch
from vbp.render.provisioner import Forked, ZygoteLost
from vbp.render.run import render_run

REPORT = ROOT / "notebooks" / "city_report.ipynb"
POLLUTION = """
import os
import numpy, pandas, plotly.io
import vbp.words
pandas.set_option("display.max_rows", 1)
pandas.DataFrame.to_html = lambda *a, **k: "polluted"
plotly.io.templates.default = "plotly_dark"
vbp.words.say = lambda *a, **k: "polluted"
os.environ["VBP_DATA"] = "/nowhere"
os.chdir("/")
numpy.seterr(all="raise")
"""
STATE = """
import os, random, sys, threading
import numpy
print(os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"], os.getcwd(), sys.argv[0].rsplit("/")[-1])
print(sorted(name for name in os.environ if name not in ("JPY_PARENT_PID", "VBP_DATA")))
import vbp
print(vbp.__file__, sys.path[0], get_ipython().history_manager.hist_file)
"""


def text_of(notebook) -> str:
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))


def bytes_from(path: Path) -> str:
    return nbformat.writes(stable(nbformat.read(path, as_version=4)))


@pytest.fixture(scope="module")
def cold(tmp_path_factory) -> str:
    target = tmp_path_factory.mktemp("cold") / "cold.ipynb"
    execute(REPORT, target, {"city": "quanzhou", "lang": "zh"})
    return bytes_from(target)


def test_a_warm_report_equals_a_cold_one_byte_for_byte_also_after_a_report_that_changed_everything(
    zygote, cold, tmp_path
):
    watch = Watch(zygote=zygote.address)
    pollution = notebook_of(tmp_path / "n", POLLUTION)
    execute(pollution, tmp_path / "p.ipynb", {"city": "x"}, Watch(zygote=zygote.address))
    execute(REPORT, tmp_path / "warm.ipynb", {"city": "quanzhou", "lang": "zh"}, watch)
    assert cold.count("application/vnd.plotly.v1+json") >= 5
    assert bytes_from(tmp_path / "warm.ipynb") == cold
    assert watch.peak_kib > 50_000
    assert watch.zygote == zygote.address, "a plain kernel was taken instead"


def test_a_warm_kernel_sees_the_same_environment_as_a_cold_one(zygote, tmp_path):
    path = notebook_of(tmp_path / "n", STATE)
    made = execute(path, tmp_path / "w.ipynb", {"city": "x"}, Watch(zygote=zygote.address))
    fresh = execute(path, tmp_path / "c.ipynb", {"city": "x"}, Watch())
    assert text_of(made) == text_of(fresh)
    assert text_of(made).startswith("1 1 ")
    assert ":memory:" in text_of(made)


@pytest.mark.parametrize("place", ["jiujiang", "demo"])
def test_a_forked_kernel_has_next_to_nothing_left_to_import(zygote, demo, tmp_path, place, capfd):
    """What a report imports in its kernel costs its time in each report; in the zygote it costs it once."""
    modules = "__import__('json').dumps(sorted(__import__('sys').modules))"
    bare, whole = (Watch(zygote=zygote.address, ask=modules) for _ in range(2))
    execute(notebook_of(tmp_path / "n", "1"), tmp_path / "b.ipynb", {"city": "x"}, bare)
    given = {"city": place, "inputs": str(demo) if place == "demo" else "", "lang": "zh"}
    execute(REPORT, tmp_path / "w.ipynb", given, whole)
    started = {"tornado", "IPython", "ipykernel", "debugpy", "pydevd", "sqlite3"}
    listed = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom vbp.render import zygote\nzygote.preload()\nprint(*sys.modules)"],
        env=warm.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert started <= set(listed.stdout.split())
    assert len(set(json.loads(bare.answer)) - set(listed.stdout.split())) < 5
    assert sorted(set(json.loads(whole.answer)) - set(json.loads(bare.answer)))[5:] == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("warmly", [True, False])
def test_a_question_is_answered_by_the_kernel_outside_the_notebook(zygote, tmp_path, warmly):
    path = notebook_of(tmp_path / "n", "place = 'a\\n\"b\" 市' * 900")
    address = zygote.address if warmly else ""
    watch = Watch(zygote=address, ask="__import__('json').dumps(place)")
    made = execute(path, tmp_path / "w.ipynb", {"city": "x"}, watch)
    assert json.loads(watch.answer) == 'a\n"b" 市' * 900
    assert "dumps" not in json.dumps(made)
    lost = Watch(zygote=address, ask="nothing_of_this_name")
    execute(path, tmp_path / "w.ipynb", {"city": "x"}, lost)
    assert lost.answer == ""


@pytest.mark.parametrize("warmly", [True, False])
def test_a_kernel_takes_nothing_from_the_user_s_home_and_leaves_nothing_where_there_is_none(
    zygote, tmp_path, monkeypatch, capfd, warmly
):
    """A start-up script would change pages without changing their fingerprint; services run by users without a home."""
    started = tmp_path / "home" / ".ipython" / "profile_default" / "startup" / "00.py"
    started.parent.mkdir(parents=True)
    started.write_text("polluted = 1\n")
    specification = tmp_path / "home" / "data" / "kernels" / "python3" / "kernel.json"
    specification.parent.mkdir(parents=True)
    specification.write_text(
        json.dumps({"argv": ["/nowhere/python", "-f", "{connection_file}"], "display_name": "mine"})
    )
    monkeypatch.setenv("PYTHONSTARTUP", str(started))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "home" / "data"))
    path = notebook_of(tmp_path / "n", "import sys\nprint('polluted' in globals(), sys.executable)")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(warm.tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    for home in (tmp_path / "home", Path("/dev/null/home")):
        monkeypatch.setenv("HOME", str(home))
        watch = Watch(zygote=zygote.address if warmly else "")
        made = execute(path, tmp_path / "w.ipynb", {"city": "x"}, watch)
        assert text_of(made) == f"False {sys.executable}\n"
    assert list((tmp_path / "tmp").iterdir()) == []
    assert capfd.readouterr().err == ""


def test_what_a_cell_prints_now_and_then_is_stored_in_one_piece(zygote, tmp_path):
    # in how many pieces it arrives depends on the clock
    source = "import sys, time\nfor word in 'abc':\n    print(word, flush=True)\n    time.sleep(0.4)\n1 + 1"
    made = execute(
        notebook_of(tmp_path / "n", source), tmp_path / "w.ipynb", {"city": "x"}, Watch(zygote=zygote.address)
    )
    kinds = [[output["output_type"] for output in cell.outputs] for cell in made.cells if cell.get("outputs")]
    assert kinds == [["stream", "execute_result"]]
    assert text_of(made) == "a\nb\nc\n"


def test_forks_draw_different_numbers_and_run_in_sessions_of_their_own(zygote, tmp_path):
    path = notebook_of(
        tmp_path / "n",
        "import os, random, numpy\n"
        "print(random.random(), numpy.random.rand(), os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid())",
    )
    told = [text_of(execute(path, tmp_path / "w.ipynb", {"city": "x"}, Watch(zygote=zygote.address))) for _ in range(2)]
    first, second = (line.split() for line in told)
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert first[2:] == second[2:] == ["True", "True"]


@pytest.mark.parametrize(
    "cell, told",
    [
        ("raise ValueError('boom')", "ValueError: boom"),
        ("import sys; sys.exit()", "SystemExit"),
        ("import os; os._exit(3)", "died"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "died"),
        ("import time; time.sleep(600)", "time-out"),
        ("while True: pass", "time-out"),
        ("hog = bytearray(2 << 30)", "MemoryError"),
    ],
)
def test_what_goes_wrong_in_one_kernel_is_named_and_kept_and_touches_no_other(zygote, tmp_path, cell, told):
    path = notebook_of(tmp_path / "n", cell, "'after'")
    seconds = 2 if told == "time-out" else 60
    with pytest.raises(NotebookFailed, match=told):
        execute(
            path, tmp_path / "w.ipynb", {"city": "x"}, Watch(seconds=seconds, memory_mib=1500, zygote=zygote.address)
        )
    assert nbformat.read(tmp_path / "w.ipynb", as_version=4).cells
    good = notebook_of(tmp_path / "n", "print('good')")
    assert "good" in text_of(execute(good, tmp_path / "w.ipynb", {"city": "x"}, Watch(zygote=zygote.address)))
    assert zygote.alive()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("warmly", [True, False])
@pytest.mark.parametrize("end", ["1", "import os; os._exit(3)"])
def test_what_a_kernel_started_ends_with_it(zygote, tmp_path, monkeypatch, warmly, end):
    mark = f"left-{os.getpid()}-{warmly}-{len(end)}"
    monkeypatch.setenv("VBP_TEST_MARK", mark)
    ways = (
        ["", ", start_new_session=True"] if warmly or end == "1" else [""]
    )  # what a dead plain kernel let go is beyond reach
    daemon = "subprocess.run(['sh', '-c', 'sleep 600 &'], start_new_session=True)" if warmly else "1"
    cell = "\n".join([*(f"subprocess.Popen(['sleep', '600']{way})" for way in ways), daemon])
    path = notebook_of(tmp_path / "n", f"import subprocess\n{cell}", end)
    with nullcontext() if end == "1" else pytest.raises(NotebookFailed, match="exit 3"):
        execute(path, tmp_path / "w.ipynb", {"city": "x"}, Watch(zygote=zygote.address if warmly else ""))
    _until(lambda: processes_with(f"VBP_TEST_MARK={mark}") == [])


def test_a_zygote_survives_what_comes_at_once_in_the_wrong_order(tmp_path):
    def forked(name: str) -> Forked:
        argv = ["ipykernel_launcher.py", "-f", str(tmp_path / f"{name}.json")]
        return Forked(zygote.address, argv, dict(os.environ), "/tmp")

    def held_up() -> None:
        _until(lambda: _state(zygote.pid) == "S")  # it waits, and has heard everything
        os.kill(zygote.pid, signal.SIGSTOP)
        _until(lambda: _state(zygote.pid) == "T")

    with warm.Zygote() as zygote, socket.socket(socket.AF_UNIX) as late:
        gone, held = forked("gone"), forked("held")
        held_up()
        gone._line.close()  # the driver hangs up, then its kernel ends by itself, and the zygote hears both in one round
        os.kill(gone.pid, signal.SIGKILL)
        _until(lambda: _state(gone.pid) == "Z")
        os.kill(zygote.pid, signal.SIGCONT)
        _until(lambda: not Path(f"/proc/{gone.pid}").exists())
        more = forked("more")
        held_up()
        zygote.retire()  # it is to take no more requests, then one comes, and it hears both in one round
        late.connect(zygote.address)
        os.kill(zygote.pid, signal.SIGCONT)
        late.settimeout(60)
        with suppress(ConnectionResetError):
            assert late.recv(1) == b""
        assert zygote.alive()
        assert held.poll() is more.poll() is None


def _state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_zygote_that_cannot_fork_safely_says_so_in_one_line_and_the_report_is_made_all_the_same(
    tmp_path, monkeypatch, capfd
):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, threading, time\n"
        "if 'vbp.render.zygote' in sys.orig_argv:\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT / "lib")]))
    path = notebook_of(tmp_path / "n", "print('good')")
    with warm.Zygote() as zygote:
        made = execute(path, tmp_path / "w.ipynb", {"city": "x"}, Watch(zygote=zygote.address))
    assert "good" in text_of(made)
    first, second = capfd.readouterr().err.strip().splitlines()
    assert first.startswith("no warm kernels: RuntimeError: 2 threads after importing")
    assert second.startswith("plain kernel instead of a warm one: the zygote at ")


def test_a_kernel_dies_with_its_driver_and_with_its_zygote():
    with warm.Zygote() as zygote:
        argv = ["ipykernel_launcher.py", "-f", str(Path(zygote.address).with_name("k.json"))]
        held = Forked(zygote.address, argv, dict(os.environ), "/tmp")
        other = Forked(zygote.address, [*argv[:2], argv[2] + "2"], dict(os.environ), "/tmp")
        assert held.poll() is None
        held._line.close()  # as when the driver is killed
        _until(lambda: not Path(f"/proc/{held.pid}").exists())
        assert other.poll() is None
        os.kill(zygote.pid, signal.SIGKILL)
        _until(
            lambda: (
                not Path(f"/proc/{other.pid}/cmdline").exists() or not Path(f"/proc/{other.pid}/cmdline").read_bytes()
            )
        )
        assert other.poll() == -signal.SIGKILL
        with pytest.raises(ZygoteLost):
            Forked(zygote.address, argv, dict(os.environ), "/tmp")


def test_without_its_zygote_a_report_is_made_all_the_same_and_that_is_said(tmp_path, capfd):
    path = notebook_of(tmp_path / "n", "print('good')")
    watch = Watch(zygote=str(tmp_path / "gone"))
    assert "good" in text_of(execute(path, tmp_path / "w.ipynb", {"city": "x"}, watch))
    assert "plain kernel instead of a warm one" in capfd.readouterr().err


@pytest.fixture
def fakes(monkeypatch) -> list:
    """Zygotes that only write down whether they live."""
    started = []

    class Fake:
        def __init__(self):
            started.append(self)
            self.address, self.lives = f"zygote {len(started)}", True

        def alive(self):
            return self.lives

        def close(self):
            self.lives = False

    monkeypatch.setattr(warm, "Zygote", Fake)
    return started


def test_a_zygote_is_replaced_after_its_reports_and_given_up_when_it_keeps_dying(fakes):
    with warm.Nursery(reports=2) as nursery:
        for number, address in enumerate(["zygote 1"] * 2 + ["zygote 2"] * 2 + ["zygote 3"]):
            assert nursery.address(f"report {number}") == address
            nursery.done(f"report {number}")
        assert [zygote.lives for zygote in fakes] == [False, False, True]
        given = []
        for number in range(4):
            fakes[-1].lives = False
            given.append(nursery.address(f"more {number}"))
        assert given == ["zygote 4", "zygote 5", "", ""]
    assert not any(zygote.lives for zygote in fakes)


def test_a_zygote_that_is_replaced_lives_until_the_last_of_its_reports_is_done(fakes):
    with warm.Nursery(reports=2) as nursery:
        assert [nursery.address(name) for name in "abc"] == ["zygote 1", "zygote 1", "zygote 2"]
        assert fakes[0].lives, "a and b are at work"
        nursery.done("b")
        nursery.done("c")
        assert fakes[0].lives, "a is at work"
        nursery.done("a")
        assert [zygote.lives for zygote in fakes] == [False, True]


def test_no_report_loses_its_zygote_to_the_reports_after_it(demo, tmp_path, monkeypatch, capfd):
    notebook_of(tmp_path / "n", FIGURES)
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    monkeypatch.setattr(warm, "Nursery", partial(warm.Nursery, 1))
    places = [light_copy(demo, tmp_path / "in", f"p{number}") for number in range(5)]
    jobs = [Job(place.name, str(place), "", ("zh", "en"), tmp_path / "out") for place in places]
    run, _ = render_run(jobs, tmp_path / "out", 2)
    assert (run.kernels, run.made) == ("warm", 5)
    assert "plain kernel instead" not in capfd.readouterr().err


def test_a_retired_zygote_ends_with_its_last_kernel(tmp_path):
    zygote = warm.Zygote()
    kernel = Forked(zygote.address, ["ipykernel_launcher.py", "-f", str(tmp_path / "k.json")], dict(os.environ), "/tmp")
    zygote.retire()
    time.sleep(0.3)
    assert zygote.alive()
    kernel.finish()
    _until(lambda: not zygote.alive())
    assert kernel.peak_kib
    zygote.close()


def test_papermills_own_command_takes_the_warm_engine_where_the_package_is_installed():
    import tomllib

    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    from importlib.metadata import EntryPoint

    for group, names in (
        ("papermill.engine", {"vbp", "vbp-warm"}),
        ("jupyter_client.kernel_provisioners", {"vbp-fork"}),
    ):
        assert set(points[group]) == names
        assert all(isinstance(EntryPoint(name, value, group).load(), type) for name, value in points[group].items())


OWNER = """
from vbp.render import warm
folder = warm.private_folder()
input()
"""


def test_private_folders_of_dead_processes_are_swept_and_those_of_the_living_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(warm.tempfile, "tempdir", str(tmp_path))
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    for owner in (ended.stdout.strip(), str(other.pid)):  # the second number is another process's by now
        (tmp_path / f"vbp-{owner}-1-abc").mkdir()
    (tmp_path / "vbp-other").mkdir()
    with warm.private_folder() as mine:
        warm.sweep()
        assert {str(path) for path in tmp_path.iterdir()} == {mine, str(tmp_path / "vbp-other")}
    other.communicate(b"\n")


def test_the_private_folder_of_a_zombie_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(warm.tempfile, "tempdir", str(tmp_path))
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, env={**warm.environment(), "TMPDIR": str(tmp_path)}
    )
    _until(lambda: list(tmp_path.iterdir()))
    warm.sweep()
    assert list(tmp_path.iterdir())
    owner.kill()
    _until(lambda: _state(owner.pid) == "Z")
    warm.sweep()
    assert list(tmp_path.iterdir()) == []
    owner.wait()


@pytest.mark.parametrize("platform, why", [("darwin", "need Linux"), ("win32", "need Linux")])
def test_where_forking_is_not_to_be_had_that_is_the_reason(monkeypatch, platform, why):
    monkeypatch.setattr(sys, "platform", platform)
    assert why in warm.unavailable()


def _until(happens, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
