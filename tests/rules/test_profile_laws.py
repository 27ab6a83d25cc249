"""Bands, switches and inheritance of rule profiles by laws: every score in one band, every change checked anew."""

from __future__ import annotations

import typing
from decimal import Decimal as D
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.rules.test_profiles import GOOD, refused, written
from vbp.rules import load_profile, profile_names, read_profile
from vbp.rules.model import Indicator, Profile, Settlement

few = settings(max_examples=60, deadline=None, derandomize=True)
edges = st.lists(st.integers(1, 9999), max_size=5, unique=True).map(
    lambda cuts: [D(0), *(D(c) / 100 for c in sorted(cuts)), D(100)]
)
CHOICES = {
    name: typing.get_args(field.annotation)
    for name, field in Settlement.model_fields.items()
    if typing.get_origin(field.annotation) is typing.Literal
}


def banded(cuts: list[D], ratios: list[D]) -> list[tuple[object, object, object]]:
    return [(f"{low}", f"{high}", f"{k}") for (low, high), k in zip(pairwise(cuts), ratios, strict=False)]


@few
@given(
    edges,
    st.lists(st.integers(0, 50), min_size=6, max_size=6),
    st.integers(0, 10000),
    st.randoms(use_true_random=False),
)
def test_a_score_has_the_ratio_of_the_one_band_that_holds_it_in_whatever_order_they_stand(
    cuts: list[D], percents: list[int], hundredths: int, random: Any
) -> None:
    bands = banded(cuts, [D(percent) / 100 for percent in percents])
    score = D(hundredths) / 100
    (wanted,) = {
        D(str(k))
        for low, high, k in bands
        if D(str(low)) <= score < D(str(high)) or (score == 100 and D(str(high)) == 100)
    }
    random.shuffle(bands)
    assert load_profile().with_bands(bands).assessment.ratio(score) == wanted


@few
@given(edges.filter(lambda cuts: len(cuts) > 2), st.sampled_from([D("0.01"), D("-0.01")]), st.data())
def test_a_gap_or_an_overlap_of_a_hundredth_of_a_point_is_refused(cuts: list[D], slip: D, data: st.DataObject) -> None:
    bands = banded(cuts, [D("0.1")] * 6)
    place = data.draw(st.integers(1, len(bands) - 1))
    low, high, k = bands[place]
    bands[place] = (f"{D(str(low)) + slip}", high, k)
    with pytest.raises(
        ValidationError, match="gap" if slip > 0 and D(str(high)) > D(str(low)) + slip else "overlap|gap|above"
    ):
        load_profile().with_bands(bands)


@pytest.mark.parametrize(
    ("ratio", "kept"),
    [("0.50", True), ("0.5000", True), ("0.5001", False), ("0", True), ("-0.01", False), ("50", False)],
)
def test_no_ratio_above_a_half_and_none_below_zero(ratio: str, kept: bool) -> None:
    if kept:
        assert load_profile().with_bands([(0, 100, ratio)]).assessment.ratio(D(7)) == D(ratio)
    else:
        with pytest.raises(ValidationError):
            load_profile().with_bands([(0, 100, ratio)])


@pytest.mark.parametrize(("switch", "value"), [(name, value) for name, values in CHOICES.items() for value in values])
def test_every_value_of_every_switch_can_be_written_in_a_file_and_changes_nothing_else(
    tmp_path: Path, switch: str, value: str
) -> None:
    assert len(CHOICES) >= 12
    plain = read_profile(written(tmp_path, GOOD))
    turned = read_profile(written(tmp_path, GOOD + f"settlement: {{{switch}: {value}}}\n"))
    assert dict(turned.parameters()) == {**dict(plain.parameters()), f"settlement.{switch}": value}
    # what a file settles itself no longer carries the mark of the profile that it extends
    assert turned.unverified == {name: why for name, why in plain.unverified.items() if name != f"settlement.{switch}"}
    turned = turned.model_copy(update={"unverified": plain.unverified})
    assert turned == plain.with_switches(**{switch: value})
    assert turned.with_switches(**{switch: getattr(plain.settlement, switch)}) == plain


@pytest.mark.parametrize("name", profile_names())
def test_a_shipped_profile_survives_being_written_out_and_read_again(tmp_path: Path, name: str) -> None:
    profile = load_profile(name)
    path = tmp_path / "again.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(profile.model_dump_json(by_alias=True, exclude={"extends"})), allow_unicode=True),
        encoding="utf-8",
    )
    again = read_profile(path)
    assert again.model_dump(exclude={"extends"}) == profile.model_dump(exclude={"extends"})
    assert (
        isinstance(again, Profile) and again.settlement.completion_threshold == profile.settlement.completion_threshold
    )


def test_an_own_list_of_bands_replaces_the_inherited_one_whole_and_other_parts_stay(tmp_path: Path) -> None:
    bands = "assessment: {bands: [{from: 0, to: 90, ratio: 0}, {from: 90, to: 100, ratio: 0.1}]}\n"
    profile = read_profile(written(tmp_path, GOOD + bands))
    assert [band.ratio for band in profile.assessment.bands] == [0, D("0.1")]
    assert (
        profile.assessment.no_score == load_profile().assessment.no_score
        and profile.settlement == load_profile().settlement
    )


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        ("settlement: {completion_threshold: .nan}\n", "completion_threshold"),
        ("settlement: {completion_threshold: .inf}\n", "completion_threshold"),
        ("settlement: {completion_threshold: 2.01}\n", "completion_threshold"),
        ("settlement: {categories: []}\n", "categories"),
        ("settlement: {pre_price_decimals: 9}\n", "pre_price_decimals"),
        ("settlement: batch\n", "settlement"),
        ("assessment: {bands: []}\n", "bands"),
        ("effective: {from: 2024-02-30}\n", "cannot read|stands twice"),
        ("published: [{zh: '　 ', en: x}]\n", "published.0.zh"),
        ("settlement: {unit: [batch]}\n", "settlement.unit"),
    ],
)
def test_values_out_of_bounds_are_refused_at_their_key(tmp_path: Path, addition: str, said: str) -> None:
    text = refused(tmp_path, GOOD + addition)
    assert any(part in text for part in said.split("|")), text


@few
@given(st.integers(1, 100), st.integers(-200, 200), st.integers(-200, 200), st.integers(-300, 300), st.integers(0, 100))
def test_points_lie_between_none_and_the_weight_and_never_fall_towards_full(
    weight: int, full: int, none: int, value: int, step: int
) -> None:
    if full == none:
        with pytest.raises(ValidationError, match="must differ"):
            Indicator(weight=D(weight), full_at=D(full), none_at=D(none))
        return
    own = Indicator(weight=D(weight), full_at=D(full) / 100, none_at=D(none) / 100)
    assert own.points(own.full_at) == weight and own.points(own.none_at) == 0
    further = step if full > none else -step
    low, high = (own.points(D(at) / 100) for at in (value, value + further))
    assert 0 <= low <= high <= weight
    assert own.points((own.full_at + own.none_at) / 2) == D(weight) / 2
