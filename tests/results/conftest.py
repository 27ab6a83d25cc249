from __future__ import annotations

from pathlib import Path

import pytest

from vbp.city import City


@pytest.fixture(scope="session")
def demo(demo_folder) -> Path:
    return demo_folder


@pytest.fixture(scope="session")
def city(demo_city) -> City:
    return demo_city
