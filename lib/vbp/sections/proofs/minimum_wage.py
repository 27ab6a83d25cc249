"""Difference-in-differences beside what Card and Krueger printed in 1994."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from vbp import paths
from vbp.sections.html import Cell
from vbp.sections.proofs.proof import Proof, proof, read
from vbp.words import say

if TYPE_CHECKING:
    import pandas as pd

BEFORE, AFTER = 11, 31
"""Where full-time, part-time and managers of the two interviews begin, among a line's fields."""


def minimum_wage(lang: str) -> Proof:
    """Return the printed means (errors) and differences beside our own."""
    from vbp.impact import did

    frame = restaurants()
    result = did(frame, "fte", "sheet", "wave", "nj", 1)
    balanced = did(frame, "fte", "sheet", "wave", "nj", 1, balanced=True)
    means = [f"{row.mean:.2f} ({row.std_error:.2f})" for row in result.table.itertuples()]
    ours = [*means, f"{result.estimate:.3f}", f"{balanced.estimate:.2f} ({balanced.std_error:.2f})"]
    rows: list[tuple[list[Cell | str], bool]] = []
    for row, got in zip(read("did/printed.csv"), ours, strict=True):
        printed = row["printed"] + (f" ({row['printed_error']})" if row["printed_error"] else "")
        rows.append(([say(f"minimum_wage.{row['quantity']}", lang), printed, got], printed == got))
    return proof(("given", "printed", "recomputed"), rows, lang, "minimum-wage")


def restaurants() -> pd.DataFrame:
    """Return full-time equivalents by restaurant and wave (`sheet, wave, fte, nj`); '.' is missing.

    Sheet 407 stands for two restaurants, as in the authors' file.
    """
    import pandas as pd

    text = gzip.decompress((paths.data() / "reference" / "did" / "public.dat.gz").read_bytes()).decode("latin-1")
    rows = []
    for line in text.splitlines():
        cells = [float("nan") if cell == "." else float(cell) for cell in line.split()]
        for wave, first in enumerate((BEFORE, AFTER)):
            full_time, part_time, managers = cells[first : first + 3]
            rows.append((int(cells[0]), wave, full_time + managers + 0.5 * part_time, int(cells[3])))
    return pd.DataFrame(rows, columns=["sheet", "wave", "fte", "nj"])
