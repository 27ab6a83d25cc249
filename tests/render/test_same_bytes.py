"""Warm equals cold byte for byte: every notebook, every kind of place, both languages (`make test-long`; two of them always)."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT
from tests.render.places import light_copy
from vbp.render.execute import execute, stable
from vbp.render.kernel import Watch

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CITIES = ("quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou")
ALWAYS = {("city_report", "jiujiang", "en"), ("city_report", "light", "zh")}


def cases():
    """Every notebook and language; the report for each city, a place with a ledger, and one with amounts by round."""
    for path in NOTEBOOKS:
        for place in (*CITIES, "ledger", "light") if path.stem == "city_report" else ("",):
            for lang in ("zh", "en"):
                marks = [] if (path.stem, place, lang) in ALWAYS else [pytest.mark.long]
                yield pytest.param(path, place, lang, marks=marks, id=f"{path.stem}-{place or 'own'}-{lang}")


@pytest.fixture(scope="session")
def places(demo, tmp_path_factory) -> dict[str, Path]:
    return {"ledger": demo, "light": light_copy(demo, tmp_path_factory.mktemp("places"), "light")}


def declared(path: Path) -> set[str]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next("".join(c["source"]) for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", ()))
    return {node.target.id for node in ast.parse(cell).body}  # type: ignore[attr-defined]


def made(path: Path, given: dict[str, str], target: Path, watch: Watch) -> str:
    """Return the executed notebook; sliders and live tables have random names (they are not stored either)."""
    notebook = stable(execute(path, target, given, watch))
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", ()):
            cell.outputs = []
    return nbformat.writes(notebook)


def test_every_notebook_is_among_the_cases():
    assert {case.values[0] for case in cases()} == set(NOTEBOOKS) != set()
    assert all("lang" in declared(path) for path in NOTEBOOKS)
    assert {case.values for case in cases() if not case.marks} == {
        (ROOT / "notebooks" / f"{name}.ipynb", place, lang) for name, place, lang in ALWAYS
    }


@pytest.mark.parametrize("path, place, lang", list(cases()))
def test_a_warm_notebook_equals_a_cold_one(zygote, places, tmp_path, path, place, lang):
    given = {"lang": lang}
    if place:
        given |= {"city": place, "inputs": str(places.get(place, ""))}
    assert set(given) <= declared(path)
    watch = Watch(zygote=zygote.address)
    warm = made(path, given, tmp_path / "warm.ipynb", watch)
    assert watch.zygote, "a plain kernel was taken instead"
    cold = made(path, given, tmp_path / "cold.ipynb", Watch())
    assert len(cold) > 5_000
    assert warm == cold
