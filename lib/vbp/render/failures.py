"""What failed and stays failed until it is made: the reason, and the notebook that shows where, kept aside in `failed/`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vbp.errors import InputError, UsageError
from vbp.render import files
from vbp.render.execute import NotebookFailed
from vbp.words import LANGUAGES

FOLDER = "failed"


def explain(error: Exception, out: Path, slug: str) -> dict[str, Any]:
    """Return `reason`, and `problems` or `kept` where they apply; a failed notebook is put aside first."""
    if isinstance(error, NotebookFailed):
        return {"reason": error.reason, "kept": _keep(error.notebook, out, slug)}
    if isinstance(error, InputError):
        lines = tuple(problem.line() for problem in error.problems)
        return {"reason": lines[0], "problems": lines}
    if isinstance(error, UsageError):
        return {"reason": str(error)}
    if isinstance(error, OSError):
        return {"reason": f"{error.strerror or error}: {error.filename or out}"}
    return {"reason": f"{type(error).__name__}: {error}"}


def _keep(notebook: Path, out: Path, slug: str) -> str:
    """Copy the failed notebook to where nobody takes it for a report; a full disk must not hide the first error."""
    target = out / FOLDER / f"{slug}.{notebook.name}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, target)
    except OSError:
        target.unlink(missing_ok=True)
        return ""
    return f"{FOLDER}/{target.name}"


def remember(out: Path, slug: str, reason: str, kept: str) -> None:
    """Keep the reason, so that a run of other places does not take it out of the index."""
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    files.write(
        out / FOLDER / f"{slug}.json", json.dumps({"reason": reason, "notebook": kept}, ensure_ascii=False) + "\n"
    )


def forget(out: Path, slug: str) -> None:
    """Take away the failure of a place whose report is good now."""
    for name in (f"{slug}.json", *(f"{slug}.report.{lang}.ipynb" for lang in LANGUAGES)):
        (out / FOLDER / name).unlink(missing_ok=True)


def known(out: Path) -> dict[str, Mapping[str, str]]:
    """Return the failures that stand, by place."""
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted((out / FOLDER).glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found[path.stem] = {"reason": str(told["reason"]), "notebook": str(told["notebook"])}
        except (ValueError, KeyError, TypeError):  # no file of ours
            continue
    return found
