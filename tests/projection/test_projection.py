"""Projection: what earlier batches teach, wide priors without any, gaps, and the demonstration's hidden batch."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from vbp.errors import InputError, UsageError
from vbp.funds import Terms
from vbp.projection import announced, evidence, project
from vbp.projection.evidence import PRIOR_DF, PRIOR_MEAN, first_years
from vbp.projection.payout import by_hospital, fund_factors, payouts
from vbp.projection.years import years

ITEM = [
    "batch_id",
    "hospital_id",
    "generic",
    "agreement_year",
    "previous",
    "actual",
    "base",
    "agreed",
    "actual_fen",
    "nonselected",
    "nonselected_fen",
    "p0",
    "p1",
    "months_in_ledger",
]


def panels_of(batches: dict[str, tuple[str, float | None]], hospitals: int = 4, generics: int = 3) -> SimpleNamespace:
    """Panels in which each batch's winners took `ratio` of last year's 1,000 units per item; None: announced."""
    rows = []
    for number, (batch, (_, ratio)) in enumerate(batches.items()):
        for h in range(hospitals):
            for g in range(generics):
                actual = None if ratio is None else round(1000 * ratio * (1 + 0.05 * (g - 1)) * (1 + 0.1 * (h % 2)))
                rows.append(
                    (
                        batch,
                        f"H{h}",
                        f"g{number}{g}",
                        1,
                        1000,
                        actual,
                        1000,
                        700,
                        None if actual is None else actual * 200,
                        None if actual is None else max(1100 - actual, 0),
                        None if actual is None else max(1100 - actual, 0) * 450,
                        5.0,
                        2.0,
                        0 if ratio is None else 12,
                    )
                )
    frame = pd.DataFrame(rows, columns=ITEM)
    items = pd.DataFrame(
        {name: frame[name] for name in ("batch_id", "hospital_id", "generic", "agreement_year", "months_in_ledger")}
    )
    for name in ("previous", "actual", "base", "agreed", "nonselected"):
        items[f"{name}_milliunits"] = (frame[name].astype("Float64") * 1000).astype("Int64")
    items = items.assign(
        months_in_year=12,
        months_before=12,
        actual_fen=frame["actual_fen"].astype("Int64"),
        nonselected_fen=frame["nonselected_fen"].astype("Int64"),
        p0_e10=(frame["p0"] * 10**10).astype("Int64"),
        p1_e10=(frame["p1"] * 10**10).astype("Int64"),
    )
    starts = {batch: pd.Timestamp(start) for batch, (start, _) in batches.items()}
    prices = frame[["batch_id", "generic"]].drop_duplicates().assign(cycle=1)
    prices["start_date"] = prices["batch_id"].map(starts)
    return SimpleNamespace(
        items=items, prices=prices, product_month=pd.DataFrame({"month": [pd.Timestamp("2024-12-01")]})
    )


FOUR = panels_of(
    {"B1": ("2021-01-01", 0.7), "B2": ("2022-01-01", 0.8), "B3": ("2022-06-01", 0.75), "NEW": ("2025-01-01", None)}
)
FUND = pd.DataFrame(
    {
        "hospital_id": [None, None],
        "fund": ["employee", "resident"],
        "fund_ratio": [Decimal("0.8"), Decimal("0.6")],
        "insured_share": [Decimal("0.5"), Decimal("0.3")],
    }
)


def shares(ratio: float) -> list[list[float]]:
    """The winners' share of the use by generic and hospital, as `panels_of` makes it."""
    actual = [[round(1000 * ratio * (1 + 0.05 * g) * (1 + 0.1 * (h % 2))) for h in range(4)] for g in (-1, 0, 1)]
    return [[min(a / max(1100, a), 0.99) for a in row] for row in actual]


def test_evidence_is_share_and_growth_of_the_first_year():
    shown = evidence(FOUR)
    assert shown.batches["batch_id"].tolist() == ["B1", "B2", "B3"] and shown.count == 3
    expected = [np.mean([[np.log(s / (1 - s)) for s in row] for row in shares(r)]) for r in (0.7, 0.8, 0.75)]
    assert np.allclose(shown.batches["share"], expected) and np.allclose(shown.batches["growth"], np.log(1.1))
    middle, scale, df = shown.batch_effect("share")
    assert df == 2 and middle == pytest.approx(np.mean(expected))
    assert scale == pytest.approx(np.std(expected, ddof=1) * np.sqrt(4 / 3))
    assert shown.batch_effect("growth")[1] == pytest.approx(0, abs=1e-12)
    assert shown.generics["paid"].tolist() == pytest.approx([1.0] * 9) and shown.generics[
        "nonselected"
    ].tolist() == pytest.approx([0.9] * 9)


def test_hospital_effects_are_persistent_ones():
    effect = evidence(FOUR).hospitals["share"]
    assert effect["H1"] > effect["H0"] and effect["H1"] == pytest.approx(effect["H3"])
    left = evidence(FOUR).residuals["share"].abs().max()
    assert left < (effect["H1"] - effect["H0"]) / 4


def test_winners_never_outgrow_what_is_used():
    (block,) = years(first_years(FOUR).query("batch_id == 'NEW'"), evidence(FOUR), 500, np.random.default_rng(1))
    assert (block.selected > 0).all() and (block.nonselected_fen > 0).all()


def test_blocks_of_draws_bound_memory_and_add_up(monkeypatch):
    monkeypatch.setattr("vbp.projection.years.BLOCK", 12 * 70)
    items = first_years(FOUR).query("batch_id == 'NEW'")
    blocks = [block.selected.shape for block in years(items, evidence(FOUR), 200, np.random.default_rng(1))]
    assert blocks == [(70, 12), (70, 12), (60, 12)]
    assert len(project(FOUR, fund=FUND, draws=200).hospitals) == 4


def test_sums_by_hospital_are_the_plain_loop():
    codes, values = np.array([1, 0, 1, 2, 0]), np.arange(10.0).reshape(2, 5)
    loop = [[sum(row[codes == place]) for place in range(3)] for row in values]
    assert by_hospital(values, codes).tolist() == loop == [[5.0, 2.0, 3.0], [15.0, 12.0, 8.0]]


def test_projection_names_official_exactly_and_the_rest_with_intervals():
    result = project(FOUR, fund=FUND)
    assert result.batch_id == "NEW" == announced(FOUR)[0]
    assert result.interval("official") == pytest.approx((25200.0,) * 3)
    for name in ("realised", "completion", "payout"):
        estimate, low, high = result.interval(name)
        assert low < estimate < high, name
    estimate, low, high = result.interval("realised")
    assert low < 12_000 * 0.79 * 3 < high
    assert len(result.hospitals) == 4 and result.hospitals["chance_all_complete"].between(0, 1).all()
    assert result.document()["mark"] == "estimated" and result.document()["quantities"][0]["estimate"] == Decimal(
        "25200.00"
    )


def test_same_seed_same_result_and_other_seed_other_draws():
    one, two, three = (project(FOUR, fund=FUND, seed=seed, draws=200).table for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(three)


def test_without_earlier_batches_priors_are_wide_and_say_so():
    only = panels_of({"NEW": ("2025-01-01", None)})
    shown = evidence(only)
    for name in ("share", "growth"):
        assert shown.batch_effect(name)[0] == PRIOR_MEAN[name] and shown.batch_effect(name)[2] == PRIOR_DF
    assert shown.count == 0
    bare, taught = project(only, fund=FUND), project(FOUR, fund=FUND)
    widths = [result.interval("realised")[2] - result.interval("realised")[1] for result in (bare, taught)]
    assert widths[0] > 1.5 * widths[1]
    assert "wide priors" in bare.assumptions[0].text("en") and "宽先验" in bare.assumptions[0].text("zh")


def test_one_batch_is_wider_than_three():
    one = evidence(panels_of({"B1": ("2021-01-01", 0.7), "NEW": ("2025-01-01", None)}))
    for name in ("share", "growth"):
        assert one.batch_effect(name)[1] > evidence(FOUR).batch_effect(name)[1] and one.batch_effect(name)[2] == 1


def test_without_fund_the_payout_is_unknown_not_zero():
    result = project(FOUR)
    assert np.isnan(result.interval("payout")[0]) and result.hospitals["payout_yuan"].isna().all()
    assert "—" in result.text("en") and "—" in result.text("zh")


def test_items_without_p0_or_use_before_are_listed():
    items = FOUR.items.copy()
    new = items.index[items["batch_id"] == "NEW"]
    items.loc[new[0], "p0_e10"] = pd.NA
    items.loc[new[1], "previous_milliunits"] = 0
    result = project(SimpleNamespace(**{**FOUR.__dict__, "items": items}))
    assert result.left_out["reason"].tolist() == ["NO_P0", "NO_USE_BEFORE"]


def test_a_year_before_seen_in_part_is_taken_to_twelve_months_and_says_so():
    whole = project(FOUR)
    half = FOUR.items.assign(
        previous_milliunits=FOUR.items["previous_milliunits"] // 2,
        months_before=FOUR.items["months_before"].mask(FOUR.items["batch_id"] == "NEW", 6),
    )
    half.loc[half["batch_id"] != "NEW", "previous_milliunits"] *= 2
    seen = project(SimpleNamespace(**{**FOUR.__dict__, "items": half}))
    assert seen.interval("completion") == pytest.approx(whole.interval("completion"))
    assert any("6 months of the year before" in said.text("en") for said in seen.assumptions)
    assert not any("year before" in said.text("en") for said in whole.assumptions)


def test_a_few_months_of_the_year_before_are_no_year_and_teach_nothing():
    few = FOUR.items.assign(months_before=FOUR.items["months_before"].mask(FOUR.items["batch_id"] == "NEW", 5))
    with pytest.raises(InputError) as raised:
        project(SimpleNamespace(**{**FOUR.__dict__, "items": few}))
    assert raised.value.problems[0].rule == "no_items"
    taught = FOUR.items.assign(months_before=FOUR.items["months_before"].mask(FOUR.items["batch_id"] == "B1", 11))
    assert evidence(SimpleNamespace(**{**FOUR.__dict__, "items": taught})).count == evidence(FOUR).count - 1


def test_a_batch_that_runs_or_is_unknown_is_refused():
    with pytest.raises(UsageError, match="has begun"):
        project(FOUR, "B1")
    with pytest.raises(UsageError, match="unknown batch"):
        project(FOUR, "B9")
    with pytest.raises(InputError, match="announced batches: none"):
        project(panels_of({"B1": ("2021-01-01", 0.7)}))
    assert project(FOUR, "B3", hide=True).evidence.count == 2


def test_payout_is_the_worked_vector_c1():
    item = pd.DataFrame({"base": [100_000.0], "agreed": [70_000.0], "p0": [500.0], "p1": [120.0]})
    paid = payouts(
        item, np.array([[70_000.0], [69_999.0]]), np.full((2, 1), 3_000_000.0), np.array([0.63]), np.array([0])
    )
    assert paid[:, 0].tolist() == pytest.approx([12_159_000.0, 0.0])


def test_fund_rows_with_most_keys_win_and_funds_add_up():
    items = pd.DataFrame({"hospital_id": ["H0", "H1"], "batch_id": ["B", "B"], "generic": ["g", "g"]})
    rows = pd.concat(
        [
            FUND,
            pd.DataFrame(
                {
                    "hospital_id": ["H1"],
                    "fund": ["employee"],
                    "fund_ratio": [Decimal(1)],
                    "insured_share": [Decimal("0.5")],
                    "excluded_share": [Decimal("0.2")],
                }
            ),
        ],
        ignore_index=True,
    )
    taken_out = Terms(exclusion=True)
    assert fund_factors(items, rows, taken_out).tolist() == pytest.approx([0.4 + 0.18, 0.4 + 0.18])
    # 1·0.5·(1 − 0.2) happens to equal 0.8·0.5: told apart by another share
    rows.loc[2, "excluded_share"] = Decimal("0.5")
    assert fund_factors(items, rows, taken_out).tolist() == pytest.approx([0.58, 0.43])
    assert fund_factors(items, rows).tolist() == pytest.approx([0.58, 0.68])
    assert np.isnan(fund_factors(items, None)).all()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_words(lang):
    result = project(FOUR, fund=FUND, draws=200)
    assert "NEW" in result.text(lang) and "{" not in result.text(lang)
    assert all(said.text(lang) for said in result.assumptions)
