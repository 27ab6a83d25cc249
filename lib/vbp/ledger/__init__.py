"""The ledger: purchases of any size made into the small panels on which everything else works (docs/panels.md)."""

from __future__ import annotations

from vbp.ledger.build import build
from vbp.ledger.panels import Panels, read_panels, write_panels

__all__ = ["Panels", "build", "read_panels", "write_panels"]
