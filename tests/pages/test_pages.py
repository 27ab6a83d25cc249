"""Pages in headless Chromium with the network off: every chart drawn, no failed request, no console error, text as text."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from vbp.words import money

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


@pytest.fixture
def telephone(browser, reports):
    """Open a page on a telephone (a finger, no mouse, 390 px), offline; return it and the session that swipes."""
    contexts = []

    def opened(place: str):
        context = browser.new_context(
            offline=True, viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.goto((reports / place).as_uri())
        page.wait_for_selector("body[data-drawn]", state="attached")
        return page, context.new_cdp_session(page)

    yield opened
    for context in contexts:
        context.close()


def test_on_a_telephone_nothing_lies_on_a_title_and_titles_lie_on_nothing(telephone):
    page, _ = telephone("demo/report.zh.html")
    assert page.locator(".modebar-btn").count() == 0  # shown for good where there is no hovering, over the title
    overlaps = page.evaluate(
        """() => Array.from(document.querySelectorAll('figure.chart .plot')).filter(plot => {
            const title = plot.querySelector('.gtitle').getBoundingClientRect();
            const below = plot.querySelector('.gtitle-subtitle').getBoundingClientRect();
            const drawn = Array.from(plot.querySelectorAll('.ytick text, .cartesianlayer .bglayer rect, .sankey-node, .annotation'))
                .map(part => part.getBoundingClientRect().top);
            return title.bottom > below.top + 1 || below.bottom > Math.min(...drawn) + 6
                || title.top < plot.getBoundingClientRect().top - 1;
        }).map(plot => plot.querySelector('.gtitle').textContent)"""
    )
    assert overlaps == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_finger_on_a_chart_scrolls_the_page(telephone):
    page, session = telephone("demo/report.zh.html")
    chart = page.locator("figure.chart .plot").nth(2)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    before = page.evaluate("window.scrollY")
    x, y = box["x"] + box["width"] / 2, min(box["y"] + box["height"] / 2, 700)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 30 * step}]})
        page.wait_for_timeout(20)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)
    assert page.evaluate("window.scrollY") > before + 150


def test_a_tap_on_a_chart_shows_the_value(telephone):
    page, _ = telephone("demo/report.zh.html")
    chart = page.locator("figure.chart:has(.waterfalllayer)").first
    chart.scroll_into_view_if_needed()
    box = chart.locator(".waterfalllayer .point path").first.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chart.locator(".hovertext").first.wait_for(state="attached", timeout=3000)
    assert "集采前支出" in chart.locator(".hovertext").first.text_content()


def test_a_telephone_and_a_keyboard_take_a_chart_away_as_a_picture(telephone):
    page, _ = telephone("demo/report.en.html")
    buttons = page.locator("figure.chart button.picture")
    assert buttons.count() == page.locator("figure.chart").count()
    assert set(buttons.all_inner_texts()) == {"Download picture"}
    buttons.first.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_labels_of_two_lines_stand_apart_on_a_telephone(telephone):
    page, _ = telephone("demo/report.zh.html")
    collided = page.evaluate(
        """() => Array.from(document.querySelectorAll('figure.chart .plot')).filter(plot => {
            const ticks = Array.from(plot.querySelectorAll('.ytick text')).map(text => text.getBoundingClientRect())
                .sort((a, b) => a.top - b.top);
            return ticks.some((tick, at) => at && tick.top < ticks[at - 1].bottom - 2);
        }).map(plot => plot.querySelector('.gtitle').textContent)"""
    )
    assert collided == []


@pytest.mark.parametrize("width", [390, 672, 1280])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_under_columns_do_not_lie_on_one_another(visit, lang, width):
    page, _ = visit(f"demo/report.{lang}.html", width=width)
    collided = page.evaluate(
        """() => Array.from(document.querySelectorAll('figure.chart .plot')).filter(plot => {
            const ticks = Array.from(plot.querySelectorAll('.xtick text')).map(text => text.getBoundingClientRect())
                .sort((a, b) => a.top - b.top || a.left - b.left);
            return ticks.some((tick, at) => at && Math.abs(tick.top - ticks[at - 1].top) < 2
                && tick.left < ticks[at - 1].right - 1);
        }).map(plot => plot.querySelector('.gtitle').textContent)"""
    )
    assert collided == []


def test_the_first_screen_says_what_was_saved_how_sure_what_is_paid_and_what_to_do(visit, reports):
    page, _ = visit("demo/report.zh.html", width=1440)
    summary = json.loads((reports / "demo" / "summary.json").read_text(encoding="utf-8"))
    cards = {card["key"]: money(Decimal(card["value"]), "zh") for card in summary["cards"] if card["unit"] == "yuan"}
    seen = page.evaluate(
        """() => Array.from(document.querySelectorAll('h1, .brief p, .brief li, .card'))
            .filter(part => part.getBoundingClientRect().bottom <= 900).map(part => part.textContent).join('|')"""
    )
    assert cards["realised"] in seen and cards["payout"] in seen
    assert "集采前价格（P0）" in seen and "统计证据" in seen and "需要办理" not in seen
    assert page.locator(".todo li").count() >= 5
    assert page.evaluate("document.querySelector('.todo').getBoundingClientRect().bottom") <= 900
    targets = page.locator(".todo a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert all(page.locator(target).count() == 1 for target in targets)
    # the list of parts follows: it is no news
    assert page.evaluate(
        "document.querySelector('.contents').getBoundingClientRect().top > document.querySelector('.cards').getBoundingClientRect().bottom"
    )


def test_plotly_starts_with_what_pages_draw(visit, reports):
    page, _ = visit("demo/report.zh.html")
    assert page.evaluate("typeof Plotly.registerRest") == "function"  # no figure asked for the rest
    assert page.evaluate("performance.getEntriesByName('drawn').length") >= 1
