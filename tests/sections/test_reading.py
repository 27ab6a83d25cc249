"""What a careful reader stumbled over once: each behaviour here was seen wrong on a page."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from vbp.charts import theme
from vbp.charts.published import money_figures, ratios
from vbp.city import open_city
from vbp.estimate.result import Assumption
from vbp.impact.speak import effect
from vbp.sections.html import table
from vbp.sections.retained import _items
from vbp.surplus.explain import _is
from vbp.words import count, say
from vbp.words.phrases import table as phrases
from vbp.words.typeset import fullwidth


def test_chinese_titles_of_the_data_are_set_in_full_width():
    assert fullwidth("国家组织药品集采试点(4+7)") == "国家组织药品集采试点（4+7）"
    assert (
        fullwidth("「患者减少1021.67元」比较基期原文未写,见附注;另计")
        == "「患者减少1021.67元」比较基期原文未写，见附注；另计"
    )
    assert fullwidth("GPT (a, b); c: d") == "GPT (a, b); c: d"
    assert fullwidth("国内92%,进口95%") == "国内92%，进口95%"
    assert (
        fullwidth("domestic 92%, imported 95%; 1.07M = 65% of 2019")
        == "domestic 92%, imported 95%; 1.07M = 65% of 2019"
    )


@pytest.mark.parametrize("equal", ["＝", "="])
def test_arithmetic_has_one_sign_of_equality(equal):
    assert [_is(Decimal(value), equal) for value in ("70000", "1.234567", "1.23456789")] == [
        f"{equal} 70,000.00",
        f"{equal} 1.234567",
        "≈ 1.2346",
    ]


def test_items_stand_together_with_their_own_lines():
    html = _items(["A <1>", "  B = 2", "C"]).source
    assert html == "<ul><li>A &lt;1&gt;<br>B = 2</li><li>C</li></ul>"


def test_an_effect_in_a_check_is_told_as_in_the_sentence():
    assert effect("log", -0.3463) == "−29.3%"
    assert effect("gaussian", -0.25) == "−0.25"


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("saving:rounds:cumulative", "11.24亿元", "1.124 bn yuan"),
        ("national_cut:drug", "45%", "45%"),
        ("cut_ratio:rounds:cumulative", "0.9", "0.9"),
    ],
)
def test_assumptions_carry_their_unit(name, zh, en):
    value = {"saving": Decimal(1_124_000_000), "national_cut": Decimal("0.45")}.get(name.split(":")[0], Decimal("0.9"))
    row = Assumption(name, "assumed", value, value, value, "", "")
    assert (row.shown("zh"), row.shown("en")) == (zh, en)
    assert replace(row, bound="more_than").shown("en") == f"more than {en}"


def test_english_counts_keep_the_digits_of_chinese_ones():
    assert (count(7_255_000, "zh"), count(7_255_000, "en")) == ("725.5万", "7.255 m")


def test_dates_in_tables_are_not_broken_over_two_lines():
    told = "as announced on 2029-05-11 foo"
    html = table(["a", "b", "c"], [("2029-05-11", "2018-12（未核实）", told)], name="t").source
    assert html.count('class="day"') == 2
    assert '<td class="text">as announced on <span class="nowrap">2029-05-11</span> foo</td>' in html


def test_a_word_stays_on_one_line_and_a_sentence_takes_its_width():
    html = table(["a", "b", "c"], [("拟中选", "落后于序时进度", "未完成约定采购量：演示品种05")], name="t").source
    assert '<td class="word">拟中选</td><td>落后于序时进度</td><td class="text">' in html
    assert 'class="data"' in html
    assert 'class="data wide"' in table([str(i) for i in range(12)], [["1"] * 12], name="t").source


def test_the_text_alternative_ends_its_sentence_in_the_pages_language():
    assert theme.frame("Title", "Help.", subtitle="演示").layout.meta["alt"] == "Title. 演示"
    assert theme.frame("标题", "说明。", subtitle="演示").layout.meta["alt"] == "标题。演示"


def test_one_measure_has_one_name_and_english_percents_no_space():
    texts = {key: (said["zh"], said["en"]) for key, said in phrases().items()}
    assert len(texts) > 1000
    assert [key for key, (zh, _) in texts.items() if re.search("潜在节约|实现节约|官方口径节约|fund 表", zh)] == []
    assert [key for key, (_, en) in texts.items() if re.search(r"(\d|\}) %(?![a-z(])", en)] == []


def test_a_page_without_a_ledger_names_no_ledgers_month():
    from vbp.render.provenance import _parameters

    assert say("provenance.last_month", "zh") not in _parameters({"city": "quanzhou", "inputs": ""}, "zh")
    assert say("provenance.last_month", "zh") in _parameters({"city": "demo", "inputs": "data/inputs/demo"}, "zh")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_ends_of_a_published_range_are_one_bar_and_never_stacked(lang):
    # 60 % (lower end) and 90 % (upper end) stood as one bar of 150 %
    figure = ratios(open_city("nantong"), lang)
    bars = [
        (label, base, size)
        for bar in figure.data
        for label, base, size in zip(bar.y, bar.base or [None] * len(bar.x), bar.x, strict=True)
    ]
    assert [(base, size) for _, base, size in bars if base is not None] == [(60, 30)]
    assert len({label for label, _, _ in bars}) == len(bars) > 3
    assert "60%–90%" in [text for bar in figure.data for text in bar.text]
    assert max((base or 0) + size for _, base, size in bars) < 100


def test_no_line_of_a_label_starts_with_a_closing_mark():
    lines = theme.wrap("解除、终止协议或暂停服务的定点医药机构数（全市）", 46).split("<br>")
    assert len(lines) == 2
    assert not lines[1].startswith("）")


UNITS = [("nantong", "zh", "万元"), ("nantong", "en", "10,000 yuan"), ("quanzhou", "zh", "亿元")]


@pytest.mark.parametrize(("slug", "lang", "unit"), UNITS)
def test_the_axis_of_amounts_has_a_unit_of_their_size(slug, lang, unit):
    figure = money_figures(open_city(slug), lang)
    assert figure.layout.xaxis.title.text == unit
    assert max(figure.data[0].x) > 0.5
