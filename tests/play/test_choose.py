"""What a notebook looks at first, and what it answers to a name that is nowhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vbp import play
from vbp.city import City, open_city
from vbp.errors import UsageError
from vbp.play.choose import Chosen
from vbp.results.missing import Missing


@pytest.fixture(scope="module")
def place() -> City:
    return play.open_place()


def test_the_hospital_with_most_agreements_behind_time_comes_first(place: City) -> None:
    behind = place.completion.table.query("state == 'at_risk'")["hospital_id"].value_counts()
    assert play.chosen_hospital(place) == str(behind.index[0])
    assert play.chosen_hospital(place, "H007") == "H007"


def test_the_best_supported_series_of_a_measure_comes_first_and_any_may_be_named(place: City) -> None:
    chosen = play.chosen_series(place)
    assert isinstance(chosen, Chosen)
    table = place.scan.table
    assert table.loc[chosen.row, "measure"] == "spending"
    assert not (table.loc[: chosen.row - 1, "measure"] == "spending").any()
    generic = str(table.loc[table["measure"] == "price", "generic"].iloc[3])
    named = play.chosen_series(place, generic, "price")
    assert tuple(table.loc[named.row, ["generic", "measure"]]) == (generic, "price")


def test_the_largest_payout_comes_first_and_a_hospitals_own_where_it_is_named(place: City) -> None:
    paid = [value for value in place.surplus.table["retained_yuan"] if value is not None]
    assert play.chosen_payout(place)["retained_yuan"] == max(paid)
    own = play.chosen_payout(place, "H005", "DEMO-N2")
    assert (own["hospital_id"], own["batch_id"]) == ("H005", "DEMO-N2")


def test_the_groups_compared_are_tendered_generics_and_those_never_tendered(place: City) -> None:
    units, result = play.compare_groups(place)
    assert result.estimate < 0 and units["cohort"].isna().any() and units["cohort"].notna().any()


@pytest.mark.parametrize(
    ("choose", "says"),
    [
        (lambda place: play.chosen_hospital(place, "H0O1"), "unknown hospital 'H0O1'; did you mean"),
        (lambda place: play.chosen_series(place, measure="prize"), "did you mean price"),
        (lambda place: play.chosen_series(place, generic="演示品种99"), "unknown generic"),
        (lambda place: play.chosen_payout(place, batch="DEMO-N9"), "unknown batch"),
        (lambda place: play.compare_rules(place, "shenzen"), "did you mean shenzhen-2024-draft"),
    ],
)
def test_a_name_that_is_nowhere_is_answered_with_what_there_is(
    place: City, choose: Callable[[City], object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        choose(place)


def test_without_the_tables_every_choice_says_what_is_missing(place: City, tmp_path: Path) -> None:
    folder = shutil.copytree(place.inputs.folder, tmp_path / "demo")
    (folder / "agreements.csv").unlink()
    (folder / "assessments.csv").unlink()
    bare = open_city("demo", folder)
    assert play.chosen_hospital(bare) == "H001"
    for found in (play.chosen_payout(bare), play.compare_rules(bare, "simple-volume")):
        assert isinstance(found, Missing) and "agreements" in found.text("zh")
    (folder / "awards.csv").unlink()
    bare = open_city("demo", folder)
    for found in (play.chosen_series(bare), play.compare_groups(bare)):
        assert isinstance(found, Missing) and "awards" in found.text("en")
