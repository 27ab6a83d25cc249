"""A folder read: files told apart, cleaned, joined to tables; all problems gathered, none raised before the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pyarrow as pa

from vbp.errors import InputError, Problem
from vbp.tables.basis import prices_per_pack, settle_usage, usage_in_one_basis
from vbp.tables.folder import Source, survey
from vbp.tables.inputs import Inputs
from vbp.tables.joining import assembled, record_of
from vbp.tables.place import Place, read_place
from vbp.tables.quantities import Packs, packs_of
from vbp.tables.report import LIMIT
from vbp.tables.sources import Read, read_source
from vbp.tables.validate import check_part, demanded, no_rows, repeated_keys, same_bytes

NOWHERE = Place("?", "?", "?", "?")


@dataclass
class Loaded:
    """Everything that reading found, errors included: what `vbp check` works on."""

    inputs: Inputs
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """Return the problems that must be mended."""
        return [problem for problem in self.problems if problem.level == "error"]


def _packs(folder: Path, reads: Sequence[Read], only: Collection[str] | None) -> Packs:
    """Return units per pack by product; products that were not asked for are read for it."""
    by_table: dict[str, list[Mapping[str, pa.Array]]] = {}
    for read in reads:
        by_table.setdefault(read.part.table.name, []).append(read.part.columns)
    lacking = [name for name in ("products", "varieties") if only is not None and name not in only]
    if lacking:
        tables = load(folder, lacking).inputs.tables
        by_table |= {
            name: [dict(zip(table.column_names, table.columns, strict=True))] for name, table in tables.items()
        }
    return packs_of(by_table)


def _lost(sources: Sequence[Source], reads: Sequence[Read], problems: Sequence[Problem]) -> bool:
    """Whether a file that may hold any table could not be read: then none can be said to lack."""
    read, faulty = {read.path for read in reads}, {problem.file for problem in problems if problem.level == "error"}
    return any(not source.table and source.path not in read and source.path.name in faulty for source in sources)


def load(folder: Path | str, only: Collection[str] | None = None, limit: int | None = LIMIT) -> Loaded:
    """Read a folder and gather every problem; nothing is raised, tables with errors are there as far as they were read.

    `only` reads the named tables alone and demands no others. `limit` is how many cells each rule lists (None: all).
    """
    folder = Path(folder)
    sources, problems = survey(folder, only)
    if not sources and any(problem.rule == "missing_folder" for problem in problems):
        return Loaded(Inputs(folder, folder.name, NOWHERE, {}), problems)
    place, place_problems = read_place(folder)
    problems += place_problems
    with ThreadPoolExecutor(1) as pool:
        reads = [read for source in sources for read in read_source(source, only, pool, problems, limit)]
        records = tuple(record_of(read) for read in reads)
    packs = cache(lambda: _packs(folder, reads, only))
    problems += prices_per_pack(reads, packs)
    settle_usage(reads, packs, limit)
    by_table: dict[str, list[Read]] = {}
    for read in reads:
        problems += check_part(read.part, limit)
        if len(read.part.rows):
            by_table.setdefault(read.part.table.name, []).append(read)
        else:
            problems += no_rows(read.part)
    inputs, unsettled = usage_in_one_basis(assembled(folder, place or NOWHERE, by_table, records), packs, limit)
    problems += unsettled
    for name in inputs.tables:
        problems += repeated_keys(inputs, name, limit)
    problems += same_bytes(records)
    if only is None and not _lost(sources, reads, problems):
        unread = {source.table for source in sources if source.table} - {read.part.table.name for read in reads}
        unread |= {problem.table for problem in problems if problem.rule == "two_row_header" and problem.table}
        problems += demanded({*inputs.tables, *unread})
    return Loaded(inputs, problems)


def read_inputs(folder: Path | str, only: Collection[str] | None = None) -> Inputs:
    """Return a folder's tables, cleaned and in canonical types.

    `only` names the tables wanted (others are not read, and none is demanded). Warnings stand in `.problems`.

    Raises
    ------
    InputError
        Listing every error found in all files at once (and the warnings beside them).
    """
    loaded = load(folder, only)
    if loaded.errors:
        raise InputError(loaded.errors)
    return replace(loaded.inputs, problems=tuple(loaded.problems))
