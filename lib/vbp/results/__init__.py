"""What is computed from a place's own tables, each when first asked for, and what is missing for the rest."""

from vbp.results.computed import Computed
from vbp.results.missing import Missing

__all__ = ["Computed", "Missing"]
