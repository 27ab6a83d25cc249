"""Figures from a ledger: what they plot is what the results say, titled by the finding, in the page's language."""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal

import pytest

from vbp import charts
from vbp.charts import theme
from vbp.city import open_city
from vbp.results import tables
from vbp.words import money

COMPUTED = (
    "price_drops", "price_volume", "completion_bullet", "share_area", "decomposition_waterfall", "savings_heatmap", "saving_by_payer",
    "surplus_sankey", "payouts_by_hospital", "payout_tornado", "counterfactual", "scan_multiples", "payments_on_time", "projection_fan",
)  # fmt: skip


@pytest.fixture(scope="module")
def figures(demo_city) -> dict:
    made = {(name, lang): getattr(charts, name)(demo_city, lang) for name in COMPUTED for lang in ("zh", "en")}
    assert None not in made.values()
    return made


def texts(value: object, key: str = "") -> list[str]:
    """Return every text of a figure that a reader can see."""
    if isinstance(value, dict):
        return [text for name, item in value.items() if name != "template" for text in texts(item, name)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in texts(item, key)]
    seen = ("text", "name", "hovertemplate", "customdata", "ticktext", "label", "help", "alt", "x", "y", "ticksuffix")
    return [value] if isinstance(value, str) and key in seen else []


def parsed(figure) -> dict:
    return json.loads(figure.to_json())


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", COMPUTED)
def test_a_figure_has_title_mark_help_alternative_and_axes_with_units(figures, name, lang):
    figure = figures[name, lang]
    assert re.search(r"\d", figure.layout.title.text), "a title says the finding, with its number"
    assert "演示数据" in figure.layout.title.subtitle.text
    assert len(figure.layout.meta["help"]) > 10
    assert figure.layout.meta["alt"].startswith(figure.layout.title.text[:5])
    if name in ("surplus_sankey", "scan_multiples"):
        return
    axes = [figure.layout.xaxis.title.text, figure.layout.yaxis.title.text, *(
        trace.colorbar.title.text for trace in figure.data if trace.type == "heatmap")]  # fmt: skip
    assert any(axes)
    unit = re.compile("%|元|yuan|month|月|年" if lang == "zh" else "%|yuan|month|year")
    assert unit.search(" ".join(filter(None, [*axes, figure.layout.xaxis.ticksuffix, figure.layout.yaxis.ticksuffix])))


@pytest.mark.parametrize("name", COMPUTED)
def test_a_figure_speaks_one_language(figures, demo_city, name):
    names = [*demo_city.panels.prices["generic"].astype(str), *map(str, demo_city.inputs.frame("hospitals")["name"])]
    for text in texts(parsed(figures[name, "en"])):
        for known in sorted(names, key=len, reverse=True):
            text = text.replace(known, "")
        assert re.findall("[\u4e00-\u9fff]+", text.replace("演示数据", "").replace("示范市", "")) in (
            [],
            ["演示品种"],
        ), text
    for text in texts(parsed(figures[name, "zh"])):
        said = re.sub(r"%\{[^}]*\}|<[^>]+>|&\w+;|DEMO-\w+|P\d{4}", "", text)
        assert set(re.findall(r"[A-Za-z]{2,}", said)) <= {"fund", "pp", "surplus", "vbp"}, text


@pytest.mark.parametrize("name", COMPUTED)
def test_a_figure_is_the_same_every_time_and_holds_no_number_that_is_none(figures, demo_city, name):
    again = getattr(charts, name)(demo_city, "zh").to_json()
    assert again == figures[name, "zh"].to_json()
    assert "NaN" not in again and "Infinity" not in again
    assert len(again) < 400_000


def test_the_waterfall_walks_from_spending_before_to_spending_after(figures, demo_city):
    trace = parsed(figures["decomposition_waterfall", "zh"])["data"][0]
    _, sums = tables.first_cycle_change(demo_city.spending_change, demo_city.panels)
    assert trace["measure"][0] == "absolute" and trace["measure"][-1] == "total"
    assert trace["y"][0] == pytest.approx(float(sums["base"]) / 1e4, abs=0.006)
    assert sum(trace["y"][1:-1]) == pytest.approx(float(sums["change"]) / 1e4, abs=0.05)
    assert trace["y"][-1] == pytest.approx(float(sums["base"] + sums["change"]) / 1e4, abs=0.006)
    assert sums["price"] < 0 < sums["volume"]
    title = {lang: figures["decomposition_waterfall", lang].layout.title.text for lang in ("zh", "en")}
    assert f"价格使支出减少{money(-sums['price'], 'zh')}，用量使支出增加{money(sums['volume'], 'zh')}" in title["zh"]
    assert f"down by {money(-sums['change'], 'en')}" in title["en"]


def test_the_heatmap_holds_the_matrix_and_leaves_gaps_blank(figures, demo_city):
    trace = parsed(figures["savings_heatmap", "zh"])["data"][0]
    cells = [value for row in trace["z"] for value in row]
    matrix = tables.savings_matrix(demo_city.panels)
    known = [value for value in matrix.to_numpy().ravel() if value is not None]
    assert cells.count(None) > 0 and sum(value is not None for value in cells) == len(known)
    total = float(demo_city.savings.totals["realised"]) / 1e4
    assert sum(value for value in cells if value is not None) == pytest.approx(total, abs=0.01 * len(known))


def test_the_payers_parts_are_the_benefit_and_fill_the_saving(figures, demo_city):
    traces = parsed(figures["saving_by_payer", "en"])["data"]
    rows = demo_city.benefit.table["saving_yuan"]
    assert [trace["x"][0] for trace in traces] == [pytest.approx(float(value) / 1e6, abs=0.006) for value in rows]
    shares = [Decimal(text) for text in re.findall(r"([\d.]+)%", figures["saving_by_payer", "en"].layout.title.text)]
    assert sum(shares) == 100


def test_the_lollipops_are_the_settled_payouts_largest_on_top(figures, demo_city):
    bars, heads = parsed(figures["payouts_by_hospital", "zh"])["data"]
    paid = tables.surplus_by_hospital(demo_city.surplus)["retained_yuan"].dropna()
    assert bars["x"] == heads["x"] == sorted(heads["x"])
    assert sum(heads["x"]) == pytest.approx(float(demo_city.surplus.total_yuan) / 1e4, abs=0.01 * len(paid))
    assert [head[0] for head in heads["customdata"]][-1] == money(max(paid), "zh")


def test_the_flow_of_money_keeps_its_sums(figures, demo_city):
    trace = parsed(figures["surplus_sankey", "zh"])["data"][0]
    values = dict(
        zip(zip(trace["link"]["source"], trace["link"]["target"], strict=True), trace["link"]["value"], strict=True)
    )
    flow = tables.surplus_flow(demo_city.surplus)
    budget, surplus, spent, hospitals, fund = range(5)
    assert values[budget, surplus] == pytest.approx(values[surplus, hospitals] + values[surplus, fund], abs=3e-4)
    assert values[budget, surplus] / values[budget, spent] == pytest.approx(
        float(flow["surplus"] / flow["spent"]), rel=1e-5
    )


def test_bars_of_completion_are_the_rates_and_their_colour_says_ahead_or_behind(figures, demo_city):
    *parts, marks = parsed(figures["completion_bullet", "zh"])["data"]
    rolled = demo_city.completion.rolled("batch_year").iloc[::-1]
    bars = {place: (x, part) for part in parts for place, x in zip(part["y"], part["x"], strict=True)}
    assert [bars[place][0] for place in range(len(rolled))] == [round(100 * rate, 1) for rate in rolled["rate"]]
    assert marks["x"] == [round(100 * gone, 1) for gone in rolled["elapsed"]]
    ahead = [rate >= gone for rate, gone in zip(rolled["rate"], rolled["elapsed"], strict=True)]
    assert [bars[place][1]["marker"]["color"] == theme.BLUE for place in range(len(rolled))] == ahead
    assert len({part["name"] for part in parts}) == len(parts) == len(set(ahead))
    numbers = re.findall(r"\d+", figures["completion_bullet", "zh"].layout.title.text)
    assert [str(len(ahead)), str(sum(ahead))] == numbers


def test_shares_of_every_month_fill_the_whole(figures):
    traces = parsed(figures["share_area", "en"])["data"]
    assert len(traces) == 4
    for month in zip(*(trace["y"] for trace in traces), strict=True):
        assert sum(month) == pytest.approx(100, abs=0.21)


def test_dots_of_cuts_are_the_products_cuts_and_the_title_is_the_card(figures, demo_city):
    dots = parsed(figures["price_drops", "zh"])["data"][0]
    items = demo_city.prices.items
    own = items[items["baseline"] == "p0"]
    assert sorted(dots["x"]) == pytest.approx(sorted(float(cut) for cut in own["cut_percent"]), abs=0.051)
    card = next(card for card in demo_city.cards if card.key == "cut")
    assert card.shown("zh") in figures["price_drops", "zh"].layout.title.text


def test_bubbles_count_in_the_title_as_they_lie(figures):
    figure = parsed(figures["price_volume", "zh"])
    points = [point for trace in figure["data"] for point in zip(trace["x"], trace["y"], strict=True)]
    numbers = [int(number) for number in re.findall(r"\d+", figure["layout"]["title"]["text"])]
    both = sum(x < 0 < y for x, y in points)
    varieties = {name for trace in figure["data"] for name, *_ in trace["customdata"]}
    told = [len(varieties), len(points)] if len(varieties) < len(points) else [len(points)]
    assert numbers == (told if both == len(points) else [*told, both])


def test_the_tornado_is_ordered_by_swing_and_ends_at_the_totals_it_names(figures, demo_city):
    traces = parsed(figures["payout_tornado", "zh"])["data"]
    spans = sorted(span for trace in traces for span in zip(trace["base"], trace["x"], strict=True))
    rows = [row for row in demo_city.tornado.table.to_dict("records") if row["swing_yuan"]][: len(spans)]
    ends = sorted((min(row["low_yuan"], row["high_yuan"]), max(row["low_yuan"], row["high_yuan"])) for row in rows)
    swings = [row["swing_yuan"] for row in rows]
    assert len(rows) > 5 and swings == sorted(swings, reverse=True)
    for (start, width), (low, high) in zip(spans, ends, strict=True):
        assert (start, start + width) == pytest.approx((float(low) / 1e4, float(high) / 1e4), abs=0.021)


def test_the_fan_ends_at_the_projections_interval(figures, demo_city):
    band, middle, _ = parsed(figures["projection_fan", "zh"])["data"]
    point, low, high = demo_city.projection.interval("completion")
    assert middle["y"][0] == 0 and middle["y"][-1] == pytest.approx(100 * point, abs=0.051)
    assert (max(band["y"]), band["y"][13]) == pytest.approx((100 * high, 100 * low), abs=0.051)


def test_payments_by_month_are_the_settlements(figures, demo_city):
    on_time = parsed(figures["payments_on_time", "zh"])["data"][0]
    rows = demo_city.settlement.by_month
    known = [(x, y) for x, y in zip(on_time["x"], on_time["y"], strict=True) if y is not None]
    assert len(on_time["x"]) == len(rows) and known
    own = dict(zip(map(str, rows["month"]), rows["on_time_share_amount"], strict=True))
    assert all(y == pytest.approx(100 * own[x], abs=0.051) for x, y in known)


def test_a_month_in_small_multiples_is_told_by_its_hover(figures):
    layout = parsed(figures["scan_multiples", "zh"])["layout"]
    axes = [axis for name, axis in layout.items() if name.startswith("xaxis")]
    # without a format of its own a hover takes the ticks', which is the year alone
    assert len(axes) >= 4 and all(axis.get("hoverformat") == "%Y-%m" for axis in axes)


def srgb(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def lab(linear: list[float]) -> list[float]:
    """Return CIE L*a*b* (D65) of linear sRGB."""
    rows = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    xyz = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in rows]

    def f(t: float) -> float:
        return t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29

    x, y, z = (f(value / white) for value, white in zip(xyz, (0.95047, 1.0, 1.08883), strict=True))
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


SEEN = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    # Viénot, Brettel and Mollon 1999, on linear sRGB
    "without red": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "without green": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}


@pytest.mark.parametrize("seen", SEEN)
def test_series_are_told_apart_by_every_reader(seen):
    def as_seen(colour: str) -> list[float]:
        linear = srgb(colour)
        return lab([min(1, max(0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in SEEN[seen]])

    for one, other in itertools.combinations(theme.PALETTE, 2):
        apart = sum((a - b) ** 2 for a, b in zip(as_seen(one), as_seen(other), strict=True)) ** 0.5
        assert apart > 10, (one, other, round(apart, 1))


def test_text_on_white_is_readable():
    def luminance(colour: str) -> float:
        return sum(part * weight for part, weight in zip(srgb(colour), (0.2126, 0.7152, 0.0722), strict=True))

    for colour in (theme.INK, theme.GREY):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour


@pytest.mark.parametrize("name", COMPUTED)
def test_a_place_without_inputs_has_no_such_figure(name):
    assert getattr(charts, name)(open_city("jiujiang"), "en") is None
