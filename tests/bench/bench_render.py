"""Rendering, side by side in one run: plain papermill against warm kernels, one worker against two, the index, no change.

`python tests/bench/bench_render.py [--reports 20] [--plain 20] [--memory 100]`. Wall and CPU seconds (children and theirs) of
whole commands: start, imports, HTML and index included on both sides. "Plain" comes twice, as people do it: a shell loop of
`papermill` and `jupyter nbconvert`, and one Python process that loops over both (imports once).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from tests.render.places import light_copy  # noqa: E402

COUNTRY = 333
LOOP = """
import sys, nbformat, papermill
from nbconvert import HTMLExporter
source, out, folders = sys.argv[1], sys.argv[2], sys.argv[3:]
for folder in folders:
    slug = folder.rsplit("/")[-1]
    papermill.execute_notebook(source, f"{out}/{slug}.ipynb", {"city": slug, "inputs": folder}, progress_bar=False)
    body, _ = HTMLExporter(exclude_input=True).from_filename(f"{out}/{slug}.ipynb")
    open(f"{out}/{slug}.html", "w", encoding="utf-8").write(body)
"""


@dataclass(frozen=True)
class Cost:
    """Seconds for `reports` reports: by the clock, and of processors."""

    name: str
    reports: int
    wall: float
    cpu: float

    def row(self, against: Cost) -> str:
        """Return the table's line: per report, and how many times faster than `against`."""
        wall, cpu = self.wall / self.reports, self.cpu / self.reports
        faster = f"{against.wall / against.reports / wall:5.1f}x wall {against.cpu / against.reports / cpu:5.1f}x CPU"
        return f"{self.name:<46}{self.reports:>4} reports  {wall:6.2f} s wall  {cpu:6.2f} s CPU a report   {faster}"


def cost(name: str, reports: int, action: Callable[[], None]) -> Cost:
    """Measure an action that runs in child processes."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(name, reports, time.perf_counter() - wall, cpu)


def environment() -> dict[str, str]:
    """Return the environment of every command: one BLAS thread, this library."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "lib"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def run(*words: str, cwd: Path = ROOT) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, cwd=cwd, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:6])} …: {done.stderr[-800:]}")


def by_shell(places: list[Path], out: Path) -> None:
    """Render with the commands of papermill and nbconvert, a process each."""
    tools = Path(sys.executable).parent
    for place in places:
        made = str(out / f"{place.name}.ipynb")
        given = ["-p", "city", place.name, "-p", "inputs", str(place), "--no-progress-bar"]
        run(
            str(tools / "papermill"),
            str(ROOT / "notebooks" / "city_report.ipynb"),
            made,
            *given,
            cwd=ROOT / "notebooks",
        )
        run(str(tools / "jupyter"), "nbconvert", "--to", "html", "--no-input", made)


def by_loop(places: list[Path], out: Path) -> None:
    """Render with papermill and nbconvert in one Python process."""
    source = str(ROOT / "notebooks" / "city_report.ipynb")
    run(sys.executable, "-c", LOOP, source, str(out), *map(str, places), cwd=ROOT / "notebooks")


def warm(places: list[Path], out: Path, jobs: int) -> None:
    """Render with `vbp report`."""
    slugs = [place.name for place in places]
    words = [
        "report",
        *slugs,
        "--inputs",
        str(places[0].parent),
        "--out",
        str(out),
        "--lang",
        "zh",
        "--jobs",
        str(jobs),
    ]
    run(sys.executable, "-m", "vbp", *words)


def country(places: list[Path], rendered: Path, out: Path) -> None:
    """Make a country's folder of reports from one rendered report, as if each had been rendered."""
    from vbp import paths
    from vbp.render import fingerprint
    from vbp.render.city import NOTEBOOK, Job
    from vbp.render.page import write_assets

    shared = fingerprint.basis(paths.notebooks() / NOTEBOOK)
    for place in places:
        shutil.copytree(rendered, out / place.name)
        fingerprint.stamp(
            out / place.name, fingerprint.made_from(Job(place.name, str(place), "", ("zh",), out), shared)
        )
    write_assets(out / "assets")


def index_seconds(out: Path) -> float:
    """Return the seconds that the index over `out` takes, the best of three in this process."""
    from vbp.render.index import write_index

    taken = []
    for _ in range(3):
        started = time.perf_counter()
        write_index(out, ())
        taken.append(time.perf_counter() - started)
    return min(taken)


def memory_told(places: list[Path], out: Path) -> None:
    """Render `places` with two workers and print what kernels and workers took, early and late in the run."""
    warm(places, out, 2)
    record = json.loads(next((out / "runs").glob("*.json")).read_text(encoding="utf-8"))
    for what, name in (("worker_mib", "worker, resident after the report"), ("peak_mib", "kernel, peak")):
        taken = [place[what] for place in record["places"] if place[what]]
        parts = [taken[at : at + 10] for at in (10, len(taken) // 2, len(taken) - 10)] if len(taken) >= 30 else [taken]
        told = ", ".join(f"{max(part):.0f}" for part in parts)
        print(
            f"memory over {len(taken)} reports, {name}: largest of reports 11-20, of ten half-way, of the last ten: {told} MiB"
        )


def main() -> None:
    """Measure, and print the table with its ratios and targets."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=int, default=20)
    asked.add_argument("--plain", type=int, default=20, help="reports of the plain loops (they are slow)")
    asked.add_argument("--memory", type=int, default=100, help="reports over which memory is watched")
    given = asked.parse_args()
    from vbp.demo import make_demo

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = make_demo(folder / "demo", hospitals=9)
        places = [light_copy(demo, folder / "in", f"p{number:03d}") for number in range(COUNTRY)]
        few, most = places[: given.plain], places[: given.reports]
        for part in ("shell", "loop"):
            (folder / part).mkdir()
        costs = [
            cost("papermill + nbconvert, commands in a loop", len(few), lambda: by_shell(few, folder / "shell")),
            cost("papermill + nbconvert, one Python process", len(few), lambda: by_loop(few, folder / "loop")),
            cost("vbp report, warm, --jobs 1", len(most), lambda: warm(most, folder / "one", 1)),
            cost("vbp report, warm, --jobs 2", len(most), lambda: warm(most, folder / "two", 2)),
        ]
        print(
            f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; zh only; seconds include start and HTML"
        )
        for line in costs:
            print(line.row(costs[0]))
        one, two = costs[2:]
        print(f"against one Python process: {costs[2].row(costs[1]).split('a report')[1].strip()}")
        print(
            f"two workers against one: {one.wall / two.wall:.2f}x wall (target 1.5x), targets 5x wall and 6x CPU for warm"
        )
        memory_told(places[: given.memory], folder / "memory")
        country(places, folder / "one" / places[0].name, folder / "country")
        print(f"index of {COUNTRY} places: {index_seconds(folder / 'country'):.2f} s (target below 1 s)")
        words = ["report", *(place.name for place in places), "--inputs", str(folder / "in"), "--lang", "zh"]
        idle = cost("", 1, lambda: run(sys.executable, "-m", "vbp", *words, "--out", str(folder / "country")))
        record = json.loads(next((folder / "country" / "runs").glob("*.json")).read_text(encoding="utf-8"))
        print(
            f"no change over {record['skipped']} places: {idle.wall:.2f} s wall, {idle.cpu:.2f} s CPU (target below 5 s)"
        )


if __name__ == "__main__":
    main()
