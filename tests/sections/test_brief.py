"""The summary and what is to be done: every number is the result's own, and nobody is blamed for what the ledger lacks."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from tests.results.places import altered
from vbp import open_city, sections
from vbp.results import tables
from vbp.sections.brief import tasks
from vbp.words import money


def told(city, lang: str) -> BeautifulSoup:
    return BeautifulSoup(sections.headline(city, lang).source, "html.parser").select_one(".brief")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_summary_says_what_was_saved_against_what_how_sure_and_what_is_paid(demo_city, lang):
    words = told(demo_city, lang).select_one(".told").get_text(" ")
    shown = {card.key: card.shown(lang) for card in demo_city.cards}
    assert all(shown[key] in words for key in ("realised", "cut", "payout"))
    assert "P0" in words
    assert "2021-01" in words and "2024-12" in words
    scan = demo_city.scan.table
    fell = scan[(scan["measure"] == "price") & (scan["level_verdict"] == "supported") & (scan["change_percent"] < 0)]
    assert str(len(fell)) in re.findall(r"\d+", words)
    paid = demo_city.surplus.table
    assert str(paid[paid["retained_yuan"].fillna(0) > 0]["hospital_id"].nunique()) in re.findall(r"\d+", words)


def test_every_task_counts_what_its_result_holds_and_leads_to_its_part(demo_city):
    found = {task.text: task.part for task in tasks(demo_city, "zh")}
    states = demo_city.completion.table["state"].value_counts()
    late = demo_city.completion.table[demo_city.completion.table["state"] == "not_completed"][
        "hospital_id"
    ].value_counts()
    lines = list(found)
    assert any(
        line.startswith(f"查明原因：{states['not_completed']}项") and f"（{late.iloc[0]}项）" in line for line in lines
    )
    assert any(line.startswith(f"督促进度：{states['at_risk']}项") for line in lines)
    assert any(money(demo_city.savings.totals["excess"], "zh") in line for line in lines)
    assert set(found.values()) <= {"completion", "surplus", "settlement", "savings", "alternatives", "quality"}
    links = [link["href"] for link in told(demo_city, "zh").select(".todo a")]
    assert links == [f"#{part}" for part in found.values()]
    # the section of warnings says the same, from the same list
    warned = BeautifulSoup(sections.alternatives(demo_city, "zh").source, "html.parser")
    assert [item.text for item in warned.select("ul li")][: len(lines)] == lines


def test_a_missing_table_is_a_task_and_what_rests_on_it_is_not_judged(demo_folder, tmp_path):
    city = open_city("demo", inputs=altered(demo_folder, tmp_path / "demo", without=("agreements", "fund")))
    lines = [task.text for task in tasks(city, "zh")]
    assert lines[0] == "补报数据表：协议量（agreements）、医保支付参数（fund），缺表的部分现不能核算。"
    assert not any("约定" in line for line in lines)
    assert "缺少协议量（agreements）表" in told(city, "zh").select_one(".told").text


def test_agreements_that_the_ledger_covers_in_part_are_nobodys_fault(demo_folder, tmp_path):
    folder = altered(demo_folder, tmp_path / "demo", keep={"usage": lambda row: row["month"] == "2024-12"})
    city = open_city("demo", inputs=folder)
    part = tables.partly_seen(city.panels, city.completion.as_of)
    assert len(part) >= 4
    assert (part["months_in_ledger"] == 1).all()
    assert (part["months_due"] > 1).all()
    lines = [task.text for task in tasks(city, "zh")]
    assert any("采购记录自2024-12起" in line and f"中{part['items'].sum()}项" in line for line in lines)
    assert not any(line.startswith(("查明原因", "督促进度")) for line in lines)
    for name in ("completion", "surplus"):
        page = BeautifulSoup(getattr(sections, name)(city, "zh").source, "html.parser")
        assert "不能据以认定" in page.select_one("[data-missing]").text
    # a payout that is not known is no payout of nothing, and one month of use is no year to project from
    assert "应拨金额暂不能确定" in sections.surplus(city, "zh").source
    assert [card.key for card in city.cards if card.key.startswith("next")] == []
    # without months before, the change of alternatives is a gap
    assert city.savings.totals["alternatives"] is None
    assert "用量外溢未知" in city.savings.text("zh")


def test_a_variety_without_a_price_before_is_a_blank_in_the_heat_map(demo_folder, tmp_path):
    folder = altered(demo_folder, tmp_path / "demo", keep={"usage": lambda row: row["month"] == "2024-12"})
    city = open_city("demo", inputs=folder)
    priced = set(city.panels.prices.loc[city.panels.prices["p0_e10"].notna(), "batch_id"].astype(str))
    matrix = tables.savings_matrix(city.panels)
    assert {str(name) for name in matrix.columns if matrix[name].notna().any()} <= priced
    assert 0 < len(priced) < len(matrix.columns)


def test_a_whole_ledger_covers_every_agreement(demo_city):
    assert len(tables.partly_seen(demo_city.panels, demo_city.completion.as_of)) == 0


def test_completion_stands_beside_the_time_gone_by_on_the_same_basis(demo_city):
    total = tables.completion_total(demo_city.completion)
    table = demo_city.completion.table
    begun = table[~table["state"].isin(["not_started", "no_data"])]
    due = sum(float(gone) * float(yuan) for gone, yuan in zip(begun["elapsed"], begun["agreed_yuan"], strict=True))
    assert float(total["elapsed_percent"]) == pytest.approx(100 * due / float(total["agreed_yuan"]), abs=1e-3)
    card = next(card for card in demo_city.cards if card.key == "completion")
    assert f"{total['elapsed_percent']:.1f}%" in card.where("zh")


def test_unpaid_units_say_why_hospital_by_hospital(demo_city):
    page = BeautifulSoup(sections.surplus(demo_city, "zh").source, "html.parser")
    rows = page.select('table[data-name="demo-surplus-by-hospital"] tbody tr')
    settled = demo_city.surplus.table
    unpaid = sum(not value for value in settled["retained_yuan"])
    counted = sum(int(number) for row in rows for number in re.findall(r"(\d+)个", row.select("td")[-1].text))
    assert counted == unpaid > 0
    assert page.select_one('a[href="statement.xlsx"]') is not None
