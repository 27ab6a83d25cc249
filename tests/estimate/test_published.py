"""What follows from published figures alone, against a plain recomputation and against what must not follow."""

from __future__ import annotations

import math
import random
import statistics
from decimal import Decimal

import pytest

from vbp.estimate import estimate_from_published
from vbp.estimate.priors import load_priors
from vbp.estimate.rounds import national_cuts, reference_rounds
from vbp.facts import load_published


@pytest.fixture(scope="module")
def published():
    return load_published()


@pytest.fixture(scope="module")
def priors():
    return load_priors()


def test_the_reference_ratios_are_those_of_the_non_circular_rounds(published):
    ratios = {row.batch_id: round(row.ratio, 3) for row in reference_rounds(published)}
    assert ratios == {
        "national-drug-6-insulin": 1.103,
        "national-consumable-joint": 0.976,
        "national-drug-4": 0.939,
        "national-drug-5": 0.828,
        "national-consumable-stent-1": 0.843,
    }


def test_totals_renewals_and_own_arithmetic_are_no_national_cut(published):
    names = {row.batch_id for category in ("drug", "consumable") for row in national_cuts(published, category)}
    assert len(names) == 14
    assert not names & {
        "national-consumable-iol-sports-total",
        "national-consumable-joint-renewal",
        "national-consumable-cochlear",
    }


def t_draw(rng: random.Random, degrees: int) -> float:
    chi = sum(rng.gauss(0, 1) ** 2 for _ in range(degrees))
    return rng.gauss(0, 1) / math.sqrt(chi / degrees)


def test_quanzhous_implied_spending_agrees_with_a_plain_simulation(published, priors):
    """The slow, obvious way: draw each unknown in plain Python, reject weighted cuts of one or more."""
    rng = random.Random(7)
    logs = [math.log(row.ratio) for row in reference_rounds(published)]
    m, s = statistics.mean(logs), statistics.stdev(logs) * math.sqrt(1 + 1 / len(logs))

    def mean_cut(category: str) -> float:
        x = [
            math.log(c / (1 - c))
            for c in (float(row.average_cut_percent) / 100 for row in national_cuts(published, category))
        ]
        return 1 / (
            1
            + math.exp(
                -(statistics.mean(x) + statistics.stdev(x) * math.sqrt(1 + 1 / len(x)) * t_draw(rng, len(x) - 1))
            )
        )

    def weighted(category: str) -> float:
        cut = mean_cut(category)
        while True:
            value = cut * math.exp(m + s * t_draw(rng, len(logs) - 1))
            if value < 1:
                return value

    values = sorted(
        1.124e9 * ((1 - q) / weighted("drug") + q / weighted("consumable"))
        for q in (rng.random() for _ in range(20_000))
    )
    (row,) = estimate_from_published(published, "quanzhou", priors).of("implied_spending")
    for ours, share in ((row.low, 0.05), (row.point, 0.5), (row.high, 0.95)):
        assert float(ours) == pytest.approx(values[int(share * len(values))], rel=0.025)
    assert row.basis == "national_cuts"


def test_quanzhous_saving_is_split_between_the_published_inpatient_ratios(published, priors):
    result = estimate_from_published(published, "quanzhou", priors)
    (fund,) = result.of("fund_saving")
    (patient,) = result.of("patient_saving")
    assert Decimal("0.6056") * 1_124_000_000 < fund.low < fund.high < Decimal("0.7903") * 1_124_000_000
    assert fund.point + patient.point == pytest.approx(1_124_000_000, rel=0.005)
    (limit,) = result.of("payout")
    assert (limit.mark, limit.high, limit.point) == ("derived", Decimal("444346175"), None), (
        "about 11.24 亿 is at most 11.245 亿"
    )


def test_jiujiangs_payout_needs_a_base_of_at_least_twice_it(published, priors):
    bound, inside = estimate_from_published(published, "jiujiang", priors).of("surplus_base")
    assert (bound.mark, bound.low, bound.high) == ("derived", Decimal(216_000_000), None)
    assert bound.low <= inside.low < inside.point < inside.high <= Decimal(360_000_000)


def test_doubtful_figures_enter_only_when_asked_and_damaged_ones_never(published, priors):
    without = estimate_from_published(published, "qingdao", priors)
    assert without.estimates == ()
    assert {(row.quantity, row.reason) for row in without.not_estimated} == {
        ("implied_spending", "saving_doubtful"),
        ("fund_saving", "saving_doubtful"),
        ("surplus_base", "payout_damaged"),
    }
    (row,) = estimate_from_published(published, "qingdao", priors, doubtful=True).estimates
    assert (row.quantity, row.basis) == ("implied_spending", "own_cut")
    assert row.low < 700_000_000 / Decimal("0.53") < row.high


@pytest.mark.parametrize("city", ["nantong", "zhoukou"])
def test_nothing_is_estimated_where_nothing_is_published(published, priors, city):
    for doubtful in (False, True):
        result = estimate_from_published(published, city, priors, doubtful=doubtful)
        assert result.estimates == ()
        assert len(result.not_estimated) >= 3


def test_the_ranking_is_widest_first_and_inside_the_whole(published, priors):
    (row,) = estimate_from_published(published, "quanzhou", priors).of("implied_spending")
    spans = [high - low for _, low, high in row.ranking]
    assert len(spans) == 5
    assert spans == sorted(spans, reverse=True)


def test_kinds_are_never_added_up(published, priors):
    document = estimate_from_published(published, "quanzhou", priors).as_json()
    assert not any("total" in row["quantity"] or row["scope"] == "all" for row in document["estimates"])
    assert all(row["mark"] in ("derived", "estimated") for row in document["estimates"])


def test_the_same_seed_gives_the_same_figures_another_seed_nearly_the_same(published, priors):
    first, again, other = (estimate_from_published(published, "quanzhou", priors, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert float(first.estimates[0].point) == pytest.approx(float(other.estimates[0].point), rel=0.03)
    assert first.text("zh") != ""
    assert "非官方公布数据" in first.text("zh")
