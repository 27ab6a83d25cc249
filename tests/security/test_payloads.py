"""Payloads × places: none acts. Pages in a browser: tests/security/test_page.py."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.conftest import ROOT
from tests.fuzz import chain
from tests.fuzz.judge import differences
from tests.security.payloads import PAYLOADS
from tests.security.places import hostile, named, written
from vbp.cli import main

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
each_payload = pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)


def vbp(*words: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return int(stop.value.code or 0), out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    return written(hostile(), tmp_path_factory.mktemp("hostile") / "city")


def test_codes_that_are_sql_or_templates_change_no_total(tmp_path):
    meaning = hostile()
    outcome = chain.run(written(meaning, tmp_path / "in"))
    assert outcome.defects == []
    assert outcome.errors == []
    assert differences(meaning, outcome) is None
    assert outcome.totals["panel.selected"][0] > 0 and len(outcome.totals["payout.rows"]) == 10


@pytest.mark.parametrize("words", [("check",), ("completion",), ("surplus",), ("savings", "--by", "hospital")])
def test_no_control_character_reaches_a_terminal(city, words):
    _, out, err = vbp(words[0], city, *words[1:])
    assert len(out + err) > 100
    assert CONTROL.search(out + err) is None
    assert "Traceback" not in out + err


@each_payload
def test_a_refused_value_is_shown_harmless(tmp_path, text):
    meaning = named(text)
    folder = written(meaning, tmp_path / "in")
    usage = (folder / "usage.csv").read_text(encoding="utf-8").replace("H001", '"' + text.replace('"', '""') + '"', 1)
    (folder / "usage.csv").write_text(usage, encoding="utf-8", newline="")
    code, out, err = vbp("check", folder)
    assert code == 1
    assert CONTROL.search(out + err) is None
    assert "unknown_hospital" in out


def test_a_payload_as_an_argument_is_one_clear_message():
    for text in PAYLOADS.values():
        code, out, err = vbp("report", text.replace("\x00", ""), "--out", "/nonexistent/x")
        assert code in (1, 2)
        assert CONTROL.search(out + err) is None
        assert "a defect in vbp" not in err


def test_workbooks_hold_payloads_as_text_never_as_formulas(city, tmp_path):
    assert vbp("statement", city, "--out", tmp_path / "s.xlsx")[0] == 0
    vbp("check", city, "--annotate", tmp_path / "a.xlsx")
    assert vbp("template", tmp_path / "t.xlsx")[0] == 0
    starts = tuple(text.strip()[:12] for text in PAYLOADS.values())
    found = 0
    for name in ("s.xlsx", "a.xlsx", "t.xlsx"):
        for sheet in load_workbook(tmp_path / name).worksheets:
            assert not set(sheet.title) & set("[]:*?/\\")
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith(starts):
                        found += 1
                        assert cell.data_type == "s", (name, sheet.title, cell.coordinate)
                    assert cell.hyperlink is None or not str(cell.hyperlink.target or "").startswith("javascript")
                    assert "cmd|" not in str(cell.value) or cell.data_type == "s"
    assert found > 20


def test_every_formula_of_the_statement_is_our_own(city, tmp_path):
    vbp("statement", city, "--out", tmp_path / "s.xlsx")
    formulas = [
        cell.value
        for sheet in load_workbook(tmp_path / "s.xlsx").worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert len(formulas) > 50
    assert not [text for text in formulas if re.search(r"cmd|WEBSERVICE|HYPERLINK|DDE|\|", str(text), re.IGNORECASE)]


def test_names_of_files_cannot_leave_their_folder(city, tmp_path, monkeypatch):
    from vbp.statement import book

    monkeypatch.setattr(book, "LARGEST_HOSPITALS", 1)
    assert vbp("statement", city, "--out", tmp_path / "in" / "s.xlsx", "--notices", tmp_path / "in" / "notices")[0] == 0
    made = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert made == {"in"}
    assert {path.name for path in (tmp_path / "in").iterdir()} == {"s.xlsx", "s_hospitals", "notices"}
    assert len(list((tmp_path / "in" / "s_hospitals").iterdir())) == 5


@pytest.mark.parametrize("slug", ["../../etc", "/etc", "..", ".", "a/b", "quanzhou/../../x", "%2e%2e"])
def test_a_slug_is_a_name_and_no_path(slug, tmp_path):
    (tmp_path / "inputs").mkdir()
    code, _, err = vbp("report", slug, "--inputs", tmp_path / "inputs", "--out", tmp_path / "out")
    assert code in (1, 2)
    assert "defect" not in err
    assert not (tmp_path / "etc").exists() and not (tmp_path / "x").exists()


def test_a_symlink_in_an_inputs_folder_is_read_as_the_file_it_names_and_never_written_through(tmp_path):
    folder = written(named("x"), tmp_path / "in")
    (folder / "usage.csv").rename(tmp_path / "elsewhere.csv")
    (folder / "usage.csv").symlink_to(tmp_path / "elsewhere.csv")
    before = (tmp_path / "elsewhere.csv").read_bytes()
    assert vbp("surplus", folder)[0] == 0
    (tmp_path / "s.xlsx").symlink_to(tmp_path / "elsewhere.csv")
    assert vbp("statement", folder, "--out", tmp_path / "s.xlsx")[0] == 0
    assert (tmp_path / "elsewhere.csv").read_bytes() == before


def test_notices_escape_every_payload():
    from tests.statement.test_workbook import NATIONAL
    from tests.statement.test_workbook import city as items
    from vbp.statement import Heading, notice
    from vbp.surplus import settle

    for text in PAYLOADS.values():
        frame = items(1).assign(hospital_name=text)
        page = notice(settle(frame, NATIONAL), "H00", "zh", Heading("示范市", True))
        assert not re.search(r"<(script|img|svg|b)\b", page.split("<body", 1)[1])
        assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)[:1]


def test_the_page_of_payloads_lists_them_all():
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([^|`]+?) \| `", page, re.MULTILINE))
    assert set(PAYLOADS) == listed
