"""Known exports made into the tables of an inputs folder, by profiles in data/profiles/*.yaml."""

from __future__ import annotations

from vbp.imports.engine import Imported, import_files
from vbp.imports.packs import Pack, parse
from vbp.imports.profile import Profile, names, read_profile

__all__ = ["Imported", "Pack", "Profile", "import_files", "names", "parse", "read_profile"]
