"""The panels as pandas frames, each made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp.errors import InputError, Problem
from vbp.ledger import store

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd
    import pyarrow as pa

    from vbp.ledger.build import Task

Reader = Callable[[str], "pa.Table"]


def _frames() -> ModuleType:
    """Return the module that makes frames; pandas is not loaded where panels are only made."""
    from vbp.ledger import frames

    return frames


@dataclass(frozen=True, eq=False)
class Panels:
    """A city's panels (columns: docs/panels.md); frames are made when first asked for and shared, so copy before
    changing one.

    `facts` is what the manifest says: totals, rows in and out, the hashes of what went in. `task` is where the panels
    come from,
    None where they were read from a folder alone: then `items` and `rows` are not available.
    """

    slug: str
    read: Reader = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)
    task: Task | None = field(default=None, repr=False)

    @cached_property
    def _slots(self) -> pd.DataFrame:
        return _frames().plain(self.read("slots"))

    @cached_property
    def awards(self) -> pd.DataFrame:
        """Awards with generic, converted units per pack and price per converted unit."""
        return _frames().plain(self.read("awards"))

    @cached_property
    def prices(self) -> pd.DataFrame:
        """P0 and the main P1 of each batch × generic, with their sources."""
        return _frames().plain(self.read("prices"))

    @cached_property
    def product_month(self) -> pd.DataFrame:
        """Panel (a): product × month × status × batch."""
        return _frames().product_month(_frames().plain(self.read("product_month")), self._slots, self.awards)

    @cached_property
    def _long(self) -> pd.DataFrame:
        return _frames().plain(self.read("cells"))

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Panel (b): hospital × batch × generic × period, a column for each class."""
        return _frames().cells(self._long, self._slots)

    @cached_property
    def spec_cells(self) -> pd.DataFrame:
        """Panel (d): hospital × batch × product × period, of the generics kept by product."""
        return _frames().spec_cells(self._long, self._slots)

    @cached_property
    def selected(self) -> pd.DataFrame:
        """The selected class of the cells by product and award."""
        return _frames().selected(self._long, self._slots, self.awards)

    @cached_property
    def progress(self) -> pd.DataFrame:
        """Panel (c): hospital × batch × month, selected quantity and amount, also cumulative."""
        return _frames().progress(_frames().plain(self.read("progress")))

    @cached_property
    def unmatched(self) -> pd.DataFrame:
        """Purchases that matched nothing, with reasons."""
        return _frames().plain(self.read("unmatched"))

    @cached_property
    def totals(self) -> pd.DataFrame:
        """One row: rows, amount, quantity, first and last month, hospitals, products of the ledger."""
        return _frames().totals(self.facts["totals"])

    @cached_property
    def items(self) -> pd.DataFrame:
        """Agreements joined with their cells, prices and sources: what settlement and completion start from."""
        from vbp.ledger.items import items

        return items(self, self._inputs("items").tables)

    def rows(self, hospital: str, batch: str | None, generic: str, year: int) -> pd.DataFrame:
        """Return the purchases behind one cell, in the ledger's order; their sums equal the cell's.

        Parameters
        ----------
        hospital, batch, generic, year
            The cell's key; `year` is the period (0 = the twelve months before, -1 = outside), `batch` None where the
            cell has none.
        """
        from vbp.ledger.explain import rows

        return rows(self._inputs("rows"), hospital, batch, generic, year)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Warnings: purchases that matched nothing, P0 from one hospital or from few months."""
        from vbp.ledger.warn import warnings

        return warnings(self)

    def _inputs(self, what: str) -> Task:
        if self.task is None:
            raise InputError(
                Problem(
                    f"{what} needs the inputs beside the panels: use vbp.ledger.build(inputs, cache=…)", rule="panels"
                )
            )
        return self.task


def from_tables(task: Task, tables: Mapping[str, pa.Table], facts: Mapping[str, Any]) -> Panels:
    """Return panels held in memory."""
    return Panels(
        task.slug,
        tables.__getitem__,
        {**facts, "rows_out": {name: table.num_rows for name, table in tables.items()}},
        task,
    )


def from_folder(folder: Path, task: Task | None = None) -> Panels:
    """Return panels kept in a folder; its files are held open."""
    manifest, files = store.open_files(folder)
    return Panels(manifest["slug"], lambda name: files[name].read(), manifest, task)


def read_panels(folder: Path | str) -> Panels:
    """Return the panels that `vbp panel --out` wrote for a city (`OUT/<slug>`)."""
    return from_folder(Path(folder))


def write_panels(panels: Panels, folder: Path | str) -> None:
    """Write panels to a folder, the way `vbp panel --out` does."""
    with store.locked(Path(folder)):
        facts = {name: value for name, value in panels.facts.items() if name not in ("files", "rows_out", "format")}
        store.write(Path(folder), {name: panels.read(name) for name in panels.facts["rows_out"]}, facts)
