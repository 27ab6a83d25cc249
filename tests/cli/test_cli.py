"""The command line: what it prints, what it refuses, and never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from vbp.cli import main


def call(capsys, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(stop.value.code or 0), out, err


def test_facts_as_json_csv_and_table(capsys):
    code, out, _ = call(capsys, "facts", "quanzhou", "--json")
    facts = json.loads(out)["facts"]
    assert code == 0
    assert next(fact["value"] for fact in facts if fact["metric"] == "procurement_saving") == "1124000000"
    code, out, _ = call(capsys, "facts", "--csv")
    assert out.splitlines()[0].startswith("city,metric,value,unit,qualifier")
    assert len(out.splitlines()) > 150
    code, out, _ = call(capsys, "facts", "jiujiang", "--lang", "en")
    assert "108 m yuan" in out


def test_estimate_prints_intervals_assumptions_and_the_notice(capsys):
    code, out, _ = call(capsys, "estimate", "jiujiang", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["estimates"][0]["low"] == "216000000"
    assert document["assumptions"]
    code, out, _ = call(capsys, "estimate", "quanzhou", "--lang", "en")
    assert "no basis for settlement" in out


@pytest.mark.parametrize(
    "words, code, told",
    [
        (("facts", "atlantis"), 1, "known: jiujiang, nantong, qingdao, quanzhou, zhoukou"),
        (("estimate", "quanzou"), 1, "did you mean quanzhou?"),
        (("estimate", "no/such/folder"), 1, "no/such/folder"),
        (("report",), 2, "--all"),
        (("report", "atlantis"), 2, "unknown city 'atlantis'"),
        (("report", "nantong", "--lang", "fr"), 2, "known: zh, en, both"),
        (("report", "nantong", "-p", "colour=red"), 2, "unknown parameter 'colour'"),
        (("report", "nantong", "-p", "as_of=soon"), 2, "as_of"),
        (("report", "nantong", "--inputs", "/nowhere"), 1, "no such folder"),
        (("facts", "--json", "--csv"), 2, "not both"),
        (("fcats",), 2, "No such command"),
        (("facts", "quanzhou", "--color"), 2, "No such option"),
    ],
)
def test_what_is_wrong_is_one_clear_line_and_a_status(capsys, words, code, told):
    status, out, err = call(capsys, *words)
    assert status == code
    assert told in err
    assert out == ""


def test_a_broken_data_row_is_told_with_its_place(capsys, data_copy):
    facts = data_copy / "facts.csv"
    facts.write_text(facts.read_text(encoding="utf-8").replace("1124000000", "eleven"), encoding="utf-8")
    status, _, err = call(capsys, "facts", "quanzhou")
    assert status == 1
    assert "facts.csv, row " in err
    assert "column value [eleven]" in err


def test_an_internal_defect_shows_one_line_unless_debug_is_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("vbp.facts.load_published", lambda: 1 / 0)
    status, _, err = call(capsys, "facts")
    assert status == 1
    assert err.count("\n") == 1
    with pytest.raises(ZeroDivisionError):
        main(["facts", "--debug"])


def test_help_and_facts_import_nothing_heavy():
    heavy = "pandas|numpy|plotly|pyarrow|duckdb|statsmodels|scipy"
    probe = (
        "import sys\nfrom vbp.cli import main\ntry:\n    main({words})\nexcept SystemExit:\n    pass\n"
        f"print([m for m in '{heavy}'.split('|') if m in sys.modules], file=sys.stderr)"
    )
    for words in (["--help"], ["facts", "quanzhou", "--json"]):
        run = subprocess.run(
            [sys.executable, "-c", probe.format(words=words)], capture_output=True, text=True, timeout=120, check=False
        )
        assert run.stderr.strip().endswith("[]"), (words, run.stderr)
