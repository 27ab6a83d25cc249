"""The published tables, read as plain text: no library stands between a test and the file."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
CITIES = ("quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou")

Row = dict[str, str]


def read(name: str) -> list[Row]:
    """Return the rows of data/<name>, refusing rows that are too long or too short."""
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert rows, f"{name} has no rows"
    for line, row in enumerate(rows, start=2):
        assert None not in row and None not in row.values(), f"{name} line {line}: wrong number of cells"
    return rows


@pytest.fixture(scope="session")
def facts() -> list[Row]:
    return read("facts.csv")


@pytest.fixture(scope="session")
def metrics() -> dict[str, Row]:
    return {row["metric"]: row for row in read("metrics.csv")}


@pytest.fixture(scope="session")
def sources() -> dict[str, Row]:
    return {row["source_id"]: row for row in read("sources.csv")}


@pytest.fixture(scope="session")
def cities() -> dict[str, Row]:
    return {row["city"]: row for row in read("cities.csv")}


@pytest.fixture(scope="session")
def left_out() -> list[Row]:
    return read("left_out.csv")


@pytest.fixture(scope="session")
def batches() -> list[Row]:
    return read("batches.csv")


@pytest.fixture(scope="session")
def prices() -> list[Row]:
    return read("prices.csv")


@pytest.fixture(scope="session")
def results() -> list[Row]:
    return read("published_results.csv")


@pytest.fixture(scope="session")
def seeds() -> dict[str, str]:
    """The text of each city's publication; Nantong's stands twice in its file and is taken once."""
    reference = Path(os.environ.get("VBP_REFERENCE") or ROOT.parent / "shared" / "reference")
    folder = reference.parent / "seeds"
    if not folder.is_dir():
        pytest.skip(f"no publications at {folder}")
    texts = {city: next(folder.glob(f"{n:03d}_*.txt")).read_text(encoding="utf-8") for n, city in enumerate(CITIES)}
    title = "7月1日起南通市实施医保惠民新政"
    first, second = texts["nantong"].split(title)[1:]
    assert first.strip() == second.removesuffix("扫一扫在手机打开当前页").strip(), "the two copies differ"
    texts["nantong"] = title + first
    return texts
