"""Part 2 of the tutorial in a real JupyterLab: change the parameter, run all cells, read the answer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.docs.tutorial import PAGE, workplace

OPTIONS = re.findall(r"jupyter lab (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[0].split()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """JupyterLab as `make lab` starts it, without a browser of its own, on a free port; yields its address with the token."""
    place = workplace(tmp_path)
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "lib"),
        "HOME": str(tmp_path),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "jupyter"),
    }
    words = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        *OPTIONS,
        "--no-browser",
        "--allow-root",
        "--ServerApp.port=0",
        "--ServerApp.token=t",
    ]
    log = (tmp_path / "lab.log").open("w+")
    process = subprocess.Popen(words, cwd=place / "notebooks", env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(tmp_path / "lab.log", process)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(240):
        found = re.search(r"http://127\.0\.0\.1:\d+/lab", log.read_text(encoding="utf-8"))
        if found:
            try:
                urllib.request.urlopen(found[0] + "?token=t", timeout=20).close()
            except OSError:
                pass
            else:
                return found[0]
        assert process.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.5)
    raise TimeoutError(log.read_text(encoding="utf-8"))


@pytest.mark.long
def test_a_question_is_answered_in_jupyterlab(server: str, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{server}/tree/retained_surplus.ipynb?token=t&reset")
        page.wait_for_selector(".jp-CodeCell .cm-content", timeout=120_000)
        page.wait_for_function(
            "document.querySelectorAll('.jp-mod-idle, [data-status=idle]').length > 0", timeout=120_000
        )
        cell = page.locator(".jp-CodeCell .cm-content").first
        cell.click()
        text = cell.inner_text()
        assert 'second_profile: str = "simple-volume"' in text
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text.replace("simple-volume", "shenzhen-2024-draft"))
        page.click("text=Run >> nth=0")
        page.click("li.lm-Menu-item:has-text('Run All Cells') >> nth=0")
        page.wait_for_function("document.body.innerText.includes('shenzhen-2024-draft合计')", timeout=240_000)
        said = page.evaluate("document.body.innerText")
        browser.close()
    less = re.search(r"shenzhen-2024-draft合计[\d,.]+元，相差-([\d,.]+)元", said)
    assert less, "the sentence of the notebook"
    assert less[1] in PAGE.read_text(encoding="utf-8")
