"""Places and a zygote that the tests of rendering share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vbp.demo import make_demo
from vbp.render import warm


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", hospitals=9, months=60)


@pytest.fixture(scope="session")
def zygote() -> Iterator[warm.Zygote]:
    if warm.unavailable():
        pytest.skip(warm.unavailable())
    with warm.Zygote() as running:
        yield running
