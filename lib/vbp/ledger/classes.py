"""The names of statuses and classes: what a purchase is, and which sums of a cell it goes to."""

from __future__ import annotations

STATUSES = ("outside", "alternative", "nonselected", "elsewhere", "selected")
"""Status of a purchase by code: 集采外, 可替代药品, 非中选, 外省中选, 中选."""
OUTSIDE, ALTERNATIVE, NONSELECTED_STATUS, ELSEWHERE, SELECTED = range(5)

CLASSES = (
    "selected",
    "elsewhere",
    "evaluated_dearer",
    "evaluated_cheaper",
    "unevaluated_dearer",
    "unevaluated_cheaper",
    "originator_dearer",
    "originator_cheaper",
    "alternative",
    "outside",
)
"""Classes of a cell by code. A non-selected class's cheaper twin is the next code: the row pass adds 1."""
NONSELECTED = CLASSES[2:8]
"""The six kinds of non-selected use (非中选): their amounts are N."""
EVALUATED = ("evaluated_dearer", "evaluated_cheaper")
"""Non-selected generics that passed consistency evaluation (过评)."""
CHEAPER = ("evaluated_cheaper", "unevaluated_cheaper", "originator_cheaper")
"""Non-selected purchases at a unit price below the main supplier's."""
ORIGINATOR = ("originator_dearer", "originator_cheaper")
"""Originator products (原研) that were not selected."""
CODE = {name: code for code, name in enumerate(CLASSES)}
STATUS_OF = {name: name if name in STATUSES else "nonselected" for name in CLASSES}
"""The status that each class belongs to."""
