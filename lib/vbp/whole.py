"""Files and folders that are whole or not there: written beside under a hidden name, put in place in one step.

A process that is killed leaves at most a hidden sibling `.<name>.<process>.partial`; the next writer of the same name
removes it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vbp.errors import InputError, Problem, UsageError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
CLUTTER = re.compile(r"\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|desktop\.ini|~\$.*|\.~lock\..*#", re.IGNORECASE)
"""Names that a system, an office program or Jupyter leaves in a folder: nobody misses them."""
_NAMED = 5


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
def whole_folder(path: Path, ours: re.Pattern[str] | None) -> Iterator[Path]:
    """Yield a hidden empty folder beside `path` to fill; it takes the place of `path` as a whole, as `whole_file` does.

    `ours` are the names that it may take the place of (`refuse_others`); None: the caller carries over what stands there.

    Raises
    ------
    UsageError
        Where `path` is a file or holds other names: they would be lost.
    """
    with _told(path):
        path = path.resolve()
        if ours is not None:
            refuse_others(path, ours)
        scratch = _scratch(path)
        try:
            scratch.mkdir()
            yield scratch
            put_folder(scratch, path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def is_utf8(name: str) -> bool:
    """Return whether a file's name can be written down; Python keeps the bytes of one that is no UTF-8 as half characters."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def same_place(one: Path, other: Path) -> bool:
    """Return whether two paths name one file: a link at the end is a name of its own, which a new file takes the place of."""
    return one.parent.resolve() / one.name == other.parent.resolve() / other.name


def others(folder: Path, ours: re.Pattern[str]) -> list[Path]:
    """Return what stands in a folder under names that are not `ours`: somebody else's."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not (ours.fullmatch(path.name) or CLUTTER.fullmatch(path.name)))


def refuse_others(folder: Path, ours: re.Pattern[str]) -> None:
    """Raise UsageError where the folder holds names that are not `ours`, or is a file: nothing of a user's is replaced."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    if found := others(folder, ours):
        named = ", ".join(path.name for path in found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
        raise UsageError(f"{folder} holds other files ({named}), which would be lost: name an empty or a new folder")


def carry(path: Path, target: Path) -> None:
    """Take a file or folder over into a new folder: a link where the disk can, else a copy; what stands there stays."""
    if target.exists():
        return
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, symlinks=True, copy_function=_linked)
    else:
        _linked(str(path), str(target))


def _linked(path: str, target: str) -> str:
    try:
        os.link(path, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, target, follow_symlinks=False)
    return target


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
