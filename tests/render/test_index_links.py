"""The index leads to every report whatever its folder is called, and holds on to what is no report of ours."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from vbp.render.files import STAMP
from vbp.render.index import write_index

SUMMARY = '{"name": {"zh": "甲", "en": "A"}, "synthetic": false, "facts": 0, "facts_whole_and_own": 0, "headline": []}'


def report(out: Path, slug: str) -> Path:
    folder = out / slug
    folder.mkdir(parents=True)
    for name, text in (("summary.json", SUMMARY), ("report.zh.html", ""), ("report.zh.pdf", ""), (STAMP, "{}")):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("slug", ["a#b?c", "%2e", "中文 空格", "&amp<b>", "a'b\"c", "x;y", "javascript:alert(1)"])
def test_a_link_leads_to_the_report_whatever_its_folder_is_called(tmp_path, slug):
    report(tmp_path, slug)
    write_index(tmp_path, ())
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*/report\.zh[^"]*)"', page)]
    assert len(links) == 2
    for link in links:
        parts = urlsplit(link)
        assert (parts.scheme, parts.query, parts.fragment) == ("", "", "")
        assert (tmp_path / unquote(parts.path)).is_file()


def test_a_summary_of_another_program_is_no_report(tmp_path):
    report(tmp_path, "ours")
    for slug, text in (("theirs", '{"total": 1}'), ("broken", "[")):
        (tmp_path / slug).mkdir()
        (tmp_path / slug / "summary.json").write_text(text, encoding="utf-8")
    write_index(tmp_path, ())
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "ours/report.zh.html" in page and "theirs" not in page and "broken" not in page
