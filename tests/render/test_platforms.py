"""Where kernels cannot be forked, reports are made with papermill's plain engine, and that is said."""

from __future__ import annotations

import os
import sys

import pytest

from tests.render.places import FIGURES, bytes_of, light_copy, notebook_of
from vbp.render.city import Job
from vbp.render.run import render_run


@pytest.fixture
def jobs(demo, tmp_path, monkeypatch):
    notebook_of(tmp_path / "n", FIGURES, "print(city)")
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    for slug in ("one", "two"):
        light_copy(demo, tmp_path / "in", slug)

    def of(out: str) -> list[Job]:
        return [Job(slug, str(tmp_path / "in" / slug), "", ("zh",), tmp_path / out) for slug in ("one", "two")]

    return of


@pytest.mark.parametrize("lacking, told", [("Linux", "this is darwin"), ("pidfd_open", "Linux 5.3")])
def test_a_whole_run_without_forking_gives_the_same_bytes_and_says_why(
    jobs, tmp_path, monkeypatch, capfd, lacking, told
):
    run, _ = render_run(jobs("usual"), tmp_path / "usual")
    assert (run.kernels, run.made) == ("warm" if sys.platform == "linux" else "plain", 2)
    with monkeypatch.context() as other:
        if lacking == "Linux":
            other.setattr(sys, "platform", "darwin")
        else:
            other.delattr(os, "pidfd_open", raising=False)
        capfd.readouterr()
        run, _ = render_run(jobs("other"), tmp_path / "other")
        said = capfd.readouterr().err
        again, _ = render_run(jobs("other"), tmp_path / "other")
        quiet = capfd.readouterr().err
        forced, _ = render_run(jobs("other"), tmp_path / "other", force=True)
    assert (run.kernels, run.made, forced.made, again.skipped) == ("plain", 2, 2, 2)
    assert "kernels are started one by one with papermill's plain engine" in said
    assert told in said
    assert quiet == "", "nothing was started, so there is nothing to say"
    for slug in ("one", "two"):
        assert bytes_of(tmp_path / "other" / slug) == bytes_of(tmp_path / "usual" / slug)
    assert [path.name for path in (tmp_path / "other").glob(".*")] == [".lock"]


def test_windows_keeps_jupyters_own_transport_and_knows_no_fork(monkeypatch):
    from vbp.render import warm
    from vbp.render.kernel import PrivateKernelManager, Watch, resident_mib

    monkeypatch.setattr(sys, "platform", "win32")
    assert PrivateKernelManager.under(Watch())().transport == "tcp"
    assert "need Linux, this is win32" in warm.unavailable()
    monkeypatch.setattr("vbp.render.kernel.Path", lambda *_: tmp_missing)
    assert resident_mib() is None


class _Missing:
    def read_text(self) -> str:
        raise FileNotFoundError("/proc")


tmp_missing = _Missing()
