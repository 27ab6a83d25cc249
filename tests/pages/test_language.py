"""One language a page: what is not a name from the data or on a short list is in the page's own language; numbers too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

HAN = re.compile("[\u3400-\u9fff]+")
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]{2,}")
ALLOWED_HAN = {
    "演示数据",
    "示范市",
    "中文",
    "医保发",
    "差比价规则",
    "发改价格",
    "集采",
    "结余留用",
    "约定采购量",
    "带量采购",
    "合计",
    "中选",
}
ALLOWED_WORDS = {
    "vbp",
    "English",
    "csv",
    "xlsx",
    "yaml",
    "CSV",
    "PNG",
    "DRG",
    "DIP",
    "DDD",
    "DDDc",
    "log",
    "exp",
    "max",
    "min",
    "Benjamini",
    "Hochberg",
    "Yekutieli",
    "Kenward",
    "Roger",
    "REML",
    "SHA",
    "JSON",
    "HTML",
    "PDF",
    "Bennet",
    "LMDI",
    "Vartia",
    "Shapley",
    "Fisher",
    "Python",
    "pandas",
    "numpy",
    "plotly",
    "DuckDB",
    "papermill",
    "Gini",
    "NOT",
    "COMPLETED",
    "WEIGHTED",
    "MAIN",
    "SHA-",
    "logit",
    "statement",
    "ipynb",
    "runs",
    "demo",
    "explain",
}
PAGES = [f"{slug}/report" for slug in ("demo", "quanzhou", "jiujiang", "nantong")]


@pytest.fixture(scope="module")
def data_text(reports) -> str:
    """Everything that data say: published tables, rules, the demonstration's folder. Names in it are not translated."""
    files = [
        *(ROOT / "data").glob("*.csv"),
        *(ROOT / "data").rglob("*.yaml"),
        *(reports.parent / "demo").glob("*.yaml"),
    ]
    names = [path for path in (reports.parent / "demo").glob("*.csv") if path.stem not in ("usage", "stock")]
    return "\n".join(path.read_text(encoding="utf-8-sig", errors="replace") for path in (*files, *names))


def texts(page: Path) -> list[str]:
    """Return what a reader sees of a page: text, titles and labels of charts, but no script and no style."""
    import html
    import json

    source = page.read_text(encoding="utf-8")
    figures = re.findall(r'<script type="application/json">(.*?)</script>', source, re.DOTALL)
    drawn: list[str] = []
    for figure in figures:
        layout = json.loads(figure)["layout"]
        drawn += [str(layout["title"]["text"]), str(layout.get("xaxis", {}).get("title", {}).get("text", ""))]
    body = re.sub(
        r"<(script|style)\b.*?</\1>", "\n", source[source.index("<main>") : source.index("</main>")], flags=re.DOTALL
    )
    body = re.sub(
        r"<(code|pre)\b.*?</\1>", "\n", body, flags=re.DOTALL
    )  # formulas and names of files are in no language
    seen = [html.unescape(text).strip() for text in re.split(r"<[^>]+>", body)]
    return [text for text in (*seen, *drawn) if text]


@pytest.mark.parametrize("place", PAGES)
def test_an_english_page_holds_chinese_only_as_names(reports, data_text, place):
    shown = texts(reports / f"{place}.en.html")
    assert len(shown) > 50
    runs = {run for text in shown for run in HAN.findall(text)}
    foreign = {run for run in runs if run not in data_text and run not in ALLOWED_HAN}
    assert foreign == set()


@pytest.mark.parametrize("place", PAGES)
def test_a_chinese_page_holds_english_only_as_names(reports, data_text, place):
    shown = texts(reports / f"{place}.zh.html")
    assert len(shown) > 50
    words = {word for text in shown if HAN.search(text) for word in WORD.findall(text)}
    foreign = {word for word in words if word not in data_text and word not in ALLOWED_WORDS}
    assert foreign == set()


@pytest.mark.parametrize("place", PAGES)
def test_numbers_are_written_as_the_language_writes_them(reports, place):
    for lang, wrong in (("zh", r"\d (bn|m|k)\b( yuan)?|\d yuan"), ("en", r"\d(亿|万)?元|\d(亿|万)")):
        shown = [
            text
            for text in texts(reports / f"{place}.{lang}.html")
            if lang == "zh" or not re.search("[“”《]|原文", text)
        ]
        assert [
            text
            for text in shown
            if re.search(wrong, text) and not (lang == "en" and HAN.search(re.sub("[亿万元]", "", text)))
        ] == []
        assert [text for text in shown if re.search(r"\b(nan|NaN|None|inf)\b|Decimal\(|Timestamp\(|0E[-+]", text)] == []


@pytest.mark.parametrize("place", PAGES)
def test_a_page_names_its_language(reports, place):
    for lang, code in (("zh", "zh-CN"), ("en", "en")):
        assert f'<html lang="{code}">' in (reports / f"{place}.{lang}.html").read_text(encoding="utf-8")[:300]
