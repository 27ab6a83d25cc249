"""Engine two: Apache Spark, for ledgers beyond one machine; the queries are the same texts.

Needs Java 17 and `pip install vbp[spark]`. On a cluster the ledger's files must be readable under the same path by
every worker.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from vbp.errors import InputError, Problem
from vbp.ledger import query
from vbp.ledger.duck import DuckEngine, told
from vbp.ledger.source import Usage


def open_session(master: str) -> Any:
    """Return a Spark session on a master; a missing Java or pyspark is told plainly."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise InputError(
            Problem(
                "Spark needs Java 17, which is not here (Debian: apt-get install openjdk-17-jre-headless); or "
                "use --engine duckdb",
                rule="engine",
            )
        )
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(
            Problem("Spark needs pyspark: pip install 'vbp[spark]'; or use --engine duckdb", rule="engine")
        ) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("vbp panel")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.shuffle.partitions": "8",
        "spark.driver.memory": "2g",
        "spark.log.level": "ERROR",
        "spark.ui.showConsoleProgress": "false",
    }
    if master.startswith("local") or "127.0.0.1" in master:
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    return _guarded(builder.getOrCreate, None)


def _guarded(action: Callable[[], Any], usage: Usage | None) -> Any:
    """Run `action`; Spark's own errors become one problem each."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException, PySparkRuntimeError

    try:
        return action()
    except (PySparkException, PySparkRuntimeError, Py4JError) as error:
        raise told(error, usage) from error


def _place(path: Path) -> str:
    """Return a file as Hadoop names it: nothing percent-encoded (a folder is called `city=…`), glob marks escaped."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path.resolve()))


class SparkEngine:
    """Runs the queries in Spark; small tables stay loaded while they are the same objects."""

    name = "spark"

    def __init__(self, master: str = "local[*]") -> None:
        self.session = open_session(master)
        self._loaded: dict[str, pa.Table] = {}
        self._adder = DuckEngine()

    def close(self) -> None:
        """Stop Spark."""
        self._adder.close()
        self.session.stop()

    def total(self, usage: Usage) -> dict[str, Any]:
        """Return the ledger's own rows, counts of values, amount in fen, first and last day."""
        parts = [self.rows(usage, text, {}).to_pylist()[0] for text in usage.total_queries()]
        return {name: value for part in parts for name, value in part.items()}

    def panels(self, usage: Usage, views: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Return the panels a, b and c as codes; the coded rows are held between the three queries."""

        def run() -> dict[str, pa.Table]:
            self._see(usage, views)
            coded = self.session.sql(usage.rows_query()).persist()
            coded.createOrReplaceTempView("coded")
            try:
                return {name: self.session.sql(text).toArrow() for name, text in query.PANELS.items()}
            finally:
                coded.unpersist()

        found: dict[str, pa.Table] = _guarded(run, usage)
        return found

    def merged(self, name: str, parts: list[pa.Table]) -> pa.Table:
        """Add up parts of one panel; they are small, so DuckDB does it here."""
        return self._adder.merged(name, parts)

    def rows(self, usage: Usage, text: str, views: Mapping[str, pa.Table]) -> pa.Table:
        """Return what any query over `usage` and `views` gives."""

        def run() -> pa.Table:
            self._see(usage, views)
            return self.session.sql(text).toArrow()

        return _guarded(run, usage)

    def _see(self, usage: Usage, views: Mapping[str, pa.Table]) -> None:
        if usage.table is not None:
            self._load("usage", usage.table)
        else:
            files = (_place(path) for path in usage.paths)
            self.session.read.parquet(*files).createOrReplaceTempView("usage")
            self._loaded.pop("usage", None)
        for name, table in views.items():
            self._load(name, table)

    def _load(self, name: str, table: pa.Table) -> None:
        if self._loaded.get(name) is not table:
            self.session.createDataFrame(table).createOrReplaceTempView(name)
            self._loaded[name] = table
