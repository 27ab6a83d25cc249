"""A small place that pays something, and the command line run in a process of its own under any circumstances."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.fuzz import content, writing


def place(folder: Path) -> Path:
    """Write the small place: five hospitals, four products, fourteen months."""
    meaning = content.make(random.Random("faults"))
    meaning.city["rule_profile"] = "national-2020"
    writing.folder_of(meaning).write(folder)
    return folder


def environment(**more: str | None) -> dict[str, str]:
    """This process's environment with changes; None takes a variable away."""
    plain = {**os.environ, "PYTHONPATH": str(ROOT / "lib"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {name: value for name, value in {**plain, **more}.items() if value is not None}


def run(
    *words: object, before: tuple[str, ...] = (), cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `vbp` in a process of its own; `before` are the words of a wrapper."""
    command = [*before, sys.executable, "-m", "vbp", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, cwd=cwd, env=env or environment(), timeout=600)


def vbp(*words: object) -> subprocess.CompletedProcess[bytes]:
    """Run `vbp` and expect it to succeed."""
    done = run(*words)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done
