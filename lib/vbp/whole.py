"""Files and folders that are whole or not there: written beside under a hidden name, put in place in one step.

A process that is killed leaves at most a hidden sibling `.<name>.<process>.partial`; the next writer of the same name
removes it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vbp.errors import InputError, Problem

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a hidden sibling to write to; it takes the place of `path` where the block ends well, and goes where not.

    Raises
    ------
    InputError
        Where the system cannot write: which file, what it said, what to do. What stood there stands.
    """
    with _told(path):
        scratch = _scratch(path)
        try:
            yield scratch
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)


def probe(path: Path) -> None:
    """Raise what `whole_file` would raise where nothing can be written at `path`: before minutes of work, not after."""
    with _told(path):
        scratch = _scratch(path)
        scratch.touch()
        scratch.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a hidden empty folder beside `path` to fill; it takes the place of `path` as a whole, as `whole_file` does."""
    with _told(path):
        path = path.resolve() if path.is_symlink() else path
        scratch = _scratch(path)
        try:
            scratch.mkdir()
            yield scratch
            put_folder(scratch, path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def put_folder(fresh: Path, target: Path) -> None:
    """Make the finished folder `fresh` stand at `target`, exchanged in one system call where Linux has it."""
    if not target.exists():
        fresh.replace(target)
    elif exchange(fresh, target):
        shutil.rmtree(fresh, ignore_errors=True)
    else:
        old = fresh.with_name(f"{fresh.name}.old")
        target.replace(old)
        fresh.replace(target)
        shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two paths atomically (`renameat2`); False where the system or the file system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def unwritable(path: Path, error: OSError) -> InputError:
    """Return the one clear message where something cannot be written."""
    reason = error.strerror or str(error) or type(error).__name__
    return InputError(
        Problem(
            f"cannot be written ({reason}); what stood there stands as it was. Free space or rights are needed, or another place",
            "unwritable",
            file=str(path),
        )
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def _scratch(path: Path) -> Path:
    """Return the name of this process's hidden sibling; those that dead processes left are removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{_escaped(path.name)}.*.partial*"):
        owner = left.name.removesuffix(".old").split(".")[-2]
        if owner.isdigit() and not _alive(int(owner)):
            _remove(left)
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def _escaped(name: str) -> str:
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in name)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
