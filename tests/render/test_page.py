"""A page from an executed notebook: figures kept, code and notes left out, hostile texts harmless."""

from __future__ import annotations

import json

import nbformat
import plotly.graph_objects as go

from vbp.charts import theme
from vbp.render.page import PLOTLY, body_of, figure, figures_in, page
from vbp.sections.html import Cell, element, table

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def notebook(*outputs: dict, tags: tuple[str, ...] = ()):
    cell = nbformat.v4.new_code_cell(
        "secret = 1",
        outputs=[nbformat.v4.new_output("display_data", data) for data in outputs],
        metadata={"tags": list(tags)},
    )
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("note", metadata={"tags": ["notebook-only"]}), cell]
    )


def spec(title: str = "标题") -> dict:
    drawn = theme.frame(title, "怎么看 " + HOSTILE, subtitle="副标题")
    drawn.add_bar(x=["一"], y=[1])
    return json.loads(drawn.to_json())


def test_figures_are_kept_with_their_help_and_text_alternative():
    made = notebook({PLOTLY: spec(), "text/plain": "x"})
    body = body_of(made)
    assert figures_in(made) == 1
    assert body.count('<figure class="chart"') == 1
    assert 'aria-label="标题' in body
    assert "怎么看" in body
    assert "\\u6807" not in body


def test_code_and_notes_for_the_notebook_stay_out_of_the_page():
    body = body_of(notebook({"text/html": "<p>shown</p>"}))
    assert "shown" in body
    assert "secret" not in body
    assert "note" not in body
    assert body_of(notebook({"text/html": "<p>shown</p>"}, tags=("notebook-only",))) == ""


def test_hostile_texts_neither_close_the_script_nor_open_one():
    html = (
        figure(spec(HOSTILE), 1)
        + table([HOSTILE], [[HOSTILE, Cell(HOSTILE, HOSTILE)]], name=HOSTILE, mark_text=HOSTILE).source
        + element("p", HOSTILE).source
    )
    assert html.count("<script") == html.count("</script>") == 1
    assert "<img" not in html
    whole = page(notebook({"text/html": "<p>x</p>"}), title=HOSTILE, lang="zh", assets="../assets", notice=HOSTILE)
    assert whole.count("<script") == 2
    assert "<img" not in whole


def test_a_page_names_no_address_on_a_network():
    whole = page(notebook({PLOTLY: spec()}), title="t", lang="en", assets="../assets")
    assert "http://" not in whole
    assert "https://" not in whole
    assert "Content-Security-Policy" in whole


def test_plotly_reads_titles_literally():
    drawn = theme.frame("<b>a</b> & b", "h")
    assert isinstance(drawn, go.Figure)
    assert drawn.layout.title.text == "&lt;b&gt;a&lt;/b&gt; &amp; b"
