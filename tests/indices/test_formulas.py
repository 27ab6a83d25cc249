"""The formulas against printed results, against their definitions in plain loops, and under their laws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.indices import PRICE_FORMULAS, QUANTITY_FORMULAS, index_series, log_mean
from vbp.indices.formulas import WEIGHTED

PRINTED = {
    "laspeyres": (1.4200, 1.3450, 1.3550, 1.4400),
    "paasche": (1.3824, 1.2031, 1.0209, 0.7968),
    "fisher": (1.4011, 1.2721, 1.1762, 1.0712),
    "tornqvist": (1.4052, 1.2890, 1.2268, 1.2477),
    "vartia1": (1.4024, 1.2907, 1.2392, 1.2678),
    "sato_vartia": (1.4018, 1.2897, 1.2335, 1.2540),
}
TIME_REVERSIBLE = ("fisher", "tornqvist", "walsh", "marshall_edgeworth", "vartia1", "sato_vartia", "jevons", "dutot")
positive = st.floats(0.01, 1e4)
pairs = st.lists(st.tuples(positive, positive, positive, positive), min_size=1, max_size=12)


def artificial(reference) -> pd.DataFrame:
    """The PPI Manual's six goods as `period, product_id, price, quantity`."""
    price, quantity = (pd.read_csv(reference / "index" / f"{name}6.csv", index_col=0) for name in ("price", "quantity"))
    rows = [(t, str(i), price.at[i, t], quantity.at[i, t]) for t in price.columns for i in price.index]
    return pd.DataFrame(rows, columns=["period", "product_id", "price", "quantity"])


@pytest.mark.reference
@pytest.mark.parametrize("name", PRINTED)
def test_printed_table_of_the_ppi_manual(reference, name):
    got = index_series(artificial(reference)).prices[name]
    assert list(got.index) == ["t1", "t2", "t3", "t4", "t5"]
    assert [round(v, 4) for v in got[1:]] == list(PRINTED[name])


@pytest.mark.reference
def test_vartia_price_times_quantity_is_the_printed_value_ratio(reference):
    result = index_series(artificial(reference))
    product = (result.prices["vartia1"] * result.quantities["vartia1"])[1:]
    assert np.allclose(product, [1.41, 1.528, 1.756, 2.0], rtol=0, atol=1e-12)
    assert [round(v, 4) for v in result.match["value_ratio"][1:]] == [1.41, 1.528, 1.756, 2.0]


def boring(name: str, rows: list[tuple[float, float, float, float]]) -> float:
    """Each formula once more in plain loops, from its definition."""
    total0, total1 = sum(p * q for p, q, _, _ in rows), sum(p * q for _, _, p, q in rows)

    def mean(a: float, b: float) -> float:
        return a if a == b else (a - b) / (math.log(a) - math.log(b))

    share = [(p0 * q0 / total0, p1 * q1 / total1) for p0, q0, p1, q1 in rows]
    logs = [math.log(p1 / p0) for p0, _, p1, _ in rows]
    vartia = [mean(p1 * q1, p0 * q0) / mean(total1, total0) for p0, q0, p1, q1 in rows]
    sato = [mean(b, a) for a, b in share]
    weights = {
        "tornqvist": [(a + b) / 2 for a, b in share],
        "vartia1": vartia,
        "sato_vartia": [w / sum(sato) for w in sato],
        "geometric_laspeyres": [a for a, _ in share],
        "geometric_paasche": [b for _, b in share],
        "jevons": [1 / len(rows)] * len(rows),
    }
    baskets = {
        "laspeyres": lambda q0, q1: q0,
        "paasche": lambda q0, q1: q1,
        "walsh": lambda q0, q1: math.sqrt(q0 * q1),
        "marshall_edgeworth": lambda q0, q1: q0 + q1,
        "dutot": lambda q0, q1: 1.0,
    }
    if name in weights:
        return math.exp(sum(w * x for w, x in zip(weights[name], logs, strict=True)))
    if name == "fisher":
        return math.sqrt(boring("laspeyres", rows) * boring("paasche", rows))
    if name == "carli":
        return sum(p1 / p0 for p0, _, p1, _ in rows) / len(rows)
    basket = baskets[name]
    return sum(p1 * basket(q0, q1) for _, q0, p1, q1 in rows) / sum(p0 * basket(q0, q1) for p0, q0, _, q1 in rows)


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_every_formula_agrees_with_plain_loops(rows):
    arrays = np.array(rows).T
    for name, formula in PRICE_FORMULAS.items():
        assert math.isclose(formula(*arrays), boring(name, rows), rel_tol=1e-7), name
    for name, formula in QUANTITY_FORMULAS.items():
        assert math.isclose(
            formula(*arrays), boring(name, [(q0, p0, q1, p1) for p0, q0, p1, q1 in rows]), rel_tol=1e-7
        ), name


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_swapping_the_periods_inverts(rows):
    p0, q0, p1, q1 = np.array(rows).T
    for name in TIME_REVERSIBLE:
        formula = PRICE_FORMULAS[name]
        assert math.isclose(formula(p0, q0, p1, q1) * formula(p1, q1, p0, q0), 1, rel_tol=1e-9), name
    assert math.isclose(
        PRICE_FORMULAS["laspeyres"](p0, q0, p1, q1) * PRICE_FORMULAS["paasche"](p1, q1, p0, q0), 1, rel_tol=1e-9
    )


@settings(max_examples=60, deadline=None)
@given(pairs, st.lists(st.floats(0.1, 100), min_size=12, max_size=12))
def test_units_or_packs_as_unit_of_account_change_nothing(rows, sizes):
    p0, q0, p1, q1 = np.array(rows).T
    pack = np.array(sizes[: len(rows)])
    for name in [*WEIGHTED, "jevons", "carli"]:
        formula = PRICE_FORMULAS[name]
        assert math.isclose(
            formula(p0, q0, p1, q1), formula(p0 * pack, q0 / pack, p1 * pack, q1 / pack), rel_tol=1e-9
        ), name


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_price_times_quantity_is_the_value_ratio_for_the_formulas_that_promise_it(rows):
    arrays = np.array(rows).T
    ratio = (arrays[2] * arrays[3]).sum() / (arrays[0] * arrays[1]).sum()
    for name in ("fisher", "vartia1", "sato_vartia"):
        assert math.isclose(PRICE_FORMULAS[name](*arrays) * QUANTITY_FORMULAS[name](*arrays), ratio, rel_tol=1e-12), (
            name
        )


@settings(max_examples=100, deadline=None)
@given(positive, st.floats(-1e-9, 1e-9))
def test_log_mean_is_stable_where_both_are_almost_equal(a, nudge):
    b = a * (1 + nudge)
    got = float(log_mean(a, b))
    assert min(a, b) * (1 - 1e-12) <= got <= max(a, b) * (1 + 1e-12)


def test_log_mean_of_equal_values_is_the_value():
    assert float(log_mean(3.5, 3.5)) == 3.5
    assert math.isclose(float(log_mean(2.0, 1.0)), 1 / math.log(2))
