"""Retained surplus (结余留用): settle it exactly, say why, and show what moves it."""

from vbp.surplus.lines import Lines
from vbp.surplus.result import Settlement, settle

__all__ = ["Lines", "Settlement", "settle"]
