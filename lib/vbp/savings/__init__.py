"""Savings (节约), each kind named: official, realised, potential, alternatives; by every cut, equal to the fen."""

from vbp.savings.result import KINDS, Savings
from vbp.savings.savings import savings
from vbp.savings.spending import SpendingChange, spending_change

__all__ = ["KINDS", "Savings", "SpendingChange", "savings", "spending_change"]
