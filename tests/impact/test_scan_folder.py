"""`vbp scan INPUTS` from the demonstration's tables through the ledger to the ranked table; planted effects are found."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("vbp.ledger", reason="the ledger is not built yet")

from vbp.cli import main
from vbp.demo import make_demo


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_demo(tmp_path_factory.mktemp("scan") / "demo", seed=3, hospitals=9, months=48)


def run(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    out = capsys.readouterr()
    return stop.value.code, out.out, out.err


def test_csv_holds_every_tendered_generic_and_planted_price_falls_are_supported(capsys, folder):
    code, out, _ = run(capsys, "scan", folder, "--csv")
    table = pd.read_csv(io.StringIO(out))
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert code == 0 and len(table) > 60
    expected = {
        generic: change["log_mean_price"]
        for row in truth["rounds"]
        if not row["announced"] and row["renewal_of"] is None
        for generic, change in row["expected"]["generics"].items()
    }
    prices = table[(table["measure"] == "price") & (table["level_verdict"] != "not_assessable")].set_index("generic")
    shared = sorted(set(expected) & set(prices.index))
    assert len(shared) >= 8
    gap = prices.loc[shared, "level"] - pd.Series(expected)[shared]
    assert np.abs(gap).median() < 0.06
    assert (prices.loc[shared, "level_verdict"] == "supported").mean() >= 0.7
    assert prices.loc[shared, "sentence_zh"].str.contains("符合集采目的").sum() >= 6


def test_json_is_one_document_in_rank_order(capsys, folder):
    code, out, _ = run(capsys, "scan", folder, "--json", "--measure", "price", "--harmonics", "1")
    document = json.loads(out)
    assert code == 0 and document["series"] == len(document["rows"]) > 10
    assert [row["rank"] for row in document["rows"]] == list(range(1, document["series"] + 1))
    assert {row["measure"] for row in document["rows"]} == {"price"}
    assert document["discoveries"] == sum((row["q_bh"] or 1) <= 0.05 for row in document["rows"])
    assert all(row["level_p"] is None or row["level_p"] > 0 for row in document["rows"])


def test_table_and_words_for_people(capsys, folder):
    code, out, _ = run(capsys, "scan", folder, "--measure", "spending", "--lang", "en")
    assert code == 0 and "discoveries at a false-discovery rate" in out and "spending" in out


def test_wrong_measure_language_and_rate_are_explained(capsys, folder):
    for words, said in (
        (["--measure", "cost"], "unknown measure"),
        (["--lang", "fr"], "unknown language"),
        (["--alpha", "2"], "between 0 and 1"),
    ):
        code, out, err = run(capsys, "scan", folder, *words)
        assert code == 2 and out == "" and said in err
    code, _, err = run(capsys, "scan", folder / "nowhere")
    assert code == 1 and "nowhere" in err
