"""What a report was made from, by hashes; a report made from the same is not made again.

`made_from.json` stands in the report's own folder, so that it is replaced together with the pages: a page never stands beside
hashes of something else. It holds no time and no run id: the same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp import __version__, paths

if TYPE_CHECKING:
    from vbp.render.city import Job

NAME = "made_from.json"
PACKAGES = (
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "duckdb",
    "pyarrow",
    "pydantic",
    "plotly",
    "jinja2",
    "mistune",
    "papermill",
    "nbclient",
    "nbconvert",
    "nbformat",
    "ipykernel",
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
        "library": {"vbp": _together(_below(library, leave="__pycache__"), library)},
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
    try:
        stamp = json.loads((folder / NAME).read_text(encoding="utf-8"))
        before, files = stamp["made_from"], stamp["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return "no report yet"
    lost = [name for name, size in files.items() if _size(folder / name) != size]
    if lost:
        return f"missing or altered: {', '.join(lost)}"
    changed = [
        f"{part}: {names(before.get(part), wanted[part])}" for part in wanted if before.get(part) != wanted[part]
    ]
    return f"changed {'; '.join(changed)}" if changed else ""


def stamp(folder: Path, wanted: Mapping[str, Any]) -> None:
    """Write `made_from.json` into a finished folder, with the sizes of the files in it."""
    files = {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.name != NAME}
    text = json.dumps({"made_from": wanted, "files": files}, ensure_ascii=False, indent=1)
    (folder / NAME).write_text(text + "\n", encoding="utf-8", newline="\n")


def names(before: Any, now: Mapping[str, Any]) -> str:
    """Return the names that were added, removed or altered, in one line."""
    old = before if isinstance(before, dict) else {}
    return ", ".join(name for name in sorted({*old, *now}) if old.get(name) != now.get(name))


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hashes(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Return SHA-256 by path below `folder`."""
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def _below(folder: Path, leave: str) -> list[Path]:
    """Return the files below a folder in order, hidden ones and those in a folder called `leave` left out."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if not any(p == leave or p.startswith(".") for p in path.relative_to(folder).parts)]


def _together(files: Iterable[Path], folder: Path) -> str:
    whole = hashlib.sha256()
    for name, one in hashes(files, folder).items():
        whole.update(f"{name} {one}\n".encode())
    return whole.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
