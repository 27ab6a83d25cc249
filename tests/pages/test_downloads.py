"""What a reader takes away from a page: tables as CSV that Excel opens, charts as pictures; and when charts are drawn."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

DEMO = "demo/report.zh.html"


@pytest.fixture
def page(browser, reports):
    context = browser.new_context(offline=True, accept_downloads=True, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto((reports / DEMO).as_uri())
    opened.wait_for_selector("body[data-drawn]", state="attached")
    yield opened
    context.close()


def test_a_table_downloads_whole_with_its_mark_in_a_file_that_excel_reads(page):
    name = "demo-surplus-by-hospital"
    table = page.locator(f'table[data-name="{name}"]')
    button = page.locator(f'.tools:has(+ .scroll table[data-name="{name}"]) button')
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == f"{name}.csv"
    data = Path(download.value.path()).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    mark, heads, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert "演示数据" in mark[0]
    assert heads == table.locator("thead th").all_inner_texts()
    shown = table.locator("tbody tr").count()
    assert len(rows) == shown > 5
    exact = table.locator("tbody tr:first-child td").evaluate_all(
        "cells => cells.map(c => c.dataset.value || c.textContent)"
    )
    assert rows[0] == exact
    assert float(rows[0][4]) > 10_000  # yuan, not 万元: the file holds what the cell was rounded from


def test_a_filtered_table_downloads_what_is_shown(page):
    frame = page.locator('.tools:has(+ .scroll table[data-name="demo-surplus-by-hospital"])')
    frame.locator("input").fill("县人民医院")
    with page.expect_download() as download:
        frame.locator("button").click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"), newline="")))
    assert [row[0] for row in rows[2:]] == ["示范县人民医院"]


def test_a_chart_downloads_as_a_picture(page):
    chart = page.locator("figure.chart").first
    chart.hover()
    with page.expect_download() as download:
        chart.locator('.modebar-btn[data-title="下载图片"]').click()
    data = Path(download.value.path()).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(data) > 20_000
    assert download.value.suggested_filename.endswith("chart-1.png")


def test_charts_in_view_are_drawn_before_the_others(page):
    marks = page.evaluate("['in view', 'drawn'].map(name => performance.getEntriesByName(name)[0].startTime)")
    assert 0 < marks[0] < marks[1]


def test_a_chart_that_folds_is_drawn_when_unfolded_and_one_that_waits_before_printing(browser, reports, tmp_path):
    source = (reports / DEMO).read_text(encoding="utf-8").replace("../assets", (reports / "assets").as_uri())
    begin = source.index('<figure class="chart" id="chart-3"')
    end = source.index("</figure>", begin) + len("</figure>")
    folded = tmp_path / "folded.html"
    folded.write_text(
        f"{source[:begin]}<details id='fold'><summary>x</summary>{source[begin:end]}</details>{source[end:]}", "utf-8"
    )
    opened = browser.new_context(offline=True).new_page()
    opened.goto(folded.as_uri())
    opened.wait_for_selector("body[data-drawn]", state="attached")
    assert opened.locator("#fold .main-svg").count() == 0
    assert opened.locator("figure.chart:has(.main-svg)").count() == opened.locator("figure.chart").count() - 1
    opened.evaluate("document.getElementById('fold').open = true")
    opened.wait_for_selector("#fold .main-svg", state="attached")
    opened.context.close()


def test_printing_draws_what_still_waits(browser, reports):
    opened = browser.new_context(offline=True).new_page()
    opened.add_init_script("window.setTimeout = function () { return 0; };")  # nothing is drawn by and by
    opened.goto((reports / DEMO).as_uri())
    before = opened.locator("figure.chart:has(.main-svg)").count()
    opened.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert before < opened.locator("figure.chart:has(.main-svg)").count() == opened.locator("figure.chart").count()
    opened.context.close()
