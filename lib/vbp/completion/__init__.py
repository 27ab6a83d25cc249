"""Completion of agreed volume (约定采购量完成率): by quantity and by amount, against the time gone by (序时进度)."""

from vbp.completion.completion import STATES, Completion, completion

__all__ = ["STATES", "Completion", "completion"]
