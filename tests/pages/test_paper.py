"""Reports on paper and in one file: pages, header and numbers, whole tables, Chinese text, every chart; one clear message."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vbp.errors import InputError
from vbp.render import paper
from vbp.render.city import Job
from vbp.render.standalone import write_standalone
from vbp.words import money, percent

DEMO = "demo/report.zh.html"


@pytest.fixture(scope="module")
def printed(reports, chromium, tmp_path_factory) -> Path:
    """A copy of the demonstration's folder with its PDF and page in one file."""
    if not shutil.which("pdftotext"):
        pytest.skip("needs Debian's package poppler-utils")
    out = tmp_path_factory.mktemp("paper")
    shutil.copytree(reports / "assets", out / "assets")
    shutil.copytree(reports / "methods", out / "methods")
    shutil.copytree(reports / "demo", out / "demo")
    assert paper.write_extras([Job("demo", "", "", ("zh",), out)], pdf=chromium, one_file=True) == ()
    return out / "demo"


def text_of(pdf: Path, *options: str) -> str:
    return subprocess.run(["pdftotext", *options, str(pdf), "-"], capture_output=True, text=True, check=True).stdout


def test_every_page_is_a4_with_header_and_number(printed):
    info = subprocess.run(
        ["pdfinfo", str(printed / "report.zh.pdf")], capture_output=True, text=True, check=True
    ).stdout
    pages = int(re.search(r"Pages:\s+(\d+)", info)[1])
    assert "A4" in info
    assert pages >= 5
    sheets = text_of(printed / "report.zh.pdf").split("\f")[:pages]
    for number, sheet in enumerate(sheets, 1):
        words = re.sub(r"\s", "", sheet)
        assert f"第{number}页，共{pages}页" in words
        assert "示范市" in words
        assert "演示数据" in words


def test_tables_and_words_are_whole_on_paper(printed, browser):
    page = browser.new_page()
    page.goto((printed / "report.zh.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    # a folded table of more than 30 rows is named with its length and left to the web page
    cells = page.evaluate(
        "Array.from(document.querySelectorAll('table.data')).filter(t => t.tBodies[0].rows.length <= 30 || !t.closest('details'))"
        ".flatMap(t => Array.from(t.tBodies[0].rows).map(row => row.cells[0].textContent))"
    )
    long = page.evaluate("document.querySelectorAll('details table.data').length")
    page.close()
    words = re.sub(r"\s", "", text_of(printed / "report.zh.pdf"))
    wanted = {re.sub(r"\s", "", cell) for cell in cells if cell.strip()}
    assert long > 0
    assert len(wanted) > 10
    missing = [cell for cell in wanted if cell[:12] not in words]
    assert len(missing) <= len(wanted) // 50, missing[
        :5
    ]  # a row that crosses a line end is told apart by pdftotext alone


def test_paper_shows_the_headline_of_the_summary(printed):
    cards = json.loads((printed / "summary.json").read_text(encoding="utf-8"))["cards"]
    words = re.sub(r"\s", "", text_of(printed / "report.zh.pdf"))
    shown = {
        card["key"]: money(Decimal(card["value"]), "zh")
        if card["unit"] == "yuan"
        else percent(Decimal(card["value"]), 1)
        for card in cards
    }
    assert len(shown) >= 7
    assert [key for key, text in shown.items() if text not in words] == []


def test_paper_ends_with_the_methods_and_leaves_long_folds_to_the_screen(printed):
    words = re.sub(r"\s", "", text_of(printed / "report.zh.pdf"))
    assert "附录：算法" in words
    assert "医保资金预算B=ΣQ0·P0·r·s" in words
    assert "纸面从略" in words
    assert words.count("vbpexplaindata") == 0


def test_charts_are_drawn_for_paper_static_and_unfolded(printed, browser):
    context = browser.new_context(offline=True, bypass_csp=False, viewport={"width": 800, "height": 600})
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    copy = printed / "paper.html"
    copy.write_text(paper.on_paper(printed / "report.zh.html"), encoding="utf-8")
    page.goto(copy.as_uri())
    charts = page.locator("figure.chart").count()
    assert charts >= 5
    assert page.locator("figure.chart:has(.main-svg)").count() == charts
    assert page.locator(".modebar-btn").count() == 0
    assert page.locator("details:not([open])").count() == 0
    assert (
        page.evaluate(
            "Math.max(...Array.from(document.querySelectorAll('figure.chart, table')).map(x => x.getBoundingClientRect().right))"
        )
        <= 690
    )
    assert wrong == []
    context.close()
    copy.unlink()


def test_one_file_to_mail_needs_nothing_else(printed, browser, tmp_path):
    mailed = tmp_path / "mailed.html"
    shutil.copyfile(printed / "report.zh.standalone.html", mailed)
    assert mailed.stat().st_size < 6_000_000
    context = browser.new_context(offline=True)
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.goto(mailed.as_uri())
    page.wait_for_selector("body[data-drawn]", state="attached")
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert page.locator("figure.chart:has(.main-svg)").count() >= 5
    assert page.locator("a[href]:not([href^='#']):not([href^='http'])").count() == 0
    assert wrong == []
    context.close()


def test_a_script_written_into_the_mailed_page_does_not_run(printed, browser, tmp_path):
    text = (printed / "report.zh.standalone.html").read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace("</main>", "</main><script>document.title = 'owned'</script>"), encoding="utf-8")
    page = browser.new_page()
    page.goto(broken.as_uri())
    assert page.title() != "owned"
    page.close()


def test_extras_younger_than_the_page_stay(printed, chromium):
    before = (printed / "report.zh.pdf").stat().st_mtime_ns
    assert paper.write_extras([Job("demo", "", "", ("zh", "en"), printed.parent)], pdf="", one_file=True) == ()
    assert (printed / "report.en.standalone.html").exists()
    assert (printed / "report.zh.pdf").stat().st_mtime_ns == before


def test_without_chromium_there_is_one_clear_message_and_nothing_is_rendered(monkeypatch, tmp_path):
    from vbp.cli.report import run

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("VBP_CHROMIUM", raising=False)
    with pytest.raises(InputError) as raised:
        run(["quanzhou"], out=tmp_path / "out", pdf=True)
    assert len(raised.value.problems) == 1
    assert "apt install chromium" in raised.value.problems[0].line()
    assert not (tmp_path / "out").exists()


def test_a_title_is_text_in_the_header_whatever_it_holds():
    hostile = paper._margins('x"; } </style><script>alert(1)</script> \\', "zh")
    assert "<" not in hostile.split("@bottom-left")[0]
    assert '"; }' not in hostile.split("@bottom-left")[0].removesuffix('"; } ')


def test_a_browser_that_fails_leaves_no_pdf(printed, tmp_path):
    broken = tmp_path / "browser"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(InputError, match="no display"):
        paper.write_pdf(printed / "report.en.html", str(broken))
    assert not (printed / "report.en.pdf").exists()
    assert list(printed.glob(".paper-*")) == []


def test_a_page_that_lacks_its_assets_is_refused(tmp_path):
    page = tmp_path / "report.zh.html"
    page.write_text(
        '<html><head></head><body><script src="../assets/none.js"></script></body></html>', encoding="utf-8"
    )
    with pytest.raises(InputError, match="render it again"):
        write_standalone(page)


def test_help_names_both_options():
    import typer

    from vbp.cli.report import run

    app = typer.Typer()
    app.command()(run)
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert "--pdf" in shown
    assert "--standalone" in shown
