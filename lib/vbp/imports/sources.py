"""The files of an export read by a profile: header found or told of, cells cleaned, rows that are left out."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import Problem
from vbp.imports.profile import Profile
from vbp.tables import cellerrors, csvfile, parquet, sheets
from vbp.tables.arrays import flat, plain
from vbp.tables.clean import Part, clean
from vbp.tables.encoding import to_utf8
from vbp.tables.folder import TEXT
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.validate import required_cells


def _grids(path: Path, profile: Profile) -> list[Grid]:
    """Read a file's grids for the profile's own table."""
    suffix = path.suffix.lower()
    if suffix in TEXT:
        body, encoding, _ = to_utf8(path.read_bytes())
        text = csvfile.text_of(path.name, body, encoding)
        heading = csvfile.heading_of(text, [profile.table])
        return [] if heading is None else [csvfile.read(text, heading)]
    if suffix == ".parquet":
        grid = parquet.read(path, path.name, [profile.table])
        return [] if grid is None else [grid]
    found = [(sheet, sheets.heading_of(sheet.rows, [profile.table])) for sheet in sheets.open_sheets(path)]
    faults = cellerrors.find(path)
    return [
        sheets.read(path.name, sheet, heading, faults.get(sheet.name, ()))
        for sheet, heading in found
        if heading is not None and len(heading.found) > 1
    ]


def _strict(problem: Problem, profile: Profile) -> Problem:
    """Return an unknown header as an error: an import takes a known export and guesses nothing."""
    if problem.rule != "unknown_column":
        return problem
    forms = {
        form: column.name
        for column in profile.table.columns
        for form in column.headers
        if not column.name.startswith("ignored_")
    }
    near = difflib.get_close_matches(str(problem.column), forms, n=2, cutoff=0.4)
    like = " or ".join(dict.fromkeys(forms[form] for form in near))
    return replace(
        problem,
        level="error",
        message=(
            "profile "
            + profile.name
            + " does not know this header: in a profile of your own put it under `headers`"
            + (f" (as {like}?)" if like else "")
            + ", or under `ignore` if it is not needed"
        ),
    )


def _no_header(path: Path, profile: Profile) -> Problem:
    """Say which headers were looked for, what the file has instead, and how to teach a profile the file's own."""
    needed = ", ".join(f"{column.name} ({column.headers[0]} …)" for column in profile.table.required)
    row, seen = _headlike(path)
    has = f"; row {row} of the file reads: {', '.join(seen)[:400]}" if seen else ""
    return Problem(
        f"no header row of profile {profile.name} found; it needs {needed}{has}; write a profile of your own that says what "
        f"these are: extends: {profile.name}, headers: {{hospital_id: [their header], …}} (docs/imports.md)",
        "no_header",
        "error",
        None,
        path.name,
    )


def _headlike(path: Path) -> tuple[int, list[str]]:
    """Return (row, cells) of the row among the first that looks most like a header: the most filled cells without a number."""
    suffix = path.suffix.lower()
    rows: list[list[str]] = []
    if suffix in TEXT:
        body, encoding, _ = to_utf8(path.read_bytes())
        rows = [list(row) for row in csvfile.text_of(path.name, body, encoding).first]
    elif suffix != ".parquet":
        rows = next((sheets.first_rows(sheet.rows) for sheet in sheets.open_sheets(path)), [])
    words = [
        [cell.strip() for cell in row if cell.strip() and not any(letter.isdigit() for letter in cell)] for row in rows
    ]
    best = max(range(len(words)), key=lambda place: len(words[place]), default=0)
    return best + 1, words[best] if words else []


def parts_of(path: Path, profile: Profile) -> tuple[list[Part], list[Problem]]:
    """Read and clean one file; problems carry the file and row."""
    try:
        parts = [clean(grid) for grid in _grids(path, profile)]
    except Unreadable as error:
        return [], [Problem(error.message, error.rule, "error", None, path.name, error.row)]
    except OSError as error:
        return [], [
            Problem(f"the file cannot be read: {error.strerror or error}", "unreadable", "error", None, path.name)
        ]
    if not parts:
        return [], [_no_header(path, profile)]
    problems = []
    for part in parts:
        problems += [_strict(problem, profile) for problem in part.problems] + required_cells(part)
    return parts, problems


def without(part: Part, profile: Profile) -> tuple[dict[str, pa.Array], np.ndarray, list[Problem]]:
    """Drop the rows that the profile drops by value (cancelled orders …), counted."""
    keep = np.ones(len(part.rows), bool)
    for column, words in profile.drop.items():
        if column in part.columns:
            keep &= ~np.asarray(
                pc.fill_null(pc.is_in(plain(flat(part.columns[column])), pa.array(words)), False)
            ).astype(bool)
    columns = {
        name: flat(array).filter(pa.array(keep))
        for name, array in part.columns.items()
        if not name.startswith("ignored_")
    }
    rows = np.asarray(part.rows, np.int64)[keep]
    if keep.all():
        return columns, rows, []
    dropped = Problem(
        f"{int((~keep).sum()):,} rows left out by the profile ({', '.join(profile.drop)})",
        "rows_left_out",
        "warning",
        None,
        part.grid.label,
    )
    return columns, rows, [dropped]
