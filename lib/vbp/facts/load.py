"""Reading `data/*.csv`: every broken row is reported at once, with file, row and column."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from vbp import paths
from vbp.errors import InputError, Problem, unknown
from vbp.facts.rows import Batch, CityRow, Fact, Metric, Price, Row, Source, Theme

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Published:
    """All published tables of one `data/` folder, read and checked."""

    cities: tuple[CityRow, ...]
    sources: tuple[Source, ...]
    metrics: tuple[Metric, ...]
    facts: tuple[Fact, ...]
    batches: tuple[Batch, ...]
    prices: tuple[Price, ...]
    themes: tuple[Theme, ...]

    @cached_property
    def metric(self) -> dict[str, Metric]:
        """Metrics by name."""
        return {row.metric: row for row in self.metrics}

    @cached_property
    def source(self) -> dict[str, Source]:
        """Sources by identifier."""
        return {row.source_id: row for row in self.sources}

    @cached_property
    def city(self) -> dict[str, CityRow]:
        """Cities by slug."""
        return {row.city: row for row in self.cities}

    def require_city(self, slug: str) -> CityRow:
        """Return the city `slug`.

        Raises
        ------
        InputError
            Where there is no such city, with the list of those that exist.
        """
        if slug not in self.city:
            raise InputError(Problem(unknown("city", slug, sorted(self.city)), rule="unknown_city"))
        return self.city[slug]

    def of(self, slug: str) -> tuple[Fact, ...]:
        """Return the facts of one city, in the order of the file."""
        self.require_city(slug)
        return tuple(fact for fact in self.facts if fact.city == slug)

    def find(self, slug: str, metric: str, *, doubtful: bool = False) -> tuple[Fact, ...]:
        """Return a city's own whole figures of one metric; `doubtful` ones only where asked for.

        Figures of a county or another place, examples and damaged figures are never among them.
        """
        return tuple(
            fact
            for fact in self.of(slug)
            if fact.metric == metric
            and (fact.usable or (doubtful and fact.qualifier == "doubtful" and not fact.elsewhere))
        )

    def frame(self, table: str) -> pd.DataFrame:
        """Return one of the tables as a pandas frame (numbers as Decimal, dates as date)."""
        import pandas as pd

        return pd.DataFrame([row.model_dump() for row in getattr(self, table)])


def load_published(folder: Path | None = None) -> Published:
    """Read and check the published tables.

    Parameters
    ----------
    folder
        A `data/` folder; the repository's own when None.

    Raises
    ------
    InputError
        With every broken row of every table: file, row as seen in the file, column, value, what to do.
    """
    root = folder or paths.data()
    problems: list[Problem] = []
    tables = {name: read_rows(root / f"{name}.csv", model, problems) for name, model in _MODELS.items()}
    published = Published(**{name: tuple(row for _, row in rows) for name, rows in tables.items()})  # type: ignore[arg-type]
    problems += _cross_checks(published, tables)
    if problems:
        raise InputError(problems)
    return published


_MODELS: dict[str, type[Row]] = {
    "cities": CityRow,
    "sources": Source,
    "metrics": Metric,
    "facts": Fact,
    "batches": Batch,
    "prices": Price,
    "themes": Theme,
}


def read_rows(path: Path, model: type[R], problems: list[Problem]) -> list[tuple[int, R]]:
    """Read one table as (row in the file, model); what is wrong goes to `problems`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(_rows(csv.DictReader(stream, restkey="…"), path.name, model, problems))
    except FileNotFoundError:
        problems.append(Problem("the file is missing; restore it from the repository", "missing_file", file=str(path)))
    except UnicodeDecodeError as error:
        problems.append(
            Problem(f"not UTF-8 at byte {error.start}; save the file as CSV UTF-8", "encoding", file=path.name)
        )
    except csv.Error as error:
        problems.append(Problem(f"no CSV: {error}", "csv", file=path.name))
    return []


def _rows(reader: csv.DictReader[str], file: str, model: type[R], problems: list[Problem]) -> Iterator[tuple[int, R]]:
    missing = [name for name, field in model.model_fields.items() if name not in (reader.fieldnames or ())]
    if missing:
        found = ", ".join(reader.fieldnames or ()) or "nothing"
        problems.append(
            Problem(f"missing columns {', '.join(missing)}; found {found}", "missing_column", file=file, row=1)
        )
        return
    for cells in reader:
        number = reader.line_num
        extra: Any = cells.pop("…", None)
        short = [name for name, cell in cells.items() if cell is None]
        if extra is not None or short:
            told = f"{len(extra)} cells too many" if extra is not None else f"no cell for {', '.join(short)}"
            problems.append(
                Problem(f"{told}; a comma inside a text needs quotes around the text", "cells", file=file, row=number)
            )
            continue
        try:
            yield number, model.model_validate(cells)
        except ValidationError as error:
            problems += (_problem(item, file, number) for item in error.errors())


def _problem(item: Any, file: str, row: int) -> Problem:
    """Say one of pydantic's complaints in the words of the file."""
    column = str(item["loc"][0]) if item["loc"] else "value"
    value = item["input"] if item["loc"] else item["input"].get("value")
    message = item["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    if item["type"] == "decimal_parsing":
        message = "no number: write digits only, in the base unit of the column unit (3.2亿元 is 320000000 yuan)"
    return Problem(
        message, item["type"], file=file, row=row, column=column, value=None if value is None else str(value)
    )


def _cross_checks(published: Published, tables: dict[str, list[tuple[int, Any]]]) -> Iterator[Problem]:
    keys: dict[str, Callable[[Any], object]] = {
        "cities": lambda row: row.city,
        "sources": lambda row: row.source_id,
        "metrics": lambda row: row.metric,
        "facts": lambda row: row.key,
        "batches": lambda row: row.batch_id,
    }
    for table, key in keys.items():
        counts = Counter(key(row) for _, row in tables[table])
        for number, row in tables[table]:
            if counts[key(row)] > 1:
                yield Problem(
                    "this key stands twice; keys must be unique",
                    "duplicate",
                    file=f"{table}.csv",
                    row=number,
                    column="key",
                    value=str(key(row)),
                )
    for number, fact in tables["facts"]:
        yield from _references(published, fact, number)
    missing = sorted(set(published.metric) - {row.metric for row in published.themes})
    if missing and published.themes:
        yield Problem(
            f"no theme for {', '.join(missing)}; add a row for each", "theme", file="themes.csv", column="metric"
        )
    for number, batch in tables["batches"]:
        if batch.city and batch.city not in published.city:
            yield Problem(
                unknown("city", batch.city, sorted(published.city)),
                "reference",
                file="batches.csv",
                row=number,
                column="city",
            )


def _references(published: Published, fact: Fact, row: int) -> Iterator[Problem]:
    for column, known in (("city", published.city), ("metric", published.metric), ("source_id", published.source)):
        if getattr(fact, column) not in known:
            yield Problem(
                unknown(column, getattr(fact, column), sorted(known)),
                "reference",
                file="facts.csv",
                row=row,
                column=column,
            )
    metric = published.metric.get(fact.metric)
    if metric and metric.unit != fact.unit:
        yield Problem(
            f"unit {fact.unit!r} differs from the metric's unit {metric.unit!r} in metrics.csv; convert the value",
            "unit",
            file="facts.csv",
            row=row,
            column="unit",
            value=fact.unit,
        )
