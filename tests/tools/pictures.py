"""Static pictures of figures, drawn by headless Chromium: what the stored notebooks show where no script runs (GitHub, nbconvert).

JupyterLab takes plotly's own mimetype before a PNG, and nbval compares no PNG; the figure's hash beside the picture says
which figure it is of, so that a picture is drawn anew only where its figure changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

PLOTLY, PNG, OF = "application/vnd.plotly.v1+json", "image/png", "picture_of"
WIDTH = 860
DRAW = """async ({spec, width}) => {
  const place = document.createElement("div");
  document.body.appendChild(place);
  await Plotly.newPlot(place, spec.data, {...spec.layout, width}, {staticPlot: true});
  const url = await Plotly.toImage(place, {format: "png", width, height: spec.layout.height || 380});
  Plotly.purge(place);
  place.remove();
  return url.split(",")[1];
}"""


def outputs_with_figures(notebook: Any) -> Iterator[Any]:
    """Yield the outputs of a notebook that hold a figure."""
    for cell in notebook["cells"]:
        yield from (output for output in cell.get("outputs", ()) if PLOTLY in output.get("data", {}))


def picture_of(output: Any) -> str:
    """Return the hash of an output's figure."""
    text = json.dumps(output["data"][PLOTLY], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def add_pictures(notebook: Any, before: Any) -> int:
    """Put a picture beside every figure, the one stored before where its figure is the same; return how many were drawn.

    Without Chromium the figures that are new get none, which a test then names.
    """
    kept = {
        output["metadata"].get(OF): output["data"].get(PNG)
        for output in outputs_with_figures(before)
        if PNG in output["data"]
    }
    new = []
    for output in outputs_with_figures(notebook):
        name = picture_of(output)
        output["metadata"] = {OF: name}
        if name in kept:
            output["data"][PNG] = kept[name]
        else:
            new.append(output)
    for output, picture in zip(new, draw([output["data"][PLOTLY] for output in new]), strict=False):
        output["data"][PNG] = picture
    return len(new)


def draw(specs: Sequence[Any]) -> list[str]:
    """Return each figure as a PNG in base64; nothing where Chromium is not installed."""
    browser = shutil.which("chromium")
    if not specs or not browser:
        return []
    from playwright.sync_api import sync_playwright

    script = (resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    with sync_playwright() as player:
        started = player.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = started.new_page(viewport={"width": WIDTH + 40, "height": 900})
        page.add_script_tag(content=script)
        made = [page.evaluate(DRAW, {"spec": spec, "width": WIDTH}) for spec in specs]
        started.close()
    return made
