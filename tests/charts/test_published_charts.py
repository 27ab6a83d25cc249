"""Figures of published figures: they show the facts' own numbers, say how to read them, and mark what is not whole."""

from __future__ import annotations

import json

import pytest

import vbp
from vbp import charts
from vbp.charts import theme
from vbp.charts.published import QUALITY, quality
from vbp.facts import load_published

CITIES = ("quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou")
PLACE_CHARTS = (
    "rounds_timeline",
    "cuts_beside_national",
    "varieties_by_round",
    "money_figures",
    "counts",
    "ratios",
    "figures_by_theme",
    "estimate_intervals",
    "estimate_ranking",
    "reference_ratios",
)


@pytest.fixture(scope="module")
def places():
    published = load_published()
    return {slug: vbp.open_city(slug, published=published) for slug in CITIES}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("slug", CITIES)
def test_every_city_has_at_least_five_figures_each_with_title_help_and_text_alternative(places, slug, lang):
    figures = [figure for name in PLACE_CHARTS if (figure := getattr(charts, name)(places[slug], lang)) is not None]
    assert len(figures) >= 5
    for figure in figures:
        assert figure.layout.title.text
        assert figure.layout.meta["help"]
        assert figure.layout.meta["alt"].startswith(figure.layout.title.text[:5].replace("&amp;", "&"))
        assert figure.layout.xaxis.title.text or figure.layout.yaxis.title.text or figure.data[0].type == "heatmap"
        text = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
        assert "NaN" not in text
        assert "\\u" not in text


def test_money_bars_carry_the_published_values(places):
    figure = charts.money_figures(places["quanzhou"], "zh")
    shown = dict(zip(figure.data[0].text, figure.data[0].x, strict=True))
    assert shown["约11.24亿元"] == 11.24
    assert shown["23.95亿元"] == 23.95
    assert len(shown) == 5


def test_cuts_show_the_citys_own_outlined_with_their_baseline(places):
    figure = charts.cuts_beside_national(places["jiujiang"], "en")
    own = [
        (x, trace.name)
        for trace in figure.data
        for x, width in zip(trace.x, trace.marker.line.width, strict=True)
        if width > 0
    ]
    assert sorted(x for x, _ in own) == [69.89, 71.83]
    assert {name for _, name in own} == {"baseline: not stated"}


@pytest.mark.parametrize("slug", ["jiujiang", "quanzhou"])
def test_cuts_are_never_in_order_of_size_over_several_baselines(places, slug):
    figure = charts.cuts_beside_national(places[slug], "zh")
    baseline = {name: trace.name for trace in figure.data for name in trace.y}
    groups = [baseline[name] for name in figure.layout.yaxis.categoryarray]
    runs = [name for place, name in enumerate(groups) if place == 0 or groups[place - 1] != name]
    # one run of rows a baseline, but for the city's own rows, which stand on top
    assert len(runs) <= len(set(groups)) + 1
    cuts = {name: x for trace in figure.data for name, x in zip(trace.y, trace.x, strict=True)}
    shown = [cuts[name] for name in figure.layout.yaxis.categoryarray]
    assert shown != sorted(shown) and shown != sorted(shown, reverse=True)


def test_baselines_are_told_apart_by_shape_as_well_as_colour(places):
    figure = charts.cuts_beside_national(places["quanzhou"], "zh")
    shapes = [trace.marker.symbol for trace in figure.data]
    assert len(set(shapes)) == len(shapes) >= 5
    assert all("基准价：" in trace.name for trace in figure.data)
    assert any("未核实" in text for trace in figure.data for text in trace.text)


def test_the_doubtful_cut_of_qingdao_is_in_no_headline_figure(places):
    for name in ("cuts_beside_national", "rounds_timeline"):
        figure = getattr(charts, name)(places["qingdao"], "zh")
        assert not any(
            53 in (trace.y if name == "rounds_timeline" else trace.x) and "青岛" in str(trace.name)
            for trace in figure.data
        )
    assert charts.money_figures(places["qingdao"], "zh") is None
    assert charts.estimate_intervals(places["qingdao"], "zh") is None


def test_unverified_cells_are_hollow(places):
    figure = charts.rounds_timeline(places["nantong"], "en")
    hollow = [
        x
        for trace in figure.data
        if trace.marker.symbol is not None
        for x, s in zip(trace.x, trace.marker.symbol, strict=True)
        if s.endswith("-open")
    ]
    assert hollow == ["2024-12-19"]


def test_quality_counts_every_figure_once(places):
    for place in places.values():
        figure = charts.figures_by_theme(place, "en")
        assert sum(sum(trace.x) for trace in figure.data) == len(place.facts) > 0
        assert {quality(fact) for fact in place.facts} <= set(QUALITY)


def test_intervals_and_ranking_show_the_estimates_own_numbers(places):
    place = places["quanzhou"]
    (row,) = place.estimate.of("implied_spending")
    trace = next(trace for trace in charts.estimate_intervals(place, "zh").data if trace.name == "估算")
    i = next(i for i, label in enumerate(trace.y) if label.startswith("隐含"))
    assert trace.x[i] == float(row.point) / 1e8
    assert round(trace.x[i] + trace.error_x.array[i], 3) == float(row.high) / 1e8
    tornado = charts.estimate_ranking(place, "zh").data[0]
    widest = row.ranking[0]
    assert round(tornado.base[-1] + tornado.x[-1], 3) == float(widest[2]) / 1e8


def test_overview_figures_count_all_facts():
    published = load_published()
    figure = charts.cities_quality(published, "zh")
    assert sum(sum(trace.y) for trace in figure.data) == len(published.facts)
    assert len(charts.cuts_by_city(published, "en").data[0].x) == 5
    assert charts.cities_coverage(published, "zh").data[0].type == "heatmap"


def test_long_labels_break_between_words_and_chinese_characters():
    assert theme.wrap("one two three", 7) == "one two<br>three"
    assert theme.wrap("中文标签很长", 6) == "中文标<br>签很长"
    assert theme.wrap("<b>", 20) == "&lt;b&gt;"
