"""One table `fund`, read by settlement, benefit, estimate, projection and check: each must take the same rows."""

from __future__ import annotations

from decimal import Decimal as D
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import small_folder
from vbp.check import check
from vbp.errors import InputError
from vbp.estimate.amounts import _Weights
from vbp.funds import KEYS, Terms, factors, faults, match, meetings
from vbp.projection.payout import fund_factors
from vbp.rules import load_profile
from vbp.surplus import settle

Row = dict[str, Any]
ITEMS = pd.DataFrame(
    [(h, b, g, 1) for h in ("H001", "H002") for b, g in (("N1", "甲片"), ("N2", "乙针"))], columns=list(KEYS)
)
PLAIN = Terms()


def row(
    hospital: str | None = None,
    batch: str | None = None,
    fund: str | None = None,
    ratio: str = "0.8",
    share: str = "0.4",
    **more: Any,
) -> Row:
    return {
        "hospital_id": hospital,
        "batch_id": batch,
        "generic": None,
        "agreement_year": None,
        "fund": fund,
        "fund_ratio": D(ratio),
        "insured_share": D(share),
        "share_basis": None,
        "excluded_share": None,
        **more,
    }


COMMON = [row(fund="employee"), row(fund="resident", ratio="0.60", share="0.50")]


def table(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(row()), dtype=object)


def settled(rows: list[Row], terms: Terms = PLAIN) -> list[D]:
    """Σ r·s·(1 − x) of each item as the settlement weighs the rows that its join takes."""
    fund = table(rows)
    found = match(ITEMS, fund, terms.share_basis)
    lines = (
        ITEMS.iloc[found.item]
        .reset_index(drop=True)
        .assign(
            fund=found.fund,
            **{name: fund[name].to_numpy()[found.row] for name in ("fund_ratio", "insured_share", "excluded_share")},
        )
    )
    numbers = dict.fromkeys(
        (
            "base_quantity_units",
            "pre_price_yuan",
            "agreed_quantity_units",
            "selected_price_yuan",
            "actual_quantity_units",
            "nonselected_amount_yuan",
            "score",
        ),
        D(1),
    )
    weighed = settle(lines.assign(**numbers), profile(terms)).items
    sums = weighed.groupby(["hospital_id", "batch_id", "generic"])["weight"].agg(list)
    return [sum(sums[item.hospital_id, item.batch_id, item.generic], D(0)) for item in ITEMS.itertuples()]


def profile(terms: Terms) -> Any:
    rules = load_profile()
    switches = {"share_basis": terms.share_basis, "payment_reform_exclusion": terms.exclusion}
    return rules.model_copy(update={"settlement": rules.settlement.model_copy(update=switches)})


def projected(rows: list[Row], terms: Terms = PLAIN) -> list[float]:
    return [float(value) for value in fund_factors(ITEMS.drop(columns="agreement_year"), table(rows), terms)]


def estimated(rows: list[Row], terms: Terms = PLAIN) -> list[float]:
    """What the estimate by round takes; it knows no generic and no year of an amount."""
    usage = ITEMS[["hospital_id", "batch_id"]].assign(amount_yuan=D(1))
    weights = _Weights.of(usage, table(rows), terms)
    share = weights.known_share("payout")
    assert share is not None
    return [
        float(share[weights.hospitals.index(item.hospital_id), weights.batches.index(item.batch_id)])
        for item in ITEMS.itertuples()
    ]


def slowly(rows: list[Row], item: Any, terms: Terms) -> D | str:
    """The contract's sentences once more for one item, or the rule by which it is refused."""
    basis = [row for row in rows if row["share_basis"] in (None, terms.share_basis)] or rows
    fits = [row for row in basis if all(row[key] in (None, getattr(item, key)) for key in KEYS)]
    if not fits:
        return "fund_missing"
    filled = [sum(row[key] is not None for key in KEYS) for row in fits]
    named = [level for level, row in zip(filled, fits, strict=True) if row["fund"]]
    whole = [level for level, row in zip(filled, fits, strict=True) if not row["fund"]]
    funds = (
        [None]
        if not named or (whole and max(whole) > max(named))
        else sorted({row["fund"] for row in fits if row["fund"]})
    )
    held = []
    for fund in funds:
        most = max(level for level, row in zip(filled, fits, strict=True) if row["fund"] == fund)
        own = [row for level, row in zip(filled, fits, strict=True) if row["fund"] == fund and level == most]
        if len(own) > 1:
            return "fund_tie"
        held += own
    if sum(row["insured_share"] for row in held) > 1:
        return "insured_share"
    return sum(
        (
            row["fund_ratio"] * row["insured_share"] * (1 - (row["excluded_share"] or 0) * terms.exclusion)
            for row in held
        ),
        D(0),
    )


@pytest.mark.parametrize(
    ("more", "first", "other"),
    [
        ([], "0.62", "0.62"),
        ([row("H001", None, "employee", "0.85", "0.45")], "0.6825", "0.62"),
        (
            [row("H001", None, "employee", "0.85", "0.45"), row("H001", None, "resident", "0.50", "0.30")],
            "0.5325",
            "0.62",
        ),
        ([row("H001", None, None, "0.70", "0.90")], "0.63", "0.62"),
        ([row("H001", None, None, "0.70", "0.90"), row("H001", "N1", "employee", "0.90", "0.20")], "0.48", "0.62"),
        ([row(None, None, None, "0.70", "0.90")], "0.62", "0.62"),
    ],
    ids=[
        "common pair",
        "own row for one fund",
        "own pair",
        "own row for all funds",
        "named row fuller than unnamed",
        "unnamed beside a pair",
    ],
)
def test_all_readers_take_the_same_rows(more: list[Row], first: str, other: str) -> None:
    rows = [*COMMON, *more]
    assert settled(rows)[::2] == [D(first), D(other)]
    assert projected(rows)[::2] == estimated(rows)[::2] == [float(first), float(other)]


def test_what_a_payment_reform_keeps_is_taken_out_by_all_where_the_profile_says_so_and_by_none_where_not() -> None:
    rows = [row(ratio="0.7", share="0.9", excluded_share=D("0.2"))]
    for terms, factor in ((PLAIN, "0.63"), (Terms(exclusion=True), "0.504")):
        assert settled(rows, terms) == [D(factor)] * 4
        assert projected(rows, terms) == estimated(rows, terms) == [float(factor)] * 4


def test_rows_of_the_profiles_basis_count_and_the_others_where_there_are_no_such() -> None:
    rows = [
        row(ratio="0.7", share="0.9", share_basis="volume"),
        row("H001", ratio="0.7", share="0.5", share_basis="visits"),
    ]
    for basis, factors_ in (("volume", ["0.63", "0.63"]), ("visits", None)):
        terms = Terms(basis)
        if factors_ is None:
            with pytest.raises(InputError, match=r"no row of fund .* H002"):
                settled(rows, terms)
            continue
        assert settled(rows, terms)[::2] == [D(one) for one in factors_]
        assert projected(rows, terms)[::2] == estimated(rows, terms)[::2] == [float(one) for one in factors_]
    assert settled(rows[:1], Terms("visits")) == [D("0.63")] * 4


def test_a_hospitals_own_employee_row_leaves_it_the_common_residents() -> None:
    found = match(ITEMS, table([*COMMON, row("H001", None, "employee", "0.85", "0.45")]))
    mine = sorted(
        (name, place) for item, name, place in zip(found.item, found.fund, found.row, strict=True) if item == 0
    )
    assert mine == [("employee", 2), ("resident", 1)]


@pytest.mark.parametrize("rows", list(permutations([*COMMON, row("H001", None, "employee", "0.85", "0.45")])))
def test_the_order_of_fund_rows_does_not_matter(rows: tuple[Row, ...]) -> None:
    assert settled(list(rows)) == [D("0.6825"), D("0.6825"), D("0.62"), D("0.62")]


shares = st.sampled_from(["0.3", "0.4", "0.5", "0.7"])
ratios = st.integers(1, 9).map(lambda tenth: f"0.{tenth}")
wide_rows = st.builds(
    row,
    st.sampled_from([None, "H001", "H002"]),
    st.sampled_from([None, "N1", "N2"]),
    st.sampled_from([None, "employee", "resident"]),
    ratios,
    shares,
    share_basis=st.sampled_from([None, None, "volume", "visits"]),
    excluded_share=st.sampled_from([None, D(0), D("0.25")]),
)
any_rows = st.builds(
    lambda wide, generic, year: {**wide, "generic": generic, "agreement_year": year},
    wide_rows,
    st.sampled_from([None, None, "甲片", "乙针"]),
    st.sampled_from([None, None, 1, 2]),
)
terms_drawn = st.builds(Terms, st.sampled_from(["volume", "visits"]), st.booleans())


def key_of(one: Row) -> tuple[Any, ...]:
    return tuple(one[key] for key in (*KEYS, "fund"))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(wide_rows, min_size=1, max_size=7, unique_by=key_of), terms_drawn)
def test_any_table_by_hospital_and_round_gives_every_reader_the_slow_answer_or_a_refusal(
    rows: list[Row], terms: Terms
) -> None:
    wanted = [slowly(rows, item, terms) for item in ITEMS.itertuples()]
    refused = {answer for answer in wanted if isinstance(answer, str)}
    for reader in (settled, estimated):
        if not refused:
            assert [float(one) for one in reader(rows, terms)] == [float(one) for one in wanted]
            continue
        with pytest.raises(InputError) as said:
            reader(rows, terms)
        assert {problem.rule for problem in said.value.problems} == refused
    if refused - {"fund_missing"}:
        with pytest.raises(InputError):
            projected(rows, terms)
    else:  # an item without a row has no payout to be projected; the others do
        assert projected(rows, terms) == pytest.approx(
            [np.nan if one == "fund_missing" else float(one) for one in wanted], nan_ok=True, abs=0
        )


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(any_rows, min_size=1, max_size=7, unique_by=key_of), terms_drawn)
def test_any_table_at_all_gives_settlement_and_projection_the_slow_answer_or_a_refusal(
    rows: list[Row], terms: Terms
) -> None:
    wanted = [slowly(rows, item, terms) for item in ITEMS.itertuples()]
    refused = {answer for answer in wanted if isinstance(answer, str)}
    if not refused:
        assert settled(rows, terms) == wanted
        assert projected(rows, terms) == [float(one) for one in wanted]
        return
    with pytest.raises(InputError) as said:
        settled(rows, terms)
    assert {problem.rule for problem in said.value.problems} == refused


def test_an_item_that_only_another_hospitals_row_fits_is_refused_with_its_keys() -> None:
    rows = [row("H001", ratio="0.7", share="0.9")]
    with pytest.raises(InputError, match=r"no row of fund .* fits hospital_id H002"):
        settled(rows)
    assert np.isnan(projected(rows)[2]) and projected(rows)[0] == 0.63


def test_a_row_for_one_generic_does_not_hold_for_a_whole_rounds_amount() -> None:
    with pytest.raises(InputError, match=r"rows that name a generic hold for that alone"):
        estimated([row(generic="甲片"), row(generic="乙针")])
    assert estimated([*COMMON, row(generic="甲片", fund="employee", ratio="0.1")]) == [0.62] * 4


def test_funds_that_together_insure_more_than_all_are_refused_by_name() -> None:
    rows = [*COMMON, row("H001", "N2", "employee", "0.85", "0.55")]
    with pytest.raises(InputError) as refused:
        settled(rows)
    (problem,) = refused.value.problems
    assert (problem.rule, problem.table, problem.column, problem.value) == (
        "insured_share",
        "fund",
        "insured_share",
        "1.05",
    )
    assert "hospital_id H001" in problem.message and "batch_id N2" in problem.message
    assert settled([*COMMON, row("H001", "N2", "employee", "0.85", "0.50")])[1] == D("0.725"), "exactly all is lawful"


def test_an_empty_ratio_is_unknown_not_zero() -> None:
    rows = [{**row(), "fund_ratio": None}, row("H001")]
    assert factors(ITEMS, table(rows), PLAIN).tolist() == [D("0.32"), D("0.32"), None, None]


def test_keys_are_the_same_whatever_a_table_writes_them_with() -> None:
    rows = [
        row(agreement_year=1, hospital="H001"),
        row(agreement_year=1.0, hospital=" H002 "),
        row(agreement_year=D(2)),
    ]
    for blank in (None, "", " ", float("nan"), pd.NA):
        fund = table([{**one, "batch_id": blank, "generic": blank} for one in rows])
        assert match(ITEMS, fund).row.tolist() == [0, 0, 1, 1]
    items = ITEMS.astype({"hospital_id": "category", "agreement_year": "Int64"})
    assert match(items, table(rows)).row.tolist() == [0, 0, 1, 1]


def test_no_items_need_no_row() -> None:
    assert len(match(ITEMS[:0], table([row("H001")])).item) == 0 and len(match(ITEMS[:0], table(COMMON)).item) == 0
    assert factors(ITEMS[:0], table(COMMON), PLAIN).tolist() == [] and faults(ITEMS[:0], table(COMMON)) == []


def test_rows_meet_in_every_combination_that_one_item_can_have() -> None:
    rows = [row("H001"), row("H002"), row(None, "N1"), row(generic="甲片")]
    found = {tuple(values[:3]) for values in meetings(table(rows)).itertuples(index=False)}
    assert found == {(h, b, g) for h in ("", "H001", "H002") for b in ("", "N1") for g in ("", "甲片")}


AGREEMENTS = [
    [
        "batch_id",
        "hospital_id",
        "generic",
        "agreement_year",
        "start_date",
        "end_date",
        "base_quantity_units",
        "agreed_quantity_units",
    ],
    *(
        [item.batch_id, item.hospital_id, item.generic, 1, "2024-01-01", "2024-12-31", 8000, 5000]
        for item in ITEMS.itertuples()
    ),
]


def checked(folder: Path, rows: list[Row], **tables: Any) -> set[str]:
    """The rules about the table `fund` by which `vbp check` refuses a folder with these rows."""
    fund = [list(row()), *([None if value is None else str(value) for value in one.values()] for one in rows)]
    done = check(small_folder.write(folder, {"fund": fund, **tables}))
    assert not [one for one in done.problems if one.rule in ("fund_tie", "insured_share") and one.row is None]
    return {one.rule for one in done.problems if one.table == "fund" and one.level == "error"} - {"unknown_hospital"}


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_rows, min_size=1, max_size=6, unique_by=key_of))
def test_check_refuses_just_what_settlement_refuses(tmp_path: Path, rows: list[Row]) -> None:
    wanted = {slowly(rows, item, PLAIN) for item in ITEMS.itertuples()}
    assert checked(tmp_path, rows, agreements=AGREEMENTS) == {one for one in wanted if isinstance(one, str)}


MIXED = [*COMMON, row("H001", None, "employee", "0.85", "0.55")]


def test_check_refuses_shares_over_one_of_rows_with_different_keys(tmp_path: Path) -> None:
    assert checked(tmp_path / "agreed", MIXED, agreements=AGREEMENTS) == {"insured_share"}
    assert checked(tmp_path / "unknown items", MIXED) == {"insured_share"}
    others = [AGREEMENTS[0], *(one for one in AGREEMENTS[1:] if one[1] != "H001")]
    assert checked(tmp_path / "no such item", MIXED, agreements=others) == set()


def test_check_finds_an_item_by_its_products_generic(tmp_path: Path) -> None:
    head = [*AGREEMENTS[0][:2], "product_id", *AGREEMENTS[0][3:]]
    own = small_folder.PRODUCTS[1]
    agreed = [head, ["N1", "H001", own[0], 1, "2024-01-01", "2024-12-31", 8000, 5000]]
    generic = own[small_folder.PRODUCTS[0].index("generic")]
    rows = [row("H001"), row(generic=generic)]
    assert checked(tmp_path / "tie", rows, agreements=agreed) == {"fund_tie"}
    assert checked(tmp_path / "fuller", [*rows, row("H001", generic=generic)], agreements=agreed) == set()


def test_check_looks_at_amounts_by_round_too(tmp_path: Path) -> None:
    usage = [
        ["hospital_id", "batch_id", "period_start", "period_end", "amount_yuan", "amount_basis"],
        ["H001", "N1", "2023-01-01", "2023-12-31", "1000", "before"],
    ]
    assert checked(tmp_path / "missing", [row("H002")], batch_usage=usage) == {"fund_missing"}
    assert checked(tmp_path / "mixed", MIXED, batch_usage=usage) == {"insured_share"}
    assert checked(tmp_path / "fine", COMMON, batch_usage=usage) == set()
