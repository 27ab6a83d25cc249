"""Files and folders that are whole or not there: written beside, then put in place in one step."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vbp.errors import InputError, Problem, UsageError
from vbp.whole import carry, is_utf8, others, refuse_others
from vbp.whole import exchange as _exchange

STAMP = "made_from.json"
OURS = re.compile(rf"report\..*|summary\.json|statement\.xlsx|statement_hospitals|{re.escape(STAMP)}")
"""Names in a report's folder that a new report takes the place of."""
_PASSING = re.compile(r"\.(?P<name>.+)\.\d+\.(?P<kind>new|old|tmp)")
"""A name that a process gives, with its number, to what it has not finished: nobody else's hidden file has such a one."""


def write(path: Path, text: str) -> None:
    """Write `text` (UTF-8, LF) to `path` in one step; nothing is left where that fails.

    A name that is no UTF-8 (a folder's, which may fail but must be told of) stands in it by its bytes, \\udce9.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n", errors="backslashreplace")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def fresh_folder(out: Path, slug: str) -> Path:
    """Return an empty hidden folder of this process beside `<out>/<slug>`."""
    folder = out / f".{slug}.{os.getpid()}.new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def passing_folder(path: Path) -> Iterator[Path]:
    """Give an empty hidden folder of this process beside `path` while something is made; `recover` removes it after a kill."""
    folder = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse_foreign(target: Path) -> None:
    """Raise UsageError where a folder stands at `target` that is no report of ours: its files would be lost; or where its
    name is no UTF-8, so that no page can name it.
    """
    if not is_utf8(target.name):
        raise UsageError("the folder's name is not UTF-8 (written by a system in GBK?): rename it")
    if (target / STAMP).is_file():
        return
    try:
        refuse_others(target, OURS)
    except UsageError as error:
        raise UsageError(f"{error}, or another one with --out") from None


def put_in_place(fresh: Path, target: Path) -> None:
    """Make the finished folder `fresh` stand at `target`: a reader finds the old one or the new one, whole.

    What a user put beside the old report is carried over.

    Linux exchanges the two in one system call (`renameat2`). Elsewhere there are two renames; a run that is killed between
    them leaves the old folder as `.old`, and `recover` puts it back.
    """
    if not target.exists():
        fresh.replace(target)
        return
    for path in others(target, OURS):
        carry(path, fresh / path.name)
    if not _exchange(fresh, target):
        old = fresh.with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        target.replace(old)
        fresh.replace(target)
        fresh = old
    _discard(fresh)


def _discard(path: Path) -> None:
    """Remove what is no longer needed, folder or file."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def recover(out: Path) -> tuple[str, ...]:
    """Repair what a killed run left in `out`; to be called under the lock.

    Returns
    -------
    tuple of str
        The places whose last good report was put back.
    """
    back = []
    for path in sorted((*out.glob(".*"), *out.glob("*/.*"))):
        left = _PASSING.fullmatch(path.name)
        if left and left["kind"] == "old" and path.parent == out and not (out / left["name"]).exists():
            path.replace(out / left["name"])
            back.append(left["name"])
        elif left:
            _discard(path)
    return tuple(back)


def unwritable(out: Path, error: OSError) -> InputError:
    """Return the one clear message where reports cannot be written: which file, what the system said, what to do."""
    return InputError(
        Problem(
            f"reports cannot be written here: {error.strerror or error}; free space or rights are needed, or another "
            "folder with --out",
            "unwritable",
            file=str(error.filename or out),
        )
    )
