"""Folders that lack tables or hold hostile names: every report stands, says what is missing, and shows names as text."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tests.results.paper import printed
from tests.results.places import altered, one_hospital, one_month
from vbp.city import City, open_city
from vbp.savings.result import CUTS, KINDS

LONG = "很长的医院名称" * 70 + "0123456789"
NAMES = {
    "H001": "<script>document.title='owned'</script>",
    "H002": "=cmd|' /C calc'!A0",
    "H003": LONG[:500],
    "H004": "医院\U0001f3e5\U0001f489 & <b>粗体</b>",
    "H005": "مستشفى المدينة \u202e gnilous",
}
GENERICS = {
    "演示品种16": "<img src=x onerror=document.title='owned'>",
    "演示品种15": "药" * 500,
    "演示耗材04": "Б" * 300,
    "演示品种19": "\u202eدواء%{y}",
}


def text_of(city: City, lang: str, folder) -> BeautifulSoup:
    return BeautifulSoup(printed(city, lang, folder).read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("table", ["assessments", "agreements"])
def test_a_report_without_a_table_asks_for_it(demo, tmp_path, table):
    city = open_city("demo", inputs=altered(demo, tmp_path / "demo", without=(table,)))
    page = text_of(city, "zh", tmp_path)
    asked = [part.text for part in page.select("[data-missing]")]
    names = {"assessments": "考核结果（assessments）", "agreements": "协议量（agreements）"}
    assert any(f"缺少{names[table]}表" in text for text in asked)
    payout = page.select_one('[data-card="payout"]')
    assert payout.select_one(".value").text == "—"
    assert table in payout.select_one(".where").text
    # what does not need the table stands
    assert page.select('table[data-name="demo-savings-by-batch"] tbody tr')
    assert page.select('table[data-name="demo-cuts"] tbody tr')
    assert (page.select('table[data-name="demo-completion-by-batch"]') == []) == (table == "agreements")
    # what rests on the missing table is a gap and not zero: on the page and in summary.json
    official = [row.select("td")[1].text for row in page.select('table[data-name="demo-savings-by-batch"] tbody tr')]
    assert official and (set(official) == {"—"}) == (table == "agreements")
    told = city.savings.document()
    assert (told["totals"]["official"] is None) == (table == "agreements")
    unknown = {name for name in ("official", "potential_lawful", "potential_beyond") if table == "agreements"}
    for cut in CUTS:
        rows = city.savings.by(cut)
        assert len(rows)
        assert {kind for kind in KINDS if rows[f"{kind}_yuan"].isna().all()} == unknown, cut
    assert {row["official_yuan"] is None for row in told["baselines"]} == {table == "agreements"}
    assert all(city.savings.checks.values())
    assert ("不按零计" in city.savings.text("zh")) == (table == "agreements")


def test_a_report_of_one_hospital_and_of_one_month_stands(demo, tmp_path):
    alone = text_of(open_city("demo", inputs=one_hospital(demo, tmp_path / "one")), "en", tmp_path)
    assert len(alone.select('table[data-name="demo-surplus-by-hospital"] tbody tr')) == 1
    assert "one hospital" in alone.text
    month = text_of(open_city("demo", inputs=one_month(demo, tmp_path / "month")), "en", tmp_path)
    asked = " ".join(part.text for part in month.select("[data-missing]"))
    assert "24 months" in asked
    assert "price before" in asked
    assert month.select_one('[data-card="realised"] .value').text == "—"
    assert len(month.select("figure.chart")) >= 5
    assert "nan" not in month.text.lower().split()


@pytest.fixture(scope="module")
def hostile(demo, tmp_path_factory) -> City:
    def renamed(row):
        return {**row, "generic": GENERICS.get(row["generic"], row["generic"])}

    folder = altered(
        demo,
        tmp_path_factory.mktemp("hostile") / "demo",
        change={
            "hospitals": lambda row: {**row, "name": NAMES.get(row["hospital_id"], row["name"])},
            **dict.fromkeys(("products", "varieties", "agreements"), renamed),
            "batches": lambda row: {
                **row,
                "name_zh": "批" * 500 if row["batch_id"] == "DEMO-N1" else f"{row['name_zh']}<i>'\"&",
                "name_en": "Round " * 80 if row["batch_id"] == "DEMO-N1" else f"{row['name_en']}</script><svg>",
            },
            "settlements": lambda row: {**row, "supplier": f"@SUM(1+1)*{row['supplier']}<script>"},
        },
    )
    return open_city("demo", inputs=folder)


@pytest.mark.parametrize(("lang", "width"), [("zh", 390), ("en", 1440)])
def test_hostile_names_are_text_and_break_no_layout(hostile, chromium, tmp_path, lang, width):
    from playwright.sync_api import sync_playwright

    target = printed(hostile, lang, tmp_path)
    page_text = target.read_text(encoding="utf-8")
    assert "<script>document" not in page_text
    assert "<img src=x" not in page_text
    assert target.stat().st_size < 1_000_000
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        hand = {"is_mobile": True, "has_touch": True} if width < 600 else {}
        page, wrong = browser.new_context(offline=True, viewport={"width": width, "height": 900}, **hand).new_page(), []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto(target.as_uri())
        page.wait_for_selector("body[data-drawn]", state="attached")
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
        assert "owned" not in page.title()
        assert page.locator("main img, main table svg, main table script, main table i, main table b").count() == 0
        assert page.locator("figure.chart:has(.main-svg)").count() == page.locator("figure.chart").count() >= 15
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.inner_text("main").count("<script>document.title='owned'</script>") >= 2
        assert wrong == []
        browser.close()
