"""The ledger's cost, side by side in one run: bare scan, whole-file pandas, pandas city by city, our panels, Spark.

    python tests/bench/bench_ledger.py [--rows 1.5 20 50] [--runs 3] [--no-spark] [--no-huge] [--work FOLDER]

Sizes are millions of rows; beside them one city ten times larger, and Spark on 20 million rows (once) where pyspark and
Java are. Each measurement is a process of its own: CPU seconds (user and system) and peak resident memory of the
process; medians over the runs, contenders in turns. Ledgers come from the seeded generator beside this file and stay in
the work folder. All contenders read the same Parquet files and make the same sums; the pandas ones are given our look-up
ready-made (its making is in our figure, not in theirs) and write nothing; ours writes its panels and holds them against
the ledger to the fen.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import itertools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "lib")]
CITY = 1_500_000
COLUMNS = ["hospital_id", "month", "product_id", "quantity_packs", "amount_yuan"]
SMALL = ("products", "varieties", "awards", "hospitals")


def prepare(work: Path, millions: float) -> Path:
    """Make the ledger of a size once: cities of 1.5 million rows, and `huge`: one city ten times larger."""
    from ledgers import Shape, reference_tables, write_city
    from pyarrow import parquet

    folder = work / f"ledger-{millions:g}"
    cities = max(1, round(millions * 1_000_000 / CITY))
    rows = round(millions * 1_000_000 / cities)
    if not (folder / "products.parquet").exists():
        for city in range(cities):
            write_city(folder / "usage" / f"city=c{city:03d}", Shape(rows=rows), city)
        for name, table in reference_tables(Shape(), cities).items():
            if name in SMALL:
                parquet.write_table(table, folder / f"{name}.parquet")
    return folder


def prepare_huge(work: Path) -> Path:
    """Make one city of 15 million rows and 3,200 hospitals."""
    from ledgers import Shape, reference_tables, write_city
    from pyarrow import parquet

    folder, shape = work / "ledger-huge", Shape(rows=10 * CITY, hospitals=3200)
    if not (folder / "products.parquet").exists():
        write_city(folder / "usage" / "city=huge", shape)
        for name, table in reference_tables(shape).items():
            if name in SMALL:
                parquet.write_table(table, folder / f"{name}.parquet")
    return folder


def files_of(folder: Path) -> list[Path]:
    """Return the ledger's files, one a city."""
    return sorted((folder / "usage").rglob("*.parquet"))


def small_tables(folder: Path) -> dict[str, Any]:
    """Return the small tables."""
    from pyarrow import parquet

    return {name: parquet.ParquetFile(folder / f"{name}.parquet").read() for name in SMALL}


def scan(folder: Path, out: Path) -> None:
    """Touch every value of the five columns, on one thread: the least that any tool must do."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    for path in files_of(folder):
        connection.execute(
            "SELECT min(length(hospital_id)), min(length(product_id)), max(month), sum(quantity_packs), "
            "sum(amount_yuan) "
            f"FROM '{path}'"
        ).fetchall()


def scan_values(folder: Path, out: Path) -> None:
    """The same with the texts compared, not only their dictionaries touched."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    for path in files_of(folder):
        connection.execute(
            f"SELECT max(hospital_id), max(product_id), max(month), sum(quantity_packs), sum(amount_yuan) FROM '{path}'"
        ).fetchall()


def pandas_panels(frame: Any, look: Any) -> tuple[Any, Any, Any]:
    """Return the three panels of a frame with categories as keys: integer look-ups, numpy arithmetic, grouped sums."""
    import numpy as np

    product = frame["product_id"].cat.rename_categories(
        look["products"].get_indexer(frame["product_id"].cat.categories)
    )
    month = frame["month"].to_numpy().astype("datetime64[M]").astype(np.int64) - look["first"]
    p = np.asarray(product.cat.categories)[product.cat.codes]
    place = month * len(look["products"]) + p
    fen = np.rint(frame["amount_yuan"].to_numpy() * 100).astype(np.int64)
    packs = frame["quantity_packs"].to_numpy()
    q = np.rint(packs * look["factor"][p]).astype(np.int64)
    slot = look["slot"][place] + (np.abs(fen / 100) < look["cap"][place] * np.abs(packs))
    import pandas as pd

    coded = pd.DataFrame(
        {
            "h": frame["hospital_id"].cat.codes.to_numpy(),
            "l": place,
            "s": slot,
            "pm": look["pm"][place],
            "bit": look["bit"][place],
            "q": q,
            "a": fen,
        }
    )
    a = coded.groupby("l")[["q", "a"]].sum()
    b = coded.groupby(["h", "s"]).agg(q=("q", "sum"), a=("a", "sum"))
    b["months"] = coded[["h", "s", "bit"]].drop_duplicates().groupby(["h", "s"])["bit"].sum()
    chosen = coded[coded["pm"] >= 0]
    return a, b, chosen.groupby(["h", "pm"])[["q", "a"]].sum()


def pandas_frame(path: Path | list[Path]) -> Any:
    """Return a ledger as pandas: texts as categories, decimals as doubles (the quick way that people use)."""
    import pyarrow as pa
    from pyarrow import parquet

    table = parquet.read_table(path, columns=COLUMNS, read_dictionary=["hospital_id", "product_id"], partitioning=None)
    for name in ("quantity_packs", "amount_yuan"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.float64()))
    return table.to_pandas(date_as_object=False)


def look_for_pandas(folder: Path, work: Path) -> None:
    """Store the ready-made look-up for the pandas contenders (not counted in their figures)."""
    import numpy as np
    from ledgers import FIRST, Shape

    from vbp.ledger.lookup import Span, build_lookup
    from vbp.ledger.reference import read_reference

    first = (FIRST[0] - 1970) * 12
    lookup = build_lookup(read_reference(small_tables(folder)), Span.whole(first, first + Shape().months - 1), False)
    table, products = lookup.tables(0, False)["look"], lookup.tables(0, False)["product"]
    np.savez(
        work / "look.npz",
        first=first,
        products=np.array(lookup.reference.products.ids),
        factor=products["factor"].to_numpy(),
        **{name: table[name].to_numpy() for name in ("slot", "cap", "pm", "bit")},
    )


def loaded_look(work: Path) -> dict[str, Any]:
    """Return the stored look-up."""
    import numpy as np
    import pandas as pd

    stored = dict(np.load(work / "look.npz", allow_pickle=False))
    return {**stored, "products": pd.Index(stored["products"]), "first": int(stored["first"])}


def pandas_whole(folder: Path, out: Path) -> None:
    """Read the whole ledger into pandas and group it."""
    pandas_panels(pandas_frame(files_of(folder)), loaded_look(out.parent))


def pandas_by_city(folder: Path, out: Path) -> None:
    """Read and group city after city in pandas."""
    look = loaded_look(out.parent)
    for path in files_of(folder):
        pandas_panels(pandas_frame(path), look)


def ours(folder: Path, out: Path, engine: str = "duckdb") -> None:
    """Make, reconcile and write all panels, as `vbp panel` does."""
    from vbp.ledger.build import Task, build_task, open_engine
    from vbp.ledger.rowpass import Kept
    from vbp.ledger.source import from_files

    tables, kept = small_tables(folder), Kept()
    start = time.perf_counter()
    runner = open_engine(engine, "local[2]")
    opened = time.perf_counter() - start
    for path in files_of(folder):
        slug = path.parent.name.removeprefix("city=")
        build_task(Task(slug, from_files(path.parent), tables, (), out / slug), runner, kept, lambda what, pieces: None)
    runner.close()
    print(json.dumps({"start_s": opened, "work_s": time.perf_counter() - start - opened}))


def command(folder: Path, out: Path) -> None:
    """Run the command itself, reading and checking of the small tables and the table at its end included."""
    from vbp.cli import main

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main(["panel", str(folder), "--out", str(out)])
    except SystemExit as ended:
        if ended.code:
            raise


def peak_gib() -> float:
    """Return this process's largest resident memory since it began (Linux), without the parent's, in GiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def ours_spark(folder: Path, out: Path) -> None:
    """The same with Spark on local[2]."""
    ours(folder, out, "spark")


def imports(folder: Path, out: Path) -> None:
    """Only import what ours imports: the floor under its memory."""
    import vbp.ledger.build
    import vbp.ledger.duck  # noqa: F401


CONTENDERS = {
    "bare scan": scan,
    "scan, texts compared": scan_values,
    "pandas, whole file": pandas_whole,
    "pandas, city by city": pandas_by_city,
    "vbp panel": ours,
    "vbp panel, the command": command,
    "imports only": imports,
    "vbp panel, kept": ours,
    "vbp panel, Spark": ours_spark,
}


def measure(name: str, folder: Path, out: Path) -> dict[str, float]:
    """Run one contender in a process of its own and return its CPU and wall seconds and peak memory (GiB)."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--contender", name, "--folder", str(folder), "--out", str(out)]
    with tempfile.TemporaryFile() as log:
        # the pool is what `vbp` sets for itself; all contenders get it
        env = {**os.environ, "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.DEVNULL, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{name} failed on {folder}")
        log.seek(0)
        said = log.read().decode().splitlines()
    extra = {key: value for line in said for key, value in json.loads(line).items()}
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": time.perf_counter() - start, **extra}


def medians(names: Sequence[str], folder: Path, work: Path, runs: int) -> dict[str, dict[str, float]]:
    """Return each contender's medians of several runs, in turns, so that a machine that changes its pace meets them all.

    Each writes into an empty folder, but for what is kept of the run before; Spark runs once.
    """
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for turn in range(runs):
        for name in names:
            if turn and "Spark" in name:
                continue
            out = work / ("out" if name in ("vbp panel", "vbp panel, kept") else "out-other")
            if "kept" not in name:
                shutil.rmtree(out, ignore_errors=True)
            found[name].append(measure(name, folder, out))
    return {name: {key: statistics.median(one[key] for one in all_) for key in all_[0]} for name, all_ in found.items()}


def compare(
    work: Path, folder: Path, title: str, runs: int, spark: bool, whole: bool = True
) -> dict[str, dict[str, float]]:
    """Measure every contender on one ledger and print the table."""
    look_for_pandas(folder, work)
    names = [name for name in CONTENDERS if (spark or "Spark" not in name) and (whole or "whole" not in name)]
    found = medians(names, folder, work, runs)
    floor = min(found["bare scan"]["cpu_s"], 1e9)
    base = found["imports only"]["cpu_s"]
    print(f"\n{title}\n{'':24}{'CPU s':>9}{'× scan':>9}{'wall s':>9}{'peak GiB':>10}")
    for name, one in found.items():
        extra = f"   start-up {one['start_s']:.1f} s, work {one['work_s']:.1f} s" if "start_s" in one else ""
        print(
            f"{name:24}{one['cpu_s']:9.2f}{one['cpu_s'] / floor:9.1f}{one['wall_s']:9.2f}{one['peak_gib']:10.2f}{extra}"
        )
    ours_, scan_ = found["vbp panel"], found["bare scan"]
    print(
        f"without imports ({base:.2f} s of CPU): vbp panel / bare scan = "
        f"{(ours_['cpu_s'] - base) / max(scan_['cpu_s'] - found_import_of_scan(), 1e-9):.1f} (target 8)"
    )
    if whole:
        pandas_ = found["pandas, whole file"]
        print(
            f"whole-file pandas / vbp panel: CPU {pandas_['cpu_s'] / ours_['cpu_s']:.1f}× (target 3), memory "
            f"{pandas_['peak_gib'] / ours_['peak_gib']:.1f}× (target 15)"
        )
    print(
        "pandas city by city / vbp panel: CPU "
        f"{found['pandas, city by city']['cpu_s'] / ours_['cpu_s']:.2f}× (target over 1)"
    )
    return found


def one_city(work: Path, runs: int) -> None:
    """Print what one city of 1.5 million rows costs inside a running program: anew, kept, a month more."""
    from ledgers import Shape, month_date, reference_tables, write_city

    from vbp.ledger.build import Task, build_task, open_engine
    from vbp.ledger.rowpass import Kept
    from vbp.ledger.source import from_files

    shape, folder = Shape(), work / "ledger-months"
    if not folder.exists():
        write_city(folder, shape, monthly=True)
    tables = {name: table for name, table in reference_tables(shape).items() if name in (*SMALL, "agreements")}
    files, last = sorted(folder.iterdir()), f"{month_date(shape.months - 1):%Y-%m}"
    single = files_of(prepare(work, 1.5))
    runner = open_engine("duckdb")

    def timed(paths: list[Path], place: Path, fresh: bool) -> tuple[float, float]:
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
        cpu, wall = time.process_time(), time.perf_counter()
        build_task(Task("city", from_files(paths), tables, (), place), runner, Kept(), lambda what, pieces: None)
        return time.process_time() - cpu, time.perf_counter() - wall

    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(runs):
        found.setdefault("own file, anew (with 146,010 agreements)", []).append(timed(single, work / "one", True))
        found.setdefault("own file, from the cache", []).append(timed(single, work / "one", False))
        found.setdefault("36 monthly files, anew", []).append(timed(files, work / "months", True))
        timed([path for path in files if last not in path.name], work / "months", True)
        found.setdefault("month 36 appended to 35", []).append(timed(files, work / "months", False))
    runner.close()
    print(f"\none city of 1.5 million rows, inside a running program\n{'':44}{'CPU s':>9}{'wall s':>9}")
    for name, times in found.items():
        print(f"{name:44}{statistics.median(t[0] for t in times):9.2f}{statistics.median(t[1] for t in times):9.2f}")
    cpu = {name: statistics.median(t[0] for t in times) for name, times in found.items()}
    print(
        f"a month appended / built anew: {cpu['month 36 appended to 35'] / cpu['36 monthly files, anew']:.2f} "
        "(target well under 0.5)"
    )


def found_import_of_scan() -> float:
    """Return the CPU seconds that importing duckdb alone takes."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import duckdb"], check=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


def has_spark() -> bool:
    """Return whether the second engine can run here."""
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


def main() -> None:
    """Measure the sizes asked for and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, nargs="+", default=[1.5, 20, 50])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--spark", action=argparse.BooleanOptionalAction, default=has_spark(), help="Spark on 20 million rows"
    )
    parser.add_argument("--huge", action=argparse.BooleanOptionalAction, default=True, help="a city ten times larger")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "vbp-bench-ledger")
    parser.add_argument("--contender")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.contender:
        CONTENDERS[given.contender](given.folder, given.out)
        print(json.dumps({"peak_gib": peak_gib()}))
        return
    given.work.mkdir(parents=True, exist_ok=True)
    costs = {}
    if 1.5 in given.rows:
        one_city(given.work, given.runs)
    for millions in given.rows:
        folder = prepare(given.work, millions)
        found = compare(
            given.work,
            folder,
            f"{millions:g} million rows, {len(files_of(folder))} cities",
            given.runs,
            given.spark and millions == 20,
            whole=millions <= 20,
        )
        costs[millions] = found["vbp panel"]["cpu_s"]
    if given.huge:
        compare(given.work, prepare_huge(given.work), "one city of 15 million rows", given.runs, False, whole=False)
    sizes = sorted(costs)
    for one, other in itertools.pairwise(sizes):
        print(f"cost {other:g} M / {one:g} M rows: {costs[other] / costs[one]:.2f}× for {other / one:.2f}× the rows")


if __name__ == "__main__":
    main()
