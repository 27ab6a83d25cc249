"""The demonstration's planted truth recovered through the commands: savings, completion, projection, exit statuses."""

from __future__ import annotations

import io
import json
from collections import Counter, defaultdict
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal

import pandas as pd
import pytest

from vbp.cli import main
from vbp.demo import make_demo


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", seed=3, hospitals=12, months=60)


@pytest.fixture(scope="module")
def truth(folder):
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def vbp(*words):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code, out.getvalue(), err.getvalue()


def document(*words):
    status, out, err = vbp(*words, "--json")
    assert status == 0, err
    return json.loads(out)


def planted(truth, key):
    sums = defaultdict(Decimal)
    for row in truth["savings"]:
        if row["batch_id"] != "DEMO-N3":
            for name in (row["batch_id"], str(row["agreement_year"])):
                sums[name] += Decimal(str(row[key]))
    return sums


@pytest.mark.parametrize("cut", ["batch", "year"])
def test_savings_recover_the_planted_truth_to_the_fen(folder, truth, cut):
    rows = document("savings", folder, "--by", cut)["rows"]
    name = "batch_id" if cut == "batch" else "agreement_year"
    found = {row[name]: row for row in rows if row[name] != "outside"}
    assert len(found) == (6 if cut == "batch" else 3)
    for kind in ("official", "realised"):
        sums = planted(truth, f"{kind}_saving_yuan")
        for key, row in found.items():
            # the truth is written per batch and year, each rounded to the fen
            assert abs(Decimal(row[f"{kind}_yuan"]) - sums[key]) <= Decimal("0.05"), (kind, key)


def test_savings_document_marks_the_place_synthetic_and_adds_up(folder):
    found = document("savings", folder, "--by", "hospital")
    assert found["synthetic"] is True and len(found["rows"]) >= 10
    assert all(found["checks"].values())
    for kind, total in found["totals"].items():
        assert sum(Decimal(row[f"{kind}_yuan"]) for row in found["rows"]) == Decimal(total), kind
    for row in found["decomposition"]["batches"]:
        parts = [
            Decimal(row[f"{name}_yuan"])
            for name in (
                "price",
                "volume",
                "structure_selected",
                "structure_originator",
                "structure_product",
                "new",
                "lost",
            )
        ]
        assert sum(parts) == Decimal(row["change_yuan"]) and Decimal(row["price_yuan"]) < 0


def test_completion_recovers_the_planted_counts(folder, truth):
    made = document("completion", folder)
    found = {(row["batch_id"], row["agreement_year"]): row for row in made["by"]["batch_year"]}
    agreed: Counter[tuple[str, int]] = Counter()
    for row in made["rows"]:
        agreed[row["batch_id"], row["agreement_year"]] += Decimal(row["agreed_units"])
    known = [row for row in truth["savings"] if row["batch_id"] != "DEMO-N3"]
    assert len(found) == len(known)
    for row in known:
        got = found[row["batch_id"], row["agreement_year"]]
        assert (got["items"], got["done_items"]) == (row["items"], row["items_completed"])
        assert agreed[row["batch_id"], row["agreement_year"]] == row["agreed_units"]


def test_completion_as_of_an_earlier_day_sees_no_later_purchase(folder):
    early = document("completion", folder, "--as-of", "2022-12-31")
    assert early["as_of"] == "2022-12-31" == early["data_until"]
    states = {row["state"] for row in early["rows"] if row["start_date"] > "2022-12-31"}
    assert states == {"not_started"}
    year = next(r for r in early["by"]["batch_year"] if r["batch_id"] == "DEMO-N1" and r["agreement_year"] == 2)
    late = next(
        r
        for r in document("completion", folder)["by"]["batch_year"]
        if r["batch_id"] == "DEMO-N1" and r["agreement_year"] == 2
    )
    assert year["rate"] == late["rate"] > 0


def test_projection_of_the_announced_batch(folder, truth):
    found = document("project", folder)
    assert found["batch_id"] == "DEMO-N3" and found["mark"] == "estimated"
    quantities = {row["quantity"]: row for row in found["quantities"]}
    official = next(row["official_saving_yuan"] for row in truth["savings"] if row["batch_id"] == "DEMO-N3")
    assert abs(Decimal(quantities["official"]["estimate"]) - Decimal(str(official))) <= Decimal("0.01")
    for name in ("realised", "payout"):
        assert (
            0
            < Decimal(quantities[name]["low"])
            < Decimal(quantities[name]["estimate"])
            < Decimal(quantities[name]["high"])
        )


@pytest.mark.parametrize(("words", "lang"), [(("savings",), "zh"), (("completion",), "en"), (("project",), "zh")])
def test_commands_print_for_people(folder, words, lang):
    status, out, _ = vbp(words[0], folder, *words[1:], "--lang", lang)
    assert status == 0 and "演示数据" in out and "·" in out


@pytest.mark.parametrize("words", [("savings", "--by", "month"), ("completion",), ("project",)])
def test_commands_print_csv(folder, words):
    status, out, _ = vbp(words[0], folder, *words[1:], "--csv")
    table = pd.read_csv(io.StringIO(out))
    assert status == 0 and len(table) >= 9


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("savings", "FOLDER", "--by", "ward"), 2),
        (("completion", "FOLDER", "--as-of", "yesterday"), 2),
        (("savings", "nothere"), 1),
        (("completion", "FOLDER", "--as-of", "1990-01-01"), 1),
        (("project", "FOLDER", "--batch", "DEMO-N1"), 2),
    ],
)
def test_wrong_usage_and_bad_input_end_without_traceback(folder, words, status):
    code, _, err = vbp(*(folder if word == "FOLDER" else word for word in words))
    assert code == status and err and "Traceback" not in err and "a defect in vbp" not in err
