"""Header recognition: which cell of which row names which column, and in which unit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from vbp.errors import Problem
from vbp.schema import Column, Table
from vbp.tables import units
from vbp.tables.texts import compact
from vbp.tables.units import Unit
from vbp.tables.unreadable import Unreadable

BRACKETS = re.compile(r"^(.*?)[(\[【〔{](.+?)[)\]】〕}]?$", re.DOTALL)
SLASHED = re.compile(r"^(.+?)[/_](十?[百千万亿]?元|[盒片支粒%])$")
LISTED = 20
"""Unknown columns that are named."""
LOOK_AT = 30
"""The header is looked for in this many rows."""


@dataclass(frozen=True)
class Found:
    """A header recognised: the column it names and the unit it carries."""

    column: Column
    unit: Unit
    header: str

    @property
    def per_unit(self) -> bool:
        """Whether a price per pack is given per minimum unit, to be multiplied by the pack size once that is known."""
        return self.column.kind == "price" and self.column.unit == "元/盒" and self.unit.basis == "unit"


@dataclass(frozen=True)
class Heading:
    """A header row read for one table: place → column found, places unknown, and what is wrong with it."""

    table: Table
    headers: tuple[str, ...]
    row: int
    found: dict[int, Found]
    unknown: tuple[int, ...]
    problems: tuple[Problem, ...]

    @property
    def names(self) -> set[str]:
        """Return the names of the columns found."""
        return {found.column.name for found in self.found.values()}


@cache
def _index(forms: tuple[tuple[str, str], ...]) -> dict[str, str]:
    known: dict[str, str] = {}
    for form, name in forms:
        known.setdefault(compact(form), name)
    return known


def index(table: Table) -> dict[str, str]:
    """Return every compact header of a table → the column's name; the first column that claims a header keeps it."""
    return _index(table.forms)


def split(header: str) -> tuple[str, str | None]:
    """Return a header without its bracket, and the bracket's text: 采购金额（万元） → 采购金额, 万元."""
    plain = units.tidy(header).strip("*:")
    match = BRACKETS.match(plain) or SLASHED.match(plain)
    return (match.group(1), match.group(2)) if match and match.group(1) else (plain, None)


def named(header: str, table: Table) -> tuple[Column, Unit, str | None] | None:
    """Return the column that a header names, its unit, and a remark on the unit ("unknown", "unsure", "basis").

    None where no column of the table is called so.
    """
    base, unit_text = split(header)
    name = index(table).get(compact(header)) or index(table).get(compact(base))
    if name is None:
        return None
    column = table.column(name)
    if unit_text is None:
        return column, Unit(), "assumed" if column.other_basis and compact(header) != compact(column.name) else None
    unit = units.parse(unit_text, column)
    if unit is None:
        return column, Unit(), "unknown" if column.numeric else None
    return _with_basis(column, unit, table)


def _with_basis(column: Column, unit: Unit, table: Table) -> tuple[Column, Unit, str | None]:
    """Move to the sister column where the unit's basis is the other one."""
    wanted = units.expected_basis(column)
    if unit.basis is None or wanted is None or unit.basis == wanted or (unit.unsure and wanted == "unit"):
        return column, unit, "unsure" if unit.unsure and column.other_basis else None
    if column.other_basis:
        return table.column(column.other_basis), unit, "unsure" if unit.unsure else None
    return column, unit, "basis"


KNOWN_UNITS = {
    "amount": "元, 千元, 万元, 亿元",
    "price": "元, 元/盒, 元/片, 元/支, 元/粒",
    "quantity": "盒, 瓶, 万盒 (packs), 片, 支, 粒, 袋, 万片 (minimum units); of 箱, 件, 板 nobody can tell how many packs they hold: "
    "convert them to 盒 first",
    "ratio": "% or none (0 to 1)",
}
"""What a message on an unknown unit in a header offers, by the column's kind."""


def _unit_problem(remark: str, header: str, column: Column) -> Problem | None:
    """Return what a remark on a unit means for the user; None where it is settled later (a price per unit)."""
    if remark == "unknown":
        return Problem(
            f"unknown unit in the header {header!r} of {column.name} ({column.zh}); known: "
            f"{KNOWN_UNITS.get(column.kind, KNOWN_UNITS['amount'])}",
            "unknown_unit",
            column=column.name,
            value=header,
        )
    if remark == "basis" and not (column.kind == "price" and column.unit == "元/盒"):
        return Problem(
            f"{header!r} counts in another unit than {column.name} ({column.zh}, {column.unit}): convert it first",
            "wrong_unit",
            column=column.name,
            value=header,
        )
    if remark in ("assumed", "unsure"):
        per = "packs (盒)" if units.expected_basis(column) == "pack" else "minimum units (片/支/粒)"
        return Problem(
            f"the header {header!r} does not say for certain whether it counts packs or minimum units: "
            f"read as {per}; "
            "write 采购数量(盒) or 采购数量(片) to settle "
            "it",
            "unit_assumed",
            "warning",
            column=column.name,
            value=header,
        )
    return None


def nearest(header: str, table: Table) -> str:
    """Return the known headers nearest to an unknown one, as a hint."""
    base = compact(split(header)[0])
    forms = {
        compact(form): f"{column.name} ({form})" if form != column.name else form
        for column in table.columns
        for form in (*column.headers, column.zh, column.name)
    }
    near = difflib.get_close_matches(base, list(forms), n=2, cutoff=0.5)
    return (
        "; did you mean " + " or ".join(forms[form] for form in near) + "?"
        if near
        else "; known columns: " + ", ".join(table.column_names)
    )


def _twice(column: Column, first: str, second: str) -> Problem:
    return Problem(
        f"two columns, {first!r} and {second!r}, both give {column.name} ({column.zh}): keep one, or rename the other",
        "duplicate_column",
        column=column.name,
        value=second,
    )


def _give_way(found: dict[int, Found], column: Column) -> bool:
    """Take a column found in another unit out again, and say whether there was one."""
    for place, hit in found.items():
        if hit.column.name == column.name and hit.per_unit:
            del found[place]
            return True
    return False


def _beside(column: Column, first: str, second: str) -> Problem:
    return Problem(
        f"{first!r} and {second!r} both give {column.name} ({column.zh}): the one in {column.unit} is "
        "read, the "
        "other kept out",
        "unit_beside",
        "warning",
        column=column.name,
        value=second,
    )


def recognise(cells: Sequence[str], table: Table, row: int) -> Heading:
    """Read a header row for `table`; unknown columns are listed with the nearest known names as warnings."""
    found: dict[int, Found] = {}
    taken: dict[str, str] = {}
    unknown: list[int] = []
    problems: list[Problem] = []
    for place, header in enumerate(cells):
        hit = named(header, table) if header.strip() else None
        if hit is None:
            unknown.append(place)
            continue
        column, unit, remark = hit
        if column.name in taken and (remark == "basis" or _give_way(found, column)):
            # 中选价格(元/盒) beside 中选价格(元/片): the one in the column's own unit is kept, whichever comes first
            problems.append(_beside(column, taken[column.name], header))
            if remark == "basis":
                unknown.append(place)
                continue
        elif column.name in taken:
            problems.append(_twice(column, taken[column.name], header))
            continue
        taken[column.name] = header
        found[place] = Found(column, unit, header)
        problem = _unit_problem(remark, header, column) if remark else None
        problems += [problem] if problem else []
    problems += _unknown_columns(cells, [place for place in unknown if named(cells[place], table) is None], table)
    problems += _missing_columns(table, set(taken), cells)
    if any(name.startswith("quantity_unit") and name != "quantity_units" for name in taken):
        # every row says itself what it counts, so the header need not
        problems = [problem for problem in problems if problem.rule != "unit_assumed"]
    return Heading(table, tuple(cells), row, found, tuple(unknown), tuple(problems))


def _unknown_columns(cells: Sequence[str], unknown: Iterable[int], table: Table) -> list[Problem]:
    """Return a warning for each column that is kept out; beyond LISTED they are only counted."""
    named = [] if table.open else [cells[place] for place in unknown if cells[place].strip()]
    found = [
        Problem(f"unknown column {name!r} is kept out{nearest(name, table)}", "unknown_column", "warning", column=name)
        for name in named[:LISTED]
    ]
    if len(named) > LISTED:
        found.append(Problem(f"and {len(named) - LISTED:,} more unknown columns", "unknown_column", "warning"))
    return found


def _missing_columns(table: Table, have: set[str], cells: Sequence[str]) -> list[Problem]:
    """Return an error for every required column (or one of a pair) that the header lacks, naming what was found."""
    lacking: list[tuple[str, ...]] = [(column.name,) for column in table.required if column.name not in have]
    lacking += [group for group in table.one_of if not have.intersection(group)]
    seen = ", ".join(cell.strip() for cell in cells if cell.strip()) or "nothing"
    return [
        Problem(
            f"no column {' or '.join(f'{name} ({table.column(name).zh})' for name in group)}; found: {seen[:300]}",
            "missing_column",
            column=group[0],
        )
        for group in lacking
    ]


def joined(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    """Return the header row at `place` and the one below it as one: the lower cell where it has text, else the upper."""
    upper, lower = rows[place], rows[place + 1]
    width = max(len(upper), len(lower))
    pairs = zip([*upper, *[""] * (width - len(upper))], [*lower, *[""] * (width - len(lower))], strict=True)
    return [below.strip() or above.strip() for above, below in pairs]


def _lacking(heading: Heading) -> bool:
    return any(problem.rule == "missing_column" for problem in heading.problems)


def two_rows(rows: Sequence[Sequence[str]], place: int, tables: Sequence[Table]) -> None:
    """Raise `Unreadable` where the row at `place` and a neighbour make a header only together.

    A header of two rows has merged cells above (采购情况) and the columns' own names below (数量, 金额).
    """
    for table in tables:
        alone = recognise(rows[place], table, place + 1)
        for upper in (place, place - 1):
            if (
                upper < 0
                or upper + 1 >= len(rows)
                or any(DIGITS.match(units.tidy(cell)) for cell in (*rows[upper], *rows[upper + 1]))
            ):
                continue
            both = recognise(joined(rows, upper), table, upper + 1)
            if both.names > alone.names and (len(tables) == 1 or not _lacking(both)):
                whole = ", ".join(cell for cell in both.headers if cell)
                raise Unreadable(
                    f"the header of {table.name} ({table.zh}) spans two rows ({upper + 1} and {upper + 2}, merged "
                    f"cells): write it in one row, as {whole[:200]}, and delete the other",
                    "two_row_header",
                    upper + 1,
                    table.name,
                )


def find(rows: Sequence[Sequence[str]], tables: Sequence[Table]) -> Heading | None:
    """Return the header among the first rows for the best of `tables`, None where no row names a column; raises
    `Unreadable` for a header of two rows."""
    chosen = choose(rows, tables)
    if chosen is None:
        return None
    heading = recognise(rows[chosen[0]], chosen[1], chosen[0] + 1)
    if _lacking(heading):
        two_rows(rows, chosen[0], tables)
    return heading


DIGITS = re.compile(r"^[\d.,\-/年月]*\d[\d.,\-/年月]*$")


def data_above(rows: Sequence[Sequence[str]], heading: Heading) -> list[Problem]:
    """Return an error for every row above the header that is as full as it and holds a number: data would be lost."""
    width = sum(bool(cell.strip()) for cell in heading.headers)
    full = [
        number
        for number, cells in enumerate(rows[: max(heading.row - 1, 0)], 1)
        if sum(bool(cell.strip()) for cell in cells) >= max(0.6 * width, 2)
        and any(DIGITS.match(units.tidy(cell)) for cell in cells)
    ]
    return [
        Problem(
            f"a full row above the header (row {heading.row}): delete it, or mend the header above it",
            "data_above_header",
            row=number,
        )
        for number in full
    ]


def score(cells: Sequence[str], table: Table) -> int:
    """Return how many different columns of `table` a row of cells names."""
    return len({hit[0].name for cell in cells if cell.strip() and (hit := named(cell, table))})


def choose(rows: Sequence[Sequence[str]], tables: Sequence[Table]) -> tuple[int, Table] | None:
    """Return (place of the header row, its table) among the first rows; None where none names a column.

    The row with most columns named wins, then the table whose required columns are best covered.
    """
    best: tuple[tuple[int, float], int, Table] | None = None
    for place, cells in enumerate(rows[:LOOK_AT]):
        for table in tables:
            hits = score(cells, table)
            if not hits:
                continue
            rank = (hits, hits / len(table.columns))
            if best is None or rank > best[0]:
                best = (rank, place, table)
        if best is not None and len(tables) == 1 and best[0][0] >= max(2, len(best[2].required)):
            break
    return None if best is None else (best[1], best[2])
