"""city.yaml: whose data a folder holds."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vbp import safe_yaml
from vbp.errors import Problem, unknown

TEXTS = ("name_zh", "name_en", "province", "rule_profile")
COUNTS = ("population", "insured")


@dataclass(frozen=True)
class Place:
    """A city (or region) as its city.yaml names it; population and insured are persons, None where not given."""

    name_zh: str
    name_en: str
    province: str
    rule_profile: str
    population: int | None = None
    insured: int | None = None
    synthetic: bool = False


def _problem(
    message: str,
    rule: str = "city_yaml",
    row: int | None = None,
    column: str | None = None,
    value: Any = None,
    level: str = "error",
) -> Problem:
    return Problem(message, rule, level, "city", "city.yaml", row, column, None if value is None else str(value)[:120])


def _load(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    if not path.is_file():
        return {}, [_problem("no city.yaml in the folder: it must hold name_zh, name_en, province, "
                             "rule_profile", "missing_file")]
    try:
        loaded = safe_yaml.load(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        return {}, [_problem("city.yaml is not UTF-8: save it again as UTF-8")]
    except safe_yaml.NotPlain as error:
        return {}, [_problem(f"city.yaml cannot be read: {error}", row=error.line)]
    except OSError as error:
        return {}, [_problem(f"city.yaml cannot be read: {error.strerror or error}", "unreadable")]
    if not isinstance(loaded, dict):
        return {}, [_problem("city.yaml must hold lines like 'name_zh: 泉州市'")]
    return loaded, []


def _count(name: str, value: Any) -> list[Problem]:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return []
    return [_problem("a whole number of persons is needed", "number", column=name, value=value)]


def read_place(folder: Path) -> tuple[Place | None, list[Problem]]:
    """Return the folder's place (None where its city.yaml has errors) and every problem with it."""
    entries, problems = _load(folder / "city.yaml")
    if problems:
        return None, problems
    known = (*TEXTS, *COUNTS, "synthetic")
    problems += [_problem(unknown("entry", str(name), known), "unknown_column", column=str(name), level="warning")
                 for name in entries if name not in known]
    problems += [_problem(f"{name} is missing or is no text", "missing", column=name, value=entries.get(name))
                 for name in TEXTS if not isinstance(entries.get(name), str) or not entries[name].strip()]
    for name in COUNTS:
        problems += _count(name, entries.get(name))
    if not isinstance(entries.get("synthetic", False), bool):
        problems.append(_problem("write true or false", "yes_no", column="synthetic", value=entries["synthetic"]))
    if any(problem.level == "error" for problem in problems):
        return None, problems
    name_zh, name_en, province, profile = (entries[name].strip() for name in TEXTS)
    population, insured = (entries.get(name) for name in COUNTS)
    return Place(name_zh, name_en, province, profile, population, insured, entries.get("synthetic", False)), problems
