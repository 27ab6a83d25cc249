"""A city as notebooks hold it: what it is called, what it has, what its summary says, and what it refuses."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal

import pytest

import vbp
from vbp.city import City, open_city
from vbp.errors import InputError, UsageError
from vbp.facts import load_published
from vbp.results import Missing

CITIES = ("quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou")


@pytest.fixture(scope="module")
def places() -> dict[str, City]:
    published = load_published()
    return {slug: open_city(slug, published=published) for slug in CITIES}


def test_the_package_opens_a_city_by_its_slug():
    place = vbp.open_city("quanzhou")
    assert isinstance(place, City)
    assert (place.name("zh"), place.name("en"), place.synthetic, place.inputs) == ("泉州市", "Quanzhou", False, None)


def test_every_published_figure_belongs_to_exactly_one_city(places):
    published = load_published()
    assert sum(len(place.facts) for place in places.values()) == len(published.facts) > 150
    for slug, place in places.items():
        assert {fact.city for fact in place.facts} == {slug}
    rounds = [batch for place in places.values() for batch in place.batches]
    assert len(rounds) + len(places["quanzhou"].national) == len(published.batches)


def test_no_headline_is_doubtful_damaged_or_another_places(places):
    shown = [fact for place in places.values() for fact in place.headline]
    assert len(shown) >= 10
    for fact in shown:
        assert fact.usable and fact.qualifier not in ("doubtful", "damaged")
        assert fact.status != "example" and not fact.scope.startswith("county:")
    assert places["qingdao"].headline == ()


def test_a_headline_has_at_most_eight_figures_and_two_of_one_metric(places):
    for place in places.values():
        metrics = [fact.metric for fact in place.headline]
        assert len(metrics) <= 8
        assert all(metrics.count(metric) <= 2 for metric in metrics)
        ranks = {row.metric: row.headline_rank for row in place.published.themes}
        assert [ranks[metric] for metric in metrics] == sorted(ranks[metric] for metric in metrics)


@pytest.mark.parametrize("slug", CITIES)
def test_the_summary_counts_every_figure_by_its_quality_and_is_json(places, slug):
    document = json.loads(json.dumps(places[slug].summary()))
    place = places[slug]
    assert document["slug"] == slug and document["synthetic"] is False
    assert document["facts"] == sum(document["facts_by_qualifier"].values()) == len(place.facts)
    assert document["facts_whole_and_own"] == sum(fact.usable for fact in place.facts)
    hurt = document["damaged_or_doubtful"]
    assert {row["qualifier"] for row in hurt} <= {"damaged", "doubtful"}
    assert all(row["value"] is None for row in hurt if row["qualifier"] == "damaged")
    assert all(row["mark"] == "published" and row["source_id"] for row in [*hurt, *document["headline"]])
    assert document["inputs"] is None and document["results"] is None and document["cards"] == []


def test_a_place_with_inputs_sums_up_its_results_and_files(demo_city):
    document = json.loads(json.dumps(demo_city.summary()))
    assert document["synthetic"] is True and document["facts"] == 0
    assert Decimal(document["results"]["surplus"]["total_retained_yuan"]) == demo_city.surplus.total_yuan
    assert {name: Decimal(value) for name, value in document["results"]["savings"]["totals"].items()} == dict(
        demo_city.savings.totals
    )
    inputs = document["inputs"]
    assert inputs["tables"]["usage"] == demo_city.inputs.tables["usage"].num_rows > 10_000
    assert all(len(record["sha256"]) == 64 for record in inputs["files"])
    assert len(document["cards"]) == len(demo_city.cards) >= 5


def test_every_card_has_value_unit_mark_and_what_it_is_measured_against(demo_city):
    for card in demo_city.cards:
        assert card.value is not None and card.unit in ("yuan", "percent")
        assert card.mark in ("computed", "estimated")
        assert (card.low is None) == (card.mark == "computed")
        for lang in ("zh", "en"):
            assert card.label(lang) and card.where(lang) and card.shown(lang) != "—"
        if card.mark == "estimated":
            assert card.low <= card.value <= card.high
            assert "90%" in card.interval("zh").replace(" ", "")


def test_a_lacking_card_shows_a_dash_and_what_to_supply(demo_folder, tmp_path):
    folder = shutil.copytree(demo_folder, tmp_path / "demo")
    (folder / "fund.csv").unlink()
    place = open_city("demo", inputs=folder)
    card = next(card for card in place.cards if card.key == "payout")
    assert card.value is None and card.shown("zh") == "—"
    assert "fund" in card.where("zh") and "fund" in card.where("en")
    assert card.as_json()["value"] is None
    assert isinstance(place.surplus, Missing) and not place.surplus
    assert place.summary()["results"]["surplus"].keys() == {"missing"}


def test_a_result_is_computed_once(demo_city):
    for name in ("panels", "savings", "surplus", "cards", "estimate"):
        assert getattr(demo_city, name) is getattr(demo_city, name)


def test_a_day_may_be_given_as_text_or_as_a_date(demo_folder):
    one, other = (open_city("demo", inputs=demo_folder, as_of=day) for day in ("2023-06-30", date(2023, 6, 30)))
    assert one.as_of == other.as_of == one.day == date(2023, 6, 30)
    assert open_city("demo", inputs=demo_folder, as_of="").as_of is None


def test_a_day_that_is_none_says_how_to_write_it(demo_folder):
    with pytest.raises(UsageError, match=r"2022-13-01.*YYYY-MM-DD"):
        open_city("demo", inputs=demo_folder, as_of="2022-13-01")


def test_all_errors_of_a_folder_are_listed_at_once_whatever_stage_finds_the_first(demo_folder, tmp_path):
    folder = shutil.copytree(demo_folder, tmp_path / "demo")
    _mend(folder / "city.yaml", "national-2020", "national-2002")
    _mend(folder / "awards.csv", ",2021-01-01,", ",2021-13-01,")
    with pytest.raises(InputError) as found:
        open_city("demo", inputs=folder)
    assert {problem.rule for problem in found.value.problems} == {"rule_profile", "date"}
    _mend(folder / "awards.csv", ",2021-13-01,", ",2021-01-01,")
    with pytest.raises(InputError, match="did you mean national-2020"):
        open_city("demo", inputs=folder)
    _mend(folder / "city.yaml", "national-2002", "national-2020")
    _mend(folder / "usage.csv", "H001,2020-01,P0001,", "H777,2020-01,P0001,")
    line = next(line for line in (folder / "awards.csv").read_text("utf-8").splitlines() if line.startswith("DEMO-N1,"))
    with (folder / "awards.csv").open("a", encoding="utf-8") as stream:
        stream.write(line.replace("DEMO-N1", "DEMO-P1") + "\n")
    with pytest.raises(InputError) as found:
        _ = open_city("demo", inputs=folder).panels
    assert {"unknown_hospital", "two_batches"} <= {problem.rule for problem in found.value.problems}


def _mend(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_an_own_place_needs_no_row_in_cities(demo_folder, tmp_path):
    folder = shutil.copytree(demo_folder, tmp_path / "my-county")
    place = open_city("my-county", inputs=folder)
    assert place.facts == () and place.headline == () and place.batches == ()
    assert place.name("zh") == "示范市"


def test_doubtful_figures_enter_estimates_only_where_asked_for():
    shut, let_in = open_city("qingdao"), open_city("qingdao", doubtful=True)
    assert shut.estimate.estimates == () and shut.estimate.doubtful is False
    assert len(let_in.estimate.estimates) > 0 and let_in.estimate.doubtful is True


@pytest.mark.parametrize(
    ("slug", "told"), [("quanzou", "did you mean quanzhou"), ("demo", "give an inputs folder"), ("", "unknown city ''")]
)
def test_an_unknown_city_is_answered_with_the_known_ones(slug, told):
    with pytest.raises(InputError, match="unknown city") as refused:
        open_city(slug)
    assert told in str(refused.value)
    assert all(city in str(refused.value) for city in CITIES)


def test_invented_data_never_stand_under_a_real_citys_name(demo_folder):
    for slug in CITIES:
        with pytest.raises(InputError, match="may not stand under"):
            open_city(slug, inputs=demo_folder)


def test_a_missing_folder_is_told_before_anything_is_computed(tmp_path):
    with pytest.raises(InputError, match="folder"):
        open_city("demo", inputs=tmp_path / "nowhere")
