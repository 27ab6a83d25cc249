"""Engine one: DuckDB, embedded, one city at a time, rows in chunks, so that memory stays bounded at any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa

from vbp.errors import InputError, Problem
from vbp.ledger import query
from vbp.ledger.arrays import numbers
from vbp.ledger.dense import Adder, Sizes
from vbp.ledger.source import Usage

BATCH = 65_536
"""Rows coded at a time."""
CHUNK = 24
"""Batches that a query groups at a time where a panel is too large for arrays."""


class DuckEngine:
    """Runs the queries in one in-memory DuckDB on one thread (cities, not threads, are the unit of work).

    Small tables stay loaded from city to city while they are the same objects.
    """

    name = "duckdb"

    def __init__(self) -> None:
        self._connection = duckdb.connect(config={"threads": 1, "preserve_insertion_order": False})
        self._connection.execute("SET enable_progress_bar = false")
        # the joins keep nearly every row, so filters made of them only cost
        self._connection.execute("SET disabled_optimizers = 'join_filter_pushdown'")
        self._limit = self._connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
        self._loaded: dict[str, pa.Table] = {}
        self._adder = Adder()
        self._look: tuple[pa.Table, Sizes] | None = None

    def close(self) -> None:
        """Let go of DuckDB and all it holds."""
        self._connection.close()

    def total(self, usage: Usage) -> dict[str, Any]:
        """Return the ledger's own rows, counts of values, amount in fen, first and last day."""
        with self._session(usage, {}) as connection:
            parts = [connection.sql(text).to_arrow_table().to_pylist()[0] for text in usage.total_queries()]
        return {name: value for part in parts for name, value in part.items()}

    def panels(self, usage: Usage, views: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Return the panels a, b and c as codes; `views` are product, hospital, day and look."""
        self._adder.open(self._measured(views))
        parts: dict[str, list[pa.Table]] = {name: [] for name in query.PANELS}
        waiting: list[pa.RecordBatch] = []
        left: frozenset[str] = frozenset()
        with self._session(usage, views) as connection, closing(connection.cursor()) as worker:
            for batch in connection.sql(usage.rows_query()).to_arrow_reader(BATCH):
                before, left = left, self._adder.add(batch)
                if waiting and left != before:
                    _group(worker, waiting, before, parts)
                if left:
                    waiting.append(batch)
                if len(waiting) == CHUNK:
                    _group(worker, waiting, left, parts)
            if waiting:
                _group(worker, waiting, left, parts)
        self._give_back()
        for name, table in self._adder.panels().items():
            parts[name].append(table)
        return {name: self.merged(name, tables) for name, tables in parts.items()}

    def _give_back(self) -> None:
        """Let DuckDB's allocator give the row pass's memory back before panels are made: setting the limit, even to what
        it is, is what makes it do so (10 % of the peak for 3 % of the CPU).
        """
        self._connection.execute(f"SET memory_limit = '{self._limit}'")

    def _measured(self, views: Mapping[str, pa.Table]) -> Sizes:
        """Return how large the codes are (the look-up is measured once, not for every city that shares it)."""
        look, hospitals = views["look"], numbers(views["hospital"]["h"])
        count = int(hospitals.max(initial=-1)) + 1
        if self._look is None or self._look[0] is not look:
            self._look = (look, Sizes.of(look, count))
        return replace(self._look[1], hospitals=count)

    def merged(self, name: str, parts: list[pa.Table]) -> pa.Table:
        """Add up parts of one panel (`a`, `b` or `c`)."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return pa.Table.from_batches([], _EMPTY[name])
        with self._session(None, {}) as connection:
            connection.register("part", pa.concat_tables(parts, promote_options="permissive"))
            table = connection.sql(query.MERGED[name]).to_arrow_table()
            connection.unregister("part")
            return table

    def rows(self, usage: Usage, text: str, views: Mapping[str, pa.Table]) -> pa.Table:
        """Return what any query over `usage` and `views` gives."""
        with self._session(usage, views) as connection:
            return connection.sql(text).to_arrow_table()

    @contextmanager
    def _session(self, usage: Usage | None, views: Mapping[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connection
        try:
            if usage is not None:
                self._see(usage)
            for name, table in views.items():
                if self._loaded.get(name) is not table:
                    connection.register("loading", table)
                    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM loading")
                    connection.unregister("loading")
                    self._loaded[name] = table
            yield connection
        except duckdb.Error as error:
            raise told(error, usage) from error

    def _see(self, usage: Usage) -> None:
        """Point the view `usage` at a ledger."""
        if usage.table is not None:
            self._connection.register("usage_arrow", usage.table)
            source = "usage_arrow"
        else:
            files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in usage.paths)
            source = f"read_parquet([{files}], hive_partitioning = false)"
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW usage AS SELECT * FROM {source}")


def _group(
    worker: duckdb.DuckDBPyConnection,
    waiting: list[pa.RecordBatch],
    names: Iterable[str],
    parts: dict[str, list[pa.Table]],
) -> None:
    """Group the waiting rows for these panels, keep the results in `parts` and let the rows go."""
    worker.register("coded", pa.Table.from_batches(waiting))
    for name in names:
        parts[name].append(worker.sql(query.PANELS[name]).to_arrow_table())
    worker.unregister("coded")
    waiting.clear()


_EMPTY = {
    "a": pa.schema({"l": pa.int32(), "q": pa.int64(), "a": pa.int64(), "n": pa.int64()}),
    "b": pa.schema({"h": pa.int32(), "s": pa.int32(), "q": pa.int64(), "a": pa.int64(), "bits": pa.int64()}),
    "c": pa.schema({"h": pa.int32(), "pm": pa.int32(), "q": pa.int64(), "a": pa.int64()}),
}
"""Columns of the coded panels, as every engine delivers them."""


def told(error: Exception, usage: Usage | None) -> InputError:
    """Return an engine's error as one problem, naming the file where the error names it."""
    text = " ".join(str(error).split())
    file = next((str(path) for path in (usage.paths if usage else ()) if str(path) in text), None)
    hint = "the file is damaged or cut off; copy or export it again" if file else "the ledger cannot be read"
    return InputError(Problem(f"{hint}: {text[:240]}", rule="ledger", table="usage", file=file))
