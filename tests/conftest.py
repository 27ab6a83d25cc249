"""What tests share: the reference data, where it is present, and `make test`'s choice of counts."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("VBP_REFERENCE") or ROOT.parent / "shared" / "reference")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data with known answers; tests that use it are marked `reference`."""
    if not REFERENCE.is_dir():
        pytest.skip(f"no reference data at {REFERENCE}; set VBP_REFERENCE")
    return REFERENCE


def pytest_configure(config: pytest.Config) -> None:
    """Leave out `long` tests unless asked for by -m."""
    if not config.option.markexpr:
        config.option.markexpr = "not long"
