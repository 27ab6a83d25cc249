"""Spoilt folders through the whole chain: no traceback, no total changed in silence, every refusal names its place.

`make test` runs a sample; `make test-long` 20,000 (`VBP_FUZZ_CASES`), split by seeds so that workers share them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz import content, jobs, run, steps
from tests.fuzz.truth import Truth, sums
from vbp.rules import load_profile

SAMPLE, SEEDS = 24, 4
LONG_SEEDS = 100
CASES = int(os.environ.get("VBP_FUZZ_CASES", "20000"))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_sample_of_spoilt_folders(seed: int, tmp_path: Path) -> None:
    assert run.run(1000 + seed, range(SAMPLE), tmp_path) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(LONG_SEEDS))
def test_twenty_thousand_spoilt_folders(seed: int, tmp_path: Path) -> None:
    tally = jobs.many(2000 + seed, range(CASES // LONG_SEEDS), tmp_path)
    assert tally.defects == []
    assert tally.cases == CASES // LONG_SEEDS


def test_cases_are_of_every_kind_and_the_same_every_time() -> None:
    cases = [run.make(1, number) for number in range(400)]
    again = [run.make(1, number) for number in (7, 77, 377)]
    assert [case.steps for case in again] == [cases[number].steps for number in (7, 77, 377)]
    assert [case.content.tables for case in again] == [cases[number].content.tables for number in (7, 77, 377)]
    counts = Counter(case.expect for case in cases)
    assert set(counts) == {"same", "either", "error", "reader", "refused"}
    assert counts["same"] > 60
    taken = {step for case in cases for step in case.steps}
    known = {step.__name__ for step in (*steps.CHANGES, *steps.SPELLINGS, *steps.NONSENSE, *steps.DAMAGE)}
    assert known - taken == set()


def test_the_cities_pay_something_and_every_profile_and_class_occurs() -> None:
    paid, seen = 0, Counter()
    for seed in range(40):
        meaning = content.make(random.Random(seed))
        truth = Truth(meaning, load_profile(meaning.city["rule_profile"]))
        totals = truth.totals()
        paid += totals["payout"] > 0
        seen.update(row["status"] for row in truth.purchases)
        assert totals["panel.amount"] == sums(meaning)["usage.amount"] * 100
    assert paid > 25
    named = {content.make(random.Random(seed)).city["rule_profile"] for seed in range(150)}
    assert named == set(content.PROFILES)
    assert set(seen) == {"selected", "nonselected", "elsewhere", "alternative", "outside"}


def test_the_oracle_sees_a_fen_and_a_row(tmp_path: Path) -> None:
    """A judge that passes everything would pass this too: a total off by a fen, a purchase that is not counted."""
    from tests.fuzz import chain, writing
    from tests.fuzz.judge import differences

    meaning = content.make(random.Random(5))
    writing.folder_of(meaning).write(tmp_path / "in")
    outcome = chain.run(tmp_path / "in")
    assert differences(meaning, outcome) is None
    outcome.totals["payout"] += content.D("0.01")
    assert "payout" in str(differences(meaning, outcome))
    outcome.totals["payout"] -= content.D("0.01")
    changed = meaning.copy()
    changed.tables["usage"].pop()
    assert "rows.usage" in str(differences(changed, outcome))
