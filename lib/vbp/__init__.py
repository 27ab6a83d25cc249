"""Volume-based procurement (集采): savings and retained surplus, from tender results and hospital usage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vbp.city import City

__version__ = "0.1.0"
__all__ = ["City", "__version__", "open_city"]


def __getattr__(name: str) -> Any:
    """Import `open_city` and `City` when first asked for, so that `import vbp` stays light."""
    if name in ("open_city", "City"):
        from vbp import city

        return getattr(city, name)
    raise AttributeError(f"module 'vbp' has no attribute {name!r}")
