"""The pages' plotly.js: the package's own, arranged to start quickly, with nothing lost."""

from __future__ import annotations

from importlib import resources

import pytest

from vbp.render.bundle import FIRST, arranged

BLANK = "<!doctype html><meta charset=utf-8><body><div id=plot></div>"


@pytest.fixture(scope="module")
def original() -> str:
    return (resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


def test_the_installed_file_is_of_the_known_form(original):
    text = arranged(original)
    assert "registerRest" in text
    assert "var Plotly=(function(){" in text
    assert abs(len(text) - len(original)) < 1000


def test_a_file_of_another_form_is_used_as_it_is(original):
    assert arranged("window.Plotly={};") == "window.Plotly={};"
    other = original.replace("var Plotly=(()=>{", "let Plotly=(()=>{").replace('name:"sankey"', 'name:"other"')
    assert arranged(other) == other


def test_first_kinds_are_ready_and_the_rest_comes_when_asked(original, chromium, tmp_path):
    from playwright.sync_api import sync_playwright

    (tmp_path / "page.html").write_text(BLANK + '<script src="plotly.js"></script>', encoding="utf-8")
    (tmp_path / "plotly.js").write_text(arranged(original), encoding="utf-8")
    known = "kind => Object.keys(Plotly.PlotSchema.get().traces).includes(kind)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        assert [kind for kind in ("scatter", *FIRST) if not page.evaluate(known, kind)] == []
        assert not page.evaluate(known, "pie")
        page.evaluate("Plotly.registerRest()")
        assert page.evaluate(known, "pie")
        assert page.evaluate("Object.keys(Plotly.PlotSchema.get().traces).length") > 40
        browser.close()
