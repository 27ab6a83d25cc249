"""A report page from an executed notebook: every chart drawn from one shared plotly.js, no network, nothing inline that runs.

nbconvert drops plotly's mimetype without a word (nbconvert#2235); here each figure becomes a container and its JSON, which
`assets/report.js` draws. A page without its charts is refused.
"""

from __future__ import annotations

import html
import json
from importlib import resources
from pathlib import Path
from typing import Any

from vbp.render import files
from vbp.render.bundle import arranged
from vbp.render.methods import link, linked
from vbp.words import say

PLOTLY = "application/vnd.plotly.v1+json"
HIDDEN = "notebook-only"
_TEMPLATES = "templates"


def page(
    notebook: Any, *, title: str, lang: str, assets: str, notice: str = "", other: str = "", record: str = ""
) -> str:
    """Return the page of an executed notebook.

    Parameters
    ----------
    notebook
        Executed notebook node; cells tagged `notebook-only` are left out, and all code.
    assets
        Relative address of the assets folder.
    notice
        A line shown at the top and with the title (演示数据), plain text.
    other
        Relative address of the page in the other language, empty for none.
    record
        What the report was made from, HTML (`render.provenance`).
    """
    body = body_of(notebook, lang) + record
    return _render(
        "page.html.j2",
        title=title,
        lang=lang,
        assets=assets,
        notice=notice,
        other=other,
        body=body,
        footer=say("page.footer", lang),
        other_label=say("page.other_language", lang),
        back=say("page.back", lang),
    )


def body_of(notebook: Any, lang: str = "zh") -> str:
    """Return the notebook's visible outputs as HTML, figures as containers that `report.js` draws."""
    parts, figures = [], 0
    for cell in notebook.cells:
        if HIDDEN in cell.metadata.get("tags", ()):
            continue
        if cell.cell_type == "markdown":
            parts.append(markdown(cell.source))
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if PLOTLY in data:
                figures += 1
                parts.append(figure(data[PLOTLY], figures, lang))
            elif "text/html" in data:
                parts.append("".join(data["text/html"]))
            elif "text/markdown" in data:
                parts.append(markdown("".join(data["text/markdown"])))
            elif output.output_type == "stream" and output.get("name") == "stdout":
                parts.append(f"<pre>{html.escape(''.join(output.text))}</pre>")
    return linked("\n".join(parts))


def figure(spec: Any, number: int, lang: str = "zh") -> str:
    """Return one figure as HTML: container, JSON (closed against `</script>`), the sentence of reading help, its method."""
    meta = spec["layout"].get("meta", {})
    data = json.dumps(
        {"data": spec["data"], "layout": spec["layout"]}, ensure_ascii=False, separators=(",", ":")
    ).replace("<", "\\u003c")
    label = html.escape(meta.get("alt", ""), quote=True)
    how = link(meta["method"], lang) if meta.get("method") else ""
    return (
        f'<figure class="chart" id="chart-{number}"><div class="plot" role="group" aria-label="{label}" '
        f'style="height:{int(spec["layout"].get("height", 380))}px"></div>'
        f'<script type="application/json">{data}</script><figcaption>{html.escape(meta.get("help", ""))} {how}</figcaption></figure>'
    )


def figures_in(notebook: Any) -> int:
    """Count the figures among the notebook's visible outputs."""
    return sum(
        PLOTLY in output.get("data", {})
        for cell in notebook.cells
        if HIDDEN not in cell.metadata.get("tags", ())
        for output in cell.get("outputs", ())
    )


def write_assets(folder: Path) -> None:
    """Put plotly.js, the style and the drawing script into `folder` (once for all pages)."""
    folder.mkdir(parents=True, exist_ok=True)
    plotly = (resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    own = resources.files("vbp.render") / _TEMPLATES
    texts = {"plotly.min.js": arranged(plotly)}
    texts |= {name: (own / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")}
    for name, text in texts.items():
        target = folder / name
        if not target.exists() or target.read_bytes() != text.encode():
            files.write(target, text)


def markdown(source: str) -> str:
    """Return Markdown as HTML."""
    from vbp.render.imports import import_nbformat

    import_nbformat()
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    return str(markdown2html_mistune(source))


def _render(template: str, **values: Any) -> str:
    from jinja2 import Environment, PackageLoader, select_autoescape

    environment = Environment(
        loader=PackageLoader("vbp.render", _TEMPLATES),
        autoescape=select_autoescape(["html", "j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


render_template = _render
