"""The pieces of a ledger by which a change is noticed: its files, or the months of a table or a single file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vbp.ledger.calendar import as_date
from vbp.ledger.source import Usage, file_digest


@dataclass(frozen=True)
class Piece:
    """A part of a ledger: its name, the hash of its content and its rows; `path` or `month` (a day number) says where
    it is.
    """

    name: str
    digest: str
    rows: int
    path: Path | None = None
    month: int | None = None

    @property
    def entry(self) -> tuple[str, int]:
        """What the manifest keeps of the piece."""
        return self.digest, self.rows


def pieces_of(usage: Usage) -> list[Piece]:
    """Return the ledger's pieces.

    Several files: the files, by SHA-256. One file: the file as a whole. A table in memory: its months, by a hash of
    their rows.
    """
    if usage.table is not None:
        return month_pieces(usage)
    rows = dict(zip(usage.paths, usage.counts, strict=True))
    return [Piece(name, file_digest(path), rows[path], path=path) for name, path in piece_names(usage.paths).items()]


def piece_names(paths: tuple[Path, ...]) -> dict[str, Path]:
    """Return short names of files that tell them apart: the path below their common folder."""
    if len(paths) == 1:
        return {paths[0].name: paths[0]}
    common = paths[0].parent
    while not all(common in path.parents for path in paths):
        common = common.parent
    return {str(path.relative_to(common)): path for path in paths}


def month_pieces(usage: Usage) -> list[Piece]:
    """Return a table's months with a hash of their rows (the order of rows does not matter)."""
    from vbp.ledger.duck import DuckEngine

    engine = DuckEngine()
    try:
        columns = ", ".join(name for name in usage.schema.names if name not in ("month", "date"))
        day = usage.day
        text = (
            f"SELECT date_trunc('month', {day})::DATE AS month, count(*) AS n, sum(hash({day}, "
            f"{columns}))::VARCHAR AS total, "
            f"bit_xor(hash({day}, {columns}))::VARCHAR AS parity FROM usage GROUP BY 1 ORDER BY 1"
        )
        rows = engine.rows(usage, text, {}).to_pylist()
    finally:
        engine.close()
    return [
        Piece(
            f"{row['month']:%Y-%m}" if row["month"] else "none",
            f"{row['total']}-{row['parity']}",
            row["n"],
            month=(row["month"] - as_date(0)).days if row["month"] else None,
        )
        for row in rows
    ]
