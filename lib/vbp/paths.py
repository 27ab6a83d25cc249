"""Where the repository's own files stand: `data/`, `notebooks/`, `reports/`."""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """Return the repository's top folder; `VBP_ROOT` overrides it."""
    return Path(os.environ.get("VBP_ROOT") or Path(__file__).resolve().parents[2])


def data() -> Path:
    """Return the folder of published data; `VBP_DATA` overrides it (tests alter a copy)."""
    return Path(os.environ.get("VBP_DATA") or root() / "data")


def methods() -> Path:
    """Return the folder of method pages, one per measure."""
    return root() / "docs" / "methods"


def notebooks() -> Path:
    """Return the folder of notebooks; `VBP_NOTEBOOKS` overrides it."""
    return Path(os.environ.get("VBP_NOTEBOOKS") or root() / "notebooks")


def inputs(folder: str | Path) -> Path:
    """Return an inputs folder that a notebook names: as written, else from the repository's top, else under data/inputs.

    A notebook runs in `notebooks/`, and people write `data/inputs/mycity` as they do on the command line, or `mycity`.
    """
    named = Path(folder)
    tried = (named, root() / named, data() / "inputs" / named)
    return next((path for path in tried if path.is_dir()), named)
