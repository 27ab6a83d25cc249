"""Savings against the counterfactual and why they differ from the official figure."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tests.impact.impact_helpers import ar1, monthly
from vbp.errors import UsageError
from vbp.impact import counterfactual_savings, its


def city(growth: float = 0.3):
    """Price falls from 10 to 4, quantity grows by `growth`, alternatives gain 5 %."""
    t = np.arange(48)
    after = t >= 24
    quantity = 1000 * np.exp(growth * after + 0.03 * ar1(48, 0.2, 1)[:, 0])
    price = np.where(after, 4.0, 10.0) * np.exp(0.01 * ar1(48, 0.2, 2)[:, 0])
    other = 2000 * np.exp(0.05 * after + 0.02 * ar1(48, 0.2, 3)[:, 0])
    return [
        its(monthly(values), "value", "month", "2020-01", family="log", effect="level", checks=False)
        for values in (quantity * price, quantity, other)
    ]


def test_parts_add_up_to_the_difference_from_the_official_figure():
    spending, quantity, other = city()
    official = Decimal(24 * 1000 * 6)
    result = counterfactual_savings(spending, quantity, other, official, Decimal(200_000))
    assert result.realised.ci_low < 24_000 * 10 - 24_000 * np.exp(0.3) * 4 < result.realised.ci_high
    assert float(official) - result.volume_part.estimate + result.structure_part == pytest.approx(
        result.realised.estimate
    )
    assert result.volume_part.estimate == pytest.approx(24_000 * (np.exp(0.3) - 1) * 4, rel=0.2)
    assert result.spillover.estimate == pytest.approx(24 * 2000 * (np.exp(0.05) - 1), rel=0.6)
    table = result.table.set_index("kind")
    assert table.loc["realised_against_counterfactual", "yuan"] == pytest.approx(result.realised.estimate)
    assert table.loc["official", "yuan"] == float(official) and table.loc["official", "mark"] == "computed"
    assert len(table) == 7


def test_words_name_saving_or_cost_and_the_reasons():
    spending, quantity, other = city()
    text = counterfactual_savings(spending, quantity, other, Decimal(144_000)).text("zh")
    for part in ("支出减少", "用量变化", "结构变化", "替代品种"):
        assert part in text
    grown = city(growth=1.6)
    dear = counterfactual_savings(grown[0])
    assert dear.realised.estimate < 0 and "支出增加" in dear.text("zh") and "higher" in dear.text("en")
    assert dear.volume_part is None and dear.structure_part is None and len(dear.table) == 2


def test_series_over_other_points_are_not_set_beside_each_other():
    spending, quantity, _ = city()
    late = its(monthly(np.exp(0.1 * ar1(48, 0.2, 4)[:, 0])), "value", "month", "2020-03", family="log", checks=False)
    with pytest.raises(UsageError, match="same points"):
        counterfactual_savings(spending, late)
    assert counterfactual_savings(spending, quantity).structure_part is None
