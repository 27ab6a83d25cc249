"""The folder of one city's panels: files written aside and put in place by one rename of the manifest.

A folder holds `manifest.json`, which names the files of one build (`cells-1f3a….parquet`). A reader follows the
manifest, so
it meets the old build or the new one, never half of one. Writers take turns by a lock on `.lock`; a killed writer
leaves only
files that no manifest names, and the next writer removes them.
"""

from __future__ import annotations

import fcntl
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vbp.errors import InputError, Problem
from vbp.ledger.shape import SCHEMAS

MANIFEST = "manifest.json"
_OURS = re.compile(rf"({'|'.join(SCHEMAS)})-[0-9a-f]{{8}}\.parquet")
"""Names that a build gives its files: what the next one may remove."""
FORMAT = 3
"""Changed when the files' columns or the reading rules change, so that panels of an older vbp are built anew."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder against other writers (other processes wait); the lock dies with the process."""
    made(folder)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def made(folder: Path) -> None:
    """Make the folder, or say why it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            Problem(f"cannot make the folder: {error.strerror}", rule="output", file=str(folder))
        ) from error


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest, None where there is none or it is of another format."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("format") == FORMAT else None


def write(folder: Path, tables: Mapping[str, pa.Table], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write tables and manifest; the caller holds the lock. Return the manifest.

    Raises
    ------
    InputError
        The disk is full or the folder cannot be written; what stood there before still stands.
    """
    stamp = secrets.token_hex(4)
    files = {name: f"{name}-{stamp}.parquet" for name in tables}
    manifest = {
        "format": FORMAT,
        **facts,
        "files": files,
        "rows_out": {name: table.num_rows for name, table in tables.items()},
    }
    temporary = folder / f".{MANIFEST}-{stamp}"
    try:
        for name, table in tables.items():
            write_parquet(table, folder / files[name])
        temporary.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(folder / MANIFEST)
    except OSError as error:
        for path in [*(folder / file for file in files.values()), temporary]:
            path.unlink(missing_ok=True)
        raise InputError(
            Problem(
                f"cannot write the panels ({error.strerror or error}); the earlier ones stand as they were. "
                "Make room or choose another folder",
                rule="output",
                file=str(folder),
            )
        ) from error
    sweep(folder, set(files.values()))
    return manifest


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write one table; texts as dictionaries, numbers split into their bytes (small, and quick both ways)."""
    words, numbers = [], {}
    for field in table.schema:
        if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type):
            words.append(field.name)
        elif not pa.types.is_boolean(field.type):
            numbers[field.name] = "BYTE_STREAM_SPLIT"
    pq.write_table(
        table, path, compression="lz4", use_dictionary=words, column_encoding=numbers, write_statistics=False
    )


def sweep(folder: Path, keep: set[str]) -> None:
    """Remove files of earlier and of killed builds; a reader that holds them open reads on."""
    for path in folder.iterdir():
        stray = _OURS.fullmatch(path.name) or path.name.startswith(f".{MANIFEST}-")
        if stray and path.name not in keep:
            path.unlink(missing_ok=True)


def open_files(folder: Path) -> tuple[dict[str, Any], dict[str, pq.ParquetFile]]:
    """Return the manifest and its files, held open so that a later build cannot take them away."""
    for attempt in range(5):
        manifest = read_manifest(folder)
        if manifest is None:
            break
        try:
            return manifest, {name: pq.ParquetFile(folder / file) for name, file in manifest["files"].items()}
        except FileNotFoundError:
            if attempt == 4:
                raise
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                Problem(
                    f"damaged panels ({str(error).splitlines()[0][:160]}); delete the folder and run vbp panel again",
                    rule="panels",
                    file=str(folder),
                )
            ) from error
    raise InputError(Problem("no panels here; run vbp panel first", rule="panels", file=str(folder)))
