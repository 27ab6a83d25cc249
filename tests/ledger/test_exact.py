"""Converted quantities are exact, and adding up in arrays gives what the queries give."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.ledger.worlds import World, world
from vbp.errors import InputError
from vbp.ledger import build, query
from vbp.ledger.build import ledger_of
from vbp.ledger.dense import Adder, Sizes, added_up, join_bits
from vbp.ledger.duck import DuckEngine
from vbp.ledger.rowpass import Kept, run

FACTORS = st.decimals("0.00000001", "99.99999999", places=8)
PACKS = st.decimals("-99999", "99999", places=4)  # with 100 units a pack forty such stay below what a month may hold


def converted(packs: list[Decimal], per_pack: int, factor: Decimal) -> list[int]:
    """Return the quantities (thousandths) that the ledger makes of these purchases, each in a hospital of its own."""
    products = [{"product_id": "p", "generic": "g", "units_per_pack": per_pack, "spec_factor": factor}]
    usage = [
        {
            "hospital_id": f"h{number:03d}",
            "month": dt.date(2022, 5, 1),
            "product_id": "p",
            "quantity_packs": one,
            "amount_yuan": Decimal(1),
        }
        for number, one in enumerate(packs)
    ]
    hospitals = [{"hospital_id": row["hospital_id"]} for row in usage]
    panels = build(World({"products": products, "usage": usage, "hospitals": hospitals, "awards": []}))
    found = dict(zip(panels.cells["hospital_id"], panels.cells["quantity_milliunits"], strict=True))
    return [int(found[row["hospital_id"]]) for row in usage]


@given(st.lists(PACKS, min_size=1, max_size=40), st.integers(1, 100), FACTORS)
@example([Decimal("0.0005"), Decimal("-0.0005"), Decimal("0.0015")], 1, Decimal(1))
@example([Decimal("9999999.9999"), Decimal("4503599.6273")], 4000, Decimal("0.33333333"))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_converted_quantities_are_those_of_decimal_arithmetic(
    packs: list[Decimal], per_pack: int, factor: Decimal
) -> None:
    wanted = [int((one * per_pack * factor * 1000).quantize(Decimal(1), ROUND_HALF_UP)) for one in packs]
    assert converted(packs, per_pack, factor) == wanted


def test_quantities_beside_a_half_are_decided_by_decimals() -> None:
    # packs k/10,000 of 333.33333 thousandths, k chosen so that the product ends in 0.499999999, 0.5 or 0.500000001
    factor, inverse = Decimal("0.33333333"), pow(33_333_333, -1, 10**9)
    packs, wanted = [], []
    for step in range(150):
        k = (500_000_000 + step % 3 - 1) * inverse % 10**9 + step * 6 * 10**9
        packs.append(Decimal(k).scaleb(-4))
        wanted.append(int((packs[-1] * factor * 1000).quantize(Decimal(1), ROUND_HALF_UP)))
    doubles = [int(np.floor(float(one) * float(factor * 1000) * (1 + 1e-14) + 0.5)) for one in packs]
    assert converted(packs, 1, factor) == wanted
    assert doubles != wanted  # the way it was done before fails here


def test_a_pack_too_large_for_exact_numbers_is_refused() -> None:
    with pytest.raises(InputError, match="45 million converted units"):
        converted([Decimal(1)], 50_000_000, Decimal(1))


def test_a_product_tied_between_batches_is_named_among_many_products_and_months() -> None:
    def award(batch: str, product: str) -> dict[str, object]:
        dates = {"start_date": dt.date(2022, 3, 1), "end_date": dt.date(2023, 12, 31)}
        return {
            "batch_id": batch,
            "product_id": product,
            **dates,
            "selected_price_yuan": Decimal(9),
            "supply_role": "main",
        }

    products = [
        {"product_id": f"p{n}", "generic": f"g{n}", "units_per_pack": 10, "spec_factor": None} for n in range(7)
    ]
    usage = [
        {
            "hospital_id": "h1",
            "month": dt.date(2022, month, 1),
            "product_id": f"p{n}",
            "quantity_packs": Decimal(1),
            "amount_yuan": Decimal(9),
        }
        for month in range(1, 13)
        for n in range(7)
    ]
    awards = [award("B1", "p5"), award("B2", "p5"), award("B1", "p2")]
    made = World({"products": products, "awards": awards, "usage": usage, "hospitals": [{"hospital_id": "h1"}]})
    with pytest.raises(InputError) as caught:
        build(made)
    (problem,) = caught.value.problems
    assert problem.value == "p5" and "batches B1 and B2 both claim purchases of p5 from 2022-03" in problem.message


@pytest.mark.parametrize("places", [24_000_000, 500, 60, 0])
def test_arrays_and_queries_add_up_to_the_same(places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(4, purchases=900)
    monkeypatch.setattr("vbp.ledger.duck.BATCH", 100)
    whole = _coded(made)
    monkeypatch.setattr("vbp.ledger.dense.PLACES", places)
    monkeypatch.setattr("vbp.ledger.dense.LOOKS", places)
    for name, table in _coded(made).items():
        assert len(table) > 20 and _rows(table) == _rows(whole[name]), name


def test_arrays_give_what_the_text_of_the_queries_gives() -> None:
    made = world(6, purchases=900)
    engine = DuckEngine()
    usage = ledger_of(made, None)
    try:
        kept = Kept()
        found = run(engine, usage, made.tables, (), kept=kept)
        views = next(iter(kept.views.values()))
        own = set(found.lookup.group_of)
        listed = [(name, code) for code, name in enumerate(found.hospitals) if name not in own]
        hospital = pa.table(
            {
                "hospital_id": pa.array([name for name, _ in listed]),
                "h": pa.array([code for _, code in listed], pa.int32()),
            }
        )
        coded = engine.rows(usage, usage.rows_query(), {**views, "hospital": hospital})
        dense = engine.panels(usage, {**views, "hospital": hospital})
    finally:
        engine.close()
    connection = duckdb.connect()
    connection.register("coded", coded)
    for name, text in query.PANELS.items():
        table = connection.sql(text).to_arrow_table()
        assert len(table) > 10 and _rows(table) == _rows(dense[name]), name


def test_a_month_added_through_an_index_is_what_the_query_adds() -> None:
    rng = np.random.default_rng(3)

    def part(seed: int) -> pa.Table:
        keys = np.unique(rng.integers(0, 400, 150))
        h, s = np.divmod(keys, 20)
        sums = {name: pa.array(rng.integers(-(10**12), 10**12, len(keys))) for name in "qa"}
        codes = {"h": pa.array(h.astype(np.int32)), "s": pa.array(s.astype(np.int32))}
        return pa.table({**codes, **sums, "bits": pa.array(rng.integers(0, 4096, len(keys)))})

    kept, new = part(1), part(2)
    engine = DuckEngine()
    wanted = engine.merged("b", [kept, new])
    engine.close()
    found = added_up("b", kept, new)
    assert found is not None and len(found) > max(len(kept), len(new)) and _rows(found) == _rows(wanted)


@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=60),
    before=st.lists(st.integers(0, 2**31 - 1), min_size=10, max_size=10),
)
def test_month_bits_are_joined_as_an_unbuffered_or_joins_them(rows: list[tuple[int, int]], before: list[int]) -> None:
    place, month = np.array(rows, dtype=np.intp).reshape(-1, 2).T
    bits = np.left_shift(1, month).astype(np.int32)
    found, wanted = (np.array(before, dtype=np.int32) for _ in range(2))
    join_bits(found, place, bits)
    np.bitwise_or.at(wanted, place, bits)
    assert found.tolist() == wanted.tolist()


def test_an_adder_forgets_one_city_before_the_next() -> None:
    look = pa.table(
        {
            "l": [0, 1],
            "slot": pa.array([0, 2], pa.int32()),
            "bit": pa.array([1, 2], pa.int32()),
            "pm": pa.array([-1, 0], pa.int32()),
        }
    )
    rows = pa.RecordBatch.from_pydict(
        {
            **{name: pa.array([1, 1, 0], pa.int32()) for name in ("h", "l")},
            "s": pa.array([2, 2, 0], pa.int32()),
            "bit": pa.array([2, 2, 1], pa.int32()),
            "pm": pa.array([0, 0, -1], pa.int32()),
            "q": pa.array([5, 6, 7]),
            "a": pa.array([50, 60, 70]),
        }
    )
    adder = Adder()
    for _ in range(2):
        adder.open(Sizes.of(look, 2))
        assert adder.add(rows) == frozenset()
        found = adder.panels()
        assert _rows(found["a"]) == [{"l": 0, "q": 7, "a": 70, "n": 1}, {"l": 1, "q": 11, "a": 110, "n": 2}]
        assert _rows(found["b"])[-1] == {"h": 1, "s": 2, "q": 11, "a": 110, "bits": 2}
        assert _rows(found["c"]) == [{"h": 1, "pm": 0, "q": 11, "a": 110}]


def _coded(made: World) -> dict[str, pa.Table]:
    """Return a world's coded panels."""
    engine = DuckEngine()
    try:
        return run(engine, ledger_of(made, None), made.tables).panels
    finally:
        engine.close()


def _rows(table: pa.Table) -> list[dict[str, int]]:
    """Return a table's rows in order."""
    return sorted(table.to_pylist(), key=lambda row: tuple(row.values())[:2])
