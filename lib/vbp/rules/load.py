"""Read rule profiles from YAML: by name from data/rules/, or from a user's own file; every problem at once."""
from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vbp import paths, safe_yaml
from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.rules import model
from vbp.rules.model import Profile

DEFAULT = "national-2020"


def folder() -> Path:
    """Return the folder of the shipped profiles, data/rules/."""
    return paths.data() / "rules"


def profile_names() -> tuple[str, ...]:
    """Return the names of the shipped profiles, sorted."""
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def load_profile(name: str | None = None) -> Profile:
    """Return a shipped profile by name (default `national-2020`), or the user's own where `name` ends in .yaml.

    Raises
    ------
    UsageError
        Where no such profile is shipped; the nearest names are given.
    InputError
        Where the file breaks the model, with every problem listed.
    """
    name = name or DEFAULT
    if name.endswith((".yaml", ".yml")):
        return read_profile(Path(name))
    if name not in profile_names():
        raise UsageError(unknown("rule profile (结余留用规则)", name, profile_names()))
    return read_profile(folder() / f"{name}.yaml")


def profile_of_place(name: str) -> Profile:
    """Return the shipped profile that a folder's city.yaml names.

    Raises
    ------
    InputError
        Where no such profile is shipped: the file is wrong, not the command. A path is none, whoever wrote the folder.
    """
    if name not in profile_names():
        raise InputError(Problem(unknown("rule profile (结余留用规则)", name, profile_names()), "rule_profile", table="city",
                                 file="city.yaml", column="rule_profile", value=name))
    return load_profile(name)


def read_profile(path: Path) -> Profile:
    """Return the profile in a YAML file, with what it `extends` filled in; InputError lists every problem."""
    document = _resolved(path, ())
    try:
        profile = Profile.model_validate(document)
    except ValidationError as error:
        raise InputError([_problem(path, fault) for fault in error.errors()]) from None
    if path.parent == folder() and profile.name != path.stem:
        raise InputError(Problem(f"the profile calls itself {profile.name!r}; name and file must agree",
                                 rule="profile_name", file=path.name, column="name", value=profile.name))
    return profile


def _resolved(path: Path, seen: tuple[str, ...]) -> dict[str, Any]:
    document = _document(path)
    parent = document.get("extends")
    if parent is None:
        return document
    if parent in seen or parent not in profile_names():
        why = "the profiles extend each other in a circle" if parent in seen else unknown(
            "profile", str(parent), profile_names())
        raise InputError(Problem(why, rule="profile_extends", file=path.name, column="extends", value=str(parent)))
    base = _resolved(folder() / f"{parent}.yaml", (*seen, parent))
    inherited: dict[str, Any] = {key: base[key] for key in ("settlement", "assessment", "unverified") if key in base}
    return _merged(inherited, document)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `own` laid over it, mapping by mapping; lists are replaced whole."""
    merged = dict(base)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _document(path: Path) -> dict[str, Any]:
    try:
        document = safe_yaml.load(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error) or "unreadable"
        raise InputError(Problem(f"cannot read the rule profile: {what}", rule="profile_yaml", file=path.name,
                                 row=getattr(error, "line", None))) from None
    if not isinstance(document, dict):
        raise InputError(Problem("a rule profile is a mapping of keys; this file holds none", rule="profile_yaml",
                                 file=path.name))
    return document


def _problem(path: Path, fault: Any) -> Problem:
    where = ".".join(str(part) for part in fault["loc"]) or "(profile)"
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), _keys(), n=3, cutoff=0.5)
        message = "unknown key" + (f"; did you mean {', '.join(near)}?" if near else "; remove it")
    elif fault["type"] == "missing":
        message = "this key is required"
    shown = fault.get("input")
    value = None if fault["type"] == "missing" or isinstance(shown, (dict, list, tuple)) else str(shown)[:80]
    return Problem(message, rule=f"profile_{fault['type']}", file=path.name, column=where, value=value)


def _keys() -> list[str]:
    parts = (model.Profile, model.Settlement, model.Assessment, model.Source, model.Effective, model.Band,
             model.Indicator)
    return sorted({field.alias or key for part in parts for key, field in part.model_fields.items()})
