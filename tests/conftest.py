"""What tests share: the reference data, programs from Debian packages, a copy of `data/` to alter, and the choice of counts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from vbp.city import City

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("VBP_REFERENCE") or ROOT.parent / "shared" / "reference")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data with known answers; tests that use it are marked `reference`."""
    if not REFERENCE.is_dir():
        pytest.skip(f"no reference data at {REFERENCE}; set VBP_REFERENCE")
    return REFERENCE


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium."""
    found = shutil.which("chromium")
    if not found:
        pytest.skip("needs Debian's package chromium")
    return found


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration folder of nine hospitals, made once a session; tests copy it before they alter it."""
    from vbp.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("demonstration") / "demo", hospitals=9)


@pytest.fixture(scope="session")
def demo_city(demo_folder: Path) -> City:
    """The demonstration as a city: what one test has computed, the next one finds."""
    from vbp.city import open_city

    return open_city("demo", inputs=demo_folder)


@pytest.fixture
def data_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `data/` that the library reads instead of the repository's own."""
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data", folder, ignore=shutil.ignore_patterns("inputs"))
    monkeypatch.setenv("VBP_DATA", str(folder))
    return folder


def pytest_configure(config: pytest.Config) -> None:
    """Leave out `long` tests unless asked for by -m."""
    if not config.option.markexpr:
        config.option.markexpr = "not long"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip into a failure where everything must run (`VBP_REQUIRE_ALL`, set by `.ci/run`)."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("VBP_REQUIRE_ALL") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although everything must run here: {report.longrepr}"
