"""Read rule profiles from YAML: by name from data/rules/, or from a user's own file; every problem at once."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

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
        own = "; for rules of your own name a file (rules.yaml; `vbp rules --new rules.yaml` starts one)"
        raise UsageError(unknown("rule profile (结余留用规则)", name, profile_names()) + own)
    return read_profile(folder() / f"{name}.yaml")


def profile_of_place(name: str, inputs: Path) -> Profile:
    """Return the profile that city.yaml of the folder `inputs` names: a shipped one, or a .yaml file in that folder.

    Raises
    ------
    InputError
        Where neither is there: the file is wrong, not the command. A path is none of them, whoever wrote the folder.
    """
    if name.endswith((".yaml", ".yml")) and Path(name).name == name:
        return read_profile(inputs / name)
    if name not in profile_names():
        own = "; for rules of your own name a file of this folder (`vbp rules --new rules.yaml` starts one)"
        raise InputError(
            Problem(
                unknown("rule profile (结余留用规则)", name, profile_names()) + own,
                "rule_profile",
                table="city",
                file="city.yaml",
                column="rule_profile",
                value=name,
            )
        )
    return load_profile(name)


def read_profile(path: Path) -> Profile:
    """Return the profile in a YAML file, with what it `extends` filled in; InputError lists every problem."""
    document = _resolved(path, ())
    try:
        profile = Profile.model_validate(document)
    except ValidationError as error:
        raise InputError([_problem(path, fault) for fault in error.errors()]) from None
    if path.parent == folder() and profile.name != path.stem:
        raise InputError(
            Problem(
                f"the profile calls itself {profile.name!r}; name and file must agree",
                rule="profile_name",
                file=path.name,
                column="name",
                value=profile.name,
            )
        )
    return profile


def _resolved(path: Path, seen: tuple[str, ...]) -> dict[str, Any]:
    document = _document(path)
    parent = document.get("extends")
    if parent is None:
        return document
    if parent in seen or parent not in profile_names():
        why = (
            "the profiles extend each other in a circle"
            if parent in seen
            else unknown("profile", str(parent), profile_names())
        )
        raise InputError(Problem(why, rule="profile_extends", file=path.name, column="extends", value=str(parent)))
    base = _resolved(folder() / f"{parent}.yaml", (*seen, parent))
    inherited: dict[str, Any] = {key: base[key] for key in ("settlement", "assessment", "unverified") if key in base}
    own = {f"{part}.{key}" for part in ("settlement", "assessment") for key in _mapping(document.get(part))}
    inherited["unverified"] = {key: why for key, why in _mapping(inherited.get("unverified")).items() if key not in own}
    return _merged(inherited, document)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `own` laid over it, mapping by mapping; lists are replaced whole."""
    merged = dict(base)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        if value is not None or key not in base:  # `settlement:` with every line behind a # changes nothing
            merged[key] = _merged(merged[key], value) if both else value
    return merged


def _document(path: Path) -> dict[str, Any]:
    try:
        document = safe_yaml.load(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        raise InputError(
            Problem(
                "cannot read the rule profile: it is not UTF-8; save it again as UTF-8",
                rule="profile_yaml",
                file=path.name,
            )
        ) from None
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error) or "unreadable"
        raise InputError(
            Problem(
                f"cannot read the rule profile: {what}",
                rule="profile_yaml",
                file=path.name,
                row=getattr(error, "line", None),
            )
        ) from None
    if not isinstance(document, dict):
        raise InputError(
            Problem("a rule profile is a mapping of keys; this file holds none", rule="profile_yaml", file=path.name)
        )
    return document


def _problem(path: Path, fault: Any) -> Problem:
    where = ".".join(str(part) for part in fault["loc"]) or "(profile)"
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = _unknown_key(fault["loc"])
    elif fault["type"] == "missing":
        message = "this key is required" + (f"; such as {where}: {SUCH_AS[where]}" if where in SUCH_AS else "")
    elif fault["type"] == "model_type" and fault["loc"][-1] != "bands":
        message = "a mapping of keys is needed" + (f", such as {SUCH_AS[where]}" if where in SUCH_AS else "")
    elif where.endswith("completion_threshold") and fault["type"] == "less_than_equal":
        message = "a share of the agreed volume: write 0.90 for 90%"
    if fault["type"] in ("model_type", "missing") and fault["loc"][:2] == ("assessment", "bands"):
        message = f"a band is written as {BAND}"
    shown = fault.get("input")
    value = None if fault["type"] == "missing" or isinstance(shown, (dict, list, tuple)) else str(shown)[:80]
    return Problem(message, rule=f"profile_{fault['type']}", file=path.name, column=where, value=value)


BAND = "{from: 60, to: 100, ratio: 0.50}"
SUCH_AS = {
    "name": "yunxi",
    "title": "{zh: 云溪市结余留用, en: Retained surplus of Yunxi}",
    "place": "{zh: 云溪市, en: Yunxi}",
    "source": '{document: 文号, publisher: 发文机关, date: "2024-01"}',
    "effective": "{from: 2024-01-01}",
    "settlement": "{extends: national-2020 at the top brings all switches; write those that differ}",
    "assessment": f"{{bands: [{BAND}, …]}}",
}
"""What a message shows for a key that is missing or no mapping."""


def _unknown_key(place: tuple[Any, ...]) -> str:
    """Say where a key belongs that stands in the wrong place, or which name was meant."""
    given = str(place[-1])
    for part, keys in _keys().items():
        if given in keys and part != ".".join(map(str, place[:-1])):
            return f"this key stands under {part}:" if part else "this key stands at the top, not inside another"
    near = difflib.get_close_matches(given, sorted(set().union(*_keys().values())), n=3, cutoff=0.5)
    return "unknown key" + (f"; did you mean {', '.join(near)}?" if near else "; remove it")


def _keys() -> dict[str, list[str]]:
    parts: dict[str, type[BaseModel]] = {
        "": model.Profile,
        "settlement": model.Settlement,
        "assessment": model.Assessment,
        "source": model.Source,
        "effective": model.Effective,
    }
    return {name: [field.alias or key for key, field in part.model_fields.items()] for name, part in parts.items()}
