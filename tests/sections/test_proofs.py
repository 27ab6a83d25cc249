"""The validation notebook's proofs: every known answer is met, and a wrong one would be seen."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from vbp.facts import load_published
from vbp.sections import proofs
from vbp.words import say

PROOFS: dict[str, tuple[Callable[[str], proofs.Proof], int]] = {
    "indices": (proofs.index_reference, 8),
    "surplus": (proofs.surplus_vectors, 22),
    "worked": (proofs.worked_vectors, 16),
    "conversions": (proofs.price_ratio_vectors, 6),
    "wages": (proofs.minimum_wage, 6),
    "prescribing": (proofs.prescribing, 2),
    "rounds": (lambda lang: proofs.cut_ratios(load_published(), lang), 6),
}
"""Each proof with the number of its known answers."""
SPOILED = {
    "indices": ("index_printed.csv", "1.4200", "1.4201"),
    "surplus": ("surplus_vectors.csv", "243180,121590", "243180,121591"),
    "worked": ("worked_vectors.csv", "p0,4.66", "p0,4.7667"),
    "conversions": ("price_ratio_vectors.csv", "63.35", "63.36"),
    "wages": ("did/printed.csv", "2.754", "2.76"),
    "rounds": ("cut_ratios.csv", "0.939", "0.938"),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PROOFS)
def test_every_known_answer_is_met(name: str, lang: str) -> None:
    make, count = PROOFS[name]
    found = make(lang)
    assert found.holds == (True,) * count
    assert found._repr_html_().count(f">{say('validation.holds', lang)}</td>") == count


@pytest.mark.parametrize("name", SPOILED)
def test_a_wrong_answer_would_be_seen(name: str, data_copy: Path) -> None:
    file, right, wrong = SPOILED[name]
    path = data_copy / "reference" / file
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    found = PROOFS[name][0]("zh")
    assert found.holds.count(False) == 1
    assert say("validation.does_not", "zh") in found._repr_html_()
    assert "1个不符" in proofs.all_hold([found], "zh").source


def test_the_parts_of_real_prescribing_add_up_to_the_penny() -> None:
    additive, factors = proofs.prescribing_change()
    assert additive.change_yuan != 0
    assert sum(additive.parts.values(), Decimal(0)) == additive.change_yuan
    assert np.prod(list(factors.factors.values())) == pytest.approx(factors.value_ratio, rel=1e-12)
