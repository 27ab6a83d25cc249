"""Parameters are refused at the door, with what exists instead."""

from __future__ import annotations

import ast
import json

import pytest

from tests.conftest import ROOT
from tests.render.places import PARAMETERS, notebook_of
from vbp.errors import InputError, UsageError
from vbp.render.parameters import ReportParameters, check_notebook, check_parameters

CITIES = ("quanzhou", "qingdao")


def test_good_parameters_pass():
    assert check_parameters({"city": "quanzhou", "lang": "en", "as_of": "2024-06-30"}, CITIES).lang == "en"


@pytest.mark.parametrize(
    "given, told",
    [
        ({"city": "quanzou"}, "unknown city 'quanzou'; did you mean quanzhou? known: qingdao, quanzhou"),
        ({"city": "quanzhou", "langs": "en"}, "unknown parameter 'langs'; did you mean lang?"),
        ({"city": 7}, "parameter city: Input should be a valid string"),
        ({"city": "quanzhou", "lang": "fr"}, "known: zh, en"),
        ({}, "parameter city is missing"),
        ({"city": "quanzhou", "as_of": "2024-13-01"}, "parameter as_of: month must be in 1..12"),
        ({"city": "quanzhou", "inputs": "/nowhere"}, "parameter inputs: no such folder"),
    ],
)
def test_each_fault_is_named_with_what_is_known(given, told):
    with pytest.raises(UsageError) as caught:
        check_parameters(given, CITIES)
    assert told in str(caught.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(UsageError) as caught:
        check_parameters({"city": 7, "lang": "fr", "colour": "red"}, CITIES)
    assert all(name in str(caught.value) for name in ("city", "lang", "colour"))


@pytest.mark.parametrize(
    "cell, told",
    [
        (PARAMETERS.replace("lang:", "language:"), "parameter lang is not declared"),
        (PARAMETERS.replace("as_of: str", "as_of: int"), "parameter as_of is declared as int, not str"),
        ("", "parameter city is not declared; parameter lang is not declared"),
        ("city = (", "cannot be read"),
    ],
)
def test_a_notebook_that_would_not_take_the_parameters_is_refused_before_anything_starts(tmp_path, cell, told):
    path = notebook_of(tmp_path, "1")
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = cell
    path.write_text(json.dumps(notebook))
    with pytest.raises(InputError) as caught:
        check_notebook(path)
    assert told in str(caught.value)


def test_the_reports_own_notebook_and_one_without_annotations_take_them(tmp_path):
    check_notebook(ROOT / "notebooks" / "city_report.ipynb")
    path = notebook_of(tmp_path, "1")
    path.write_text(path.read_text().replace(": str", ""))
    check_notebook(path)


def test_the_notebooks_parameters_are_those_that_are_checked():
    notebook = json.loads((ROOT / "notebooks" / "city_report.ipynb").read_text(encoding="utf-8"))
    cell = next("".join(c["source"]) for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", ()))
    declared = {node.target.id: ast.unparse(node.annotation) for node in ast.parse(cell).body}  # type: ignore[attr-defined]
    assert list(declared) == list(ReportParameters.model_fields)
    assert set(declared.values()) == {"str"}
