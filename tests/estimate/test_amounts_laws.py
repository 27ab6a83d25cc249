"""Laws of estimates from amounts by round: sums over cuts, scaling, splitting, limits, and a slow simulation beside."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.errors import InputError
from vbp.estimate import estimate_from_amounts
from vbp.estimate.amounts import COMMON, QUANTITIES, RoundCut
from vbp.estimate.draws import Predictive
from vbp.estimate.priors import load_priors
from vbp.estimate.result import EstimateSet
from vbp.funds import Terms

RATIO = Predictive.fit(np.log([1.103, 0.976, 0.939, 0.828, 0.843]))
PRIORS = load_priors()
Row = tuple[str, str, str, str]


def usage(*rows: Row) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["hospital_id", "batch_id", "amount_yuan", "amount_basis"], dtype=object)
    return frame.assign(amount_yuan=frame["amount_yuan"].map(Decimal))


def fund(*rows: tuple[Any, ...]) -> pd.DataFrame:
    names = ["hospital_id", "batch_id", "fund", "fund_ratio", "insured_share", "excluded_share"]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    return frame.assign(
        **{name: frame[name].map(lambda cell: None if cell is None else Decimal(cell)) for name in names[3:]}
    )


def estimated(
    rows: pd.DataFrame,
    cut: str = "0.5",
    kind: str = "weighted",
    share: str | None = "0.7",
    table: pd.DataFrame | None = None,
    draws: int = 400,
    terms: Terms = COMMON,
) -> EstimateSet:
    rounds = {
        name: RoundCut(name, name, name, Decimal(cut), kind, "published", Decimal(share) if share else None)
        for name in sorted(set(rows["batch_id"]))
    }
    return estimate_from_amounts("x", rows, rounds, RATIO, PRIORS, table, draws=draws, terms=terms)


def points(result: EstimateSet, scope: str = "city") -> dict[str, Decimal]:
    return {row.quantity: row.point for row in result.estimates if row.scope == scope and row.point is not None}


KNOWN = fund((None, None, None, "0.70", "0.90", None))
TWO = usage(("A", "r1", "1000", "before"), ("B", "r2", "3000", "before"))


def test_a_hospital_without_an_amount_in_a_round_needs_no_fund_row_for_it() -> None:
    by_pair = fund(("A", "r1", None, "0.70", "0.90", None), ("B", "r2", None, "0.70", "0.90", None))
    assert points(estimated(TWO, table=by_pair)) == points(estimated(TWO, table=KNOWN))
    with pytest.raises(InputError, match="hospital_id B, batch_id r2"):
        estimated(TWO, table=by_pair.iloc[:1])


@pytest.mark.parametrize(("cut", "kind"), [("0", "simple"), ("-0.1", "simple"), ("0", "unknown"), ("1", "weighted")])
def test_a_cut_that_nothing_follows_from_is_refused_with_the_round(cut: str, kind: str) -> None:
    with pytest.raises(InputError) as caught:
        estimated(TWO, cut, kind)
    assert [(p.rule, p.table, p.column) for p in caught.value.problems] == [
        ("cut_range", "batches", "average_cut_percent")
    ] * 2
    assert "round r1" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("cut", "kind"),
    [
        ("0.0001", "simple"),
        ("0.9999", "simple"),
        ("1", "simple"),
        ("0", "weighted"),
        ("-0.2", "weighted"),
        ("0.99", "weighted"),
    ],
)
def test_every_other_cut_gives_finite_ordered_intervals(cut: str, kind: str) -> None:
    rows = pd.concat([TWO, usage(("A", "r1", "500", "after"))])
    result = estimated(rows, cut, kind, None)
    assert {row.quantity for row in result.estimates} == {name for names in QUANTITIES.values() for name in names}
    for row in result.estimates:
        assert row.low is not None and row.point is not None and row.high is not None
        assert row.low <= row.point <= row.high and row.high.is_finite() and row.low.is_finite()


def test_a_weighted_cut_of_nothing_saves_nothing() -> None:
    assert set(points(estimated(TWO, "0", table=KNOWN)).values()) == {Decimal(0)}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from(["r1", "r2"]), st.integers(1, 10**9)), min_size=1, max_size=8
    ),
    st.integers(1, 99),
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_with_everything_known_the_formula_holds_to_the_digits_shown(
    rows: list[tuple[str, str, int]], cut: int, ratio: int, insured: int, left: int
) -> None:
    table = fund((None, None, None, f"{ratio / 100:.2f}", f"{insured / 100:.2f}", f"{left / 100:.2f}"))
    result = estimated(
        usage(*((h, b, str(a), "before") for h, b, a in rows)),
        f"{cut / 100:.2f}",
        table=table,
        draws=50,
        terms=Terms(exclusion=True),
    )
    total = sum(amount for _, _, amount in rows)
    saving = Decimal(total) * Decimal("0.7") * cut / 100
    part = saving * ratio * insured / 10**4
    got = points(result)
    assert abs(got["official_saving"] - saving) <= saving * Decimal("0.0051")
    assert abs(got["fund_saving"] - part) <= abs(part) * Decimal("0.0051")
    assert abs(got["fund_saving"] + got["patient_saving"] - saving) <= saving * Decimal("0.0101")
    settled = part * (100 - left) / 100
    assert abs(got["surplus_base"] - settled) <= settled * Decimal("0.0051"), (
        "what a payment reform keeps is not settled"
    )


def test_the_hospitals_known_figures_add_up_to_the_citys() -> None:
    rows = usage(("A", "r1", "1000000", "before"), ("A", "r2", "2000000", "before"), ("B", "r1", "5000000", "before"))
    result = estimated(rows, table=fund((None, None, None, "0.50", "0.80", None)))
    for name in ("official_saving", "fund_saving", "patient_saving"):
        parts = [row.point for row in result.of(name) if row.hospital]
        assert len(parts) == 2 and sum(parts, Decimal(0)) == points(result)[name]


@pytest.mark.parametrize("kind", ["simple", "weighted"])
def test_ten_times_the_amounts_are_ten_times_every_figure(kind: str) -> None:
    rows = pd.concat([TWO, usage(("A", "r1", "700", "after"))])
    once = estimated(rows, "0.6", kind, None)
    tenfold = estimated(rows.assign(amount_yuan=rows["amount_yuan"].map(lambda amount: amount * 10)), "0.6", kind, None)
    assert len(once.estimates) == len(tenfold.estimates) > 10
    for one, ten in zip(once.estimates, tenfold.estimates, strict=True):
        assert ten.point == one.point * 10 and ten.low == one.low * 10 and ten.high == one.high * 10  # type: ignore[operator]


def test_a_return_cancels_its_purchase() -> None:
    back = pd.concat([TWO, usage(("B", "r2", "1234.56", "before"), ("B", "r2", "-1234.56", "before"))])
    assert estimated(back, kind="simple").as_json() == estimated(TWO, kind="simple").as_json()


def test_the_payout_interval_is_that_of_a_plain_simulation() -> None:
    result = estimated(usage(("A", "r1", "1000000", "before")), "0.6", "simple", None, draws=20_000)
    row = next(row for row in result.of("payout") if row.scope == "city")
    rng = np.random.default_rng(7)
    size = 200_000
    bounds = {
        name: (float(PRIORS[name].low), float(PRIORS[name].high))
        for name in ("agreed_share", "fund_ratio", "insured_share", "retention_ratio")
    }
    logs = RATIO.mean + RATIO.scale * rng.standard_t(RATIO.degrees, size)
    cut = 0.6 * np.exp(logs)
    keep = cut < 1
    value = 1e6 * cut * np.prod([rng.uniform(*pair, size) for pair in bounds.values()], axis=0)
    low, middle, high = np.quantile(value[keep], [0.05, 0.5, 0.95])
    assert float(row.point or 0) == pytest.approx(middle, rel=0.02)
    assert float(row.low or 0) == pytest.approx(low, rel=0.03) and float(row.high or 0) == pytest.approx(high, rel=0.03)


def test_only_what_enters_a_figure_is_listed_as_assumed() -> None:
    names = {row.name for row in estimated(TWO, kind="weighted", table=KNOWN).assumptions}
    assert names == {"cut:r1", "cut:r2", "agreed_share:r1", "agreed_share:r2", "retention_ratio"}
    assert "fund_ratio" in {row.name for row in estimated(TWO, kind="weighted").assumptions}
