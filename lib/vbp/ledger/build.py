"""From a ledger to its panels, and from kept panels and what is new in the ledger to new ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vbp.errors import InputError, Problem, UsageError
from vbp.ledger import store
from vbp.ledger.arrays import numbers
from vbp.ledger.dense import added_up
from vbp.ledger.lookup import Span
from vbp.ledger.panels import Panels, from_folder, from_tables
from vbp.ledger.pieces import Piece, pieces_of
from vbp.ledger.recode import recoded
from vbp.ledger.rowpass import Coded, Engine, Kept, Total, hospital_ids, ledger_total, reconcile, run, run_part
from vbp.ledger.shape import panel_tables
from vbp.ledger.slots import kept_meanings
from vbp.ledger.source import Usage, from_files, from_table, table_digest

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

SMALL = ("products", "varieties", "awards", "agreements", "hospitals")
"""The small tables that decide what the panels are."""
Progress = Callable[[str, Sequence[str]], None]
"""Called with what became of a city's kept panels (`unchanged`, `added`, `rebuilt`) and the pieces that it is about."""


class Tables(Protocol):
    """What the ledger needs of `vbp.tables.Inputs`."""

    @property
    def slug(self) -> str:
        """The folder's name."""

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """The tables that are present, in the canonical types."""


@dataclass(frozen=True)
class Task:
    """One city to build: name, ledger, small tables, generics by product, where it is kept."""

    slug: str
    usage: Usage
    tables: Mapping[str, pa.Table]
    spec: tuple[str, ...] | str = ()
    folder: Path | None = None

    def reference_digest(self) -> str:
        """Return the hash of all that is small: any change in it builds the city anew."""
        parts = [f"{name}:{table_digest(self.tables[name])}" for name in SMALL if name in self.tables]
        parts += [f"spec:{self.spec}", f"schema:{self.usage.schema.to_string(show_schema_metadata=False)}"]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def build(
    inputs: Tables,
    *,
    engine: str = "duckdb",
    master: str = "local[*]",
    cache: Path | str | None = None,
    usage: Path | Sequence[Path] | None = None,
    spec_generics: Collection[str] | str = (),
    progress: Progress | None = None,
) -> Panels:
    """Make a ledger into its panels.

    Parameters
    ----------
    inputs
        `vbp.tables.Inputs`, or anything with `slug` and `tables` (Arrow tables of the canonical types).
    engine, master
        `duckdb`, or `spark` on a master (`local[*]`, `spark://host:port`).
    cache
        A folder in which panels are kept under the inputs' hashes; `<cache>/<slug>/` is what `vbp panel --out` writes.
    usage
        Instead of `inputs.tables["usage"]`: a Parquet file, several, or a folder of them.
    spec_generics
        Generics whose cells are also kept by product (`"all"`: every one).
    progress
        Called with what became of the kept panels (`unchanged`, `added`, `rebuilt`) and the pieces that it is about.

    Raises
    ------
    InputError
        Anything wrong with the ledger or the tables; nothing is written then.
    """
    task = Task(
        inputs.slug,
        ledger_of(inputs, usage),
        dict(inputs.tables),
        _spec(spec_generics),
        Path(cache) / inputs.slug if cache else None,
    )
    runner = open_engine(engine, master)
    try:
        return build_task(task, runner, Kept(), progress or (lambda what, pieces: None))
    finally:
        runner.close()


def ledger_of(inputs: Tables, usage: Path | Sequence[Path] | None) -> Usage:
    """Return the ledger that belongs to inputs: the files given, else the table `usage`."""
    if usage is not None:
        return from_files(Path(usage) if isinstance(usage, (str, Path)) else [Path(one) for one in usage])
    if "usage" not in inputs.tables:
        raise InputError(
            Problem("the table usage is missing; the panels are made from it", rule="missing_table", table="usage")
        )
    return from_table(inputs.tables["usage"])


def _spec(generics: Collection[str] | str) -> tuple[str, ...] | str:
    return generics if isinstance(generics, str) else tuple(sorted(generics))


def open_engine(name: str, master: str = "local[*]") -> Engine:
    """Return an engine by name."""
    if name == "duckdb":
        from vbp.ledger.duck import DuckEngine

        return DuckEngine()
    if name == "spark":
        from vbp.ledger.spark import SparkEngine

        return SparkEngine(master)
    raise UsageError(f"unknown engine {name!r}; known: duckdb, spark")


def build_task(task: Task, engine: Engine, kept: Kept, progress: Progress) -> Panels:
    """Build one city, from what is kept of it where that still holds."""
    if task.folder is None:
        coded = run(engine, task.usage, task.tables, task.spec, kept=kept)
        return from_tables(
            task, panel_tables(coded, dict(task.tables)), _facts(task, coded.total, coded, (), "", engine.name)
        )
    with store.locked(task.folder):
        _kept_build(task, engine, kept, progress)
    return from_folder(task.folder, task)


def _kept_build(task: Task, engine: Engine, kept: Kept, progress: Progress) -> None:
    """Bring the city's folder up to date: nothing to do, add what is new, or build anew."""
    assert task.folder is not None
    digest, manifest = task.reference_digest(), store.read_manifest(task.folder)
    before = (
        {name: tuple(entry) for name, entry in manifest["pieces"].items()}
        if manifest and manifest["reference"] == digest
        else {}
    )
    pieces = pieces_of(task.usage)
    now = {piece.name: piece.entry for piece in pieces}
    if manifest and before and before == now:
        progress("unchanged", ())
        return
    fresh = [piece for piece in pieces if piece.name not in before]
    gone = [name for name, entry in before.items() if now.get(name) != entry]
    added = None
    if manifest and before and not gone and fresh:
        added = _appended(task, engine, kept, manifest, fresh, pieces, digest)
    if added:
        progress("added", [piece.name for piece in fresh])
    else:
        if gone:
            progress("rebuilt", gone)
        coded = run(engine, task.usage, task.tables, task.spec, kept=kept)
        added = panel_tables(coded, dict(task.tables)), _facts(task, coded.total, coded, pieces, digest, engine.name)
    store.write(task.folder, *added)


def _facts(task: Task, total: Total, coded: Coded, pieces: Sequence[Piece], digest: str, engine: str) -> dict[str, Any]:
    """Return what the manifest says beside its files."""
    cells = coded.panels["b"]
    return {
        "slug": task.slug,
        "engine": engine,
        "reference": digest,
        "pieces": {piece.name: list(piece.entry) for piece in pieces},
        "totals": {
            "rows": total.rows,
            "amount_fen": total.fen,
            "quantity_milliunits": pc.sum(cells["q"]).as_py() or 0,
            "first_month": total.first,
            "last_month": total.last,
            "hospitals": _distinct(numbers(cells["h"])),
            "products": _distinct(numbers(coded.panels["a"]["p"])),
            "counted_rows": total.rows,
        },
    }


def _distinct(codes: np.ndarray) -> int:
    """Return how many different codes there are."""
    return int(np.count_nonzero(np.bincount(codes)))


def _appended(
    task: Task,
    engine: Engine,
    kept: Kept,
    manifest: dict[str, Any],
    fresh: Sequence[Piece],
    pieces: Sequence[Piece],
    digest: str,
) -> tuple[dict[str, pa.Table], dict[str, Any]] | None:
    """Return kept panels with new pieces added, or None where they must be built anew.

    Sums and month masks can be added to, not taken from, and only the new months are looked up: slots are numbered
    month by month, so the kept numbers hold. A month before the first, or names not met before, build anew.
    """
    if not sum(piece.rows for piece in fresh):
        return None
    part, totals = task.usage.pieces(fresh), manifest["totals"]
    new = ledger_total(engine, part)
    if new.first < totals["first_month"]:
        return None
    found = _added(task, engine, kept, totals, part, new)
    if found is None:
        return None
    return panel_tables(found, dict(task.tables)), _facts(task, found.total, found, pieces, digest, engine.name)


def _added(task: Task, engine: Engine, kept: Kept, totals: dict[str, Any], part: Usage, new: Total) -> Coded | None:
    """Return the kept panels and a new part together, as codes; None where a name or a slot is not known."""
    assert task.folder is not None
    files = store.open_files(task.folder)[1]
    strange = _strange(files["unmatched"])
    reference = kept.reference(task.tables, strange["product_id"])
    known = kept_meanings(files["slots"].read(), reference)
    hospitals = [*hospital_ids(engine, part, task.tables), *strange["hospital_id"]]
    if "hospitals" not in task.tables:
        hospitals = sorted({*hospitals, *files["cells"].read(["hospital_id"])["hospital_id"].unique().to_pylist()})
    old = recoded(files, reference, hospitals, totals["first_month"])
    if known is None or old is None:
        return None
    last = max(totals["last_month"], new.last)
    span = Span(totals["first_month"], last, min(new.first, totals["last_month"] + 1), known)
    lookup = kept.look_up(reference, span, task.usage.dated, task.spec)
    coded = run_part(engine, part, lookup, kept, hospitals, new)
    if coded is None:
        return None
    total = Total(totals["rows"] + new.rows, totals["amount_fen"] + new.fen, span.first, last)
    panels = {name: added_up(name, old[name], coded.panels[name]) for name in "abc"}
    reconcile(panels, total)
    return replace(
        coded,
        total=total,
        panels=panels,
        unknown_products=strange["product_id"],
        unknown_hospitals=strange["hospital_id"],
    )


def _strange(unmatched: ParquetFile) -> dict[str, tuple[str, ...]]:
    """Return the products and hospitals that the small tables do not list."""
    rows = unmatched.read(["reason", "product_id", "hospital_id"]).to_pylist() if unmatched.metadata.num_rows else []
    reasons = {"product_id": "product_unknown", "hospital_id": "hospital_unknown"}
    return {
        name: tuple(sorted(row[name] for row in rows if row["reason"] == reason)) for name, reason in reasons.items()
    }
