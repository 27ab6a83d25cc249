from __future__ import annotations

from pathlib import Path

import pytest

from vbp.city import City, open_city
from vbp.demo import make_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", hospitals=9)


@pytest.fixture(scope="session")
def city(demo) -> City:
    return open_city("demo", inputs=demo)
