"""A table that is not there is asked for by name; what cannot be known without it is a gap, never zero."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests import small_folder

SETTLES = ("hospitals", "products", "varieties", "awards", "agreements", "usage", "fund")
NEEDS = {
    ("surplus",): SETTLES,
    ("explain", "--hospital", "H001", "--batch", "N1"): SETTLES,
    ("statement", "--out", "s.xlsx"): SETTLES,
    ("savings",): ("hospitals", "products", "usage", "awards"),
    ("completion",): ("hospitals", "products", "usage", "awards", "agreements"),
    ("project",): ("hospitals", "products", "usage", "awards", "agreements"),
}


@pytest.mark.parametrize("words", NEEDS, ids=lambda words: words[0])
def test_every_table_that_a_command_needs_is_asked_for_by_name(call, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    for name in NEEDS[words]:
        folder = small_folder.write_settling(tmp_path / name, [name])
        code, out, err = call(words[0], folder, *words[1:])
        assert (code, out) == (1, ""), name
        assert name in err and "missing_table" in err
    assert not (tmp_path / "s.xlsx").exists()


def test_all_missing_tables_are_named_at_once(call, tmp_path):
    folder = small_folder.write_settling(tmp_path / "in", ["fund", "awards", "agreements"])
    code, _, err = call("surplus", folder)
    assert code == 1 and all(name in err for name in ("fund", "awards", "agreements"))


def test_a_table_with_a_header_alone_counts_as_absent(call, tmp_path):
    folder = small_folder.write_settling(tmp_path / "in", agreements=small_folder.SETTLING["agreements"][:1])
    code, out, err = call("surplus", folder, "--json")
    assert (code, out) == (1, "") and "agreements" in err


@pytest.fixture
def unawarded(tmp_path):
    """The small folder with an agreement on a variety that the round's awards do not hold."""
    agreements = [
        *small_folder.SETTLING["agreements"],
        ["N1", "H001", "乙注射液", 1, "2024-01-01", "2024-12-31", 20, 10],
    ]
    varieties = [*small_folder.SETTLING["varieties"], ["N1", "乙注射液", "支", "国家", "药品", 1]]
    return small_folder.write_settling(tmp_path / "in", agreements=agreements, varieties=varieties)


def test_an_agreement_without_an_award_is_an_error_of_the_check(call, unawarded):
    code, out, _ = call("check", unawarded, "--json")
    found = [issue for issue in json.loads(out)["issues"] if issue["rule"] == "no_award"]
    assert code == 1
    assert [(issue["level"], issue["file"], issue["row"], issue["value"]) for issue in found] == [
        ("error", "agreements.csv", 4, "乙注射液")
    ]
    assert "N1" in found[0]["message"]


def test_what_was_bought_without_an_award_is_not_known_and_no_failure(call, unawarded):
    _, out, _ = call("completion", unawarded, "--csv")
    row = next(row for row in csv.DictReader(io.StringIO(out)) if row["generic"] == "乙注射液")
    assert (row["state"], row["actual_units"], row["rate"]) == ("no_data", "", "")


@pytest.mark.parametrize("exempt", [False, True])
def test_a_payout_without_an_award_is_not_known(call, unawarded, exempt):
    if exempt:
        rows = [[*small_folder.PRODUCTS[0], "exempt_reason"], *([*row, "短缺"] for row in small_folder.PRODUCTS[1:])]
        (unawarded / "products.csv").write_text(small_folder.text(rows), encoding="utf-8")
    code, out, _ = call("surplus", unawarded, "--as-of", "2024-12-31", "--json")
    rows = {row["hospital_id"]: row for row in json.loads(out)["rows"]}
    assert code == 0
    assert rows["H001"]["retained_yuan"] is rows["H001"]["expenditure_yuan"] is None
    assert "NO_P1" in {reason["code"] for reason in rows["H001"]["reasons"]}
    assert rows["H002"]["retained_yuan"] is not None


def test_savings_of_varieties_without_a_price_before_are_gaps(call, tmp_path):
    late = [row for row in small_folder.usage_rows() if row[1] == "month" or str(row[1]) >= "2024"]
    folder = small_folder.write_settling(tmp_path / "in", usage=late)
    _, out, _ = call("savings", folder, "--json")
    found = json.loads(out)
    assert [row["reason"] for row in found["left_out"]] == ["NO_P0"]
    assert set(found["totals"].values()) == {None}
    code, out, _ = call("savings", folder, "--lang", "en")
    assert code == 0 and " 0.00" not in out


def test_spillover_that_was_not_worked_out_is_a_gap(call, tmp_path):
    folder = small_folder.write_settling(tmp_path / "in")
    _, out, _ = call("savings", folder, "--json")
    found = json.loads(out)
    assert found["totals"]["alternatives"] is None and found["totals"]["official"] is not None
    assert {row["alternatives_yuan"] for row in found["rows"]} == {None}
