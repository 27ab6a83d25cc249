"""The workbook to fill in: a sheet per table with notes, drop-downs, units in the headers and an example row."""

from __future__ import annotations

from vbp.template.workbook import header_of, write_template

__all__ = ["header_of", "write_template"]
