"""What a report was made from, by hashes; a report made from the same is not made again.

`made_from.json` stands in the report's own folder, so that it is replaced together with the pages: a page never stands beside
hashes of something else. It holds no time and no run id: the same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp import __version__, paths
from vbp.render.files import STAMP as NAME

if TYPE_CHECKING:
    from vbp.render.city import Job

_NAMED = 6
PACKAGES = (
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "duckdb",
    "pyarrow",
    "pydantic",
    "PyYAML",
    "borax",
    "plotly",
    "jinja2",
    "mistune",
    "papermill",
    "nbclient",
    "nbconvert",
    "nbformat",
    "ipykernel",
    "ipython",
    "jupyter-client",
    "python-calamine",
    "openpyxl",
)
Hashes = Mapping[str, str]


def basis(notebook: Path) -> dict[str, Hashes]:
    """Return the hashes that all places of a run share: facts and rules (`data/`), notebook, library, versions."""
    library = Path(__file__).resolve().parents[1]
    return {
        "data": hashes(_below(paths.data(), leave="inputs"), paths.data()),
        "notebook": {notebook.name: digest(notebook)},
        "library": hashes(_below(library, leave="__pycache__"), library),
        "versions": {"vbp": __version__, "python": platform.python_version()}
        | {name: _version(name) for name in PACKAGES},
    }


def made_from(job: Job, shared: Mapping[str, Hashes]) -> dict[str, Any]:
    """Return what a place's report would be made from now."""
    folder = Path(job.inputs)
    inputs = hashes(_below(folder, leave="__pycache__"), folder) if job.inputs else {}
    return {"parameters": job.parameters(), "inputs": inputs, **shared}


def difference(folder: Path, wanted: Mapping[str, Any]) -> str:
    """Say what is different from the report that stands in `folder`; empty where it was made from the same and is whole."""
    told = stamped(folder)
    before, files = told.get("made_from"), told.get("files")
    if not isinstance(before, dict) or not isinstance(files, dict):
        return "no report yet"
    lost = [name for name, size in files.items() if _size(folder / name) != size]
    if lost:
        return f"missing or altered: {', '.join(lost)}"
    changed = [
        f"{part}: {names(before.get(part), wanted[part])}" for part in wanted if before.get(part) != wanted[part]
    ]
    return f"changed {'; '.join(changed)}" if changed else ""


def stamp(folder: Path, wanted: Mapping[str, Any], extras: Sequence[str] = ()) -> dict[str, str]:
    """Write `made_from.json` into a finished folder; return the SHA-256 of the files that stand in it.

    Parameters
    ----------
    extras
        What is to stand beside the pages (`pdf`, `standalone`): made after this, and again whenever the pages are.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / NAME]
    sums = hashes(files, folder)
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    whole = {"made_from": wanted, "files": sizes, "sha256": sums}
    _write(folder, {**whole, "extras": list(extras)})
    return sums


def stamped(folder: Path) -> dict[str, Any]:
    """Return what `made_from.json` of a place's folder says; empty where there is none, or none that can be read."""
    try:
        told = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a report, as its stamp has them."""
    return dict(stamped(folder).get("sha256") or {})


def remember_extras(folder: Path, extras: Sequence[str]) -> None:
    """Say in the stamp of a folder that stands what is wanted beside its pages from now on."""
    _write(folder, {**stamped(folder), "extras": list(extras)})


def _write(folder: Path, told: Mapping[str, Any]) -> None:
    from vbp.render import files

    files.write(folder / NAME, json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def names(before: Any, now: Mapping[str, Any]) -> str:
    """Return the names that were added, removed or altered, in one line: the first of them, and how many more."""
    old = before if isinstance(before, dict) else {}
    found = [name for name in sorted({*old, *now}) if old.get(name) != now.get(name)]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def described(before: Any, now: Mapping[str, Any], *, values: bool = False) -> str:
    """Return `names` with what became of each: changed, new or gone; with `values` the old and the new one (versions)."""
    old = before if isinstance(before, dict) else {}

    def told(name: str) -> str:
        if name not in now:
            return f"{name} is gone"
        if name not in old:
            return f"{name} is new"
        return f"{name} {old[name]} is now {now[name]}" if values else f"{name} has changed"

    return ", ".join(told(name) for name in sorted({*old, *now}) if old.get(name) != now.get(name))


def digest(path: Path) -> str:
    """Return a file's SHA-256; an error of the system names the file, also where the system does not (a defective disk)."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def hashes(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Return SHA-256 by path below `folder`."""
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def _below(folder: Path, leave: str) -> list[Path]:
    """Return the files below a folder in order, those in a folder called `leave` left out, and what no table is read from."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if not any(p == leave or _passing(p) for p in path.relative_to(folder).parts)]


def _passing(name: str) -> bool:
    """Return whether a name is hidden or of a file that comes and goes: a workbook's lock, half a download."""
    return name.startswith((".", "~$")) or name.endswith(".tmp")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
