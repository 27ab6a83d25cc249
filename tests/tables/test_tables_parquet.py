"""Parquet as other programs write it: time zones, odd types, doubled names; each trouble names its column."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import small_folder
from vbp.tables import load, read_inputs

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTHS = [dt.datetime(2022, 1, 1), dt.datetime(2023, 2, 1)]


def folder(path: Path, **columns: pa.Array) -> Path:
    """The small folder with two rows of usage in Parquet, some columns of other types."""
    small_folder.write(path)
    (path / "usage.csv").unlink()
    rows = {"hospital_id": ["H001"] * 2, "month": MONTHS, "product_id": ["P1"] * 2, "quantity_packs": [10, 20]}
    pq.write_table(pa.table({**rows, "amount_yuan": [280, 560], **columns}), path / "usage.parquet")
    return path


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [SHANGHAI, ZoneInfo("UTC")])
def test_midnight_in_a_time_zone_is_the_day_on_the_wall_there(tmp_path: Path, unit: str, zone: ZoneInfo) -> None:
    times = pa.array([day.replace(tzinfo=zone) for day in MONTHS], pa.timestamp(unit, str(zone)))
    months = read_inputs(folder(tmp_path, month=times))["usage"]["month"].to_pylist()
    assert months == [day.date() for day in MONTHS]


def test_moments_in_utc_that_are_no_midnights_are_refused(tmp_path: Path) -> None:
    # midnight in Beijing, as a program writes it that keeps moments: 16:00 of the day before
    times = pa.array([day.replace(tzinfo=SHANGHAI) for day in MONTHS], pa.timestamp("us", "UTC"))
    (problem,) = load(folder(tmp_path, month=times)).errors
    assert (problem.file, problem.rule) == ("usage.parquet", "unreadable")
    assert "month" in problem.message and "UTC" in problem.message


def test_panels_read_a_ledger_in_place_only_where_its_days_need_no_time_zone(tmp_path: Path) -> None:
    from vbp.ledger import read_panels
    from vbp.ledger.batch import build_cities

    times = pa.array([day.replace(tzinfo=SHANGHAI) for day in MONTHS], pa.timestamp("us", "Asia/Shanghai"))
    made = folder(tmp_path / "city", month=times)
    assert not build_cities([made], tmp_path / "out")[1]
    months = read_panels(tmp_path / "out" / "city").product_month["month"]
    assert [f"{month:%Y-%m}" for month in months] == ["2022-01", "2023-02"]
    (made / "usage").mkdir()
    (made / "usage.parquet").rename(made / "usage" / "part.parquet")
    ((problem,),) = (build_cities([made], tmp_path / "out")[1],)
    assert problem.column == "month" and "time zone" in problem.message


@pytest.mark.parametrize(
    "column",
    [pa.array([{"a": 1}] * 2), pa.array([["P1"]] * 2), pa.array([b"P1", b"\xff"]), pa.array([1, 2], pa.duration("s"))],
)
def test_a_column_of_another_kind_of_type_is_named(tmp_path: Path, column: pa.Array) -> None:
    (problem,) = load(folder(tmp_path, product_id=column)).errors
    assert problem.rule == "unreadable" and "product_id" in problem.message and "\n" not in problem.message


def test_two_columns_of_one_name_are_named(tmp_path: Path) -> None:
    made = folder(tmp_path)
    table = pq.read_table(made / "usage.parquet")
    pq.write_table(table.append_column("amount_yuan", pa.array([1, 2])), made / "usage.parquet")
    (problem,) = load(made).errors
    assert problem.column == "amount_yuan" and problem.rule == "duplicate_column"


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    made = folder(tmp_path)
    (made / "usage.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    (problem,) = load(made).errors
    assert problem.rule == "unreadable" and "\n" not in problem.line()
