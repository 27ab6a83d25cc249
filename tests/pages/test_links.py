"""Every link of every page leads somewhere, and every computed number leads to the page that says how."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

from tests.conftest import ROOT
from vbp.render.standalone import write_standalone
from vbp.sections.how import METHODS

AWAY = ("http:", "https:", "mailto:", "data:")


def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def dead_links(page: Path) -> list[str]:
    """Return the links of a page whose file or anchor does not exist."""
    soup, dead = parsed(page), []
    for tag in soup.select("[href], [src]"):
        address = tag.get("href") or tag.get("src")
        if address.startswith(AWAY):
            continue
        name, _, anchor = address.partition("#")
        target = (page.parent / unquote(name)) if name else page
        if not target.exists() or (anchor and parsed(target).find(id=unquote(anchor)) is None):
            dead.append(address)
    return dead


def test_every_link_of_every_page_leads_somewhere(reports):
    pages = sorted(path for path in reports.rglob("*.html") if ".paper" not in str(path))
    assert len(pages) >= 12 + 1 + 20
    assert {str(page.relative_to(reports)): dead for page in pages if (dead := dead_links(page))} == {}


def test_a_mailed_page_carries_the_methods_it_names(reports, tmp_path):
    page = reports / "demo" / "report.zh.html"
    soup = parsed(write_standalone(page))
    page.with_name("report.zh.standalone.html").unlink()
    links = [link["href"] for link in soup.select("a.how")]
    assert len(links) > 30
    assert all(link.startswith("#method-") and soup.find(id=link[1:]) is not None for link in links)
    assert "statement.xlsx" in soup.text
    assert len(soup.select(".appendix article.method")) >= 12


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_headline_and_every_computed_table_names_its_method(reports, lang):
    soup = parsed(reports / "demo" / f"report.{lang}.html")
    cards = soup.select("[data-card]")
    assert len(cards) >= 7
    assert [card["data-card"] for card in cards if not card.select("a.how")] == []
    tables = {table["data-name"].removeprefix("demo-"): table for table in soup.select("table.data")}
    computed = [name for name in tables if name not in ("files", "unmatched")]
    assert len(computed) >= 18
    bare = [
        name
        for name in computed
        if not tables[name].parent.find_previous_sibling("p", class_="about")
        or not tables[name].parent.find_previous_sibling("p", class_="about").select("a.how")
    ]
    assert bare == []


def test_every_figure_names_its_method_but_counts_of_published_rounds_and_sums_of_the_users_own_table(reports):
    soup = parsed(reports / "demo" / "report.en.html")
    bare = [
        json.loads(figure.script.string)["layout"]["title"]["text"]
        for figure in soup.select("figure.chart")
        if not figure.select("figcaption a.how")
    ]
    assert len(bare) <= 2
    assert all("varieties" in title or title.startswith("Spending on") for title in bare)


def test_every_method_that_is_linked_has_its_page():
    pages = {path.stem for path in (ROOT / "docs" / "methods").glob("*.md")}
    assert {name for names in METHODS.values() for name in names} <= pages


def test_a_method_page_reads_without_a_network(reports, browser):
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 900})
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("requestfailed", lambda request: wrong.append(request.url))
    for path in sorted((reports / "methods").glob("*.html")):
        page.goto(path.as_uri())
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path.name
        if path.stem != "index":
            assert page.locator("article .summary").count() == 1
            assert page.locator("article pre").count() >= 2
    assert wrong == []
    context.close()
