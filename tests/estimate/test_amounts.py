"""Estimates from amounts by round: exact where everything is known, wider where it is not."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from vbp.errors import InputError
from vbp.estimate import estimate_from_amounts
from vbp.estimate.amounts import RoundCut
from vbp.estimate.draws import Predictive
from vbp.estimate.priors import load_priors
from vbp.funds import Terms

RATIO = Predictive.fit(np.log([1.103, 0.976, 0.939, 0.828, 0.843]))
USAGE = pd.DataFrame(
    [
        ("A", "r1", Decimal("1000000.00"), "before"),
        ("B", "r1", Decimal("500000.00"), "before"),
        ("A", "r2", Decimal("200000.00"), "before"),
        ("A", "r1", Decimal("300000.00"), "after"),
    ],
    columns=["hospital_id", "batch_id", "amount_yuan", "amount_basis"],
)
FUND = pd.DataFrame(
    [
        (None, None, "employee", Decimal("0.80"), Decimal("0.50")),
        (None, None, "resident", Decimal("0.60"), Decimal("0.40")),
        ("B", None, "employee", Decimal("0.70"), Decimal("0.50")),
    ],
    columns=["hospital_id", "batch_id", "fund", "fund_ratio", "insured_share"],
)


def rounds(kind: str, share: str | None) -> dict[str, RoundCut]:
    return {
        name: RoundCut(name, name, name, Decimal(cut), kind, "own_price_before", Decimal(share) if share else None)
        for name, cut in (("r1", "0.60"), ("r2", "0.50"))
    }


def test_known_inputs_give_the_formula_exactly():
    result = estimate_from_amounts("x", USAGE, rounds("weighted", "0.70"), RATIO, load_priors(), FUND)
    saving = {row.scope: row for row in result.of("official_saving")}
    assert (saving["city"].low, saving["city"].point, saving["city"].high) == (
        700_000,
        700_000,
        700_000,
    )  # 0.7·(1.5 m·0.6 + 0.2 m·0.5)
    assert saving["hospital:B"].point == 210_000
    fund = {row.scope: row.point for row in result.of("fund_saving")}
    assert fund["hospital:A"] == significant(490_000 * 0.64)
    assert fund["hospital:B"] == significant(210_000 * 0.59)  # its own employee row wins, the residents' is common
    realised, *_ = result.of("realised_saving")
    assert realised.point == 450_000  # 0.3 m·0.6/0.4


def significant(value: float) -> Decimal:
    from vbp.estimate.draws import significant as rounded

    return rounded(value)


def test_what_is_not_known_widens_the_interval_and_is_named():
    exact = estimate_from_amounts("x", USAGE, rounds("weighted", "0.70"), RATIO, load_priors(), FUND)
    wide = estimate_from_amounts("x", USAGE, rounds("simple", None), RATIO, load_priors(), None)
    city = next(row for row in wide.of("payout") if row.scope == "city")
    assert city.low < next(row for row in exact.of("payout") if row.scope == "city").point < city.high
    assert {"fund_ratio", "insured_share", "retention_ratio", "cut_ratio:r1", "agreed_share:r2"} <= set(city.uses)
    assert {row.name for row in wide.assumptions} >= set(city.uses)


def test_fund_and_patient_parts_add_up_to_the_saving():
    result = estimate_from_amounts("x", USAGE, rounds("weighted", "0.70"), RATIO, load_priors(), FUND)
    for scope in ("city", "hospital:A", "hospital:B"):
        parts = [
            next(row.point for row in result.of(name) if row.scope == scope)
            for name in ("fund_saving", "patient_saving", "official_saving")
        ]
        assert float(parts[0] + parts[1]) == pytest.approx(float(parts[2]), rel=0.005)


def test_rows_order_and_splitting_a_row_change_nothing():
    split = pd.concat(
        [
            USAGE.iloc[1:],
            USAGE.iloc[:1].assign(amount_yuan=Decimal("400000.00")),
            USAGE.iloc[:1].assign(amount_yuan=Decimal("600000.00")),
        ]
    )
    first, second = (
        estimate_from_amounts("x", frame, rounds("simple", None), RATIO, load_priors(), FUND)
        for frame in (USAGE, split)
    )
    assert first == second
    assert first.estimates


def test_a_synthetic_place_is_marked_on_every_figure():
    result = estimate_from_amounts("demo", USAGE, rounds("simple", None), RATIO, load_priors(), FUND, synthetic=True)
    assert {row.mark for row in result.estimates} == {"synthetic"}


def test_amounts_after_alone_say_what_is_missing():
    result = estimate_from_amounts(
        "x", USAGE[USAGE["amount_basis"] == "after"], rounds("simple", None), RATIO, load_priors(), FUND
    )
    assert {row.quantity for row in result.estimates} == {
        "realised_saving",
        "realised_fund_saving",
        "realised_patient_saving",
    }
    assert [row.reason for row in result.not_estimated] == ["no_amounts_before"]


def test_a_tie_or_a_gap_in_the_fund_table_is_refused():
    for fund, said in (
        (pd.concat([FUND, FUND.iloc[:1]]), "fit .*equally well"),
        (FUND[FUND["hospital_id"] == "B"], "no row of fund"),
    ):
        with pytest.raises(InputError, match=said):
            estimate_from_amounts("x", USAGE, rounds("simple", None), RATIO, load_priors(), fund)


def test_what_a_payment_reform_keeps_leaves_the_surplus_base_but_not_the_funds_and_patients_parts():
    fund = FUND.assign(excluded_share=[Decimal("0.25")] * len(FUND))
    plain, without, out = (
        {
            row.quantity: row
            for row in estimate_from_amounts(
                "x", USAGE, rounds("weighted", Decimal("0.7")), RATIO, load_priors(), table, terms=terms
            ).estimates
            if row.scope == "city"
        }
        for table, terms in ((FUND, Terms()), (fund, Terms()), (fund, Terms(exclusion=True)))
    )
    assert plain == without, "a profile that takes nothing out must not read the column"
    same = ("official_saving", "fund_saving", "patient_saving", "realised_fund_saving")
    assert [out[name] for name in same] == [plain[name] for name in same]
    for name in ("surplus_base", "payout"):
        assert float(out[name].low) == pytest.approx(0.75 * float(plain[name].low), rel=0.01)
        assert out[name].formula.endswith("(1−x)") and not plain[name].formula.endswith("(1−x)")
