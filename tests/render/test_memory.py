"""Memory does not grow with the number of reports: read from the record of a run, not from a clock."""

from __future__ import annotations

import json
import sys

import pytest

from tests.render.places import light_copy
from vbp.render.city import Job
from vbp.render.run import render_run

SLACK_MIB = 8


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peaks")
def test_workers_and_kernels_take_no_more_memory_at_the_hundredth_report_than_at_the_twentieth(demo, tmp_path):
    places = [light_copy(demo, tmp_path / "in", f"p{number:03d}") for number in range(100)]
    jobs = [Job(place.name, str(place), "", ("zh",), tmp_path / "out") for place in places]
    _, record = render_run(jobs, tmp_path / "out", 2)
    told = json.loads(record.read_text(encoding="utf-8"))
    assert (told["made"], told["kernels"]) == (100, "warm")
    for name in ("worker_mib", "peak_mib"):
        taken = [place[name] for place in told["places"]]
        assert min(taken) > 50
        assert max(taken[80:]) <= max(taken[10:30]) + SLACK_MIB, (name, taken)
