"""Notebooks in a real JupyterLab without a network: part 2 of the tutorial, a slider moved, a table sorted and searched."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.conftest import ROOT
from tests.docs.tutorial import PAGE, workplace

if TYPE_CHECKING:
    from playwright.sync_api import Page

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


@pytest.fixture
def lab(server: str, chromium: str) -> Iterator[Callable[[str], Page]]:
    """Open a notebook in the browser, kernel idle; nothing outside this machine can be asked."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        asked: list[str] = []
        context.route(
            lambda url: "127.0.0.1" not in url, lambda route: (asked.append(route.request.url), route.abort())
        )

        def opened(name: str) -> Page:
            page = context.new_page()
            page.goto(f"{server}/tree/{name}.ipynb?token=t&reset")
            page.wait_for_selector(".jp-CodeCell .cm-content", timeout=120_000)
            page.wait_for_function(
                "document.querySelectorAll('.jp-mod-idle, [data-status=idle]').length > 0", timeout=120_000
            )
            return page

        yield opened
        browser.close()
    assert [url for url in asked if not url.startswith("data:")] == [], "asked for outside this machine"


def run_all(page: Page, until: str) -> None:
    """Run all cells and wait for words that the last ones show; JupyterLab shows a cell when it comes into sight."""
    page.click("text=Run >> nth=0")
    page.click("li.lm-Menu-item:has-text('Run All Cells') >> nth=0")
    begun = time.monotonic()
    for turn in itertools.count():
        if page.evaluate(f"document.body.innerText.includes({until!r})"):
            return
        assert time.monotonic() - begun < 240, f"not shown: {until}"
        page.evaluate(
            "part => document.querySelectorAll('.jp-WindowedPanel-outer').forEach("
            "panel => { panel.scrollTop = panel.scrollHeight * part })",
            turn % 20 / 20,
        )
        page.wait_for_timeout(500)


@pytest.mark.long
def test_a_question_is_answered_in_jupyterlab(lab: Callable[[str], Page]) -> None:
    page = lab("retained_surplus")
    cell = page.locator(".jp-CodeCell .cm-content").first
    cell.click()
    text = cell.inner_text()
    assert 'second_profile: str = "simple-volume"' in text
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text.replace("simple-volume", "shenzhen-2024-draft"))
    run_all(page, "shenzhen-2024-draft合计")
    said = page.evaluate("document.body.innerText")
    less = re.search(r"shenzhen-2024-draft合计[\d,.]+元，相差-([\d,.]+)元", said)
    assert less, "the sentence of the notebook"
    assert less[1] in PAGE.read_text(encoding="utf-8")


@pytest.mark.long
def test_a_slider_moved_changes_the_payout_shown(lab: Callable[[str], Page]) -> None:
    page = lab("retained_surplus")
    run_all(page, "按此规则留用合计")
    page.wait_for_selector(".widget-slider .noUi-handle", timeout=60_000)
    shown = page.locator("text=按此规则留用合计").first
    at_rest = shown.inner_text()
    now, before = re.findall(r"[\d,.]+万元", at_rest)
    assert now == before, "at rest the place's own rules"
    handle = page.locator(".widget-slider .noUi-handle").first
    handle.focus()
    for _ in range(4):  # 50 % down to 30 %
        handle.press("ArrowLeft")
    moved, less = before, pytest.approx(0.6 * yuan(before), abs=0.02)
    for _ in range(60):  # each press settles once; the last one counts
        moved, rest = re.findall(r"[\d,.]+万元", shown.inner_text())
        assert rest == before
        if yuan(moved) == less:
            break
        page.wait_for_timeout(500)
    assert yuan(moved) == less


def yuan(shown: str) -> float:
    """Read 1,095.45万元 as 1095.45."""
    return float(shown.removesuffix("万元").replace(",", ""))


@pytest.mark.long
def test_a_live_table_sorts_by_number_and_searches_with_no_network(lab: Callable[[str], Page]) -> None:
    page = lab("tender_results")
    run_all(page, "每页")
    page.wait_for_selector("table.dataTable tbody tr", timeout=60_000)
    table = page.locator("table.dataTable").first

    def cuts() -> list[float]:
        return [float(row.split("\t")[-1].rstrip("%")) for row in table.locator("tbody tr").all_inner_texts()]

    smallest = cuts()
    assert len(smallest) == 10 and smallest == sorted(smallest)
    descending = table.locator("th[aria-sort=descending]")
    for _ in range(6):  # a first click may only choose the cell; then ascending, descending
        if descending.count():
            break
        table.locator("thead th:has-text('降幅') .dt-column-order").first.click()
        page.wait_for_timeout(1000)
    assert descending.count() == 1
    largest = cuts()
    assert largest == sorted(largest, reverse=True) and largest[0] > max(smallest)
    page.locator(".dt-search input").first.fill("DEMO-H1")
    page.wait_for_function("document.body.innerText.includes('由 100 行筛选')", polling=500)
    rows = table.locator("tbody tr").all_inner_texts()
    assert 0 < len(rows) < 10 and all(row.startswith("DEMO-H1") for row in rows)
