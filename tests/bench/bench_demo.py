"""Making the default demonstration folder, against the bare writing of its largest table."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def _seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Return the least wall time of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print a table: what, seconds, ratio to writing the usage table with Arrow."""
    import pyarrow.csv as pacsv

    from vbp.demo import make_demo, simulate

    with tempfile.TemporaryDirectory() as folder:
        usage = simulate(1, 60).core["usage"]
        bare = _seconds(lambda: pacsv.write_csv(usage, Path(folder) / "bare.csv"))
        rows = [
            ("write usage (Arrow, bare)", bare),
            ("make_demo, 60 hospitals", _seconds(lambda: make_demo(Path(folder) / "d"))),
            ("simulate 12, ledger only", _seconds(lambda: simulate(1, 12))),
            ("simulate 12, panel tables", _seconds(lambda: simulate(1, 12).core)),
            ("simulate 12, all and truth", _seconds(lambda: (lambda made: (made.tables, made.truth))(simulate(1, 12)))),
        ]
    print(f"{'what':32} {'seconds':>9} {'ratio':>7}   ({usage.num_rows:,} usage rows)")
    for name, seconds in rows:
        print(f"{name:32} {seconds:9.3f} {seconds / bare:7.1f}")


if __name__ == "__main__":
    main()
