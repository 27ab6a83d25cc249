"""Accessibility of rendered pages: axe-core finds nothing serious, the keyboard reaches what a mouse does, text contrasts.

axe-core is not carried: `AXE_CORE` names axe.min.js, or `npm install --no-save axe-core` puts it into node_modules/.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = ("demo/report.zh.html", "demo/report.en.html", "quanzhou/report.zh.html", "index.html")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def axe() -> str:
    path = Path(os.environ.get("AXE_CORE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
    if not path.is_file():
        pytest.skip("needs axe-core: npm install --no-save axe-core, or AXE_CORE=…/axe.min.js")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def visit(browser, reports):
    # the content policy of the page forbids foreign scripts, axe's among them: bypassed for the test alone
    context = browser.new_context(offline=True, bypass_csp=True, viewport={"width": 1280, "height": 900})

    def opened(place: str):
        page = context.new_page()
        page.goto((reports / place).as_uri())
        if page.locator("figure.chart").count():
            page.wait_for_selector("body[data-drawn]", state="attached")  # no function: the policy forbids eval
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
        return page

    yield opened
    context.close()


@pytest.mark.parametrize("place", PAGES)
def test_axe_finds_no_serious_violation(visit, axe, place):
    page = visit(place)
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 10
    wrong = [
        (item["id"], item["impact"], node["target"], node["failureSummary"])
        for item in found["violations"]
        if item["impact"] in SERIOUS
        for node in item["nodes"][:3]
    ]
    assert wrong == []


def test_the_keyboard_reaches_links_filters_headers_downloads_and_folds(visit):
    page = visit("demo/report.zh.html")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName"))
    assert {"A", "INPUT", "BUTTON", "TH"} <= reached
    unreachable = page.evaluate(
        "Array.from(document.querySelectorAll('summary, th[aria-sort], .tools button, .tools input, nav a'))"
        ".filter(item => item.tabIndex < 0).length"
    )
    assert unreachable == 0


def test_a_table_sorts_from_the_keyboard(visit):
    page = visit("quanzhou/report.zh.html")
    header = page.locator("table.data thead th, table.data thead th button").first
    header.focus()
    page.keyboard.press("Enter")
    assert page.locator("table.data").first.locator("[aria-sort='ascending']").count() == 1


def test_the_focus_can_be_seen(visit):
    page = visit("quanzhou/report.zh.html")
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style not in ("none", "")
