"""Broken ledgers: one clear message, earlier results intact."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.ledger.test_cache import months
from tests.ledger.worlds import World, day, world
from vbp.errors import InputError, UsageError
from vbp.ledger import build


def award(
    batch: str, product: str, start: str, end: str = "2023-12-31", role: str = "main", price: str = "10"
) -> dict[str, Any]:
    """Return one award."""
    return {
        "batch_id": batch,
        "product_id": product,
        "start_date": day(start),
        "end_date": day(end),
        "selected_price_yuan": Decimal(price),
        "supply_role": role,
    }


def bought(product: str, month: str, packs: str = "1", amount: str = "9.00", hospital: str = "h1") -> dict[str, Any]:
    """Return one purchase."""
    return {
        "hospital_id": hospital,
        "month": day(month),
        "product_id": product,
        "quantity_packs": Decimal(packs),
        "amount_yuan": Decimal(amount),
    }


def city(awards: list[dict[str, Any]], usage: list[dict[str, Any]], **more: list[dict[str, Any]]) -> World:
    """Return a city of two products of one generic."""
    products = [
        {"product_id": name, "generic": "g", "units_per_pack": 10, "spec_factor": Decimal(1)} for name in ("p1", "p2")
    ]
    return World({"products": products, "awards": awards, "usage": usage, "hospitals": [{"hospital_id": "h1"}], **more})


def test_two_batches_with_one_start_are_an_error_that_names_both() -> None:
    made = city([award("B1", "p1", "2022-01-01"), award("B2", "p1", "2022-01-01")], [bought("p1", "2022-05-01")])
    with pytest.raises(InputError, match="batches B1 and B2 both claim purchases of p1 from 2022-05"):
        build(made)


def test_a_tie_without_purchases_hurts_nobody_and_a_later_start_decides() -> None:
    tie = [award("B1", "p1", "2022-01-01"), award("B2", "p1", "2022-01-01")]
    assert build(city(tie, [bought("p2", "2021-05-01")])).cells["outside_fen"].sum() == 900
    later = build(
        city(
            [award("B1", "p1", "2022-01-01"), award("B2", "p1", "2022-03-01")],
            [bought("p1", "2022-05-01"), bought("p1", "2022-02-01")],
        )
    )
    assert dict(zip(later.cells["batch_id"], later.cells["selected_fen"], strict=True)) == {"B1": 900, "B2": 900}


def test_a_tie_over_non_selected_use_names_both_too() -> None:
    made = city(
        [award("B1", "p1", "2022-01-01", "2022-12-31"), award("B2", "p1", "2022-01-01", "2022-06-30", role="backup1")],
        [bought("p2", "2022-05-01")],
    )
    with pytest.raises(InputError, match="B1 and B2"):
        build(made)


def test_a_column_of_the_wrong_type_in_file_17_of_36_is_named(tmp_path: Path) -> None:
    made = world(1, purchases=900)
    folder = months(made, tmp_path / "usage")
    files = sorted(folder.iterdir())
    broken = pq.read_table(files[16])
    pq.write_table(broken.set_column(3, "quantity_packs", broken["quantity_packs"].cast(pa.float64())), files[16])
    build(made, usage=files[:5], cache=tmp_path / "kept")
    before = sorted(path.name for path in (tmp_path / "kept/world").iterdir())
    with pytest.raises(InputError) as caught:
        build(made, usage=folder, cache=tmp_path / "kept")
    (problem,) = caught.value.problems
    assert problem.column == "quantity_packs" and problem.file == str(files[16])
    assert f"file 17 of {len(files)}" in problem.message and "double" in problem.message
    assert sorted(path.name for path in (tmp_path / "kept/world").iterdir()) == before


def test_a_truncated_parquet_file_is_named_whether_the_end_or_the_middle_is_gone(tmp_path: Path) -> None:
    made = world(1, purchases=900)
    folder = months(made, tmp_path / "usage")
    path = sorted(folder.iterdir())[2]
    whole = path.read_bytes()
    os.truncate(path, len(whole) // 2)
    with pytest.raises(InputError, match=f"{path.name}.*cut off or damaged"):
        build(made, usage=folder)
    path.write_bytes(whole[:4] + bytes(200) + whole[204:])
    with pytest.raises(InputError) as caught:
        build(made, usage=folder)
    assert len(caught.value.problems) == 1


def test_a_missing_partition_is_named(tmp_path: Path) -> None:
    made = world(1, purchases=900)
    folder = months(made, tmp_path / "usage")
    sorted(folder.iterdir())[4].unlink()
    with pytest.raises(InputError, match="the file of 2020-07 is missing"):
        build(made, usage=folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no Parquet file"):
        build(made, usage=tmp_path / "empty")
    with pytest.raises(InputError, match="no such file"):
        build(made, usage=tmp_path / "nowhere.parquet")


@pytest.mark.parametrize("column", ["hospital_id", "product_id", "month", "quantity_packs", "amount_yuan"])
def test_a_gap_in_a_column_stops_with_the_number_of_rows(column: str) -> None:
    made = world(1)
    made.rows["usage"][7] = {**made.rows["usage"][7], column: None}
    with pytest.raises(InputError, match="1 of 250 rows") as caught:
        build(made)
    assert caught.value.problems[0].column == column


@pytest.mark.parametrize(
    ("column", "kind"), [("product_id", pa.int64()), ("month", pa.string()), ("amount_yuan", pa.decimal128(18, 4))]
)
def test_types_that_cannot_be_exact_are_refused(column: str, kind: pa.DataType, tmp_path: Path) -> None:
    schema = pa.schema(
        [
            (name, kind if name == column else wanted)
            for name, wanted in (
                ("hospital_id", pa.string()),
                ("month", pa.date32()),
                ("product_id", pa.string()),
                ("quantity_packs", pa.int64()),
                ("amount_yuan", pa.decimal128(18, 2)),
            )
        ]
    )
    pq.write_table(schema.empty_table(), tmp_path / "usage.parquet")
    with pytest.raises(InputError, match=f"column {column}"):
        build(world(1), usage=tmp_path / "usage.parquet")


def test_months_that_are_no_first_of_a_month_are_told() -> None:
    with pytest.raises(InputError, match="first of a month"):
        build(city([], [bought("p1", "2022-05-01"), bought("p1", "2022-05-03")]))


def test_what_matches_nothing_is_counted_listed_and_warned_of() -> None:
    usage = [
        bought("p1", "2022-05-01"),
        bought("px", "2022-05-01", amount="5.00"),
        bought("p2", "2022-06-01", hospital="h9", amount="2.50"),
    ]
    panels = build(city([award("B1", "p1", "2022-01-01")], usage))
    assert panels.cells["amount_fen"].sum() == panels.totals["amount_fen"].iloc[0] == 1650
    found = {row.reason: row for row in panels.unmatched.itertuples()}
    assert (
        found["product_unknown"].product_id == "px"
        and found["product_unknown"].amount_fen == 500
        and found["product_unknown"].purchases == 1
    )
    assert found["hospital_unknown"].hospital_id == "h9" and found["hospital_unknown"].amount_fen == 250
    unknown = panels.product_month[panels.product_month["product_id"] == "px"].iloc[0]
    assert (unknown["generic"], unknown["status"], unknown["quantity_milliunits"]) == ("", "outside", 0)
    assert {problem.rule for problem in panels.problems} >= {"product_unknown", "hospital_unknown"}


def test_an_award_of_an_unknown_product_and_a_twin_product_are_refused() -> None:
    with pytest.raises(InputError, match="does not list: p9"):
        build(city([award("B1", "p9", "2022-01-01")], [bought("p1", "2022-05-01")]))
    made = city([], [bought("p1", "2022-05-01")])
    made.rows["products"].append(made.rows["products"][0])
    with pytest.raises(InputError, match="stands twice in products"):
        build(made)


def test_an_empty_ledger_an_unknown_engine_and_a_missing_table_are_told() -> None:
    with pytest.raises(InputError, match="no rows"):
        build(city([], []))
    with pytest.raises(UsageError, match="unknown engine 'flink'"):
        build(city([], [bought("p1", "2022-05-01")]), engine="flink")
    bare = city([], [bought("p1", "2022-05-01")])
    del bare.rows["products"]
    with pytest.raises(InputError, match="table products is needed"):
        build(bare)


def test_p0_given_ledger_and_none_and_the_warning_of_one_hospital() -> None:
    varieties = [{"batch_id": "B1", "generic": "g", "cycle": 1, "pre_price_yuan_per_unit": None}]
    usage = [
        bought("p1", "2021-03-01", "2", "78.00"),
        bought("p2", "2021-07-01", "6", "270.00"),
        bought("p2", "2021-08-01", "2", "40.00"),
        bought("p1", "2022-05-01"),
    ]
    panels = build(city([award("B1", "p1", "2022-01-01")], usage, varieties=varieties))
    row = panels.prices.iloc[0]
    # 388.00 yuan for 100 units
    assert (row["p0_e10"], row["p0_source"], row["p0_months_seen"]) == (38_800_000_000, "ledger", 3)
    assert {problem.rule for problem in panels.problems} == {"p0_one_hospital", "p0_months"}
    varieties[0]["pre_price_yuan_per_unit"] = Decimal("4.66")
    given = build(city([award("B1", "p1", "2022-01-01")], usage, varieties=varieties)).prices.iloc[0]
    assert (given["p0_e10"], given["p0_source"], given["p0_ledger_e10"]) == (46_600_000_000, "given", 38_800_000_000)
    none = build(city([award("B1", "p1", "2022-01-01")], usage[-1:], varieties=[])).prices.iloc[0]
    assert none["p0_source"] == "none" and none.isna()["p0_e10"]


def test_a_unit_price_equal_to_the_main_suppliers_is_not_cheaper() -> None:
    made = city(
        [award("B1", "p1", "2022-01-01", price="9.99")],
        [
            bought("p2", "2022-05-01", "3", "29.97"),
            bought("p2", "2022-06-01", "3", "29.96"),
            bought("p2", "2022-07-01", "-3", "-29.97"),
        ],
    )
    cell = build(made).cells.iloc[0]
    assert (cell["unevaluated_dearer_fen"], cell["unevaluated_cheaper_fen"]) == (0, 2996)


def test_an_agreement_year_of_thirteen_months_and_leap_days_keep_their_months() -> None:
    agreements = [
        {
            "batch_id": "B1",
            "hospital_id": "h1",
            "generic": "g",
            "agreement_year": 1,
            "start_date": dt.date(2024, 2, 29),
            "end_date": dt.date(2025, 3, 30),
            "base_quantity_units": Decimal(1),
            "agreed_quantity_units": Decimal(1),
        }
    ]
    usage = [bought("p1", f"{month // 12}-{month % 12 + 1:02d}-01") for month in range(2023 * 12, 2025 * 12 + 6)]
    panels = build(city([award("B1", "p1", "2024-02-29", "2025-03-30")], usage, agreements=agreements))
    cells = panels.cells.set_index("period")
    # February 2024 has 28 days before the start and one after it; the year takes March 2024 to March 2025
    assert (cells.loc[1, "months_seen"], cells.loc[0, "months_seen"], panels.items["months_in_year"].iloc[0]) == (
        13,
        12,
        13,
    )
    assert cells.loc[0, "boundary_fen"] == 900


@pytest.mark.parametrize(
    ("table", "column"), [("awards", "end_date"), ("agreements", "start_date"), ("agreements", "agreement_year")]
)
def test_a_date_or_year_that_a_small_table_lacks_is_named(table: str, column: str) -> None:
    made = world(1)
    rows = made.rows[table]
    gap = World({**made.rows, table: [{**rows[0], column: None}, *rows[1:]]})
    with pytest.raises(InputError) as caught:
        build(gap)
    (problem,) = caught.value.problems
    assert (problem.table, problem.column, problem.rule) == (table, column, "missing_value")
    assert f"1 of {len(rows)} rows" in problem.message
