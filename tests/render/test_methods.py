"""Method pages beside the reports: every page, its frame kept, the Chinese summary first, links between them alive."""

from __future__ import annotations

import re
import subprocess
import sys

from bs4 import BeautifulSoup

from tests.conftest import ROOT
from vbp.render import methods, warm

PAGES = sorted(path for path in (ROOT / "docs" / "methods").glob("*.md") if path.name != "README.md")


def test_every_page_is_written_whole_and_left_when_unchanged(tmp_path):
    methods.write_methods(tmp_path)
    written = {path.stem: path for path in (tmp_path / "methods").glob("*.html")}
    assert set(written) == {path.stem for path in PAGES} | {"index"}
    (tmp_path / "methods" / "gone.html").write_text("old", encoding="utf-8")
    before = {name: path.stat().st_mtime_ns for name, path in written.items()}
    methods.write_methods(tmp_path)
    assert {name: path.stat().st_mtime_ns for name, path in written.items()} == before
    assert not (tmp_path / "methods" / "gone.html").exists()


def test_writing_the_pages_imports_no_grammar_of_addresses():
    # a night without changes writes nothing else: this import was half of its CPU
    source = "import sys; from vbp.render.page import markdown; print(markdown('*a*'), 'lark' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", source], env=warm.environment(), capture_output=True, text=True, check=True
    ).stdout
    assert "<em>a</em>" in told
    assert told.endswith("False\n")


def test_a_page_keeps_the_words_of_its_source(tmp_path):
    methods.write_methods(tmp_path)
    for source in PAGES:
        soup = BeautifulSoup((tmp_path / "methods" / f"{source.stem}.html").read_text(encoding="utf-8"), "html.parser")
        article = soup.select_one("article.method")
        assert article.find(["section", "p"])["class"] == ["summary"]
        assert len(article.select("section.part")) == 6
        assert len(article.select("details.worked")) == source.read_text(encoding="utf-8").count("```yaml worked")
        assert "```" not in article.text
        said = re.sub(r"\W", "", article.text)
        for line in re.findall(r"^[A-Z一-鿿][^|`\[\]*_<>&\n]{30,}$", source.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.sub(r"\W", "", line) in said, line


def test_links_of_a_notebook_lead_to_the_page_beside_the_report():
    source = '<a class="how" href="../docs/methods/price-cut.md">x</a> <a href="other.md">y</a>'
    made = methods.linked(source)
    assert 'href="../methods/price-cut.html"' in made
    assert 'href="other.md"' in made
    assert methods.used(made) == ["price-cut"]
