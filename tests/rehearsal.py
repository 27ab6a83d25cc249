"""A country's month, once (`make rehearsal`): 333 synthetic places rendered with failures among them, mended, and left alone.

`python tests/rehearsal.py [--places 333] [--ledgers 20] [--jobs 2] [--lang zh]`. Most places are light copies of the demonstration
(amounts by round); `--ledgers` of them are whole demonstrations with a ledger of their own, each another seed. All are marked
synthetic. Six get a trouble each: five in the notebook (a cell runs `trouble.py` of the inputs folder), one in a table.

1. the first night: everything is rendered, six fail and are named, the others are not held up;
2. the day after: the six are mended, and only they are rendered;
3. a night without changes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from tests.bench.bench_render import environment, index_seconds  # noqa: E402
from tests.render.places import light_copy  # noqa: E402

TROUBLES = {
    "raises": ("raise ValueError('boom')", "ValueError: boom"),
    "hangs": ("import time; time.sleep(3600)", "time-out"),
    "exits": ("import sys; sys.exit()", "SystemExit"),
    "eats": ("hog = bytearray(64 << 30)", "MemoryError"),
    "dies": ("import os; os.kill(os.getpid(), 9)", "Kernel died"),
}
BROKEN = "batch_usage"
CELL = """from pathlib import Path
trouble = Path(inputs) / "trouble.py"
if trouble.exists():
    exec(trouble.read_text())"""
TIME_OUT = 120


@dataclass
class Memory:
    """Memory of the run's processes while reports are made, MiB."""

    pid: int
    most: float = 0.0
    samples: int = 0
    zygotes: dict[int, list[float]] = field(default_factory=dict)

    def take(self) -> None:
        """Add up the proportional memory of the process and all below it; note the zygotes' resident memory."""
        family = {self.pid}
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError):
                continue
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        self.samples += 1
        self.most = max(self.most, sum(_kib(pid, "smaps_rollup", "Pss") for pid in family) / 1024)
        for pid in family:
            if parents.get(pid) == self.pid and b"vbp.render.zygote" in _words(pid):
                self.zygotes.setdefault(pid, []).append(_kib(pid, "status", "VmRSS") / 1024)


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _kib(pid: int, file: str, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


@dataclass(frozen=True)
class Night:
    """One run of `vbp report`: seconds by the clock and of processors, memory, its record."""

    wall: float
    cpu: float
    status: int
    memory: Memory
    record: dict

    def told(self, name: str) -> str:
        """Return the night in one line."""
        counts = ", ".join(f"{self.record[what]} {what}" for what in ("made", "skipped", "failed"))
        return f"{name}: {counts} in {self.wall:.1f} s wall, {self.cpu:.1f} s CPU; exit status {self.status}"


def night(words: list[str], out: Path, notebooks: Path) -> Night:
    """Run `vbp report` and watch it."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**environment(), "VBP_NOTEBOOKS": str(notebooks)}
    process = subprocess.Popen([sys.executable, "-m", "vbp", *words], env=env, stderr=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    assert process.stderr is not None
    for number, line in enumerate(process.stderr, 1):
        memory.take()
        if (
            number % 50 == 0 or "FAILED" in line or not line.startswith("[")
        ):  # nothing but progress and failures is expected
            print("   ", line.rstrip()[:160], flush=True)
    status = process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    newest = max((out / "runs").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    told = json.loads(newest.read_text(encoding="utf-8"))
    return Night(time.perf_counter() - started, cpu, status, memory, told)


def country(folder: Path, places: int, ledgers: int) -> list[Path]:
    """Make the places' inputs folders; those with a ledger are spread among the others."""
    from vbp.demo import make_demo

    demo = make_demo(folder / "demo", hospitals=9)
    every = places // ledgers if ledgers else places + 1
    made = []
    for number in range(places):
        slug = f"p{number:03d}"
        whole = number % every == every - 1 and number // every < ledgers
        made.append(
            make_demo(folder / "in" / slug, hospitals=9, seed=number)
            if whole
            else light_copy(demo, folder / "in", slug)
        )
    return made


def plant(places: list[Path]) -> dict[str, str]:
    """Give six places a trouble each, spread over the run; return what each must be told to have."""
    step = max(len(places) // (len(TROUBLES) + 2), 1)
    light = [place for place in places if not (place / "usage.csv").exists()]
    chosen = light[step // 2 :: step][: len(TROUBLES) + 1]
    wanted = {}
    for place, (text, told) in zip(chosen, TROUBLES.values(), strict=False):
        (place / "trouble.py").write_text(text)
        wanted[place.name] = told
    table = chosen[-1] / f"{BROKEN}.csv"
    shutil.copyfile(table, chosen[-1].parent.parent / "good.csv")
    table.write_text(table.read_text(encoding="utf-8").replace(",before", ",sometimes", 1), encoding="utf-8")
    return {**wanted, chosen[-1].name: BROKEN}


def mend(places: list[Path], troubles: dict[str, str]) -> None:
    """Take the troubles away."""
    for place in places:
        (place / "trouble.py").unlink(missing_ok=True)
        if troubles.get(place.name) == BROKEN:
            shutil.copyfile(place.parent.parent / "good.csv", place / f"{BROKEN}.csv")


def notebook_with_troubles(folder: Path) -> Path:
    """Write the report's notebook with one cell more, after the parameters."""
    folder.mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / "city_report.ipynb", as_version=4)
    after = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", ())) + 1
    notebook.cells.insert(after, nbformat.v4.new_code_cell(CELL))
    nbformat.write(notebook, folder / "city_report.ipynb")
    return folder


def places_told(record: dict) -> None:
    """Print what the record says of places: time and memory, from the first to the last."""
    done = [place for place in record["places"] if place["ok"] and not place["skipped"]]
    ledger = [place["seconds"] for place in done if "usage.csv" in place["inputs"]]
    light = [place["seconds"] for place in done if "usage.csv" not in place["inputs"]]
    for name, seconds in (("amounts by round", light), ("with a ledger", ledger)):
        if seconds:
            print(
                f"a place {name}: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s ({len(seconds)})"
            )
    for name in ("peak_mib", "worker_mib"):
        told = [place[name] for place in done if place[name] and "usage.csv" not in place["inputs"]]
        if told:
            at = ", ".join(f"{told[min(i, len(told) - 1)]:.0f}" for i in (9, len(told) // 2, len(told) - 1))
            print(f"{name}: {at} MiB at the tenth, the middle and the last light place; largest {max(told):.0f}")


def main() -> None:
    """Rehearse and print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--places", type=int, default=333)
    asked.add_argument("--ledgers", type=int, default=20)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--lang", default="zh")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "out"
        places = country(folder, given.places, given.ledgers)
        troubles = plant(places)
        notebooks = notebook_with_troubles(folder / "n")
        words = ["report", *(place.name for place in places), "--inputs", str(folder / "in"), "--out", str(out)]
        words += ["--lang", given.lang, "--jobs", str(given.jobs), "--timeout", str(TIME_OUT)]
        load = os.getloadavg()[0]
        first = night(words, out, notebooks)
        print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after; {os.cpu_count()} processors; {given}")
        print(
            first.told("first night"),
            f"({first.wall / given.places:.2f} s wall, {first.cpu / given.places:.2f} s CPU a place)",
        )
        places_told(first.record)
        print(
            f"all processes together at most {first.memory.most:.0f} MiB (proportional; {first.memory.samples} samples)"
        )
        for pid, taken in first.memory.zygotes.items():
            print(f"zygote {pid}: {taken[0]:.0f} to {taken[-1]:.0f} MiB resident ({len(taken)} samples)")
        reasons = {place["slug"]: place["reason"] for place in first.record["places"] if not place["ok"]}
        named = {slug for slug, told in troubles.items() if told in reasons.get(slug, "")}
        print(f"planted failures: {len(troubles)}, each named: {named == set(reasons) == set(troubles)}")
        for slug, reason in reasons.items():
            print(f"    {slug}: {reason[:140]}")
        print(f"index: {index_seconds(out):.2f} s (target below 1 s)")
        mend(places, troubles)
        print(night(words, out, notebooks).told("the day after, mended"))
        print(night(words, out, notebooks).told("a night without changes"), "(target below 5 s wall)")


if __name__ == "__main__":
    main()
