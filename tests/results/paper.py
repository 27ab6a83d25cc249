"""A report page made in this process: the notebook's own cells, run on a place that is open already."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from tests.conftest import ROOT
from vbp.city import City
from vbp.render.page import page, write_assets
from vbp.sections.published import page_title


def executed(city: City, lang: str) -> nbformat.NotebookNode:
    """Return the city report executed on `city`, in this process."""
    notebook = nbformat.read(ROOT / "notebooks" / "city_report.ipynb", as_version=4)
    shell = InteractiveShell.instance()
    with patch("vbp.open_city", lambda *args, **options: city):
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            given = "parameters" in cell.metadata.get("tags", ())
            with capture_output() as caught:
                result = shell.run_cell(
                    f"city, lang, inputs, as_of = 'demo', {lang!r}, '', ''" if given else cell.source
                )
            result.raise_error()
            shown = [json.loads(json.dumps(dict(output.data))) for output in caught.outputs]
            if hasattr(result.result, "_repr_html_"):
                shown.append({"text/html": result.result._repr_html_()})
            cell.outputs = [nbformat.v4.new_output("display_data", data=data) for data in shown]
    return notebook


def printed(city: City, lang: str, folder: Path) -> Path:
    """Write the page of `city` with its assets into `folder` and return it."""
    write_assets(folder / "assets")
    target = folder / "demo" / f"report.{lang}.html"
    target.parent.mkdir(exist_ok=True)
    notice = "演示数据" if city.synthetic else ""
    html = page(executed(city, lang), title=page_title(city, lang), lang=lang, assets="../assets", notice=notice)
    target.write_text(html, encoding="utf-8")
    return target
