"""nbformat imported without what makes its import slow."""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"


def import_nbformat() -> None:
    """Import nbformat, but spare the grammar that jsonschema's check of internationalised addresses builds (0.8 s of CPU).

    Notebooks have no such format; jsonschema leaves the check out where the package is absent, so it is absent for that
    moment. Afterwards it can be imported as ever.
    """
    if "jsonschema" in sys.modules or _GRAMMAR in sys.modules:
        return
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]
    try:
        import nbformat  # noqa: F401
    finally:
        del sys.modules[_GRAMMAR]
