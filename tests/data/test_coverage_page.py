"""docs/coverage.md says of the tables what the tables say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def page():
    return (Path(__file__).resolve().parents[2] / "docs" / "coverage.md").read_text(encoding="utf-8")


def cells(page, first):
    return [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in page.splitlines()
        if line.startswith(f"| {first} |")
    ]


def test_counts_by_city_and_qualifier_are_those_of_facts(page, facts):
    header = cells(page, "city")
    columns = next(row for row in header if "doubtful" in row)
    count = Counter((row["city"], row["qualifier"]) for row in facts)
    for city in sorted({row["city"] for row in facts}):
        row = next(row for row in cells(page, city) if len(row) == len(columns))
        expected = [count[city, qualifier] for qualifier in columns[1:-1]]
        assert [int(cell) for cell in row[1:]] == [*expected, sum(expected)]


def test_every_damaged_and_doubtful_figure_is_listed(page, facts):
    rows = [row for row in facts if row["qualifier"] in {"damaged", "doubtful"}]
    assert len(rows) > 40
    for row in rows:
        listed = cells(page, row["metric"])
        quotation = re.findall("「([^「」]+)」", row["note"])[0]
        assert any(row["scope"] == cell[1] and quotation in cell for cell in listed), row


def test_every_metric_and_every_topic_left_out_is_listed(page, metrics, left_out):
    for metric, row in metrics.items():
        assert any(row["name_zh"] in cell for cell in cells(page, metric)), metric
    for topic in {row["topic"] for row in left_out}:
        assert cells(page, topic), topic
