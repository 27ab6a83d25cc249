"""One table `fund`, read by settlement, estimate and projection: each must take the same rows for the same purchase."""
from __future__ import annotations

from decimal import Decimal as D
from itertools import permutations
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.errors import InputError
from vbp.estimate.funds import fund_share_of
from vbp.projection.payout import fund_factors
from vbp.surplus.funds import match

Row = tuple[str | None, str | None, str | None, str, str]
ITEMS = pd.DataFrame([(h, b, "g", 1) for h in ("H1", "H2") for b in ("B1", "B2")],
                     columns=["hospital_id", "batch_id", "generic", "agreement_year"])
COMMON: list[Row] = [(None, None, "employee", "0.80", "0.40"), (None, None, "resident", "0.60", "0.50")]


def table(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["hospital_id", "batch_id", "fund", "fund_ratio", "insured_share"], dtype=object)
    for name in ("fund_ratio", "insured_share"):
        frame[name] = frame[name].map(D)
    return frame


def settled(rows: list[Row]) -> list[D]:
    """Σ r·s of each item as the settlement takes it."""
    fund = table(rows)
    found = match(ITEMS, fund, "volume")
    sums = [D(0)] * len(ITEMS)
    for item, row in zip(found.item.tolist(), found.row.tolist(), strict=True):
        sums[item] += fund["fund_ratio"][row] * fund["insured_share"][row]
    return sums


def slowly(rows: list[Row], hospital: str, batch: str) -> D | None:
    """The contract's sentence once more: per fund the row with most filled keys; an unnamed row only where fuller than all."""
    fits = [(sum(key is not None for key in row[:2]), row) for row in rows
            if row[0] in (None, hospital) and row[1] in (None, batch)]
    best: dict[str | None, tuple[int, Row]] = {}
    for level, row in sorted(fits, key=lambda pair: pair[0]):
        best[row[2]] = (level, row)
    whole = best.pop(None, None)
    if whole and (not best or whole[0] > max(level for level, _ in best.values())):
        best = {None: whole}
    return sum((D(row[3]) * D(row[4]) for _, row in best.values()), D(0)) if best else None


@pytest.mark.parametrize(("more", "first", "other"), [
    ([], "0.62", "0.62"),
    ([("H1", None, "employee", "0.85", "0.45")], "0.6825", "0.62"),
    ([("H1", None, "employee", "0.85", "0.45"), ("H1", None, "resident", "0.50", "0.30")], "0.5325", "0.62"),
    ([("H1", None, None, "0.70", "0.90")], "0.63", "0.62"),
    ([("H1", None, None, "0.70", "0.90"), ("H1", "B1", "employee", "0.90", "0.20")], "0.48", "0.62"),
    ([(None, None, None, "0.70", "0.90")], "0.62", "0.62"),
], ids=["common pair", "own row for one fund", "own pair", "own row for all funds", "named row fuller than unnamed",
        "unnamed beside a pair"])
def test_all_three_readers_take_the_same_rows(more: list[Row], first: str, other: str) -> None:
    rows = [*COMMON, *more]
    assert settled(rows)[0] == D(first) and settled(rows)[2] == D(other)
    records = table(rows).to_dict("records")
    assert fund_share_of(records, "H1", "B1") == D(first) and fund_share_of(records, "H2", "B1") == D(other)
    assert fund_factors(ITEMS, table(rows))[[0, 2]].tolist() == pytest.approx([float(first), float(other)], abs=1e-12)


def test_a_hospitals_own_employee_row_leaves_it_the_common_residents() -> None:
    fund = table([*COMMON, ("H1", None, "employee", "0.85", "0.45")])
    found = match(ITEMS, fund, "volume")
    mine = sorted((name, row) for item, name, row in zip(found.item, found.fund, found.row, strict=True) if item == 0)
    assert mine == [("employee", 2), ("resident", 1)]


@pytest.mark.parametrize("rows", list(permutations([*COMMON, ("H1", None, "employee", "0.85", "0.45")])))
def test_the_order_of_fund_rows_does_not_matter(rows: tuple[Row, ...]) -> None:
    assert settled(list(rows)) == [D("0.6825"), D("0.6825"), D("0.62"), D("0.62")]


keys = st.tuples(st.sampled_from([None, "H1", "H2"]), st.sampled_from([None, "B1", "B2"]),
                 st.sampled_from([None, "employee", "resident"]))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(keys, min_size=1, max_size=7, unique=True), st.data())
def test_any_table_gives_every_reader_the_slow_answer_or_a_refusal(found: list[Any], data: st.DataObject) -> None:
    rows: list[Row] = [(*key, f"0.{data.draw(st.integers(1, 9))}", "0.4") for key in found]
    wanted = [slowly(rows, item.hospital_id, item.batch_id) for item in ITEMS.itertuples()]
    try:
        got = settled(rows)
    except InputError as error:
        assert {problem.rule for problem in error.problems} <= {"fund_tie", "fund_missing"}
        return
    assert got == wanted
    assert fund_factors(ITEMS, table(rows)).tolist() == pytest.approx([float(value or 0) for value in wanted], abs=1e-12)
    assert [fund_share_of(table(rows).to_dict("records"), item.hospital_id, item.batch_id) for item in ITEMS.itertuples()] == wanted


def test_an_item_that_only_another_hospitals_row_fits_is_refused_with_its_keys() -> None:
    with pytest.raises(InputError, match=r"no row of fund .* fits hospital_id H2"):
        settled([("H1", None, None, "0.7", "0.9")])
    assert pd.isna(fund_factors(ITEMS, table([("H1", None, None, "0.7", "0.9")]))[2])


def test_funds_that_together_insure_more_than_all_are_refused_by_name() -> None:
    rows: list[Row] = [*COMMON, ("H1", "B2", "employee", "0.85", "0.55")]
    with pytest.raises(InputError) as refused:
        settled(rows)
    (problem,) = refused.value.problems
    assert (problem.rule, problem.table, problem.column, problem.value) == ("insured_share", "fund", "insured_share", "1.05")
    assert "hospital_id H1" in problem.message and "batch_id B2" in problem.message
    assert settled([*COMMON, ("H1", "B2", "employee", "0.85", "0.50")])[1] == D("0.725"), "exactly all is lawful"
