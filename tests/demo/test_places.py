"""What is taken from a city: counts and cuts that it publishes, never its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vbp.demo import places, simulate
from vbp.demo.awards import mean_cut_percent
from vbp.demo.rounds import PLANS
from vbp.errors import InputError, UsageError
from vbp.paths import data as data_folder

PLAN = {plan.batch_id: plan for plan in PLANS}


def test_the_counts_are_the_cumulative_ones_scaled_down_together(data: Path) -> None:
    shape = places.like_city("alpha")
    assert shape.published == {"drug": 300, "consumable": 100}
    assert shape.drug_varieties + shape.consumable_varieties == places.TENDERED
    assert shape.drug_varieties / shape.consumable_varieties == pytest.approx(3, abs=0.3)


def test_each_round_follows_the_cut_of_its_own_level_else_of_its_category(data: Path) -> None:
    shape = places.like_city("alpha")
    assert (shape.cut_percent(PLAN["DEMO-N1"]), shape.cut(PLAN["DEMO-N1"]).source_id) == (61.25, "src-a")
    assert (shape.cut_percent(PLAN["DEMO-M1"]), shape.cut(PLAN["DEMO-M1"]).source_id) == (44.5, "src-b")
    assert shape.cut_percent(PLAN["DEMO-H1"]) == 44.5


def test_a_doubtful_cut_is_left_and_the_national_mean_taken_without_renewals_and_totals(data: Path) -> None:
    shape = places.like_city("beta")
    assert shape.cut_percent(PLAN["DEMO-N1"]) == 55.0
    assert shape.cut_percent(PLAN["DEMO-M1"]) == 80.0
    assert shape.published == {"drug": None, "consumable": None}


def test_only_prices_really_paid_affordable_and_near_the_mean_are_taken_each_name_once(data: Path) -> None:
    names = {price.generic: price for price in places.like_city("alpha").prices}
    assert set(names) == {"真名片", "真名支架"}
    assert names["真名支架"].source_id == "p-5"
    assert (names["真名片"].pre_yuan, names["真名片"].selected_yuan, names["真名片"].unit_name) == (9.0, 3.0, "片")


def test_an_unknown_city_is_refused_with_the_nearest(data: Path) -> None:
    with pytest.raises(UsageError, match="did you mean alpha"):
        places.like_city("alfa")


def test_missing_published_data_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBP_DATA", str(tmp_path))
    with pytest.raises(InputError, match=r"cities\.csv"):
        places.like_city("alpha")


@pytest.mark.parametrize("drug,consumable", [(494, 35), (5, 900), (864, 6), (1, 1)])
def test_scaling_keeps_the_total_and_the_least_numbers(drug: float, consumable: float) -> None:
    here = places.scaled(drug, consumable)
    assert sum(here) == places.TENDERED
    assert here[0] >= places.FEWEST["drug"] and here[1] >= places.FEWEST["consumable"]


@pytest.mark.parametrize("percent", [30.0, 53.0, 65.57, 90.0])
def test_the_awards_show_the_published_mean_cut(percent: float) -> None:
    cut = places.Cut(percent, "test", "src")
    shape = replace(places.general(), cuts={"drug": cut, "consumable": cut})
    world = simulate(2, 9, 60, shape=shape).world
    rounds = [plan for plan in world.rounds if not plan.renewal_of]
    assert len(rounds) == 6
    for plan in rounds:
        assert mean_cut_percent(world.awards, plan.batch_id) == pytest.approx(percent, abs=0.1)


def test_every_city_of_the_repository_can_be_followed() -> None:
    if not (data_folder() / "facts.csv").is_file():
        pytest.skip("data/facts.csv is not in this tree")
    cities = list(places._table("cities")["city"])
    assert len(cities) >= 5
    for city in cities:
        shape = places.like_city(city)
        assert shape.drug_varieties + shape.consumable_varieties == places.TENDERED
        world = simulate(1, 9, like=city).world
        means = [mean_cut_percent(world.awards, plan.batch_id) for plan in world.rounds if plan.batch_id != "DEMO-N1R"]
        wanted = [shape.cut_percent(plan) for plan in world.rounds if plan.batch_id != "DEMO-N1R"]
        np.testing.assert_allclose(means, wanted, atol=0.1)
