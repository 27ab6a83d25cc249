"""A known export made into the tables of an inputs folder: read, derive, select, prove the totals, write all or
nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.imports import derive as derived
from vbp.imports.crosscheck import cross_checked
from vbp.imports.profile import Profile, read_profile
from vbp.imports.settle import by_row, one_basis
from vbp.imports.sources import parts_of, without
from vbp.imports.writing import write_folder
from vbp.schema import TABLES, Column
from vbp.tables.arrays import flat, plain
from vbp.tables.clean import Part
from vbp.tables.inputs import sha256
from vbp.tables.report import LIMIT, cells


@dataclass(frozen=True)
class Imported:
    """What an import did: files, rows by table written, sums proved (exact, as in the files), warnings."""

    out: Path
    profile: str
    rows_read: int
    tables: Mapping[str, int]
    totals: Mapping[str, Decimal]
    problems: tuple[Problem, ...]
    files: tuple[Mapping[str, Any], ...]

    def text(self) -> str:
        """Return what was done: problems, rows by table, sums as in the files."""
        lines = [problem.line() for problem in self.problems]
        lines.append(f"{self.rows_read:,} rows read by profile {self.profile}; written to {self.out}:")
        lines += [f"  {name}.csv {rows:,}" for name, rows in self.tables.items()]
        lines += [f"  Σ {name} = {total.normalize():f}" for name, total in self.totals.items()]
        return "\n".join(
            [*lines, f"next: name the place in {self.out / 'city.yaml'}, then run: vbp check {quote(str(self.out))}"]
        )

    def as_json(self) -> dict[str, Any]:
        """Return the result as a JSON document (money and quantities as decimal strings)."""
        return {
            "out": str(self.out),
            "profile": self.profile,
            "rows_read": self.rows_read,
            "tables": dict(self.tables),
            "totals": {name: f"{total:f}" for name, total in self.totals.items()},
            "issues": [problem.as_json() for problem in self.problems],
            "files": [dict(file) for file in self.files],
        }


@dataclass(frozen=True)
class _Made:
    """One part with its derived columns: columns, rows in the file, the file, and what is wrong."""

    columns: dict[str, pa.Array]
    rows: np.ndarray
    label: str
    problems: list[Problem]


def _derived(part: Part, profile: Profile, constants: Mapping[str, str]) -> _Made:
    """Return a part's columns with the derived ones and the constants beside them, units honoured, contradictions said."""
    columns, rows, problems = without(part, profile)
    for name, value in constants.items():
        columns.setdefault(name, pa.array([value] * len(rows), pa.string()))
    for name, entry in profile.derive.items():
        made, bad = derived.derive(name, entry, columns)
        source = columns.get(str(entry.get("of")))
        texts = {place: None if source is None else str(source[place].as_py()) for place in bad[: LIMIT + 1]}
        unread = partial(derived.unread, name, entry, part.grid.label)
        problems += cells(bad, partial(_unread, unread, rows, texts))
        columns[name] = made
    if profile.row_unit and not any(problem.level == "error" for problem in problems):
        columns, found = by_row(part, columns, rows, profile.row_unit)
        problems += found
    problems += cross_checked(columns, rows, part.grid.label, list(profile.checks))
    return _Made(columns, rows, part.grid.label, problems)


def _settled(profile: Profile, made: Sequence[_Made], problems: list[Problem]) -> list[dict[str, pa.Array]]:
    """Return every part's columns with quantities on one basis; raises `InputError` where there is an error by then."""
    problems += [problem for one in made for problem in one.problems]
    columns = [one.columns for one in made]
    if profile.row_unit and not any(problem.level == "error" for problem in problems):
        columns, found = one_basis([(one.columns, one.rows, one.label) for one in made], profile.row_unit)
        problems += found
    if any(problem.level == "error" for problem in problems):
        raise InputError(problems)
    return columns


def _unread(
    make: Callable[[int, str | None], Problem], rows: np.ndarray, texts: Mapping[int, str | None], place: int
) -> Problem:
    return make(int(rows[place]), texts.get(place))


def _cell_texts(column: pa.Array, target: Column) -> pa.Array:
    """Return a column as the texts to write: days, months as 2024-03, numbers without idle zeros."""
    column = plain(flat(column))
    if pa.types.is_decimal(column.type):
        # Arrow writes small numbers of more than six decimals as 1E-8
        text = (
            column.cast(pa.string())
            if column.type.scale <= 6
            else pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string())
        )
        text = pc.replace_substring_regex(text, r"(\.\d*?)0+$", r"\1")
        return pc.replace_substring_regex(text, r"\.$", "")
    text = column.cast(pa.string())
    return pc.utf8_slice_codeunits(text, 0, 7) if target.kind == "month" else text


def _selected(name: str, wanted: Mapping[str, Any], columns: Mapping[str, pa.Array]) -> pa.Table:
    """Return one output table: the columns asked for, one row per distinct key where the profile says so."""
    schema = TABLES[name]
    length = len(next(iter(columns.values())))
    out: dict[str, pa.Array] = {}
    for target, source in wanted["columns"].items():
        if isinstance(source, dict):
            out[target] = pa.array([str(source["value"])] * length, pa.string())
        elif source in columns:
            out[target] = _cell_texts(columns[source], schema.column(target))
    table = pa.table({column: out[column] for column in schema.column_names if column in out})
    if "distinct" not in wanted:
        return table
    key = wanted["distinct"] if isinstance(wanted["distinct"], list) else [wanted["distinct"]]
    first = (
        table.select(key).append_column("place", pa.array(np.arange(table.num_rows))).group_by(key, use_threads=False)
    )
    places = first.aggregate([("place", "min")])["place_min"].sort()
    return table.take(places)


def _conflicts(name: str, wanted: Mapping[str, Any], whole: pa.Table, kept: pa.Table, file: str) -> list[Problem]:
    """Return a warning where rows of one key give different values (the first one is kept)."""
    if "distinct" not in wanted:
        return []
    key = wanted["distinct"] if isinstance(wanted["distinct"], list) else [wanted["distinct"]]
    odd = whole.group_by(whole.column_names).aggregate([]).num_rows - kept.num_rows
    return (
        []
        if odd <= 0
        else [
            Problem(
                f"{odd:,} times one {', '.join(key)} comes with different values in other "
                f"columns of {name}; the "
                "first is kept",
                "conflict",
                "warning",
                name,
                file,
            )
        ]
    )


def _sum(column: pa.Array) -> Decimal:
    value = pc.sum(
        column.cast(pa.decimal128(38, 8))
        if not pa.types.is_decimal(column.type)
        else column.cast(pa.decimal128(38, column.type.scale))
    ).as_py()
    return Decimal(0) if value is None else Decimal(value)


def _constants(profile: Profile, given: Mapping[str, str]) -> dict[str, str]:
    for name in given:
        if name not in profile.ask:
            raise UsageError(f"profile {profile.name} has no setting: {unknown('setting', name, tuple(profile.ask))}")
    settled = {name: given.get(name, default) for name, default in profile.ask.items()}
    lacking = [name for name, value in settled.items() if value is None]
    if lacking:
        raise UsageError(f"profile {profile.name} needs " + ", ".join(f"--set {name}=…" for name in lacking))
    return {name: str(value) for name, value in settled.items()}


def import_files(
    files: Sequence[Path],
    profile_name: str,
    out: Path,
    settings: Mapping[str, str] | None = None,
    replace: bool = False,
) -> Imported:
    """Import export files by a profile into the folder `out`.

    Raises
    ------
    UsageError
        For an unknown profile or setting, naming the nearest.
    InputError
        Listing every problem in the files; nothing is written then.
    """
    profile = read_profile(profile_name)
    constants = _constants(profile, settings or {})
    parts: list[Part] = []
    problems: list[Problem] = []
    records = []
    for path in files:
        if not path.is_file():
            problems.append(Problem("no such file", "missing_file", file=str(path)))
            continue
        own, found = parts_of(path, profile)
        parts += own
        problems += found
        records.append(
            {
                "name": path.name,
                "size": path.stat().st_size,
                "sha256": sha256(path),
                "profile": profile.name,
                "rows_read": sum(len(part.rows) for part in own),
                "rows_dropped": sum(sum(part.dropped.values()) for part in own),
            }
        )
    if any(problem.level == "error" for problem in problems):
        raise InputError(problems)
    made = [_derived(part, profile, constants) for part in parts]
    settled = _settled(profile, made, problems)
    tables, more = _tables(profile, settled, files)
    problems += more
    totals = {
        name: sum((_sum(flat(columns[name])) for columns in settled if name in columns), Decimal(0))
        for name in profile.totals
    }
    _prove(profile, tables, totals)
    rows = sum(len(part.rows) for part in parts)
    imported = Imported(
        out,
        profile.name,
        rows,
        {name: table.num_rows for name, table in tables.items()},
        totals,
        tuple(problems) + tuple(Problem(note, "assumed", "warning") for note in profile.said(settings or {})),
        tuple(records),
    )
    write_folder(out, tables, profile, {**imported.as_json(), "out": out.name, "settings": constants}, replace)
    return imported


def _joined(name: str, parts: Sequence[Mapping[str, pa.Array]]) -> pa.Array:
    """Return a column over all parts; a part that lacks it is empty there."""
    kind = next(plain(flat(part[name])).type for part in parts if name in part)
    chunks = [
        plain(flat(part[name])) if name in part else pa.nulls(len(next(iter(part.values()))), kind) for part in parts
    ]
    return flat(pa.chunked_array(chunks, kind))


def _tables(
    profile: Profile, parts: Sequence[Mapping[str, pa.Array]], files: Sequence[Path]
) -> tuple[dict[str, pa.Table], list[Problem]]:
    """Join the parts and select every output table."""
    names = list(dict.fromkeys(name for part in parts for name in part))
    joined = {name: _joined(name, parts) for name in names}
    tables: dict[str, pa.Table] = {}
    problems: list[Problem] = []
    for name, wanted in profile.tables.items():
        whole = _selected(name, {"columns": wanted["columns"]}, joined)
        tables[name] = _selected(name, wanted, joined)
        problems += _conflicts(name, wanted, whole, tables[name], ", ".join(path.name for path in files))
    return tables, problems


def _prove(profile: Profile, tables: Mapping[str, pa.Table], totals: Mapping[str, Decimal]) -> None:
    """Refuse to write where the sums of the tables are not the sums of the files (a defect, never the user's fault)."""
    for name, wanted in profile.tables.items():
        for target, source in wanted["columns"].items():
            if (
                isinstance(source, str)
                and source in totals
                and target in tables[name].column_names
                and "distinct" not in wanted
            ):
                written = sum(
                    (Decimal(text) for text in tables[name][target].to_pylist() if text is not None), Decimal(0)
                )
                if written != totals[source]:
                    raise AssertionError(f"{name}.{target} sums to {written}, the files to {totals[source]}")
