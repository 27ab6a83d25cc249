"""The demonstration folder, altered: what a user's own folder lacks or holds that is odd."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

Row = dict[str, str]


def altered(
    demo: Path,
    target: Path,
    *,
    without: tuple[str, ...] = (),
    keep: dict[str, Callable[[Row], bool]] | None = None,
    change: dict[str, Callable[[Row], Row]] | None = None,
) -> Path:
    """Copy a folder to `target`: tables left out, rows kept by a test, rows changed."""
    import csv
    import io

    shutil.copytree(demo, target, ignore=shutil.ignore_patterns("stock.csv", "truth.json"))
    for name in without:
        (target / f"{name}.csv").unlink()
    for name in {*(keep or {}), *(change or {})}:
        path = target / f"{name}.csv"
        note, _, body = path.read_text(encoding="utf-8-sig").partition("\n")
        rows = list(csv.DictReader(io.StringIO(body)))
        kept = [(change or {}).get(name, dict)(row) for row in rows if (keep or {}).get(name, lambda row: True)(row)]
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
        path.write_text(f"{note}\n{out.getvalue()}", encoding="utf-8")
    return target


def one_hospital(demo: Path, target: Path) -> Path:
    """A folder of one hospital."""
    tables = ("agreements", "assessments", "batch_usage", "hospitals", "settlements", "usage")
    return altered(demo, target, keep={name: lambda row: row["hospital_id"] == "H001" for name in tables})


def one_month(demo: Path, target: Path) -> Path:
    """A folder whose ledger covers one month."""
    return altered(demo, target, keep={"usage": lambda row: row["month"] == "2021-03"})
