"""A folder read: files told apart, cleaned, joined to tables; all problems gathered, none raised before the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import InputError, Problem
from vbp.schema import DEMANDED, TABLES, Column, Table
from vbp.tables import cellerrors, csvfile, parquet, sheets, validate
from vbp.tables.arrays import encoded, flat, plain
from vbp.tables.clean import Part, clean
from vbp.tables.encoding import Bytes, to_utf8
from vbp.tables.folder import NOTES, TEXT, Source, survey, table_named
from vbp.tables.grid import Grid, Unreadable
from vbp.tables.inputs import FileRecord, Inputs, Origin, sha256, whole
from vbp.tables.kinds import arrow_type
from vbp.tables.place import Place, read_place
from vbp.tables.quantities import BESIDE, NAMES, Packs, one_basis, packs_of, settle_part
from vbp.tables.report import LIMIT, cells, shown
from vbp.tables.rowunits import UNSIZED
from vbp.tables.texts import compact

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


@dataclass
class _Read:
    """One sheet or file read: its part, and the file's hash still being counted."""

    part: Part
    path: Path
    digest: Future[str]


def _candidates(name: str | None, only: Collection[str] | None) -> list[Table]:
    if name is not None:
        return [TABLES[name]]
    return [table for table in TABLES.values() if only is None or table.name in only]


def _nothing_known(label: str, named: str | None, seen: Sequence[str]) -> Problem:
    shown_cells = ", ".join(cell for cell in seen if cell.strip())[:200] or "nothing"
    if named:
        return Problem(
            f"no header row found for {named} ({TABLES[named].zh}) in the first 30 rows; the file begins: "
            f"{shown_cells}",
            "no_header",
            "error",
            named,
            label,
        )
    return Problem(
        "neither the name nor the header says which table this is, so it is kept out; it begins: "
        f"{shown_cells}; "
        f"known tables: {', '.join(TABLES)}",
        "unknown_file",
        "warning",
        None,
        label,
    )


def _by_columns(label: str, table: Table, problems: list[Problem]) -> None:
    problems.append(
        Problem(
            f"read as {table.name} ({table.zh}) by its columns, because the name does not say so",
            "table_by_columns",
            "warning",
            table.name,
            label,
        )
    )


def _text_grids(source: Source, data: Bytes, tables: Sequence[Table], problems: list[Problem]) -> Iterator[Grid]:
    name = source.path.name
    body, encoding, unsure = to_utf8(data)
    text = csvfile.text_of(name, body, encoding)
    heading = csvfile.heading_of(text, tables)
    if heading is None or not _convincing(source.table, heading.problems):
        problems.append(_nothing_known(name, source.table, text.first[0] if text.first else ()))
        return
    if unsure:
        problems.append(
            Problem(
                f"these bytes are valid UTF-8 and valid GBK; read as {'UTF-8' if encoding == 'utf-8' else 'GBK'}: look at the "
                "names, and save the file as UTF-8 with BOM if they are wrong",
                "encoding_unsure",
                "warning",
                heading.table.name,
                name,
            )
        )
    if source.table is None:
        _by_columns(name, heading.table, problems)
    yield csvfile.read(text, heading)


def _convincing(named: str | None, problems: Sequence[Problem]) -> bool:
    """Return whether a header may decide the table: always where the name does, else only with all required columns."""
    return named is not None or not any(problem.rule == "missing_column" for problem in problems)


def _book_grids(source: Source, only: Collection[str] | None, problems: list[Problem]) -> Iterator[Grid]:
    opened = [sheet for sheet in sheets.open_sheets(source.path) if compact(sheet.name) not in NOTES]
    if not opened:
        problems.append(
            Problem("the workbook has no filled sheet", "empty_file", "error", source.table, source.path.name)
        )
    named = {sheet.name: table_named(sheet.name)[0] for sheet in opened}
    faults = cellerrors.find(source.path)
    for sheet in opened:
        name = named[sheet.name] or (source.table if not any(named.values()) else None)
        if only is not None and name is not None and name not in only:
            continue
        label = f"{source.path.name}[{sheet.name}]"
        try:
            heading = sheets.heading_of(sheet.rows, _candidates(name, only))
        except Unreadable as error:
            problems.append(Problem(error.message, error.rule, "error", error.table, label, error.row))
            continue
        told = name if len(opened) == 1 or named[sheet.name] else None
        if heading is None or not _convincing(told, heading.problems):
            problem = _nothing_known(label, told, sheets.first_rows(sheet.rows)[0])
            problems.append(problem)
            continue
        if name is None:
            _by_columns(label, heading.table, problems)
        yield sheets.read(source.path.name, sheet, heading, faults.get(sheet.name, ()))


def _grids(
    source: Source, only: Collection[str] | None, pool: ThreadPoolExecutor, problems: list[Problem]
) -> Iterator[tuple[Grid, Future[str]]]:
    """Yield every table's grid in one file, with the file's hash counted beside the reading."""
    suffix = source.path.suffix.lower()
    if suffix in TEXT:
        data = whole(source.path)
        digest = pool.submit(sha256, data)
        for grid in _text_grids(source, data, _candidates(source.table, only), problems):
            yield grid, digest
    elif suffix == ".parquet":
        found = parquet.read(source.path, source.path.name, _candidates(source.table, only))
        if found is None or not _convincing(source.table, found.heading.problems):
            problems.append(_nothing_known(source.path.name, source.table, ()))
        else:
            yield found, pool.submit(sha256, source.path)
    else:
        digest = pool.submit(sha256, source.path)
        for grid in _book_grids(source, only, problems):
            yield grid, digest


def _read_source(
    source: Source, only: Collection[str] | None, pool: ThreadPoolExecutor, problems: list[Problem], limit: int | None
) -> list[_Read]:
    try:
        return [_Read(clean(grid, limit), source.path, digest) for grid, digest in _grids(source, only, pool, problems)]
    except Unreadable as error:
        problems.append(
            Problem(error.message, error.rule, "error", error.table or source.table, source.path.name, error.row)
        )
    except OSError as error:
        problems.append(
            Problem(
                f"the file cannot be read: {error.strerror or error}",
                "unreadable",
                "error",
                source.table,
                source.path.name,
            )
        )
    return []


def _check_part(part: Part, limit: int | None) -> list[Problem]:
    return [*part.problems, *validate.required_cells(part, limit), *validate.ranges(part, limit)]


def _packs(folder: Path, reads: Sequence[_Read], only: Collection[str] | None) -> Packs:
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


def _settle_usage(reads: Sequence[_Read], packs: Callable[[], Packs], limit: int | None) -> None:
    """Honour the unit beside each quantity."""
    for read in reads:
        if read.part.table.name == "usage" and BESIDE in read.part.columns:
            read.part = settle_part(read.part, packs(), limit)


def _one_basis(inputs: Inputs, packs: Callable[[], Packs], limit: int | None) -> tuple[Inputs, list[Problem]]:
    """Return the inputs with usage in one quantity column, and an error for every row that cannot be converted."""
    usage = inputs.tables.get("usage")
    if usage is None or not set(NAMES.values()) <= set(usage.column_names):
        return inputs, []
    made, bad = one_basis(usage, packs())
    if made is usage:
        return inputs, []
    inputs = replace(inputs, tables={**inputs.tables, "usage": made})
    said = Problem(
        "some rows or files count packs and others minimum units: all are made minimum units, packs × units_per_pack",
        "units_mixed",
        "warning",
        "usage",
        None,
        None,
        NAMES["unit"],
    )
    return inputs, [
        said,
        *cells(
            bad.tolist(),
            lambda place: Problem(
                UNSIZED,
                "unit_conversion",
                "error",
                "usage",
                *inputs.at("usage", place),
                NAMES["pack"],
                shown(usage[NAMES["pack"]][place].as_py()),
            ),
            limit,
        ),
    ]


def _per_pack(part: Part, column: Column, sizes: Mapping[str, int]) -> list[Problem]:
    """Turn a price per minimum unit into one per pack, exactly; products of unknown pack size are errors."""
    products = (
        plain(part.columns["product_id"]).to_pylist() if "product_id" in part.columns else [None] * len(part.rows)
    )
    prices = part.columns[column.name].to_pylist()
    made = [
        None if price is None or product not in sizes else price * sizes[product]
        for price, product in zip(prices, products, strict=True)
    ]
    made = [None if price is not None and price >= 10**12 else price for price in made]
    lost = [place for place, price in enumerate(made) if price is None and prices[place] is not None]
    part.columns[column.name] = pa.array(made, arrow_type(column.kind))
    said = Problem(
        f"{column.name} is given per minimum unit and was multiplied by units_per_pack",
        "per_unit_price",
        "warning",
        part.table.name,
        part.grid.label,
        None,
        column.name,
    )
    return [
        said,
        *cells(
            lost,
            lambda place: Problem(
                "a price per minimum unit needs the product's units_per_pack in products",
                "unit_conversion",
                "error",
                part.table.name,
                part.grid.label,
                int(part.rows[place]),
                column.name,
                shown(prices[place]),
            ),
        ),
    ]


def _prices_per_pack(reads: Sequence[_Read], packs: Callable[[], Packs]) -> list[Problem]:
    """Settle every price column whose header counts minimum units (中选价格(元/片))."""
    todo = [(read.part, hit.column) for read in reads for hit in read.part.grid.heading.found.values() if hit.per_unit]
    sizes = packs().sizes if todo else {}
    return [problem for part, column in todo for problem in _per_pack(part, column, sizes)]


def _no_rows(part: Part) -> list[Problem]:
    """Return a warning for a table without rows; it counts as absent. A sheet of the template left empty is no
    fault."""
    if part.dropped.get("example"):
        return []
    return [
        Problem(
            "the table has a header and no rows: it counts as absent",
            "empty_table",
            "warning",
            part.table.name,
            part.grid.label,
        )
    ]


def _joined(table: Table, parts: Sequence[Part]) -> pa.Table:
    """Join a table's parts; columns that no part has stay absent, those that one part lacks are empty there."""
    declared = [column.name for column in table.columns if any(column.name in part.columns for part in parts)]
    extra = list(dict.fromkeys(name for part in parts for name in part.columns if name not in declared))
    kinds = {name: arrow_type(table.column(name).kind) for name in declared} | dict.fromkeys(extra, pa.string())
    joined = {}
    for name, kind in kinds.items():
        chunks = [part.columns.get(name, pa.nulls(len(part.rows), kind)) for part in parts]
        whole = [plain(chunk) for chunk in chunks]
        # a column without one value has no type of its own
        joined[name] = pa.chunked_array(
            [chunk.cast(kind) if chunk.null_count == len(chunk) else chunk for chunk in whole], kind
        )
    return pa.table(joined)


def _with_month(table: pa.Table) -> pa.Table:
    """Give usage its month from the date where only the date is there."""
    if "date" not in table.column_names:
        return table
    from_date = pc.floor_temporal(table["date"].cast(pa.timestamp("s")), unit="month").cast(pa.date32())
    month = pc.coalesce(table["month"], from_date) if "month" in table.column_names else from_date
    rest = table.drop_columns(["month"]) if "month" in table.column_names else table
    return rest.add_column(1, "month", month)


def _repeated_keys(inputs: Inputs, name: str, limit: int | None) -> list[Problem]:
    """Return an error for every row whose key stands already above it (usage: see the checks, returns repeat keys
    rightly)."""
    table, schema = inputs.tables[name], TABLES[name]
    if name == "usage":
        return []
    keys = validate.present_keys(schema, table.column_names)
    if not set(schema.key) - {column.name for column in schema.columns if not column.required} <= set(keys):
        return []
    # a table without one key column (a fund table for all) has room for one row
    codes = (
        validate.key_codes(
            [inputs.codes(name, key) if not schema.column(key).numeric else flat(table[key]) for key in keys]
        )
        if keys
        else np.zeros(table.num_rows, np.int64)
    )

    def make(place: int) -> Problem:
        file, row = inputs.at(name, place)
        first_file, first_row = inputs.at(name, validate.first_place(codes, place))
        filled = {key: str(table[key][place].as_py()) for key in keys if table[key][place].is_valid}
        why = (
            f"the key ({', '.join(filled)}) stands already in {first_file} row {first_row}: keep one"
            if filled
            else f"this row holds for all, as {first_file} row {first_row} does (no key cell is filled: {', '.join(schema.key)}): "
            "keep one, or fill in what each is for"
        )
        return Problem(
            why, "duplicate_key", "error", name, file, row, keys[0] if keys else None, shown(", ".join(filled.values()))
        )

    return cells(validate.repeated(codes).tolist(), make, limit)


def _demanded(tables: Collection[str]) -> list[Problem]:
    if any(set(group) <= set(tables) for group in DEMANDED):
        return []
    group = DEMANDED[1] if "batch_usage" in tables and "usage" not in tables else DEMANDED[0]
    lacking = [name for name in group if name not in tables]
    said = " or ".join(", ".join(f"{name} ({TABLES[name].zh})" for name in group) for group in DEMANDED)
    return [
        Problem(f"the folder lacks {', '.join(lacking)}: it must hold {said}", "missing_table", "error", lacking[0])
    ]


def _record(read: _Read) -> FileRecord:
    part = read.part
    left_out = sum(count for name, count in part.dropped.items() if name != "title")
    return FileRecord(
        read.path.name,
        read.path.stat().st_size,
        read.digest.result(),
        part.table.name,
        part.grid.sheet,
        part.grid.encoding,
        len(part.rows),
        left_out,
        part.dropped,
    )


def _origin(read: _Read) -> Origin:
    grid = read.part.grid
    return Origin(
        read.path,
        grid.label,
        grid.sheet,
        read.part.rows,
        grid.heading.row,
        {**_unknown(grid), **_sisters(grid), **{hit.column.name: place for place, hit in grid.heading.found.items()}},
        {hit.column.name: hit.header.strip() for hit in grid.heading.found.values()},
    )


def _unknown(grid: Grid) -> dict[str, int]:
    """Return where the columns stand that are kept out, by their headers."""
    return {grid.heading.headers[place]: place for place in grid.heading.unknown}


def _sisters(grid: Grid) -> dict[str, int]:
    """Return where a quantity stands under the name of its sister column, which it may have been made."""
    return {hit.column.other_basis: place for place, hit in grid.heading.found.items() if hit.column.other_basis}


def _same_bytes(records: Sequence[FileRecord]) -> list[Problem]:
    """Return an error where two files of one table are the same file twice."""
    seen: dict[tuple[str, str, str | None], str] = {}
    problems = []
    for record in records:
        key = (record.table, record.sha256, record.sheet)
        if seen.setdefault(key, record.name) != record.name:
            problems.append(
                Problem(
                    f"{record.name} and {seen[key]} are the same file: keep one",
                    "table_twice",
                    "error",
                    record.table,
                    record.name,
                )
            )
    return problems


def _coded(name: str, parts: Sequence[Part]) -> dict[tuple[str, str], pa.DictionaryArray]:
    """Return the columns of texts, days and flags of a table still coded, parts joined."""
    texts = [
        column.name
        for column in TABLES[name].columns
        if not column.numeric and all(column.name in part.columns for part in parts)
    ]
    return {(name, text): flat(pa.chunked_array([encoded(part.columns[text]) for part in parts])) for text in texts}


def _assembled(folder: Path, place: Place, by_table: dict[str, list[_Read]], records: tuple[FileRecord, ...]) -> Inputs:
    """Join every table's parts and remember where each row came from."""
    parts = {name: [read.part for read in by_table[name]] for name in TABLES if name in by_table}
    tables = {name: _joined(TABLES[name], group) for name, group in parts.items()}
    if "usage" in tables:
        tables["usage"] = _with_month(tables["usage"])
    origins = {name: tuple(_origin(read) for read in group) for name, group in by_table.items()}
    coded = {key: column for name, group in parts.items() for key, column in _coded(name, group).items()}
    if ("usage", "date") in coded:
        coded.pop(("usage", "month"), None)
    return Inputs(folder, folder.resolve().name, place, tables, (), records, origins, coded)


def _lost(sources: Sequence[Source], reads: Sequence[_Read], problems: Sequence[Problem]) -> bool:
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
        reads = [read for source in sources for read in _read_source(source, only, pool, problems, limit)]
        records = tuple(_record(read) for read in reads)
    packs = cache(lambda: _packs(folder, reads, only))
    problems += _prices_per_pack(reads, packs)
    _settle_usage(reads, packs, limit)
    by_table: dict[str, list[_Read]] = {}
    for read in reads:
        problems += _check_part(read.part, limit)
        if len(read.part.rows):
            by_table.setdefault(read.part.table.name, []).append(read)
        else:
            problems += _no_rows(read.part)
    inputs, unsettled = _one_basis(_assembled(folder, place or NOWHERE, by_table, records), packs, limit)
    problems += unsettled
    for name in inputs.tables:
        problems += _repeated_keys(inputs, name, limit)
    problems += _same_bytes(records)
    if only is None and not _lost(sources, reads, problems):
        unread = {source.table for source in sources if source.table} - {read.part.table.name for read in reads}
        unread |= {problem.table for problem in problems if problem.rule == "two_row_header" and problem.table}
        problems += _demanded({*inputs.tables, *unread})
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
