"""Reading and checking against the bare read: a 1,000,000-row csv (pyarrow) and a 200,000-row xlsx (calamine), at
most 3 times each.

    PYTHONPATH=lib python tests/bench/bench_tables.py [--rows 1000000] [--book-rows 200000] [--rounds 7]

Both are timed in turn, warm, in one process; the ratio is that of the best rounds, the median is shown beside it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests import small_folder

LIMIT = 3.0
HOSPITALS, PRODUCTS, MONTHS = 400, 600, 60


def small_tables() -> dict[str, Any]:
    """Hospitals, products and awards of a big city."""
    hospitals = [small_folder.HOSPITALS[0], *([f"H{n:04d}", f"医院{n}", "三级", "公立"] for n in range(HOSPITALS))]
    products = [
        small_folder.PRODUCTS[0],
        *([f"XA10BDA{n:016d}", f"品种{n // 4}", "药品", "片剂", "5mg", 28, f"厂{n % 9}"] for n in range(PRODUCTS)),
    ]
    awards = [
        ["batch_id", "product_id", "start_date", "selected_price_yuan", "end_date"],
        *(["N1", f"XA10BDA{n:016d}", "2020-01-01", f"{20 + n % 40}", "2024-12-31"] for n in range(0, PRODUCTS, 4)),
    ]
    return {"hospitals": hospitals, "products": products, "awards": awards}


def usage_lines(rows: int) -> list[tuple[str, str, str, int, float]]:
    """Usage of a big city: distinct hospital × month × product, prices that hold together."""
    rng = np.random.default_rng(1)
    key = np.sort(rng.choice(HOSPITALS * PRODUCTS * MONTHS, rows, replace=False))
    month, rest = key // (HOSPITALS * PRODUCTS), key % (HOSPITALS * PRODUCTS)
    packs = rng.integers(1, 500, rows)
    names = [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(MONTHS)]
    return [
        (f"H{h:04d}", names[m], f"XA10BDA{p:016d}", int(q), float(q * (20 + p % 40)))
        for h, m, p, q in zip(rest // PRODUCTS, month, rest % PRODUCTS, packs, strict=True)
    ]


def csv_folder(folder: Path, rows: int) -> Path:
    """Write the big csv folder and return it."""
    small_folder.write(folder, small_tables())
    with (folder / "usage.csv").open("w", encoding="utf-8") as stream:
        stream.write("hospital_id,month,product_id,quantity_packs,amount_yuan\n")
        stream.writelines(f"{h},{m},{p},{q},{a:.2f}\n" for h, m, p, q, a in usage_lines(rows))
    return folder


def book_folder(folder: Path, rows: int) -> Path:
    """Write the big xlsx folder and return it."""
    import openpyxl

    small_folder.write(folder, small_tables())
    (folder / "usage.csv").unlink()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("usage")
    sheet.append(["医疗机构编码", "月份", "药品编码", "采购数量(盒)", "采购金额(元)"])
    for line in usage_lines(rows):
        sheet.append(line)
    book.save(folder / "usage.xlsx")
    return folder


def timed(action: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds that one call takes: by the clock, and of processor time over all threads."""
    clock, processor = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - clock, time.process_time() - processor


def compare(name: str, bare: Callable[[], Any], ours: Callable[[], Any], rounds: int) -> bool:
    """Time both in turn and print one line; return whether the ratio holds (by the clock, of the best rounds)."""
    pairs = [(timed(bare), timed(ours)) for _ in range(rounds + 1)][1:]
    base, own = (min(pair[side][0] for pair in pairs) for side in (0, 1))
    processor = min(pair[1][1] for pair in pairs) / min(pair[0][1] for pair in pairs)
    middle = statistics.median(pair[1][0] / pair[0][0] for pair in pairs)
    print(
        f"{name:42s} bare {base:7.3f} s   read and checked {own:7.3f} s   ratio {own / base:5.2f} "
        f"(median of pairs {middle:5.2f}; processor time {processor:5.2f}; limit {LIMIT})"
    )
    return own / base <= LIMIT


def main() -> None:
    """Print the table; exit status 1 where a ratio is above the limit."""
    import pyarrow.csv as pacsv
    from python_calamine import CalamineWorkbook

    from vbp.check import check

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--book-rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = csv_folder(Path(scratch) / "csv", chosen.rows)
        assert check(folder).ok
        good = compare(
            f"csv, {chosen.rows:,} rows, against pyarrow",
            lambda: pacsv.read_csv(folder / "usage.csv"),
            lambda: check(folder),
            chosen.rounds,
        )
        book = book_folder(Path(scratch) / "book", chosen.book_rows)
        good &= compare(
            f"xlsx, {chosen.book_rows:,} rows, against calamine",
            lambda: CalamineWorkbook.from_path(str(book / "usage.xlsx")).get_sheet_by_index(0).to_python(),
            lambda: check(book),
            max(2, chosen.rounds // 3),
        )
    sys.exit(not good)


if __name__ == "__main__":
    main()
