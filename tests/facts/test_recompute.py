"""Printed results recomputed from other printed numbers."""

from __future__ import annotations

import pytest

from vbp.errors import InputError
from vbp.facts.recompute import RECIPES, recompute, recompute_all


def test_every_row_follows_or_does_not_as_the_file_says():
    results = recompute_all()
    assert len(results) >= 20
    assert all(item.as_stated for item in results)
    assert {item.row.result_id for item in results if not item.holds} == {
        "official-insulin-saving",
        "official-stent-saving",
        "product-stent-cut",
    }
    assert {item.row.recipe for item in results} == set(RECIPES)


def test_a_changed_printed_number_no_longer_holds():
    item = next(result for result in recompute_all() if result.row.result_id == "wen-2021-dddc")
    assert round(item.value, 2) == -69.08
    assert not recompute(item.row.model_copy(update={"printed": item.row.printed + 1})).as_stated


def test_an_unknown_recipe_or_missing_input_is_named():
    row = recompute_all()[0].row
    with pytest.raises(InputError, match="unknown recipe"):
        recompute(row.model_copy(update={"recipe": "guess"}))
    with pytest.raises(InputError, match="is missing"):
        recompute(row.model_copy(update={"inputs": "volume_change_percent=1"}))
