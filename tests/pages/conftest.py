"""The reports that page tests read, rendered once a run whatever the number of workers, and a browser."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vbp.demo import make_demo
from vbp.render.city import Job
from vbp.render.run import render_all

CITIES = ("quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou")


@pytest.fixture(scope="session")
def reports(tmp_path_factory) -> Path:
    """The folder of all cities' reports and the demonstration's, in both languages."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "pages"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "done").exists():
            _render(shared)
            (shared / "done").touch()
    return shared / "reports"


def _render(shared: Path) -> None:
    out = shared / "reports"
    demo = make_demo(shared / "demo", hospitals=12)
    jobs = [Job(slug, "", "", ("zh", "en"), out) for slug in CITIES] + [Job("demo", str(demo), "", ("zh", "en"), out)]
    outcomes = render_all(jobs, out, workers=2)
    assert [outcome.reason for outcome in outcomes if not outcome.ok] == []


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator[Any]:
    """Debian's Chromium, driven by playwright; closed with its module, since its loop keeps others of the process out."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
