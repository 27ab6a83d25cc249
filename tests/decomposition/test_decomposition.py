"""Decompositions: worked by hand, against exact fractions in plain loops, and their laws."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.decomposition import addis_magrini, bennet, changes, log_mean_parts
from vbp.errors import InputError
from vbp.indices.formulas import PRICE_FORMULAS, QUANTITY_FORMULAS

LEVELS = ("generic", "selected", "originator")
amount = st.integers(1, 10**9)
product = st.tuples(
    st.sampled_from("AB"), st.booleans(), st.booleans(), amount, amount, amount, amount, st.sampled_from("bbbbnl")
)
cities = st.lists(product, min_size=1, max_size=14)


def windows(rows, swap=False):
    """Two frames of purchases (quantity in thousandths, value in fen) from drawn products."""
    sides = ([], [])
    for number, (generic, selected, originator, q0, v0, q1, v1, kind) in enumerate(rows):
        mark = (f"p{number:02d}", generic, selected, originator)
        if kind != "n":
            sides[0].append((*mark, Decimal(q0).scaleb(-3), Decimal(v0).scaleb(-2)))
        if kind != "l":
            sides[1].append((*mark, Decimal(q1).scaleb(-3), Decimal(v1).scaleb(-2)))
    frames = [pd.DataFrame(side, columns=["product_id", *LEVELS, "quantity", "value"]) for side in sides]
    return changes(*(frames[::-1] if swap else frames), levels=LEVELS)


def boring(table: pd.DataFrame) -> dict[str, Fraction]:
    """Bennet over the tree of groups, from the definition, in exact fractions and plain loops."""
    parts = dict.fromkeys(
        ("price", "volume", "structure_selected", "structure_originator", "structure_product", "new", "lost"),
        Fraction(0),
    )
    rows = [{k: Fraction(v) if isinstance(v, Decimal) else v for k, v in r.items()} for r in table.to_dict("records")]
    for row in rows:
        if row["quantity_0"] == 0:
            parts["new"] += row["value_1"]
        elif row["quantity_1"] == 0:
            parts["lost"] -= row["value_0"]
    rows = [r for r in rows if r["quantity_0"] and r["quantity_1"]]

    def change_of_mean_price(rows, levels, weight):
        """Walk down: change of a node's mean price = Σ mean share · change below + Σ mean price · change of share."""
        total = [sum(r[f"quantity_{t}"] for r in rows) for t in (0, 1)]
        keys = sorted({r[levels[0]] for r in rows})
        for key in keys:
            inside = [r for r in rows if r[levels[0]] == key]
            q = [sum(r[f"quantity_{t}"] for r in inside) for t in (0, 1)]
            u = [sum(r[f"value_{t}"] for r in inside) / q[t] for t in (0, 1)]
            s = [q[t] / total[t] for t in (0, 1)]
            parts["structure_" + levels[0].removesuffix("_id")] += weight * (s[1] - s[0]) * (u[0] + u[1]) / 2
            down = weight * (s[0] + s[1]) / 2
            if len(levels) > 1:
                change_of_mean_price(inside, levels[1:], down)
            else:
                parts["price"] += down * (u[1] - u[0])

    for generic in sorted({r["generic"] for r in rows}):
        inside = [r for r in rows if r["generic"] == generic]
        q = [sum(r[f"quantity_{t}"] for r in inside) for t in (0, 1)]
        u = [sum(r[f"value_{t}"] for r in inside) / q[t] for t in (0, 1)]
        parts["volume"] += (q[1] - q[0]) * (u[0] + u[1]) / 2
        change_of_mean_price(inside, ["selected", "originator", "product_id"], (q[0] + q[1]) / 2)
    return parts


@settings(max_examples=60, deadline=None)
@given(cities)
def test_bennet_agrees_with_exact_fractions_in_plain_loops(rows):
    table = windows(rows)
    fast, slow = bennet(table, LEVELS), boring(table)
    assert set(slow) == set(fast.parts)
    assert sum(slow.values()) == Fraction(fast.change_yuan)
    for part, exact in slow.items():
        # each part is rounded once; volume closes the rows, so it may carry the rounding of the other four
        assert abs(Fraction(fast.parts[part]) - exact) <= Fraction(1, 100) * (3 if part == "volume" else 1), part


@settings(max_examples=60, deadline=None)
@given(cities)
def test_parts_add_up_to_the_fen_by_part_and_by_product(rows):
    result = bennet(windows(rows), LEVELS)
    table = result.contributions
    parts = list(result.parts)
    assert len(table) == len(rows) and result.change_yuan == result.other_yuan - result.base_yuan
    assert sum(result.parts.values()) == result.change_yuan
    assert (table[parts].sum(axis=1) == table["change"]).all()
    for part in parts:
        assert table[part].sum() == result.parts[part]


@settings(max_examples=40, deadline=None)
@given(cities)
def test_swapping_the_windows_negates(rows):
    forth, back = bennet(windows(rows), LEVELS), bennet(windows(rows, swap=True), LEVELS)
    assert forth.change_yuan == -back.change_yuan
    for part in ("price", "structure_selected", "structure_originator", "structure_product"):
        assert forth.parts[part] == -back.parts[part]
    assert (forth.parts["new"], forth.parts["lost"]) == (-back.parts["lost"], -back.parts["new"])


@settings(max_examples=40, deadline=None)
@given(cities, st.integers(2, 1000))
def test_units_or_packs_as_unit_of_account_change_nothing(rows, pack):
    table = windows(rows)
    packs = table.assign(**{c: [q / pack for q in table[c]] for c in ("quantity_0", "quantity_1")})
    assert bennet(table, LEVELS).parts == bennet(packs, LEVELS).parts


@settings(max_examples=40, deadline=None)
@given(cities, st.randoms())
def test_order_and_splitting_rows_change_nothing(rows, random):
    table = windows(rows)
    before = table[["product_id", *LEVELS]].assign(quantity=table["quantity_0"] / 2, value=table["value_0"] / 2)
    after = table[["product_id", *LEVELS]].assign(quantity=table["quantity_1"], value=table["value_1"])
    order = list(range(len(table)))
    random.shuffle(order)
    split = changes(pd.concat([before, before.iloc[order]]), after.iloc[order], LEVELS)
    assert bennet(split, LEVELS).parts == bennet(table, LEVELS).parts


@settings(max_examples=60, deadline=None)
@given(cities)
def test_factors_multiply_to_the_ratio_of_spending(rows):
    table = windows(rows)
    result = log_mean_parts(table, LEVELS)
    base, other = float(table["value_0"].sum()), float(table["value_1"].sum())
    if result.matched_ratio == result.matched_ratio:
        assert math.isclose(math.prod(result.factors.values()), other / base, rel_tol=1e-12)


@settings(max_examples=40, deadline=None)
@given(cities)
def test_without_groups_the_factors_are_vartia_one(rows):
    table = windows([(*row[:-1], "b") for row in rows])
    q0, v0, q1, v1 = (table[c].to_numpy(dtype=float) for c in ("quantity_0", "value_0", "quantity_1", "value_1"))
    factors = log_mean_parts(table).factors
    arrays = (v0 / q0, q0, v1 / q1, q1)
    assert math.isclose(factors["price"], PRICE_FORMULAS["vartia1"](*arrays), rel_tol=1e-9)
    assert math.isclose(factors["volume"], QUANTITY_FORMULAS["vartia1"](*arrays), rel_tol=1e-9)


def test_switch_to_the_winner_is_structure_by_hand():
    rows = [
        ("A", True, False, 100_000, 20_000, 300_000, 60_000, "b"),
        ("A", False, False, 300_000, 300_000, 100_000, 100_000, "b"),
    ]
    result = bennet(windows(rows), LEVELS)
    # 400 units either way; winner at 2 yuan from 100 to 300, the other at 10 yuan from 300 to 100: all of it structure
    assert result.parts["structure_selected"] == Decimal("-1600.00") == result.change_yuan
    assert result.parts["price"] == result.parts["volume"] == 0
    assert result.structure_yuan == Decimal("-1600.00")


def test_price_cut_alone_is_price_alone():
    rows = [("A", True, False, 100_000, 100_000, 100_000, 20_000, "b"), ("B", False, True, 5, 500, 5, 500, "b")]
    parts = bennet(windows(rows), LEVELS).parts
    assert parts.pop("price") == Decimal("-800.00") and set(parts.values()) == {Decimal(0)}


def am(*pairs):
    return changes(
        *(
            pd.DataFrame(
                [(str(i), Decimal(q), Decimal(v)) for i, (q, v) in enumerate(side)],
                columns=["product_id", "quantity", "value"],
            )
            for side in pairs
        )
    )


def test_addis_magrini_three_factors():
    result = addis_magrini(am([(100, 1000), (100, 200)], [(50, 400), (250, 400)]))
    assert result.price == pytest.approx(800 / (50 * 10 + 250 * 2))
    assert result.volume == pytest.approx(1.5)
    assert result.structure == pytest.approx((1000 / 300) / (1200 / 200))
    assert result.value_ratio == pytest.approx(800 / 1200, rel=1e-14)


def test_published_factors_of_shenzhen_give_the_published_ratio():
    # Chen 2020: 0.78 × 1.73 × 0.47 = 0.634 against spending −36.9 % (0.631)
    assert pytest.approx(0.634, abs=5e-4) == 0.78 * 1.73 * 0.47
    assert abs(0.78 * 1.73 * 0.47 - (1 - 0.369)) < 0.005


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(amount, amount, amount, amount), min_size=1, max_size=10))
def test_addis_magrini_multiplies_to_the_ratio(rows):
    result = addis_magrini(am([r[:2] for r in rows], [r[2:] for r in rows]))
    assert math.isclose(result.value_ratio, sum(r[3] for r in rows) / sum(r[1] for r in rows), rel_tol=1e-12)


def test_spending_without_quantity_is_refused_by_name():
    with pytest.raises(InputError) as caught:
        bennet(am([(0, 5), (3, 0), (1, 1)], [(1, 5), (3, 3), (-1, 1)]))
    assert [(p.rule, p.value) for p in caught.value.problems] == [
        ("not_negative", "2"),
        ("no_price", "0"),
        ("no_price", "1"),
    ]


def test_product_in_two_groups_is_refused():
    one = pd.DataFrame([("p", "A", Decimal(1), Decimal(1))], columns=["product_id", "generic", "quantity", "value"])
    with pytest.raises(InputError, match="level_differs"):
        changes(one, one.assign(generic="B"), ["generic"])


def test_nothing_in_common_is_a_gap_in_factors_and_an_error_for_three():
    table = am([(1, 1), (0, 0)], [(0, 0), (1, 3)])
    assert np.isnan(log_mean_parts(table).factors["price"])
    with pytest.raises(InputError, match="no_match"):
        addis_magrini(table)
    assert bennet(table).parts == {"price": 0, "volume": 0, "new": 3, "lost": -1}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sentences_name_every_part(lang):
    rows = [("A", True, False, 100_000, 100_000, 100_000, 20_000, "b"), ("B", False, True, 5, 500, 5, 500, "b")]
    table = windows(rows)
    for result in (bennet(table, LEVELS), log_mean_parts(table, LEVELS), addis_magrini(table)):
        text = result.text(lang)
        assert text and "{" not in text and all(a.text(lang) for a in result.assumptions)


@pytest.mark.reference
def test_real_change_in_cost_between_two_english_months_adds_up_exactly(reference):
    months = []
    for month in ("201709", "201710"):
        rows = pd.read_csv(reference / "nhs" / f"epd_{month}_sample.csv", dtype=str)
        rows = rows[["BNF_CODE", "BNF_CHEMICAL_SUBSTANCE", "TOTAL_QUANTITY", "ACTUAL_COST"]]
        rows.columns = ["product_id", "generic", "quantity", "value"]
        rows["quantity"], rows["value"] = (rows[c].map(Decimal) for c in ("quantity", "value"))
        months.append(rows[(rows["quantity"] > 0) & (rows["value"] > 0)])
    result = bennet(changes(*months, levels=["generic"]), ["generic"], places=5)
    exact = months[1]["value"].sum() - months[0]["value"].sum()
    assert len(result.contributions) > 1000 and exact != 0
    assert sum(result.parts.values()) == exact == result.change_yuan
    assert result.contributions["change"].sum() == exact
    assert {p for p, v in result.parts.items() if v != 0} == {"price", "volume", "structure_product", "new", "lost"}
