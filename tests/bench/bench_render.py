"""Rendering, side by side in one run: plain papermill against warm kernels, one worker against two, the index, no change.

`python tests/bench/bench_render.py [--reports 20] [--plain 20] [--memory 100]`. Wall and CPU seconds (children and theirs) of
whole commands: start, imports, HTML and index included on both sides, one report of each kind beforehand, unmeasured. "Plain" comes
twice, as people do it: a shell loop of `papermill` and `jupyter nbconvert` (the targets are against this one), and one Python
process that loops over both (imports once). Every figure stands at the end beside what is wanted of it.
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
SLACK_MIB = 8
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
    """Return the environment of every command: one BLAS thread, this library, compiled modules kept as on any machine.

    Some sandboxes forbid Python to keep compiled modules: every start would compile the library anew, and a loop of
    commands starts most often.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT / "lib"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


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


def memory_taken(places: list[Path], out: Path) -> dict[str, list[float]]:
    """Render `places` with two workers; return what each worker and each kernel took, in the order of the reports, MiB."""
    warm(places, out, 2)
    record = json.loads(next((out / "runs").glob("*.json")).read_text(encoding="utf-8"))
    return {what: [place[what] for place in record["places"] if place[what]] for what in ("worker_mib", "peak_mib")}


@dataclass(frozen=True)
class Figure:
    """What was measured, beside what is wanted of it; `held` is None where nothing is wanted."""

    what: str
    measured: str
    wanted: str = ""
    held: bool | None = None

    def row(self) -> str:
        """Return the table's line."""
        verdict = {None: "", True: "held", False: "NOT HELD"}[self.held]
        return f"{self.what:<73}{self.measured:>20}   {self.wanted:<18}{verdict}".rstrip()


def speed(shell: Cost, loop: Cost, one: Cost, two: Cost) -> list[Figure]:
    """Return how many times faster warm rendering is."""

    def times(slow: Cost, fast: Cost, name: str) -> float:
        return getattr(slow, name) / slow.reports / (getattr(fast, name) / fast.reports)

    def figure(what: str, slow: Cost, fast: Cost, name: str, least: float | None = None) -> Figure:
        found = times(slow, fast, name)
        wanted = f"at least {least:g}x" if least else ""
        return Figure(
            f"{what}, {'CPU' if name == 'cpu' else name}", f"{found:.2f}x", wanted, found >= least if least else None
        )

    return [
        figure("one warm worker against a loop of commands", shell, one, "wall", 5),
        figure("one warm worker against a loop of commands", shell, one, "cpu", 6),
        figure("one warm worker against one looping Python process", loop, one, "wall"),
        figure("one warm worker against one looping Python process", loop, one, "cpu"),
        figure("two warm workers against one", one, two, "wall", 1.5),
    ]


def memory(taken: dict[str, list[float]]) -> list[Figure]:
    """Return whether memory stays flat: the largest of reports 11-20, of ten half-way, and of the last ten."""
    figures = []
    for name, told in (("worker, resident after a report", "worker_mib"), ("kernel, peak", "peak_mib")):
        mib = taken[told]
        starts = (10, len(mib) // 2, len(mib) - 10) if len(mib) >= 30 else (0,)
        most = [max(mib[start : start + 10]) for start in starts]
        shown = ", ".join(f"{one:.0f}" for one in most)
        held = most[-1] <= most[0] + SLACK_MIB if len(most) > 1 else None
        figures.append(Figure(f"{name}, over {len(mib)} reports (early, half-way, late)", f"{shown} MiB", "flat", held))
    return figures


def idle(places: list[Path], root: Path, out: Path) -> list[Figure]:
    """Return what the index over a country takes, and a run that finds nothing to do."""
    index = index_seconds(out)
    words = ["report", *(place.name for place in places), "--inputs", str(root), "--lang", "zh", "--out", str(out)]
    night = cost("", 1, lambda: run(sys.executable, "-m", "vbp", *words))
    record = json.loads(next((out / "runs").glob("*.json")).read_text(encoding="utf-8"))
    told = f"{night.wall:.2f} s ({night.cpu:.2f} CPU)"
    return [
        Figure(f"index of {len(places)} places", f"{index:.2f} s", "under 1 s", index < 1),
        Figure(
            f"no change over {record['skipped']} of {len(places)} places",
            told,
            "under 5 s",
            night.wall < 5 and record["skipped"] == len(places),
        ),
    ]


def main() -> None:
    """Measure, and print the costs, then every figure beside its target."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=int, default=20)
    asked.add_argument("--plain", type=int, default=20, help="reports of the plain loops (they are slow)")
    asked.add_argument("--memory", type=int, default=100, help="reports over which memory is watched")
    given = asked.parse_args()
    from vbp.demo import make_demo

    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = make_demo(folder / "demo", hospitals=9)
        places = [light_copy(demo, folder / "in", f"p{number:03d}") for number in range(COUNTRY)]
        few, most = places[: given.plain], places[: given.reports]
        for part in ("before", "shell", "loop"):
            (folder / part).mkdir()
        by_shell(places[:1], folder / "before")
        warm(places[:2], folder / "before" / "warm", 1)
        shell, loop, one, two = costs = [
            cost("papermill + nbconvert, commands in a loop", len(few), lambda: by_shell(few, folder / "shell")),
            cost("papermill + nbconvert, one Python process", len(few), lambda: by_loop(few, folder / "loop")),
            cost("vbp report, warm, --jobs 1", len(most), lambda: warm(most, folder / "one", 1)),
            cost("vbp report, warm, --jobs 2", len(most), lambda: warm(most, folder / "two", 2)),
        ]
        taken = memory_taken(places[: given.memory], folder / "memory")
        country(places, folder / "one" / places[0].name, folder / "country")
        figures = [*speed(shell, loop, one, two), *memory(taken), *idle(places, folder / "in", folder / "country")]
    print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} processors; zh only")
    for line in costs:
        print(line.row(costs[0]))
    for figure in figures:
        print(figure.row())


if __name__ == "__main__":
    main()
