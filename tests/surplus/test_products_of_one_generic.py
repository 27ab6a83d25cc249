"""Agreements per product: what was spent on the generic beside the winners counts once, wherever a product is settled."""

from __future__ import annotations

from decimal import Decimal as D
from itertools import permutations
from typing import Any

import pandas as pd
import pytest

from tests.surplus.test_panels import FakePanels, Tables, fund
from vbp.rules import load_profile
from vbp.surplus import settle
from vbp.surplus.items import items_from_panels

NATIONAL = load_profile()
N_FEN = 3_000_000
"""30,000 yuan on non-selected products, as in vector C1."""


def panels(bought: tuple[int, int], hospitals: int = 1, first: int = 0) -> FakePanels:
    """Two products of one generic, each agreed at 70,000 of 100,000 units; the panel puts N on the first row."""
    made = FakePanels(hospitals=hospitals, generics=1, years=1, batches=1)
    base = made.items[made.items["hospital_id"] == "H0000"]
    rows = [
        base.assign(
            product_id=f"P{place}",
            actual_milliunits=bought[place] * 1000,
            base_milliunits=100_000_000,
            agreed_milliunits=70_000_000,
            p0_e10=5 * 10**10,
            p1_e10=12 * 10**9,
            generic_first=place == first,
            nonselected_fen=N_FEN if place == first else 0,
        )
        for place in (0, 1)
    ]
    made.items = pd.concat(rows, ignore_index=True)
    return made


def retained(
    made: FakePanels,
    products: list[tuple[str, str | None]] | None = None,
    groups: dict[str, str] | None = None,
    **switches: Any,
) -> dict[str, D]:
    names = sorted(set(made.items["hospital_id"]))
    tables = Tables(
        fund=fund({}),
        hospitals=pd.DataFrame(
            {"hospital_id": names, "name": names, "county_group": [(groups or {}).get(name) for name in names]}
        ),
        assessments=pd.DataFrame(
            {"batch_id": "B00", "hospital_id": names, "agreement_year": 1, "score": [D(90)] * len(names)}
        ),
        **(
            {"products": pd.DataFrame(products, columns=["product_id", "exempt_reason"]).assign(generic="品种0000")}
            if products
            else {}
        ),
    )
    profile = NATIONAL.with_switches(**switches)
    table = settle(items_from_panels(made, tables, profile), profile).table
    return dict(zip(table["hospital_id"], table["retained_yuan"], strict=True))


BOTH, ONE = D("252630.00"), D("121590.00")
"""(2·(315,000 − 52,920) − 18,900)/2 with both products settled; C1 where one is."""


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    ("bought", "due"),
    [
        ((70_000, 70_000), BOTH),
        ((69_999, 70_000), ONE),
        ((70_000, 69_999), ONE),
        ((0, 200_000), ONE),
        ((69_999, 69_999), D("0.00")),
    ],
)
def test_n_is_subtracted_once_whichever_product_is_complete(bought: tuple[int, int], due: D, first: int) -> None:
    assert list(retained(panels(bought, first=first)).values()) == [due]


@pytest.mark.parametrize("first", [0, 1])
def test_a_product_exactly_at_the_threshold_carries_n_although_floating_point_says_it_fell_short(first: int) -> None:
    assert 7_000 * 1.1 > 7_700, "the case this test is about"
    made = panels((7, 7), first=first)
    # vector C1 over 10,000, so that 7 units are agreed and 7.7 bought
    made.items = made.items.assign(
        base_milliunits=10_000,
        agreed_milliunits=7_000,
        actual_milliunits=[7_000, 7_700],
        nonselected_fen=made.items["nonselected_fen"] // 10_000,
    )
    assert list(retained(made, completion_threshold="1.1").values()) == [D("12.16")]


@pytest.mark.parametrize("first", [0, 1])
def test_an_exempt_product_carries_n_where_the_other_is_left_out(first: int) -> None:
    made = panels((60_000, 10_000), first=first)
    assert list(retained(made, [("P0", None), ("P1", "短缺")]).values()) == [ONE]


@pytest.mark.parametrize("first", [0, 1])
def test_completion_by_county_group_decides_where_n_goes(first: int) -> None:
    # by itself each hospital completes another product; together they complete only P1
    made = panels((70_000, 60_000), first=first)
    second = panels((10_000, 80_000), first=first).items.assign(hospital_id="H0001")
    made.items = pd.concat([made.items, second], ignore_index=True)
    assert retained(made, groups={"H0000": "甲", "H0001": "甲"}, completion_by="county_group") == {
        "H0000": ONE,
        "H0001": ONE,
    }
    assert retained(made, completion_by="county_group") == {"H0000": ONE, "H0001": ONE}


LAST_YEAR = {"base_volume": "last_year_actual"}


def with_last_year(made: FakePanels, first: int) -> FakePanels:
    """The same panels with 200,000 units used in the year before, which the panel puts on the first row."""
    place = (made.items["product_id"] == f"P{first}").to_numpy()
    made.items = made.items.assign(
        previous_milliunits=pd.array([200_000_000 * int(own) for own in place], dtype="Int64")
    )
    return made


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    ("bought", "due"), [((70_000, 70_000), BOTH), ((69_999, 70_000), ONE), ((70_000, 69_999), ONE)]
)
def test_a_product_left_out_takes_its_part_of_last_years_volume_with_it(
    bought: tuple[int, int], due: D, first: int
) -> None:
    # half of 200,000 units each, as both reported 100,000: the payouts of the reported base
    assert list(retained(with_last_year(panels(bought, first=first), first), **LAST_YEAR).values()) == [due]


@pytest.mark.parametrize("switches", [{"flooring": "each_item"}, {"unit": "spec"}, {"unit": "spec", **LAST_YEAR}])
def test_payouts_do_not_depend_on_which_product_has_the_smaller_code(switches: dict[str, Any]) -> None:
    # N above one product's surplus: on one row alone it would be floored away with that row
    found = []
    for first in (0, 1):
        made = with_last_year(panels((70_000, 70_000), first=first), first)
        made.items = made.items.assign(nonselected_fen=made.items["nonselected_fen"] * 25)
        found.append(retained(made, **switches))
    assert found[0] == found[1]
    # 750,000 yuan shared by two: (315,000 − 52,920 − 236,250)/2 each
    assert list(found[0].values()) == [D("25830.00")]


def test_shared_amounts_add_up_to_the_fen() -> None:
    made = panels((70_000, 70_000))
    third = made.items.iloc[[1]].assign(product_id="P2")
    made.items = pd.concat([made.items, third], ignore_index=True).assign(
        nonselected_fen=[100, 0, 0], evaluated_dearer_fen=[50, 0, 0], evaluated_cheaper_fen=0
    )
    tables = Tables(
        fund=fund({}),
        hospitals=pd.DataFrame({"hospital_id": ["H0000"], "name": ["甲"]}),
    )
    frame = items_from_panels(made, tables, NATIONAL).frame()
    assert frame["nonselected_amount_yuan"].tolist() == [D("0.34"), D("0.33"), D("0.33")]
    assert sum(frame["nonselected_evaluated_yuan"]) == D("0.50")


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_the_order_of_the_panels_rows_does_not_matter(order: tuple[int, ...]) -> None:
    made = panels((69_999, 70_000))
    made.items = made.items.iloc[list(order)].reset_index(drop=True)
    assert list(retained(made).values()) == [ONE]
