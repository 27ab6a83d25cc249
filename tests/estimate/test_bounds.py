"""Figures published as "more than", "less than" or "about" are what they say: a side, or a rounding; never exact."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from vbp.city import City, open_city
from vbp.cli import main
from vbp.estimate import EstimateSet, estimate_from_published
from vbp.estimate.inputs import round_cuts
from vbp.estimate.model import beyond, figure, known, rounded
from vbp.estimate.priors import load_priors
from vbp.estimate.rounds import national_cuts, reference_rounds
from vbp.facts import Published, load_published
from vbp.sections.follows import follows
from vbp.sections.published import method
from vbp.words import say

PUBLISHED = load_published()
PRIORS = load_priors()
SOURCE = ("原文", "source")
SAVING, RATIO, CUT = "procurement_saving", "inpatient_actual_reimbursement_ratio", "average_price_cut"


def worded(city: str, **qualifiers: str) -> Published:
    """The published tables with every figure of these metrics of a city worded otherwise."""
    facts = tuple(
        fact.model_copy(update={"qualifier": qualifiers[fact.metric]})
        if fact.city == city and fact.metric in qualifiers
        else fact
        for fact in PUBLISHED.facts
    )
    assert any(fact.metric in qualifiers and fact.city == city for fact in facts)
    return dataclasses.replace(PUBLISHED, facts=facts)


def with_cut(qualifier: str) -> Published:
    """Quanzhou's saving with a cut of the same scope, worded so."""
    saving = next(fact for fact in PUBLISHED.of("quanzhou") if fact.metric == SAVING)
    cut = next(fact for fact in PUBLISHED.of("quanzhou") if fact.metric == CUT)
    cut = cut.model_copy(update={"scope": saving.scope, "qualifier": qualifier})
    return dataclasses.replace(PUBLISHED, facts=(*PUBLISHED.facts, cut))


def estimated(published: Published, city: str) -> EstimateSet:
    return estimate_from_published(published, city, PRIORS)


def ends(result: EstimateSet, quantity: str) -> list[tuple[bool, bool, bool]]:
    return [(row.low is not None, row.point is not None, row.high is not None) for row in result.of(quantity)]


def exact(city: str, quantity: str, metric: str = SAVING) -> Any:
    return estimated(worded(city, **{metric: "exact"}), city).of(quantity)[0]


@pytest.mark.parametrize("quantity", ["implied_spending", "fund_saving", "patient_saving"])
def test_more_than_a_saving_gives_the_lower_end_alone(quantity: str) -> None:
    (row,) = estimated(worded("quanzhou", procurement_saving="more_than"), "quanzhou").of(quantity)
    assert (row.low, row.point, row.high, row.ranking) == (exact("quanzhou", quantity).low, None, None, ())
    assert "不低于" in row.shown("zh") and "上端不推算" in row.shown("zh")
    assert "at least" in row.shown("en") and "no upper end" in row.shown("en")


@pytest.mark.parametrize("quantity", ["implied_spending", "fund_saving", "patient_saving"])
def test_less_than_a_saving_gives_the_upper_end_alone(quantity: str) -> None:
    (row,) = estimated(worded("quanzhou", procurement_saving="less_than"), "quanzhou").of(quantity)
    assert (row.low, row.point, row.high) == (None, None, exact("quanzhou", quantity).high)
    assert "不超过" in row.shown("zh") and "no lower end" in row.shown("en")


def test_no_most_can_be_retained_of_more_than_a_saving() -> None:
    result = estimated(worded("quanzhou", procurement_saving="more_than"), "quanzhou")
    assert not result.of("payout") and ("payout", "no_upper_bound") in {
        (row.quantity, row.reason) for row in result.not_estimated
    }
    (limit,) = estimated(worded("quanzhou", procurement_saving="less_than"), "quanzhou").of("payout")
    assert limit.high == Decimal("444148600") and "公布“" not in limit.shown("zh")


def test_a_ratio_that_is_more_than_raises_the_funds_part_and_lowers_the_patients() -> None:
    result = estimated(worded("quanzhou", **{SAVING: "exact", RATIO: "more_than"}), "quanzhou")
    assert ends(result, "fund_saving") == [(True, False, False)] and ends(result, "patient_saving") == [
        (False, False, True)
    ]
    assert not result.of("payout")
    assert ends(result, "implied_spending") == [(True, True, True)], "a ratio has no part in spending"


def test_two_bounds_that_pull_apart_leave_nothing_to_say() -> None:
    result = estimated(worded("quanzhou", **{SAVING: "more_than", RATIO: "more_than"}), "quanzhou")
    assert ends(result, "fund_saving") == [(True, False, False)] and not result.of("patient_saving")
    assert ("patient_saving", "bounds_oppose") in {(row.quantity, row.reason) for row in result.not_estimated}


@pytest.mark.parametrize(
    ("qualifier", "wanted"),
    [
        ("exact", (True, True, True)),
        ("more_than", (False, False, True)),
        ("less_than", (True, False, False)),
        ("range_low", (False, False, True)),
        ("range_high", (True, False, False)),
    ],
)
def test_more_than_a_cut_gives_the_most_that_was_spent(qualifier: str, wanted: tuple[bool, bool, bool]) -> None:
    assert ends(estimated(with_cut(qualifier), "quanzhou"), "implied_spending") == [wanted]


@pytest.mark.parametrize(
    ("qualifier", "least", "most"),
    [
        ("exact", "216000000", "360000000"),
        ("about", "215000000", "361666666"),
        ("more_than", "216000000", None),
        ("less_than", None, "360000000"),
    ],
)
def test_the_base_behind_a_payout_goes_no_further_than_its_words(
    qualifier: str, least: str | None, most: str | None
) -> None:
    rows = estimated(worded("jiujiang", surplus_payout=qualifier), "jiujiang").of("surplus_base")
    bounds = [row.low for row in rows if row.mark == "derived"]
    assert bounds == ([Decimal(least)] if least else [])
    (inside,) = (row for row in rows if row.mark == "estimated")
    assert (inside.low is None, inside.high is None) == (least is None, most is None)
    assert least is None or inside.low >= Decimal(least)
    assert most is None or inside.high <= Decimal(most)


@pytest.mark.parametrize("bound", ["more_than", "less_than"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_and_terminal_say_what_a_bound_leaves_open(
    bound: str, lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published = worded("quanzhou", procurement_saving=bound)
    city = open_city("quanzhou", published=published)
    note = say(f"estimate.bound_{bound}", lang)
    shown = say(f"qualifier.{bound}", lang, value={"zh": "11.24亿元", "en": "1.124 bn yuan"}[lang])
    pages = follows(city, lang).source, method(city, lang).source
    assert note in pages[1] and shown in pages[1]
    (row,) = city.estimate.of("implied_spending")
    assert row.shown(lang) in pages[0]
    monkeypatch.setattr("vbp.facts.load_published", lambda: published)
    with pytest.raises(SystemExit) as ended:
        main(["estimate", "quanzhou", "--lang", lang])
    printed = capsys.readouterr().out

    assert not ended.value.code and note in printed and shown in printed and row.shown(lang) in printed
    assert [one["bound"] for one in city.estimate.as_json()["assumptions"]].count(bound) == 1


def test_the_charts_draw_one_sided_estimates_as_bounds() -> None:
    from vbp.charts.estimates import estimate_intervals, estimate_ranking

    city: City = open_city("quanzhou", published=worded("quanzhou", procurement_saving="more_than"))
    drawn = estimate_intervals(city, "zh")
    assert drawn is not None
    traces = {trace.name: trace for trace in drawn.data}
    assert set(traces[say("mark.estimated", "zh")].marker.symbol) == {"triangle-right"}
    assert not any(traces[say("mark.estimated", "zh")].error_x.array)
    assert estimate_ranking(city, "zh") is None


def test_about_is_a_rounding_at_the_last_digit() -> None:
    for value, low, high in (
        ("1124000000", "1123500000", "1124500000"),
        ("700000000", "650000000", "750000000"),
        ("65.57", "65.565", "65.575"),
        ("0.6557", "0.65565", "0.65575"),
    ):
        item = rounded("x", Decimal(value), SOURCE, 1, 1000)
        assert (item.least, item.most) == (Decimal(low), Decimal(high))
        assert float(low) <= item.draws.min() < item.draws.max() <= float(high)
        assert item.assumption.low < item.assumption.median == Decimal(value) < item.assumption.high
    about, plain = (
        estimated(worded("quanzhou", procurement_saving="about"), "quanzhou"),
        exact("quanzhou", "implied_spending"),
    )
    (row,) = about.of("implied_spending")
    assert float(row.point) == pytest.approx(float(plain.point), rel=0.01)
    assert "原文为“约”" in about.assumptions[0].source("zh") and "原文为“约”" not in about.assumptions[-1].source("zh")


def test_quanzhous_own_words_about_and_jiujiangs_exact_are_read_as_they_stand() -> None:
    (quanzhou,) = (row for row in estimated(PUBLISHED, "quanzhou").assumptions if row.name.startswith("saving"))
    assert (quanzhou.low, quanzhou.median, quanzhou.high) == (
        Decimal("1123550000"),
        Decimal(1124000000),
        Decimal("1124450000"),
    )
    (jiujiang,) = (row for row in estimated(PUBLISHED, "jiujiang").assumptions if row.name.startswith("payout"))
    assert jiujiang.low == jiujiang.high == Decimal(108000000) and jiujiang.bound == ""


def test_a_figure_of_bounds_is_open_where_its_formula_moves_with_them() -> None:
    items = {"a": beyond("a", Decimal(10), SOURCE, "more_than"), "b": known("b", Decimal(2), SOURCE)}
    up = figure("payout", "city", "a·b", lambda a, b: a * b, items)
    down = figure("payout", "city", "b−a", lambda a, b: b - a, items)
    assert up is not None and (up.low, up.point, up.high) == (Decimal(20), None, None)
    assert down is not None and (down.low, down.point, down.high) == (None, None, Decimal(-8))
    both = {**items, "b": beyond("b", Decimal(2), SOURCE, "more_than")}
    assert figure("payout", "city", "a/b", lambda a, b: a / b, both) is None


def test_a_round_whose_cut_is_a_bound_teaches_no_number() -> None:
    name = "national-drug-4"
    batches = tuple(
        row.model_copy(update={"cut_qualifier": "more_than"}) if row.batch_id == name else row
        for row in PUBLISHED.batches
    )
    published = dataclasses.replace(PUBLISHED, batches=batches)

    def known_to(tables: Published) -> tuple[bool, ...]:
        class Nothing:
            def has(self, table: str) -> bool:
                return False

        return (
            name in {row.batch_id for row in national_cuts(tables, "drug")},
            name in {row.batch_id for row in reference_rounds(tables)},
            name in round_cuts(Nothing(), tables),
        )  # type: ignore[arg-type]

    assert known_to(PUBLISHED) == (True, True, True) and known_to(published) == (False, False, False)
