"""Which cities lie in an inputs folder, and where their rows and small tables are.

Three shapes: a city's own folder (tables of any kind); the same with a folder `usage/` of many Parquet files; a
national ledger, `usage/city=<slug>/…parquet`, whose other tables are shared or stand in `<table>/city=<slug>/` likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vbp.errors import InputError, Problem, UsageError
from vbp.ledger.build import SMALL, Task
from vbp.ledger.source import check_schema, from_files, from_table
from vbp.whole import is_utf8

PARTITION = "city="


def cities(folder: Path, out: Path | None, spec: tuple[str, ...] | str = ()) -> dict[str, Callable[[], Task]]:
    """Return the folder's cities by slug, each as a call that makes its task (`out/<slug>` as its place).

    A city whose files are broken so fails alone, when its turn comes.

    Raises
    ------
    InputError
        No such folder, no usage, two things called usage, broken tables.
    UsageError
        The panels would fall into the inputs folder itself.
    """
    if not folder.is_dir():
        raise InputError(Problem("there is no such folder", rule="missing_file", file=str(folder)))
    ledger = folder / "usage"
    parts = sorted(path for path in ledger.glob(f"{PARTITION}*") if path.is_dir()) if ledger.is_dir() else []
    shared = _small(folder, national=bool(parts))
    if not is_utf8(folder.resolve().name) or any(not is_utf8(path.name) for path in parts):
        told = "a folder's name is not UTF-8 (written by a system in GBK?): rename it"
        raise InputError(Problem(told, rule="city_name", file=str(folder)))
    if not parts:
        _refuse_inputs(folder, out)
        return {folder.resolve().name: lambda: _single(folder, shared, out, spec)}
    slugs = {path.name.removeprefix(PARTITION): path for path in parts}
    if odd := [path for slug, path in slugs.items() if slug in ("", ".", "..")]:
        raise InputError(Problem("this is no city's name", rule="city_name", file=str(odd[0])))
    return {slug: partial(_part, folder, slug, path, shared, out, spec) for slug, path in slugs.items()}


def _refuse_inputs(folder: Path, out: Path | None) -> None:
    """Refuse to put a city's panels into its own inputs folder, among the tables that they are made from."""
    if out is not None and (out / folder.resolve().name).resolve() == folder.resolve():
        raise UsageError(
            f"the panels of {folder} would fall into that folder itself: name another one with --out, such as panels"
        )


def _part(
    folder: Path, slug: str, path: Path, shared: Mapping[str, pa.Table], out: Path | None, spec: tuple[str, ...] | str
) -> Task:
    """Return the task of one city of a national ledger."""
    return Task(slug, from_files(path), {**shared, **_own(folder, path.name)}, spec, out / slug if out else None)


def _single(folder: Path, shared: Mapping[str, pa.Table], out: Path | None, spec: tuple[str, ...] | str) -> Task:
    """Return the one city's task: Parquet with the contract's columns is read in place, anything else through
    `vbp.tables`.
    """
    slug = folder.resolve().name
    place = out / slug if out else None
    ledger, single = folder / "usage", folder / "usage.parquet"
    if ledger.is_dir():
        return Task(slug, from_files(ledger), shared, spec, place)
    if single.is_file() and not list(folder.glob("usage[-_. ]?*.*")) and _plain(single):
        return Task(slug, from_files(single), shared, spec, place)
    from vbp.tables import read_inputs

    usage = read_inputs(folder, only=["usage"]).tables.get("usage")
    if usage is None:
        raise InputError(
            Problem(
                "the table usage is missing; the panels are made from it",
                rule="missing_table",
                table="usage",
                file=str(folder),
            )
        )
    return Task(slug, from_table(usage), shared, spec, place)


def _plain(path: Path) -> bool:
    """Return whether a Parquet file has the contract's columns and types, so that it can be read where it lies."""
    try:
        return not check_schema(pq.read_schema(path), "usage")
    except (pa.ArrowException, OSError):
        return True


def _small(folder: Path, national: bool) -> dict[str, pa.Table]:
    """Return the folder's small tables; a national ledger is no city's, so it need not say whose it is."""
    from vbp.tables import load

    loaded, unsaid = load(folder, only=SMALL), ("city", "missing_file")
    errors = [problem for problem in loaded.errors if not national or (problem.table, problem.rule) != unsaid]
    if errors:
        raise InputError(errors)
    return dict(loaded.inputs.tables)


def _own(folder: Path, city: str) -> dict[str, pa.Table]:
    """Return a city's own small tables beside a national ledger (`agreements/city=<slug>/*.parquet`)."""
    found = {}
    for name in SMALL:
        files = sorted((folder / name / city).glob("*.parquet"))
        if files:
            found[name] = pa.concat_tables([pq.ParquetFile(path).read() for path in files])
    return found
