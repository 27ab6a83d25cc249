"""The page of measured sizes: its bounds, its marks, and what stands outside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "validate"))
import impact_simulation as simulation
import validate_impact as page


@pytest.fixture(scope="module")
def rows():
    return simulation.table(
        [simulation.Cell(process, n, 1 / 2, 0) for process in ("ar0", "ar.4", "ar.8", "random walk") for n in (24, 36)],
        60,
    )


def test_criteria_name_bound_and_measured_value(rows):
    table = page.criteria(rows)
    assert len(table) == 10 and set(table["met"]) <= {"yes", "no", "within Monte Carlo error"}
    core = rows[rows["process"] != "random walk"]
    assert table["measured"].iloc[0] == f"{core.loc[core['n'] == 36, 'size'].max():.3f}"


@pytest.mark.parametrize(
    ("value", "limit", "side", "word"),
    [
        (0.09, 0.10, 1, "yes"),
        (0.105, 0.10, 1, "within Monte Carlo error"),
        (0.2, 0.10, 1, "no"),
        (0.95, 0.90, -1, "yes"),
        (0.5, 0.90, -1, "no"),
    ],
)
def test_a_bound_is_met_missed_or_within_monte_carlo_error(value, limit, side, word):
    assert page._met(value, limit, side, 10_000) == word


def test_the_section_is_replaced_and_the_rest_of_the_page_stays(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PAGE", tmp_path / "validation.md")
    monkeypatch.setattr(page, "did_sizes", lambda: rows.head(1)[["process", "n"]])
    page.PAGE.write_text("# Validation\n\nbefore\n", encoding="utf-8")
    page.write(page.page(rows, 0))
    page.write("second")
    text = page.PAGE.read_text(encoding="utf-8")
    assert "before" in text and "second" in text and text.count("impact:begin") == 1 and "random walk" not in text


def test_permutation_table_keeps_size_at_what_is_attainable():
    table = page.did_sizes(rounds=400).set_index(["units", "treated"])
    assert table.loc[(10, 1), "size"] == "0.0000" and table.loc[(10, 1), "smallest p"] == "0.1000"
    assert (table["size"].astype(float) <= 0.06 + 3 * (0.06 * 0.94 / 400) ** 0.5).all()
