"""A country's night, once (`make rehearsal`): 333 synthetic places rendered, memory watched, then a night without changes.

`python tests/rehearsal.py [--places 333] [--jobs 2] [--lang zh]`. The places are light copies of the demonstration
(amounts by round, no ledger), all marked synthetic.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from tests.bench.bench_render import environment, index_seconds  # noqa: E402
from tests.render.places import light_copy  # noqa: E402


@dataclass
class Memory:
    """Resident memory (MiB) of every process of the run while reports are made: `samples[what]` in order."""

    pid: int
    samples: dict[str, list[float]] = field(default_factory=dict)

    def take(self) -> None:
        """Add one sample of each worker and zygote below the process."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                status = dict(
                    line.split(":\t", 1) for line in (entry / "status").read_text().splitlines() if ":\t" in line
                )
                if status["PPid"] != str(self.pid):
                    continue
            except (OSError, KeyError, ValueError):
                continue
            what = (
                "zygote"
                if b"vbp.render.zygote" in words
                else "worker"
                if any(b"spawn_main" in w for w in words)
                else ""
            )
            if what:
                self.samples.setdefault(f"{what} {entry.name}", []).append(int(status["VmRSS"].split()[0]) / 1024)


def render(words: list[str]) -> tuple[float, Memory]:
    """Run `vbp report` and watch its memory; return its seconds and the samples."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "vbp", *words], env=environment(), stderr=subprocess.PIPE, text=True
    )
    memory = Memory(process.pid)
    assert process.stderr is not None
    for number, line in enumerate(process.stderr, 1):
        memory.take()
        if number % 25 == 0 or "FAILED" in line:
            print(line.rstrip(), flush=True)
    if process.wait():
        raise SystemExit("the run failed")
    return time.perf_counter() - started, memory


def main() -> None:
    """Rehearse and print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--places", type=int, default=333)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--lang", default="zh")
    given = asked.parse_args()
    from vbp.demo import make_demo

    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "out"
        demo = make_demo(folder / "demo", hospitals=9)
        slugs = [light_copy(demo, folder / "in", f"p{number:03d}").name for number in range(given.places)]
        words = ["report", *slugs, "--inputs", str(folder / "in"), "--out", str(out), "--lang", given.lang]
        words += ["--jobs", str(given.jobs)]
        load = os.getloadavg()[0]
        wall, memory = render(words)
        record = json.loads(next((out / "runs").glob("*.json")).read_text(encoding="utf-8"))
        seconds = [place["seconds"] for place in record["places"]]
        peaks = [place["peak_mib"] for place in record["places"] if place["peak_mib"]]
        print(
            f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after; {os.cpu_count()} processors; --lang {given.lang}"
        )
        print(
            f"{record['made']} made, {record['failed']} failed in {wall / 60:.1f} min ({wall / given.places:.2f} s a place)"
        )
        print(f"a place: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")
        print(
            f"kernel peak: median {statistics.median(peaks):.0f} MiB, largest {max(peaks):.0f}; first {peaks[0]:.0f}, last {peaks[-1]:.0f}"
        )
        for what, taken in memory.samples.items():
            told = [taken[min(at, len(taken) - 1)] for at in (5, len(taken) // 2, len(taken) - 1)]
            print(
                f"{what}: {told[0]:.0f}, {told[1]:.0f}, {told[2]:.0f} MiB resident early, half-way, at its end ({len(taken)} samples)"
            )
        print(f"index: {index_seconds(out):.2f} s")
        wall, _ = render(words)
        print(f"a night without changes: {wall:.2f} s")


if __name__ == "__main__":
    main()
