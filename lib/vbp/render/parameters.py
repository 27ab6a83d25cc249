"""Parameters at the door: names, types and values are checked before a kernel starts (papermill#818)."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from vbp.errors import InputError, Problem, UsageError, unknown


class ReportParameters(BaseModel):
    """The parameters of `notebooks/city_report.ipynb`, by name and type; an empty text means "not given"."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    city: str
    lang: Literal["zh", "en"] = "zh"
    inputs: str = ""
    as_of: str = ""

    @field_validator("as_of")
    @classmethod
    def _as_of_is_a_date(cls, value: str) -> str:
        if value:
            date.fromisoformat(value)
        return value

    @field_validator("inputs")
    @classmethod
    def _inputs_is_a_folder(cls, value: str) -> str:
        if value and not Path(value).is_dir():
            raise ValueError("no such folder")
        return value


def check_parameters(given: Mapping[str, Any], cities: tuple[str, ...]) -> ReportParameters:
    """Return checked parameters.

    Parameters
    ----------
    given
        Parameters by name.
    cities
        The slugs that exist: published cities and, beside them, input folders.

    Raises
    ------
    UsageError
        With every unknown name, wrong type and unknown value, and what is known instead.
    """
    names = list(ReportParameters.model_fields)
    faults = [unknown("parameter", name, names) for name in given if name not in names]
    try:
        checked = ReportParameters.model_validate({name: value for name, value in given.items() if name in names})
    except ValidationError as error:
        faults += [_fault(item) for item in error.errors()]
    else:
        if checked.city not in cities:
            faults.append(unknown("city", checked.city, sorted(cities)))
        if not faults:
            return checked
    raise UsageError("; ".join(faults))


def check_notebook(path: Path) -> None:
    """Check that the notebook declares these parameters as text: papermill only warns of a name that it does not (papermill#818).

    Raises
    ------
    InputError
        With every parameter that is missing, or declared with another type.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", ())]
        body = ast.parse("".join("".join(cell["source"]) for cell in tagged)).body
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, AttributeError) as error:
        problem = Problem(f"the notebook of the report cannot be read: {error}", "notebook", file=str(path))
        raise InputError(problem) from error
    declared = {
        ast.unparse(target): ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else "str"
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    wrong = [
        f"parameter {name} is {f'declared as {declared[name]}, not str' if name in declared else 'not declared'}"
        for name in ReportParameters.model_fields
        if declared.get(name) != "str"
    ]
    if wrong:
        message = f"the cell tagged `parameters` does not take what a report is given: {'; '.join(wrong)}"
        raise InputError(Problem(message, "notebook_parameters", file=str(path)))


def _fault(item: Any) -> str:
    name = str(item["loc"][0])
    if item["type"] == "literal_error":
        return f"parameter {name}: " + unknown(
            "value", str(item["input"]), get_args(ReportParameters.model_fields[name].annotation)
        )
    if item["type"] == "missing":
        return f"parameter {name} is missing"
    return f"parameter {name}: {item['msg'].removeprefix('Value error, ')} (given {item['input']!r})"
