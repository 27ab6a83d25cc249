"""Files spoilt in every way: read right or refused with file and row; never a traceback, never a total changed in
silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import mutate


def test_three_hundred_spoilt_files(tmp_path: Path) -> None:
    cases = [mutate.make(1, number)[0] for number in range(300)]
    assert {case.expect for case in cases} == {"same", "error", "check", "plain"}
    assert mutate.run(1, range(300), tmp_path) == []


@pytest.mark.long
def test_two_thousand_spoilt_files(tmp_path: Path) -> None:
    assert mutate.run(2, range(2000), tmp_path) == []
