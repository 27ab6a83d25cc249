"""Sections of a place with a ledger: whole or lacking tables, one language, names as text, anchors once, numbers of the results."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup

from tests.results.places import altered
from vbp import sections
from vbp.city import City, open_city
from vbp.results import tables

PARTS = (
    "title", "headline", "contents", "prices", "completion", "savings", "decomposition", "benefit", "surplus", "explained", "impact",
    "projection", "settlement", "alternatives", "rounds_table", "follows", "rules", "gaps", "method",
)  # fmt: skip
NEEDS = {
    "agreements": ("completion", "surplus"),
    "fund": ("benefit", "surplus"),
    "settlements": ("settlement",),
    "usage": ("prices", "savings", "completion", "impact"),
}
HOSTILE = "<script>alert('x')</script>&\"'"


def soup(city: City, part: str, lang: str) -> BeautifulSoup:
    return BeautifulSoup(getattr(sections, part)(city, lang).source, "html.parser")


@pytest.fixture(scope="module")
def page(demo_city) -> dict[tuple[str, str], BeautifulSoup]:
    return {(part, lang): soup(demo_city, part, lang) for part in PARTS for lang in ("zh", "en")}


def exact(found: BeautifulSoup, name: str, place: int) -> list[Decimal]:
    cells = found.select(f'table[data-name$="{name}"] tbody tr td:nth-child({place})')
    return [Decimal(cell["data-value"]) for cell in cells if cell.get("data-value")]


def test_every_anchor_of_a_page_stands_once(page):
    for lang in ("zh", "en"):
        ids = [tag["id"] for part in PARTS for tag in page[part, lang].find_all(id=True)]
        assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)
        names = [
            tag["data-name"] for part in PARTS for tag in page[part, lang].find_all("table") if tag.get("data-name")
        ]
        assert len(names) == len(set(names)) > 10


def test_both_languages_show_the_same_tables_and_the_same_exact_values(page):
    for part in PARTS:
        zh, en = page[part, "zh"], page[part, "en"]
        values = [[cell["data-value"] for cell in found.select("td[data-value]")] for found in (zh, en)]
        assert values[0] == values[1], part
        rows = [[len(table.select("tbody tr")) for table in found.find_all("table")] for found in (zh, en)]
        assert rows[0] == rows[1], part


def test_english_sections_hold_no_chinese_but_names(page, demo_city):
    names = {*demo_city.panels.prices["generic"].astype(str), *map(str, demo_city.inputs.frame("hospitals")["name"])}
    for frame in ("settlements",):
        names |= set(map(str, demo_city.inputs.frame(frame)["supplier"]))
    known = re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))
    for part in (name for name in PARTS if name != "method"):  # there the publications' own titles stand
        text = known.sub("", page[part, "en"].get_text(" "))
        text = re.sub(
            r"演示数据|示范市|医保发〔2020〕26号|国家医疗保障局、财政部|演示品?种?\d*…?|注射用硼替佐…?", "", text
        )
        assert re.findall("[\u4e00-\u9fff]+", text) == [], part


def test_no_section_shows_a_number_that_is_none(page):
    for (part, lang), found in page.items():
        assert re.findall(r"\b(nan|NaN|None|NaT|inf|Infinity)\b|−0%|-0\.00\b", found.get_text(" ")) == [], (part, lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_surplus_by_hospital_is_the_settlement_to_the_fen(page, demo_city, lang):
    own = tables.surplus_by_hospital(demo_city.surplus)
    rows = page["surplus", lang].select('table[data-name$="surplus-by-hospital"] tbody tr')
    assert len(rows) == len(own) > 3
    every = [Decimal(cell["data-value"]) for row in rows for cell in row.select("td[data-value]") if cell["data-value"]]
    assert set(own["retained_yuan"].dropna()) <= set(every)


def test_the_savings_by_batch_add_up_to_the_card(page, demo_city):
    found = page["savings", "zh"]
    heads = [head.get_text() for head in found.select('table[data-name$="savings-by-batch"] thead th')]
    sums = {place: sum(exact(found, "savings-by-batch", place), Decimal(0)) for place in range(2, len(heads) + 1)}
    assert demo_city.savings.totals["realised"] in sums.values()
    assert demo_city.savings.totals["official"] in sums.values()


@pytest.mark.parametrize("table", NEEDS)
def test_a_section_without_its_table_says_which_to_supply_and_the_others_stand(demo_folder, tmp_path, table):
    city = open_city("demo", inputs=altered(demo_folder, tmp_path / "demo", without=(table,)))
    for part in NEEDS[table]:
        for lang in ("zh", "en"):
            found = soup(city, part, lang)
            asked = " ".join(tag.get_text(" ") for tag in found.select("[data-missing]"))
            assert table in asked, (part, lang)
    for part in ("title", "headline", "gaps", "method"):
        assert soup(city, part, "zh").get_text(strip=True), part


def test_hostile_names_are_text_in_every_section(demo_folder, tmp_path):
    folder = altered(
        demo_folder,
        tmp_path / "demo",
        change={
            "hospitals": lambda row: {**row, "name": HOSTILE + row["hospital_id"]},
            "settlements": lambda row: {**row, "supplier": HOSTILE + row["supplier"]},
        },
    )
    city, seen = open_city("demo", inputs=folder), 0
    for part in PARTS:
        found = soup(city, part, "zh")
        assert found.find("script") is None, part
        seen += found.get_text().count("<script>alert('x')</script>")
    assert seen > 3
