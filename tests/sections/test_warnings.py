"""Warnings from reading tables in the page's own language: every rule has its phrase, and real warnings read as Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.small_folder import text, usage_rows, write
from vbp.city import open_city
from vbp.errors import Problem
from vbp.ledger.warn import REASONS
from vbp.sections.warnings import warning, warning_lines
from vbp.words import keys


def rules_of_warnings() -> set[str]:
    """Return the rules of all warnings that reading tables or making panels can give, from the source."""
    found = set(REASONS)
    for part in ("tables", "ledger"):
        for path in (ROOT / "lib" / "vbp" / part).glob("*.py"):
            source = path.read_text(encoding="utf-8")
            found |= set(re.findall(r'"([a-z_0-9]+)",\s*"warning"', source))
            found |= set(re.findall(r'rule="([a-z_0-9]+)",\s*level="warning"', source))
            found |= set(re.findall(r'"([a-z_0-9]+)", column=[^)]*level="warning"', source))
    return found


def test_every_warning_has_a_phrase():
    rules = rules_of_warnings()
    assert {"rows_left_out", "total_differs", "unknown_column", "p0_months", "product_unknown"} <= rules
    assert len(rules) > 15
    assert sorted(rule for rule in rules if f"problem.{rule}" not in keys()) == []


@pytest.fixture
def odd(tmp_path) -> Path:
    """A folder that gives many warnings: totals that differ, a column and a file nobody knows, decimals, blank rows."""
    folder = write(tmp_path / "odd")
    rows = usage_rows()
    rows[1][4] = "280.005"
    rows = [[*rows[0], "随便"], *([*row, "x"] for row in rows[1:])]
    rows.append(["合计", "", "", 9999, "1.00", ""])
    (folder / "usage.csv").write_text(text([*rows[:5], ["", "", "", "", "", ""], *rows[5:]])[:-1], encoding="utf-8")
    (folder / "notes.csv").write_text("谁,什么\n甲,乙\n", encoding="utf-8")
    return folder


def test_a_chinese_page_says_real_warnings_in_chinese(odd):
    place = open_city("odd", inputs=odd)
    unmatched = [
        Problem(REASONS[rule][0], rule, "warning", "usage", None, None, "product_id", "P3") for rule in REASONS
    ]
    problems = (*place.inputs.problems, *unmatched)
    told = {problem.rule for problem in problems}
    assert {"total_differs", "unknown_column", "rows_left_out", "unknown_file", "product_unknown", "rounded"} <= told
    lines = warning_lines(problems, "zh")
    assert all(re.search("[一-鿿]{4}", line) for line in lines)
    names = r"usage|products|notes|hospitals|csv|amount_yuan|quantity_packs|product_id|UTF|BOM|GBK|P\d"
    english = [line for line in lines if re.search(r"[A-Za-z]{3}", re.sub(names, "", line))]
    assert english == []
    whole = "\n".join(lines)
    assert "合计行1行" in whole
    assert "空行1行" in whole
    assert re.search(r"合计（1）与各行之和（[\d,.]+）不符", whole)
    assert "第2行" in whole


def test_an_english_page_says_the_message_itself():
    problem = Problem("read as usage", "table_by_columns", "warning", "usage", "a.csv")
    assert warning(problem, "en") == "a.csv: read as usage (table_by_columns)"


def test_thin_evidence_names_variety_batch_and_months():
    message = "P0 of 甲 in batch 1 in batch B 2 rests on 5 of 12 months before the start"
    line = warning(Problem(message, "p0_months", "warning", "usage"), "zh")
    assert line == "采购使用量：B 2批次甲 in batch 1的集采前均价（P0）只依据执行前十二个月中的5个月"


def test_a_warning_without_a_phrase_or_of_another_form_stays_as_it_is():
    assert "strange (new_rule)" in warning(Problem("strange", "new_rule", "warning"), "zh")
    assert "reworded (p0_months)" in warning(Problem("reworded", "p0_months", "warning"), "zh")
