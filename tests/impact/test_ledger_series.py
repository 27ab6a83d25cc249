"""Series, dates and comparison groups from hand-made panels with the columns of docs/panels.md."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from vbp.errors import InputError
from vbp.impact import did, scan
from vbp.impact.ledger_series import (
    batch_dates,
    city_units,
    generic_series,
    generic_units,
    inside,
    panels_series,
    policy_month,
)

PRODUCTS = pd.DataFrame(
    {
        "product_id": ["a1", "a2", "b1", "c1", "d1"],
        "generic": ["A", "A", "B", "C", "D"],
        "originator": [False, True, False, False, False],
        "substitute_group": ["g", "g", "g", None, ""],
    }
)
AWARDS = pd.DataFrame(
    {
        "batch_id": ["n1", "n1"],
        "product_id": ["a1", "a2"],
        "generic": ["A", "A"],
        "supply_role": ["main", "elsewhere"],
        "start_date": pd.to_datetime(["2019-12-20"] * 2),
    }
)
PRICES = pd.DataFrame(
    {"batch_id": ["n1", "n2"], "generic": ["A", "A"], "start_date": pd.to_datetime(["2019-12-20", "2021-01-01"])}
)


def product_month(months: int = 48) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = []
    for at, month in enumerate(pd.date_range("2018-01-01", periods=months, freq="MS")):
        new = at >= 24
        for product, units, price in (
            ("a1", 800 if new else 300, 1.0 if new else 4.0),
            ("a2", 200 if new else 700, 5.0),
            ("b1", 100, 3.0),
            ("c1", 250, 2.0),
            ("d1", 400, 1.5),
        ):
            amount = units * price * rng.uniform(0.95, 1.05)
            rows.append(
                (
                    product,
                    product[0].upper(),
                    month,
                    "selected" if product == "a1" and new else "outside",
                    units * 1000,
                    round(amount * 100),
                )
            )
    rows.append(("??", "", pd.Timestamp("2018-01-01"), "outside", 0, 99_999))
    return pd.DataFrame(rows, columns=["product_id", "generic", "month", "status", "quantity_milliunits", "amount_fen"])


def test_measures_are_what_a_plain_loop_gives():
    panel = product_month()
    series = generic_series(panel, PRODUCTS, AWARDS)
    assert set(series["measure"]) == {
        "price",
        "quantity",
        "spending",
        "selected_share",
        "originator_share",
        "alternatives",
    }
    assert "" not in set(series["generic"]) and len(series) > 48 * 12
    found = series.set_index(["generic", "measure", "month"])["value"]
    for month in panel["month"].unique()[::7]:
        own = panel[(panel["month"] == month) & (panel["generic"] == "A")]
        quantity, spending = own["quantity_milliunits"].sum() / 1000, own["amount_fen"].sum() / 100
        assert found["A", "quantity", month] == pytest.approx(quantity)
        assert found["A", "price", month] == pytest.approx(spending / quantity)
        by_product = own.set_index("product_id")["quantity_milliunits"] / 1000
        assert found["A", "selected_share", month] == pytest.approx(by_product["a1"] / quantity)
        assert found["A", "originator_share", month] == pytest.approx(by_product["a2"] / quantity)
        other = panel[(panel["month"] == month) & (panel["generic"] == "B")]["amount_fen"].sum() / 100
        assert found["A", "alternatives", month] == pytest.approx(other)
    assert ("C", "alternatives") not in found.index.droplevel(2)
    assert ("B", "selected_share") not in found.index.droplevel(2)


def test_a_month_without_purchases_is_a_gap_and_one_without_winners_a_zero():
    panel = product_month()
    gap = pd.Timestamp("2018-05-01")
    panel = panel[~((panel["month"] == gap) & (panel["generic"] == "A"))]
    none = pd.Timestamp("2018-06-01")
    panel = panel[~((panel["month"] == none) & (panel["product_id"] == "a1"))]
    found = generic_series(panel, PRODUCTS, AWARDS).set_index(["generic", "measure", "month"])["value"]
    assert ("A", "quantity", gap) not in found.index
    assert found["A", "selected_share", none] == 0


@pytest.mark.parametrize(
    ("start", "month"),
    [
        ("2019-12-01", "2019-12"),
        ("2019-12-16", "2019-12"),
        ("2019-12-17", "2020-01"),
        ("2019-12-20", "2020-01"),
        ("2019-02-15", "2019-02"),
        ("2019-02-16", "2019-03"),
    ],
)
def test_a_month_belongs_to_the_side_with_most_of_its_days(start, month):
    assert policy_month(pd.Timestamp(start)) == month


def test_dates_are_first_batch_then_renewals_that_can_be_told_apart():
    assert batch_dates(PRICES) == {"A": ("2020-01", "2021-01")}
    series = generic_series(product_month(), PRODUCTS, AWARDS)
    assert inside(series, {"A": ("2020-01", "2020-05", "2021-01", "2021-10"), "B": ("2018-02",)}) == {
        "A": ("2020-01", "2021-01"),
        "B": ("2018-02",),
    }


def test_panels_become_a_scan():
    panels = SimpleNamespace(product_month=product_month(), awards=AWARDS, prices=PRICES)
    series, dates = panels_series(panels, PRODUCTS)
    assert set(series["generic"]) == {"A"}
    table = scan(series, dates).table.set_index("measure")
    assert table.loc["price", "date"] == "2020-01"
    assert table.loc["price", "level_verdict"] == "supported" and table.loc["price", "change_percent"] < -40
    assert {"quantity", "spending", "alternatives"} <= set(table.index)
    nothing = SimpleNamespace(product_month=product_month(), awards=AWARDS, prices=PRICES.assign(generic="Z"))
    with pytest.raises(InputError, match="no tendered generic"):
        panels_series(nothing, PRODUCTS)
    with pytest.raises(InputError, match="no purchase"):
        generic_series(product_month().iloc[:0], PRODUCTS, AWARDS)


def test_controls_are_never_tendered_and_outside_the_substitute_group():
    series = generic_series(product_month(), PRODUCTS, AWARDS)
    units = generic_units(series, "quantity", {"A": ("2020-01",)}, PRODUCTS)
    assert set(units["generic"]) == {"A", "C", "D"}, "B shares the group of A"
    assert units.loc[units["generic"] == "A", "cohort"].eq("2020-01").all()
    assert units.loc[units["generic"] != "A", "cohort"].isna().all()
    prices = generic_units(series, "price", {"A": ("2020-01",)}, PRODUCTS)
    result = did(prices, "value", "generic", "month", "", cohort="cohort")
    assert result.estimate == pytest.approx(-2.9, abs=0.2)
    assert result.smallest_possible_p == pytest.approx(1 / 3)


def test_cities_of_several_folders_become_units():
    series = generic_series(product_month(), PRODUCTS, AWARDS)
    late = series[~((series["generic"] == "C") & (series["month"] == pd.Timestamp("2018-03-01")))]
    units = city_units({"x": series, "y": late}, {"x": "2020-01"}, "price", ["A", "C"])
    assert set(units["city"]) == {"x", "y"} and units.loc[units["city"] == "y", "cohort"].isna().all()
    row = units[(units["city"] == "x") & (units["month"] == pd.Timestamp("2018-03-01"))]["value"].iloc[0]
    both = series[(series["month"] == pd.Timestamp("2018-03-01")) & series["generic"].isin(["A", "C"])]
    sums = both.groupby("measure")["value"].sum()
    assert row == pytest.approx(sums["spending"] / sums["quantity"])
    assert np.isnan(units[(units["city"] == "y") & (units["month"] == pd.Timestamp("2018-03-01"))]["value"].iloc[0])
