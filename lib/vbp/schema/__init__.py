"""Every column once: name, type, unit, meaning, range, words, Chinese headers, path in OCDS.

Declared in `tables.toml` and `words.toml`. From here come header recognition, validation, `docs/tables.md` and the
template workbook.
"""

from __future__ import annotations

from vbp.schema.catalogue import tables, vocabularies
from vbp.schema.column import KINDS, SCALES, Column, Table, Vocabulary

TABLES: dict[str, Table] = tables()
"""Every table of an inputs folder, by name."""

DEMANDED: tuple[tuple[str, ...], ...] = (("hospitals", "products", "usage"), ("hospitals", "batch_usage"))
"""A folder must hold one of these sets of tables (beside city.yaml); an analysis asks for the others itself."""

__all__ = ["DEMANDED", "KINDS", "SCALES", "TABLES", "Column", "Table", "Vocabulary", "vocabularies"]
