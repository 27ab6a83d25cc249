"""`vbp its` and `vbp did` as a user types them: one JSON document, tables, and lines on standard error."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.impact.impact_helpers import ar1, monthly
from vbp.cli import main


def run(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    out = capsys.readouterr()
    return stop.value.code, out.out, out.err


@pytest.fixture
def series(tmp_path):
    t = np.arange(48)
    path = tmp_path / "series.csv"
    monthly(50 - 5 * (t >= 24) + 0.5 * ar1(48, 0.3, 2)[:, 0], name="价格").to_csv(path, index=False, encoding="gb18030")
    return path


def test_its_prints_one_json_document(capsys, series):
    code, out, err = run(capsys, "its", series, "--outcome", "价格", "--time", "month", "--date", "2020-01", "--json")
    document = json.loads(out)
    assert code == 0 and err == ""
    level = next(term for term in document["terms"] if term["name"] == "level")
    assert level["verdict"] == "supported" and level["ci_low"] < -5 < level["ci_high"]
    assert document["counterfactual"][0]["time"] == "2018-01"
    assert document["counterfactual"][0]["ci_low"] is None
    assert all(check["verdict"] in ("pass", "fail", "inconclusive") for check in document["checks"])


def test_its_prints_a_table_and_words_in_the_chosen_language(capsys, series):
    words = ["its", series, "--outcome", "价格", "--time", "month", "--date", "2020-01", "--measure", "price"]
    _, chinese, _ = run(capsys, *words)
    _, english, _ = run(capsys, *words, "--lang", "en")
    assert "符合集采目的" in chinese and "Level change of" in english and "level" in english


def test_its_takes_poisson_offset_and_harmonics(capsys, tmp_path):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"t": range(60), "n": rng.poisson(100, 60), "pop": 1000.0})
    frame.to_csv(tmp_path / "n.csv", index=False)
    code, out, _ = run(
        capsys,
        "its",
        tmp_path / "n.csv",
        "--outcome",
        "n",
        "--time",
        "t",
        "--date",
        "30",
        "--family",
        "quasipoisson",
        "--offset",
        "pop",
        "--harmonics",
        "2",
        "--period",
        "12",
        "--json",
    )
    document = json.loads(out)
    assert code == 0 and document["dispersion"] > 0
    assert [term["name"] for term in document["terms"]][:3] == ["intercept", "time", "level"]
    assert document["rate_ratio"]["level"]["ci_low"] < 1 < document["rate_ratio"]["level"]["ci_high"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--date", "2031-01"], 1, "outside the data"),
        (["--date", "2020-01", "--family", "log", "--offset", "nope"], 2, "unknown column"),
        (["--date", "2020-01", "--inference", "newey"], 2, "known: auto"),
        (["--date", "2020-01", "--lang", "fr"], 2, "known: zh, en"),
        (["--date", "soon"], 2, "not a date"),
        (["--date", "2020-01", "--exclude", "2020-01"], 2, "FROM:TO"),
    ],
)
def test_what_is_wrong_goes_to_standard_error(capsys, series, words, code, said):
    found, out, err = run(capsys, "its", series, "--outcome", "价格", "--time", "month", *words)
    assert (found, out) == (code, "") and said in err and "Traceback" not in err


def test_files_that_cannot_be_read_are_named(capsys, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text("a,b\n")
    (tmp_path / "twice.csv").write_text("a, a\n1,2\n")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81\x00\xff" * 40)
    for name, said in (
        ("none.csv", "no such file"),
        ("empty.csv", "not a CSV: the file is empty"),
        ("header.csv", "no rows"),
        ("twice.csv", "stands twice"),
        ("binary.csv", "binary.csv"),
    ):
        code, _, err = run(capsys, "its", tmp_path / name, "--outcome", "a", "--time", "b", "--date", "3")
        assert code == 1 and said in err and "Traceback" not in err, name


@pytest.fixture
def panel(tmp_path, units):
    units.to_csv(tmp_path / "panel.csv", index=False)
    return tmp_path / "panel.csv"


def test_did_prints_one_json_document(capsys, panel):
    code, out, err = run(
        capsys,
        "did",
        panel,
        "--outcome",
        "y",
        "--unit",
        "unit",
        "--time",
        "time",
        "--treated",
        "treated",
        "--date",
        "6",
        "--json",
    )
    document = json.loads(out)
    assert code == 0 and err == ""
    assert {"estimate", "std_error", "p_value", "inference", "cells", "smallest_possible_p"} <= document.keys()
    assert document["p_value"] >= document["smallest_possible_p"] > 0
    assert [(cell["group"], cell["period"]) for cell in document["cells"]] == [
        ("control", "before"),
        ("control", "after"),
        ("treated", "before"),
        ("treated", "after"),
    ]


def test_did_prints_words_and_synthetic_control(capsys, panel, units):
    words = ["did", panel, "--outcome", "y", "--unit", "unit", "--time", "time", "--treated", "treated", "--date", "6"]
    code, out, _ = run(capsys, *words)
    assert code == 0 and "政策效应估计" in out
    complete = units.assign(y=units["y"].fillna(units["y"].mean()))
    complete.to_csv(panel, index=False)
    code, out, _ = run(capsys, *words, "--estimator", "synthetic", "--json")
    assert code == 0 and json.loads(out)["p_value"] >= 1 / 18
    code, out, _ = run(capsys, *words, "--estimator", "synthetic", "--lang", "en")
    assert code == 0 and "synthetic control" in out


def test_did_without_a_date_or_with_bad_flags_explains(capsys, panel, units):
    base = ["did", panel, "--outcome", "y", "--unit", "unit", "--time", "time"]
    code, _, err = run(capsys, *base)
    assert code == 2 and "--cohort" in err
    units.assign(treated="perhaps").to_csv(panel, index=False)
    code, _, err = run(capsys, *base, "--treated", "treated", "--date", "6")
    assert code == 1 and err.count("1 or 0") == 240


def test_help_of_all_three_verbs_is_light(capsys):
    for verb in ("its", "did", "scan"):
        code, out, _ = run(capsys, verb, "--help")
        assert code == 0 and "--json" in out
