"""One number from one place: cards, tables, charts, workbook and summary of one report, read back and compared."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from openpyxl import load_workbook

from tests.results.paper import printed
from vbp.statement import Heading, write_statement
from vbp.words import money, percent


@pytest.fixture(scope="module", params=["zh", "en"])
def lang(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def soup(city, lang, tmp_path_factory) -> BeautifulSoup:
    page = printed(city, lang, tmp_path_factory.mktemp("page"))
    assert page.stat().st_size < 1_000_000
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def summary(city) -> dict:
    return json.loads(json.dumps(city.summary()))


def column(soup: BeautifulSoup, name: str, place: int) -> list[Decimal]:
    """Return the exact values of a table's column; an empty one is a gap."""
    cells = soup.select(f'table[data-name="{name}"] tbody tr td:nth-child({place})')
    assert cells
    return [Decimal(cell["data-value"]) for cell in cells if cell["data-value"]]


def workbook_payouts(path: Path) -> list[Decimal]:
    """Return the payouts that the workbook's summary refers to, on the hospitals' sheets."""
    book = load_workbook(path)
    rows = list(book["汇总"].iter_rows(values_only=True))
    heads = next(row for row in rows if "系统核算额(元)" in row)
    references = [row[heads.index("系统核算额(元)")] for row in rows if str(row[0]).startswith("H")]
    found = [re.fullmatch(r"='(.+)'!([A-Z]+\d+)", reference) for reference in references]
    assert all(found)
    values = [book[match[1]][match[2]].value for match in found]
    return [Decimal(str(value)) for value in values if isinstance(value, (int, float, Decimal))]


def charts(soup: BeautifulSoup) -> list[dict]:
    return [json.loads(script.string) for script in soup.select("figure.chart script")]


def test_every_card_shows_what_the_summary_holds(soup, summary, lang):
    cards = {card["data-card"]: card.select_one(".value").text for card in soup.select("[data-card]")}
    least = {"realised", "official", "cut", "completion", "payout", "next_payout"}
    assert set(cards) == {card["key"] for card in summary["cards"]} >= least
    for card in summary["cards"]:
        value = Decimal(card["value"])
        assert value > 0
        assert cards[card["key"]] == (money(value, lang) if card["unit"] == "yuan" else percent(value, 1))


def test_every_card_says_its_kind_and_what_it_is_measured_against(soup):
    for card in soup.select("[data-card]"):
        assert card.select(".mark.computed, .mark.estimated")
        assert card.select(".mark.synthetic")
        assert card.select_one(".where").text.strip()
        if card.select(".mark.estimated"):
            assert "90" in card.select_one(".where").text


@pytest.mark.parametrize("cut", ["batch", "hospital", "generic", "month"])
def test_savings_tables_add_up_to_the_cards(soup, summary, cut):
    cards = {card["key"]: Decimal(card["value"]) for card in summary["cards"]}
    totals = summary["results"]["savings"]["totals"]
    assert sum(column(soup, f"demo-savings-by-{cut}", 2)) == cards["official"] == Decimal(totals["official"])
    assert sum(column(soup, f"demo-savings-by-{cut}", 3)) == cards["realised"] == Decimal(totals["realised"])


def test_who_benefits_adds_up_to_the_realised_saving(soup, summary):
    assert sum(column(soup, "demo-benefit", 2)) == Decimal(summary["results"]["savings"]["totals"]["realised"])
    assert Decimal(summary["results"]["benefit"]["saving_yuan"]) == sum(
        map(Decimal, summary["results"]["benefit"]["by_payer"].values())
    )


def test_the_payout_is_one_number_in_tables_chart_workbook_and_summary(soup, summary, city, tmp_path, lang):
    total = Decimal(next(card["value"] for card in summary["cards"] if card["key"] == "payout"))
    assert total == Decimal(summary["results"]["surplus"]["total_retained_yuan"]) > 0
    assert sum(column(soup, "demo-surplus-by-hospital", 5)) == total
    assert sum(column(soup, "demo-surplus-rows", 9)) == total
    assert (
        sum(workbook_payouts(write_statement(city.surplus, tmp_path / "statement.xlsx", Heading("示范市", True))[0]))
        == total
    )
    titles = [chart["layout"]["title"]["text"] for chart in charts(soup)]
    assert sum(money(total, lang) in title for title in titles) >= 2
    lollipop = next(chart for chart in charts(soup) if any(trace.get("width") == 0.12 for trace in chart["data"]))
    factor = 10_000 if lang == "zh" else 1_000
    if "million" in json.dumps(lollipop["layout"]) or "亿元" in json.dumps(
        lollipop["layout"]["xaxis"], ensure_ascii=False
    ):
        factor = 100_000_000 if lang == "zh" else 1_000_000
    drawn = sum(lollipop["data"][0]["x"]) * factor
    assert abs(drawn - float(total)) <= 0.005 * factor * len(lollipop["data"][0]["x"])


def test_completion_and_cut_stand_in_table_chart_and_summary(soup, summary):
    rows = summary["results"]["completion"]["by_batch_year"]
    assert column(soup, "demo-completion-by-batch", 4) == [Decimal(row["rate_percent"]) for row in rows]
    bullet = next(chart for chart in charts(soup) if any(trace.get("width") == 0.55 for trace in chart["data"]))
    bars = {y: x for part in bullet["data"] if part["type"] == "bar" for y, x in zip(part["y"], part["x"], strict=True)}
    shown = [float(round(Decimal(row["rate_percent"]), 1)) for row in reversed(rows)]
    assert bars == dict(enumerate(shown))
    cut = next(card["value"] for card in summary["cards"] if card["key"] == "cut")
    assert summary["results"]["prices"]["total"][0]["weighted_cut_percent"] == cut
    assert any(percent(Decimal(cut), 1) in chart["layout"]["title"]["text"] for chart in charts(soup))


def test_every_chart_of_a_synthetic_place_is_marked_and_says_a_finding(soup):
    drawn = charts(soup)
    assert len(drawn) >= 17
    for chart in drawn:
        assert "演示数据" in chart["layout"]["title"]["subtitle"]["text"]
        assert any(letter.isdigit() for letter in chart["layout"]["title"]["text"])
        assert chart["layout"]["meta"]["help"]
        assert chart["layout"]["meta"]["alt"]


def test_every_part_has_its_anchor_and_is_in_the_contents(soup):
    links = [link["href"][1:] for link in soup.select("nav.contents a")]
    assert len(links) >= 12
    assert all(soup.find("h2", id=name) is not None for name in links)
