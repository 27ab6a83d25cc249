"""Pages in headless Chromium with the network off: every chart drawn, no failed request, no console error, text as text."""

from __future__ import annotations

from pathlib import Path

import pytest

CITIES = ("quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou")
LANGUAGES = ("zh", "en")


@pytest.fixture
def visit(browser, reports):
    """Open a page offline; return it with the list of what went wrong."""
    contexts = []

    def opened(place: str, width: int = 1280):
        context = browser.new_context(offline=True, viewport={"width": width, "height": 900})
        contexts.append(context)
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto((reports / place).as_uri())
        if page.locator("figure.chart").count():
            page.wait_for_selector("body[data-drawn]", state="attached")  # no function: the policy forbids eval
        return page, wrong

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("slug", [*CITIES, "demo"])
def test_every_chart_is_drawn_offline(visit, slug, lang):
    page, wrong = visit(f"{slug}/report.{lang}.html")
    figures = page.locator("figure.chart")
    assert figures.count() >= 5
    assert page.locator("figure.chart:has(.main-svg)").count() == figures.count()
    assert all(text.strip() for text in page.locator("figure.chart figcaption").all_inner_texts())
    assert wrong == []
    text = page.inner_text("body")
    assert "\\u" not in text
    assert "nan" not in text.lower().split()


def test_a_phone_needs_no_sideways_scrolling(visit):
    page, wrong = visit("jiujiang/report.zh.html", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []


def test_tables_filter_and_sort_by_value(visit):
    page, _ = visit("quanzhou/report.zh.html")
    table = page.locator("table.data").nth(2)
    rows = table.locator("tbody tr")
    before = rows.count()
    page.locator(".tools input").nth(2).fill("节约采购资金")
    assert 0 < table.locator("tbody tr:visible").count() < before
    page.locator(".tools input").nth(2).fill("")
    table.locator("th").nth(1).click()
    values = [
        float(value)
        for value in table.locator("tbody tr td:nth-child(2)").evaluate_all("cells => cells.map(c => c.dataset.value)")
        if value
    ]
    assert values == sorted(values)
    assert len(values) > 5


def test_a_downloaded_table_keeps_hostile_cells_as_text(visit):
    page, _ = visit("quanzhou/report.zh.html")
    page.evaluate("document.querySelector('table.data tbody td').textContent = '=cmd()'")
    with page.expect_download() as download:
        page.locator(".tools button").first.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "'=cmd()" in text


def test_estimates_carry_the_notice_and_the_demonstration_its_mark(visit):
    page, _ = visit("jiujiang/report.zh.html")
    assert page.locator("[data-notice='推算值,非官方公布数据,不作为结算依据']").count() == 1
    page, _ = visit("demo/report.zh.html")
    assert "演示数据" in page.title()
    figures = page.locator("figure.chart").count()
    marked = page.evaluate(
        "Array.from(document.querySelectorAll('figure.chart script')).filter(s => s.textContent.includes('演示数据')).length"
    )
    assert marked == figures
    assert "演示数据" not in visit("quanzhou/report.zh.html")[0].inner_text("main")


def test_the_index_leads_to_every_page(visit, reports):
    page, wrong = visit("index.html")
    links = page.locator("tbody a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert len(links) == 12
    assert all((reports / link).exists() for link in links)
    assert wrong == []


def test_a_phone_shows_titles_and_labels_whole(visit):
    page, wrong = visit("demo/report.en.html", width=390)
    cut = page.evaluate(
        """() => Array.from(document.querySelectorAll('figure.chart .plot')).flatMap(plot => {
            const room = plot.getBoundingClientRect();
            return Array.from(plot.querySelectorAll('.gtitle, .gtitle-subtitle, .ytick text'))
                .filter(text => { const at = text.getBoundingClientRect(); return at.right > room.right + 1 || at.left < room.left - 1; })
                .map(text => text.textContent);
        })"""
    )
    assert cut == []
    titles = page.locator("figure.chart .gtitle").all_text_contents()
    assert len(titles) == page.locator("figure.chart").count() > 10
    lines = page.locator("figure.chart .gtitle tspan.line").all_text_contents()
    assert lines and [line for line in lines if line[:1] in tuple("，。；：、）%")] == []
    assert wrong == []


def test_plotly_starts_with_what_pages_draw(visit, reports):
    page, _ = visit("demo/report.zh.html")
    assert page.evaluate("typeof Plotly.registerRest") == "function"  # no figure asked for the rest
    assert page.evaluate("performance.getEntriesByName('drawn').length") >= 1
