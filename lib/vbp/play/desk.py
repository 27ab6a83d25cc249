"""From a template workbook to a report: the folder that the notebook `your_own_data` works in, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vbp.errors import UsageError

if TYPE_CHECKING:
    from vbp.check import Checked
    from vbp.city import City
    from vbp.render.city import Outcome

BOOK = "tables.xlsx"


@dataclass(frozen=True)
class Desk:
    """A folder of tables being filled in; with `sample` the notebook plays the analyst in a folder that goes with it."""

    folder: Path
    sample: bool

    @property
    def book(self) -> Path:
        """Return the workbook to fill in, where the desk laid one there."""
        return self.folder / BOOK

    def fill(self, *, mistake: bool = False) -> None:
        """Type the sample's tables into the workbook, with one mistake if wanted; a folder of the user's own is left alone."""
        if not self.sample:
            return
        from vbp.play.sample import fill_template, sample_tables, write_city_yaml

        tables = sample_tables()
        if mistake:
            tables["usage"].loc[5, "product_id"] = "P9"  # no such product
        write_city_yaml(self.folder)
        fill_template(self.book, tables)

    def check(self) -> Checked:
        """Return every problem of the folder."""
        from vbp.check import check

        return check(self.folder)

    def open(self) -> City:
        """Open the place."""
        from vbp.city import open_city

        return open_city(self.folder.name, self.folder)

    def report(self, lang: str) -> tuple[Outcome, Path]:
        """Render the report; return what became of it and the folder it stands in (`reports/`, the sample's with the sample)."""
        from vbp import paths
        from vbp.render.city import Job
        from vbp.render.run import render_all

        out = self.folder.parent / "reports" if self.sample else (paths.root() / "reports").resolve()
        (outcome,) = render_all([Job(self.folder.name, str(self.folder.resolve()), "", (lang,), out)], out)
        return outcome, out / self.folder.name


def open_desk(inputs: str = "") -> Desk:
    """Return the user's own folder, made in data/inputs with a template where there is none of this name, or a sample's.

    Parameters
    ----------
    inputs
        A folder, or the name of one in data/inputs; empty: a new folder with an empty template, removed when Python ends.
    """
    from vbp import paths
    from vbp.play.opening import fresh_folder
    from vbp.template import write_template

    if inputs:
        folder = paths.inputs(inputs)
        if folder.is_dir():
            return Desk(folder, False)
        if Path(inputs).name != inputs:
            raise UsageError(f"{inputs}: there is no such folder; give its name alone, and it is made in data/inputs")
        folder = paths.data() / "inputs" / inputs
    else:
        folder = fresh_folder() / "my_city"
    folder.mkdir(parents=True)
    write_template(folder / BOOK)
    return Desk(folder, not inputs)
