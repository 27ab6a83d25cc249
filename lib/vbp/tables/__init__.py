"""A user's own data read: encodings told apart, headers recognised, cells made exact, everything odd said with its row.

`read_inputs(folder)` is the way in; `load` is the same without raising, for `vbp check`.
"""

from __future__ import annotations

from vbp.tables.inputs import FileRecord, Inputs, Origin
from vbp.tables.place import Place
from vbp.tables.reading import Loaded, load, read_inputs

__all__ = ["FileRecord", "Inputs", "Loaded", "Origin", "Place", "load", "read_inputs"]
