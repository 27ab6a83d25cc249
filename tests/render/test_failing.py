"""Failing well: each trouble is named, kept and told; the others are rendered; nothing half-written stands."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.render.places import FIGURES, light_copy, notebook_of
from vbp.cli import build
from vbp.errors import InputError
from vbp.render.city import Job
from vbp.render.lock import only_run
from vbp.render.run import clock, render_all, render_run

TROUBLES = {
    "raises": ("raise ValueError('boom')", "ValueError: boom (In [4])"),
    "hangs": ("import time; time.sleep(600)", "stopped after 20 s, its time-out (--timeout) (In [4])"),
    "exits": ("import sys; sys.exit()", "SystemExit (In [4])"),
    "eats": ("hog = bytearray(4 << 30)", "MemoryError: a kernel may take 1500 MiB (--memory)"),
    "dies": ("import os; os._exit(7)", "Kernel died: exit 7 (In [4])"),
    "killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "Kernel died: killed by SIGKILL, as by a system",
    ),
    "driver": ("1", "the worker process died (killed by SIGKILL, as by a system that is out of memory)"),
    "broken": ("1", "batch_usage"),
    "wrong": ("1", "parameter as_of: Invalid isoformat string: 'yesterday'"),
}
"""What happens in the notebook of the place of that name, or around it, and what is told of it."""
GOOD = ("good1", "good2", "good3")


@pytest.fixture
def places(demo, tmp_path, monkeypatch) -> Path:
    """A root of places, one for each trouble and three without, and a notebook that has them."""
    for slug in (*TROUBLES, *GOOD):
        light_copy(demo, tmp_path / "in", slug)
    broken = tmp_path / "in" / "broken" / "batch_usage.csv"
    broken.write_text(broken.read_text(encoding="utf-8").replace(",before", ",sometimes", 1), encoding="utf-8")
    dispatch = "\n".join(f"if city == {slug!r}:\n    {cell}" for slug, (cell, _) in TROUBLES.items())
    notebook_of(tmp_path / "n", FIGURES, dispatch, "'the last cell'")
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    return tmp_path / "in"


def jobs_of(root: Path, out: Path, *slugs: str) -> list[Job]:
    day = {"wrong": "yesterday"}
    return [
        Job(slug, str(root / slug), day.get(slug, ""), ("zh",), out, seconds=20.0, memory_mib=1500) for slug in slugs
    ]


def dying_driver(monkeypatch) -> None:
    """Have the worker that gets the place `driver` killed half-way, as a system does that is out of memory."""
    path = Path(os.environ["VBP_NOTEBOOKS"]) / "sitecustomize.py"
    path.write_text(
        "import os, signal, sys\n"
        "if 'multiprocessing' in ' '.join(sys.orig_argv):\n"
        "    import vbp.render.files as files\n"
        "    whole = files.fresh_folder\n"
        "    def fresh(out, slug):\n"
        "        folder = whole(out, slug)\n"
        "        if slug == 'driver':\n"
        "            (folder / 'summary.json').write_text('{}')\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return folder\n"
        "    files.fresh_folder = fresh\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(path.parent), str(ROOT / "lib")]))


def test_every_trouble_is_named_and_the_others_are_rendered(places, tmp_path, monkeypatch):
    dying_driver(monkeypatch)
    out = tmp_path / "out"
    run, record = render_run(jobs_of(places, out, *TROUBLES, *GOOD), out, workers=2)
    by_slug = {outcome.slug: outcome for outcome in run.outcomes}
    assert [slug for slug in GOOD if not by_slug[slug].ok] == []
    assert [slug for slug, (_, told) in TROUBLES.items() if by_slug[slug].ok or told not in by_slug[slug].reason] == []
    index, text = ((path).read_text(encoding="utf-8") for path in (out / "index.html", record.with_suffix(".txt")))
    assert index.count('class="failed"') == len(TROUBLES)
    assert all(slug in text for slug in TROUBLES)
    assert text.startswith("集采报告：12个地区，失败9个")
    told = json.loads(record.read_text(encoding="utf-8"))
    assert (told["made"], told["failed"], told["kernels"]) == (3, 9, "warm" if sys.platform == "linux" else "plain")
    for slug in ("raises", "hangs", "exits", "eats", "dies", "killed"):
        assert (out / "failed" / f"{slug}.report.zh.ipynb").is_file()
        assert by_slug[slug].peak_mib is None or by_slug[slug].peak_mib > 30
    assert {path.name for path in out.iterdir() if path.is_dir()} == {*GOOD, "assets", "methods", "runs", "failed"}
    assert re.findall(r'<tr id="([^"]*)">', index) == sorted((*TROUBLES, *GOOD))


def test_a_failure_stays_in_the_index_until_the_place_is_made(places, tmp_path):
    out = tmp_path / "out"
    render_all(jobs_of(places, out, "raises"), out)
    render_all(jobs_of(places, out, "good1"), out)
    assert "ValueError: boom" in (out / "index.html").read_text(encoding="utf-8")
    notebook_of(tmp_path / "n", FIGURES)
    render_all(jobs_of(places, out, "raises"), out)
    assert "ValueError: boom" not in (out / "index.html").read_text(encoding="utf-8")
    assert list((out / "failed").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads a file of /proc that cannot be read")
def test_a_file_that_cannot_be_read_fails_its_place_and_no_other(places, tmp_path):
    out, bad = tmp_path / "out", places / "good2" / "notes.csv"
    bad.symlink_to("/proc/self/mem")
    run, record = render_run(jobs_of(places, out, "good1", "good2", "good3"), out)
    assert [outcome.ok for outcome in run.outcomes] == [True, False, True]
    assert run.outcomes[1].reason == f"Input/output error: {bad}"
    assert f"good2: Input/output error: {bad}" in record.with_suffix(".txt").read_text(encoding="utf-8")
    again = CliRunner().invoke(build(), ["rerun", str(record), "--out", str(tmp_path / "again"), "--strict"])
    assert f"not as recorded: inputs of good2: Input/output error: {bad}" in str(again.exception)


def test_a_full_disk_fails_the_place_with_that_reason_and_leaves_nothing(places, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write = Path.write_text

    def full(path: Path, *args, **kwargs):
        if ".good1." in str(path) and path.suffix == ".html":
            write(path, "half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write(path, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full)
    one, other = render_all(jobs_of(places, out, "good1", "good2"), out)
    assert not one.ok
    assert "No space left" in one.reason
    assert other.ok
    assert not (out / "good1").exists()
    assert [path.name for path in out.glob(".*")] == [".lock"]


def test_a_disk_that_is_full_at_the_end_loses_no_page_and_is_one_clear_message(places, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "index.html")

    monkeypatch.setattr("vbp.render.run.write_index", full)
    with pytest.raises(InputError, match="No space left on device; free space"):
        render_all(jobs_of(places, out, "good1"), out)
    assert (out / "good1" / "report.zh.html").exists()


@pytest.mark.long
def test_a_really_full_disk(places, tmp_path):
    out = tmp_path / "small"
    out.mkdir()
    if (
        os.getuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(out)], check=False).returncode
    ):
        pytest.skip("needs the right to mount a tmpfs")
    try:
        assert render_all(jobs_of(places, out, "good1"), out)[0].ok
        with (out / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
            while filler.write(b"0" * 65536):
                pass
        before = (out / "good1" / "report.zh.html").read_bytes()
        with pytest.raises(InputError, match="No space left"):
            render_all(jobs_of(places, out, "good1", "good2"), out, force=True)
        assert (out / "good1" / "report.zh.html").read_bytes() == before
        assert not (out / "good2").exists()
    finally:
        subprocess.run(["umount", str(out)], check=True)


@pytest.mark.long
def test_a_folder_that_became_read_only_keeps_its_reports_and_is_one_clear_message(places, tmp_path):
    out = tmp_path / "small"
    out.mkdir()
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "none", str(out)], check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        assert render_all(jobs_of(places, out, "good1"), out)[0].ok
        subprocess.run(["mount", "-o", "remount,ro", str(out)], check=True)
        with pytest.raises(InputError, match="reports cannot be written here: Read-only file system"):
            render_all(jobs_of(places, out, "good1", "good2"), out)
        assert (out / "good1" / "report.zh.html").is_file()
    finally:
        subprocess.run(["umount", str(out)], check=True)


def test_of_two_runs_at_once_the_second_says_so_and_the_first_is_not_disturbed(places, tmp_path, monkeypatch):
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists():\n    time.sleep(0.05)"
    notebook_of(tmp_path / "n", FIGURES, wait)
    words = ["report", "good1", "--inputs", str(places), "--out", str(tmp_path / "out"), "--lang", "zh", "--plain"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "lib")}
    first = subprocess.Popen([sys.executable, "-m", "vbp", *words], env=env, stdout=subprocess.PIPE, text=True)
    while not list((tmp_path / "out").glob(".good1.*.new")):
        assert first.poll() is None, "it ended before it began"
        time.sleep(0.05)
    second = subprocess.run([sys.executable, "-m", "vbp", *words], env=env, capture_output=True, text=True, check=False)
    (tmp_path / "go").touch()
    assert (second.returncode, second.stdout) == (1, "")
    assert f"another run is writing here (process {first.pid})" in second.stderr
    told, _ = first.communicate(timeout=120)
    assert (first.returncode, "1 of 1 reports made" in told) == (0, True)


@pytest.mark.parametrize("place", ["/sys/reports", "/dev/null/reports"])
def test_a_folder_that_cannot_be_written_to_is_one_clear_message(place):
    done = CliRunner().invoke(build(), ["report", "nantong", "--out", place])
    assert isinstance(done.exception, InputError)
    assert "reports cannot be written here" in str(done.exception)
    assert len(done.exception.problems) == 1


def test_a_second_run_in_the_same_folder_says_who_is_there(tmp_path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time, pathlib; from vbp.render.lock import only_run\n"
            "with only_run(pathlib.Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(InputError, match=rf"another run is writing here \(process {holder.pid}\)"),
            only_run(tmp_path),
        ):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with only_run(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize(
    "given, told",
    [
        (["-p", "colour=red"], "unknown parameter 'colour'"),
        (["-p", "as_of=yesterday"], "parameter as_of"),
        (["--lang", "fr"], "unknown language"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_starts(tmp_path, given, told):
    done = CliRunner().invoke(build(), ["report", "nantong", "--out", str(tmp_path / "out"), *given])
    assert told in str(done.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_command_on_failure_gets_the_summary_and_the_record(places, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("VBP_TEST_TOLD", str(tmp_path / "told"))
    out = ["--inputs", str(places), "--out", str(tmp_path / "out"), "--lang", "zh", "--plain"]
    command = 'cat > "$VBP_TEST_TOLD"; basename "$VBP_RECORD" >> "$VBP_TEST_TOLD"; exit 3'
    done = CliRunner().invoke(build(), ["report", "raises", "good1", *out, "--on-failure", command])
    assert done.exit_code == 1
    told = (tmp_path / "told").read_text(encoding="utf-8")
    assert "raises: ValueError: boom" in told
    assert told.strip().endswith(".json")
    assert "exit status 3" in capfd.readouterr().err + done.stderr
    assert "1 of 2 reports made" in done.stdout
    (tmp_path / "told").unlink()
    done = CliRunner().invoke(build(), ["report", "good1", *out, "--on-failure", command, "--quiet"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert not (tmp_path / "told").exists()


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_command_on_failure_is_called_too_where_there_was_no_run(tmp_path, monkeypatch):
    monkeypatch.setenv("VBP_TEST_TOLD", str(tmp_path / "told"))
    command = 'cat > "$VBP_TEST_TOLD"; echo "record: $VBP_RECORD" >> "$VBP_TEST_TOLD"'
    with only_run(tmp_path / "out"):
        words = ["report", "nantong", "--out", str(tmp_path / "out"), "--on-failure", command]
        done = CliRunner().invoke(build(), words)
    assert isinstance(done.exception, InputError)
    told = (tmp_path / "told").read_text(encoding="utf-8")
    assert told.startswith("集采报告：本次运行未能完成。") and "VBP reports: the run was not completed." in told
    assert f"another run is writing here (process {os.getpid()})" in told
    assert told.endswith("record: \n")


class _Full:
    """A nursery on a machine that lets no process start: at once, or when the zygote is to be replaced."""

    def __init__(self, at_once: bool) -> None:
        if at_once:
            self.address("")

    def address(self, report: str) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/z")

    def done(self, report: str) -> None:
        return

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_: object) -> None:
        return


@pytest.mark.parametrize(
    "at_once, told, times",
    [
        (True, "kernels are started one by one with papermill's plain engine", 1),
        (False, "plain kernel instead of a warm one", 2),
    ],
)
def test_where_no_zygote_can_be_started_reports_are_made_with_plain_kernels_and_that_is_said(
    places, tmp_path, monkeypatch, capfd, at_once, told, times
):
    monkeypatch.setattr("vbp.render.run.warm.unavailable", lambda: "")
    monkeypatch.setattr("vbp.render.run.warm.Nursery", lambda: _Full(at_once))
    run, _ = render_run(jobs_of(places, tmp_path / "out", "good1", "good2"), tmp_path / "out")
    assert (run.made, run.kernels) == (2, "plain" if at_once else "warm")
    assert capfd.readouterr().err.count(f"{told}: [Errno 28] No space left on device: '/tmp/z'\n") == times


@pytest.mark.parametrize("seconds, told", [(4.4, "4 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")])
def test_the_remaining_time_is_told_for_people(seconds, told):
    assert clock(seconds) == told
