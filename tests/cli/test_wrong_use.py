"""What a user gets wrong: one clear line on standard error, nothing on standard output, and the exit status that says whose fault it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER_VERBS = {
    "estimate": (),
    "savings": (),
    "completion": (),
    "surplus": (),
    "statement": ("--out", "out.xlsx"),
    "explain": ("--hospital", "H001", "--batch", "DEMO-N1"),
    "project": (),
    "scan": (),
}
"""Verbs that read an inputs folder, with what they need besides; `check` prints its findings instead."""
SPEAKING = (
    ("facts", "quanzhou"),
    ("estimate", "quanzhou"),
    ("savings", "FOLDER"),
    ("completion", "FOLDER"),
    ("surplus", "FOLDER"),
    ("statement", "FOLDER", "--out", "out.xlsx"),
    ("explain", "FOLDER", "--hospital", "H001", "--batch", "DEMO-N1"),
    ("project", "FOLDER"),
    ("index", "FILE"),
    ("its", "FILE", "--outcome", "y", "--time", "t", "--date", "5"),
    ("did", "FILE", "--outcome", "y", "--unit", "u", "--time", "t", "--treated", "x", "--date", "5"),
    ("scan", "FOLDER"),
    ("report", "nantong"),
)
TWO_FORMS = (
    ("facts",),
    ("savings", "FOLDER"),
    ("completion", "FOLDER"),
    ("surplus", "FOLDER"),
    ("project", "FOLDER"),
    ("index", "FILE"),
    ("scan", "FOLDER"),
)


@pytest.fixture
def there(tmp_path, monkeypatch, demo_folder) -> Path:
    """A working folder with a file, an empty folder, a folder of `city.yaml` alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare").mkdir()
    shutil.copy(demo_folder / "city.yaml", tmp_path / "bare")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    return tmp_path


def filled(words, folder: Path) -> list[str]:
    return [{"FOLDER": str(folder), "FILE": "table.csv"}.get(word, word) for word in words]


@pytest.mark.parametrize("words", SPEAKING, ids=lambda words: words[0])
def test_a_language_that_does_not_exist_is_wrong_use_and_nothing_is_written(call, there, demo_folder, words):
    code, out, err = call(*filled(words, demo_folder), "--lang", "fr")
    assert (code, out) == (2, "")
    assert err.startswith("usage: unknown language 'fr'") and "zh, en" in err and err.count("\n") == 1
    assert not (there / "out.xlsx").exists()


@pytest.mark.parametrize("words", TWO_FORMS, ids=lambda words: words[0])
def test_json_and_csv_together_are_refused_rather_than_one_of_them_chosen(call, there, demo_folder, words):
    code, out, err = call(*filled(words, demo_folder), "--json", "--csv")
    assert (code, out, err) == (2, "", "usage: give --json or --csv, not both\n")


@pytest.mark.parametrize("verb", FOLDER_VERBS)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("./nowhere", "nowhere: there is no such folder"),
        ("file", "file: this is a file, and a folder of tables is needed"),
        ("empty", "write a text file city.yaml beside the tables"),
        ("bare", "usage"),
    ],
)
def test_a_folder_that_is_none_or_lacks_its_files_is_told_by_every_verb(call, there, verb, name, told):
    code, out, err = call(verb, name, *FOLDER_VERBS[verb])
    assert (code, out) == (1, "")
    assert told in err
    assert all(line.startswith("error: ") for line in err.splitlines())
    assert not (there / "out.xlsx").exists()


@pytest.mark.parametrize("name", ["nowhere", "file", "empty", "bare"])
def test_check_lists_what_a_folder_lacks_as_one_document_or_as_lines(call, there, name):
    import json

    code, out, err = call("check", name, "--json")
    document = json.loads(out)
    assert (code, err, document["ok"]) == (1, "", False)
    assert document["tables"] == {}
    assert {"level", "table", "file", "row", "column", "rule", "value", "message"} <= set(document["issues"][0])
    assert {issue["level"] for issue in document["issues"]} == {"error"}
    code, out, _ = call("check", name)
    assert code == 1
    assert out.count("error: ") == len(document["issues"])
    assert "检查未通过" in out


@pytest.mark.parametrize("verb", ["savings", "check", "surplus"])
def test_a_file_that_cannot_be_read_is_named_with_the_reason(call, there, demo_folder, verb):
    folder = shutil.copytree(demo_folder, there / "loop")
    (folder / "usage.csv").unlink()
    (folder / "usage.csv").symlink_to("usage.csv")
    code, _, err = call(verb, folder)
    assert code == 1
    assert "usage.csv" in err and "symbolic links" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("statement", "FOLDER", "--out", "file/out.xlsx"),
        ("template", "/proc/out.xlsx"),
        ("check", "FOLDER", "--annotate", "/proc/out.xlsx"),
        ("demo", "/proc/demo", "--hospitals", "9", "--months", "24"),
        ("import", "table.csv", "--profile", "platform-cn", "--out", "file/made"),
    ],
    ids=lambda words: words[0],
)
def test_a_place_where_nothing_can_be_written_is_named(call, there, demo_folder, words):
    code, out, err = call(*filled(words, demo_folder))
    assert (code, out) == (1, "")
    assert err.startswith("error: ") and ("/proc" in err or "file" in err)


def test_a_statement_that_cannot_be_written_ends_without_a_traceback_even_after_the_end(there, demo_folder):
    words = ["statement", str(demo_folder), "--out", "/proc/out.xlsx"]
    run = subprocess.run([sys.executable, "-m", "vbp", *words], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    # openpyxl's open sheets spoke when the interpreter cleared up
    assert run.stderr.startswith("error: /proc/") and run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("savings", "FOLDER", "--by", "colour"), 2, "unknown cut 'colour'; known: generic, hospital, batch, month, year"),
        (("completion", "FOLDER", "--by", "hospitl"), 2, "did you mean hospital"),
        (("completion", "FOLDER", "--as-of", "soon"), 2, "'soon' is no date"),
        (("completion", "FOLDER", "--as-of", "2024-13-01"), 2, "2024-06-30"),
        (("completion", "FOLDER", "--as-of", "1999-01-01"), 1, "no purchases up to 1999-01-01"),
        (("surplus", "FOLDER", "--as-of", "31/12/2024"), 2, "YYYY-MM-DD"),
        (("surplus", "FOLDER", "--profile", "national-2021"), 2, "did you mean national-2020"),
        (("surplus",), 2, "either an inputs folder or --items FILE"),
        (("surplus", "FOLDER", "--items", "table.csv"), 2, "either an inputs folder or --items FILE"),
        (("surplus", "--items", "nowhere.csv"), 1, "nowhere.csv: no such file"),
        (("surplus", "--items", "table.csv"), 1, "hospital_id"),
        (("statement", "FOLDER", "--out", "out.csv"), 2, "must end in .xlsx"),
        (("statement", "FOLDER"), 2, "Missing option '--out'"),
        (("explain", "FOLDER", "--hospital", "H01", "--batch", "DEMO-N1"), 2, "did you mean H001"),
        (("explain", "FOLDER", "--hospital", "H001", "--batch", "N1"), 2, "known: DEMO-"),
        (("explain", "FOLDER", "--hospital", "H001", "--batch", "DEMO-N1", "--year", "9"), 2, "known: 1, 2"),
        (("explain", "FOLDER", "--hospital", "H001", "--batch", "DEMO-N1", "--generic", "x"), 2, "unknown generic 'x'"),
        (("project", "FOLDER", "--batch", "DEMO-N1"), 2, "has begun; its results are in `vbp savings`"),
        (("project", "FOLDER", "--batch", "N9"), 2, "unknown batch 'N9'"),
        (("scan", "FOLDER", "--measure", "prise"), 2, "did you mean price"),
        (("scan", "FOLDER", "--alpha", "1"), 2, "between 0 and 1"),
        (("scan", "FOLDER", "--effect", "slope"), 2, "known: level, level+slope"),
        (("scan",), 2, "Missing argument"),
        (("index", "nowhere.csv"), 1, "no such file; give a csv, xlsx or parquet"),
        (("index", "empty"), 1, "no such file"),
        (("index", "table.csv"), 1, "missing column product_id (产品编码)"),
        (("its", "nowhere.csv", "--outcome", "y", "--time", "t", "--date", "5"), 1, "nowhere.csv: no such file"),
        (("its", "table.csv", "--outcome", "y", "--time", "a", "--date", "5"), 2, "unknown column 'y'; known: a, b"),
        (("its", "table.csv", "--outcome", "a", "--time", "b", "--date", "5", "--family", "gamma"), 2, "known: gaussian"),
        (("its", "table.csv", "--outcome", "a", "--time", "b", "--date", "5", "--inference", "OLS"), 2, "known: auto"),
        (("its", "table.csv", "--outcome", "a", "--time", "b", "--date", "5", "--harmonics", "x"), 2, "--harmonics"),
        (("did", "table.csv", "--outcome", "a", "--unit", "b", "--time", "b"), 2, "--treated and --date, or --cohort"),
        (("did", "file", "--outcome", "a", "--unit", "b", "--time", "b", "--cohort", "c"), 1, "header but no rows"),
        (("template", "out.csv"), 2, "name it .xlsx"),
        (("import", "table.csv", "--profile", "platform-en", "--out", "made"), 2, "did you mean platform-cn"),
        (("import", "table.csv", "--profile", "platform-cn", "--out", "made", "--set", "x"), 2, "NAME=VALUE, not 'x'"),
        (("import", "nowhere.csv", "--profile", "platform-cn", "--out", "made"), 1, "nowhere.csv"),
        (("demo", "made", "--hospitals", "8"), 2, "9 to 1000"),
        (("demo", "made", "--months", "85"), 2, "24 to 84"),
        (("demo", "made", "--like", "quanzou"), 2, "did you mean quanzhou"),
        (("demo", "file"), 2, "file is a file"),
        (("demo", "bare"), 2, "holds other files"),
        (("check", "FOLDER", "--limit", "0"), 2, "--limit must be at least 1"),
        (("check", "FOLDER", "--annotate", "out.csv"), 2, "name it .xlsx"),
        (("rerun", "nowhere.json"), 1, "records stand in reports/runs/"),
        (("rerun", "table.csv"), 1, "no run's record"),
        (("report", "nantong", "--all"), 2, "one of the two"),
        (("report", "nantong", "--jobs", "0"), 2, "--jobs"),
        (("report", "nantong", "-p", "colour"), 2, "NAME=VALUE"),
        (("report", "nantong", "-p", "lang=zh"), 2, "set by the command itself"),
        (("estimate",), 2, "Missing argument 'CITY|INPUTS'"),
    ],
    ids=lambda value: " ".join(value[:1]) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_each_wrong_value_is_answered_with_what_would_be_right(call, there, demo_folder, words, code, told):
    before = {path.name for path in there.iterdir()}
    status, out, err = call(*filled(words, demo_folder))
    assert (status, out) == (code, ""), err
    assert told in err
    assert {path.name for path in there.iterdir()} == before
