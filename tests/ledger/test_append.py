"""A part added to kept panels gives, byte for byte, the files that the whole ledger gives; what cannot be added is not."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
import tempfile
import textwrap
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.worlds import World, world
from vbp.ledger import build, store

STEP = dict[str, Any]


def written(made: World, folder: Path, names: list[str] | None = None) -> Path:
    """Write the world's usage as one Parquet file a month (all months, or those named)."""
    folder.mkdir(exist_ok=True, parents=True)
    usage = made.tables["usage"]
    for first in pc.unique(usage["month"]).to_pylist():
        if names is None or f"{first:%Y-%m}" in names:
            part = usage.filter(pc.equal(usage["month"], pa.scalar(first, pa.date32())))
            pq.write_table(part, folder / f"u{first:%Y-%m}.parquet".replace("-", "x"))
    return folder


def months_of(made: World) -> list[str]:
    """Return the months with purchases, in order."""
    return sorted({f"{row['month']:%Y-%m}" for row in made.rows["usage"]})


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of a city's files by panel."""
    manifest = store.read_manifest(folder)
    assert manifest
    return {name: (folder / file).read_bytes() for name, file in manifest["files"].items()}


def same_as_anew(made: World, usage: Path, kept: Path) -> None:
    """Hold the kept files and facts equal to those of a build from nothing."""
    with tempfile.TemporaryDirectory() as place:
        build(made, usage=usage, cache=place)
        fresh = Path(place) / made.slug
        whole, mine = contents(fresh), contents(kept / made.slug)
        assert set(whole) == set(mine) and len(whole["cells"]) > 500
        for name, data in whole.items():
            assert mine[name] == data, name
        facts = [store.read_manifest(folder) or {} for folder in (fresh, kept / made.slug)]
        assert [{**one, "files": None} for one in facts] == [{**facts[0], "files": None}] * 2


def added(made: World, usage: Path, kept: Path) -> list[str]:
    """Build on what is kept and return what became of it (`added`, `rebuilt`, `unchanged`)."""
    steps: list[str] = []
    build(made, usage=usage, cache=kept, progress=lambda what, pieces: steps.append(what))
    return steps


@given(st.integers(0, 10**6), st.booleans(), st.booleans(), st.lists(st.integers(4, 42), min_size=1, max_size=3))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_months_appended_one_after_another_give_the_files_of_the_whole_ledger(
    seed: int, dated: bool, shifts: bool, cuts: list[int]
) -> None:
    made = world(seed, dated, 400, shifts)
    months = months_of(made)
    with tempfile.TemporaryDirectory() as place:
        usage, kept = Path(place) / "usage", Path(place) / "kept"
        stops = sorted({min(cut, len(months)) for cut in cuts})
        for number, stop in enumerate([*stops, len(months)]):
            written(made, usage, months[:stop])
            steps = added(made, usage, kept)
            assert number == 0 or steps in (["added"], ["unchanged"])
        same_as_anew(made, usage, kept)


@pytest.mark.parametrize("dated", [False, True])
def test_a_late_file_of_an_old_month_is_added_too(tmp_path: Path, dated: bool) -> None:
    made = world(11, dated, 500)
    rng = random.Random(1)
    late = [row for row in made.rows["usage"] if rng.random() < 0.1]
    early = World({**made.rows, "usage": [row for row in made.rows["usage"] if row not in late]}, dated)
    usage = written(early, tmp_path / "usage")
    added(early, usage, tmp_path / "kept")
    assert len({row["month"] for row in late}) > 10
    pq.write_table(World({**made.rows, "usage": late}, dated).tables["usage"], usage / "late.parquet")
    assert added(made, usage, tmp_path / "kept") == ["added"]
    same_as_anew(made, usage, tmp_path / "kept")


def test_without_a_list_of_hospitals_new_ones_of_a_month_take_their_place_among_the_old(tmp_path: Path) -> None:
    made = world(3, purchases=400)
    months = months_of(made)
    rows = [
        {**row, "hospital_id": "h1a"} if f"{row['month']:%Y-%m}" == months[-1] else row for row in made.rows["usage"]
    ]
    made = World({name: rows if name == "usage" else part for name, part in made.rows.items() if name != "hospitals"})
    usage = written(made, tmp_path / "usage", months[:-1])
    added(made, usage, tmp_path / "kept")
    written(made, usage)
    assert added(made, usage, tmp_path / "kept") == ["added"]
    same_as_anew(made, usage, tmp_path / "kept")


def test_products_and_hospitals_that_no_table_lists_do_not_stop_a_month_from_being_added(tmp_path: Path) -> None:
    made = world(5, purchases=500)
    changes = {"p3": {"product_id": "strange"}, "p7": {"hospital_id": "nowhere"}}
    rows = [{**row, **changes.get(row["product_id"], {})} for row in made.rows["usage"]]
    unsized = [{**row, "units_per_pack": None} if row["product_id"] == "p17" else row for row in made.rows["products"]]
    made = World({**made.rows, "usage": rows, "products": unsized})
    months = months_of(made)
    usage = written(made, tmp_path / "usage", months[:-2])
    added(made, usage, tmp_path / "kept")
    written(made, usage)
    assert added(made, usage, tmp_path / "kept") == ["added"]
    reasons = pq.read_table(next((tmp_path / "kept/world").glob("unmatched-*")))["reason"].to_pylist()
    assert {"product_unknown", "hospital_unknown", "no_pack_size"} <= set(reasons)
    same_as_anew(made, usage, tmp_path / "kept")


def other_product(row: STEP) -> STEP:
    """Return a purchase of a product that no table lists."""
    return {**row, "product_id": "never seen"}


@pytest.mark.parametrize("month", [3, -1])
def test_a_product_not_met_before_builds_the_city_anew_whatever_its_month(tmp_path: Path, month: int) -> None:
    made = world(8, purchases=400)
    usage, months = written(made, tmp_path / "usage"), months_of(made)
    added(made, usage, tmp_path / "kept")
    one = next(row for row in made.rows["usage"] if f"{row['month']:%Y-%m}" == months[month])
    pq.write_table(World({**made.rows, "usage": [other_product(one)]}).tables["usage"], usage / "more.parquet")
    assert added(made, usage, tmp_path / "kept") == []  # neither added nor unchanged
    same_as_anew(made, usage, tmp_path / "kept")
    assert "never seen" in pq.read_table(next((tmp_path / "kept/world").glob("unmatched-*")))["product_id"].to_pylist()


CHANGES: dict[str, tuple[str, STEP]] = {
    "an agreement's quantity": ("agreements", {"agreed_quantity_units": Decimal(77)}),
    "an agreement's dates": ("agreements", {"end_date": dt.date(2023, 9, 9)}),
    "a selected price": ("awards", {"selected_price_yuan": Decimal("1.23")}),
    "a price before": ("varieties", {"pre_price_yuan_per_unit": Decimal("8.5")}),
    "a pack size": ("products", {"units_per_pack": 56}),
    "a kind of product": ("products", {"originator": True, "consistency_evaluated": False}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_month_that_comes_with_a_changed_small_table_is_not_added_to_what_was(tmp_path: Path, what: str) -> None:
    made, (table, change) = world(1, purchases=400), CHANGES[what]
    usage, months = tmp_path / "usage", months_of(made)
    added(made, written(made, usage, months[:-1]), tmp_path / "kept")
    before = contents(tmp_path / "kept/world")
    rows = made.rows[table]
    changed = World({**made.rows, table: [*rows[:1], {**rows[1], **change}, *rows[2:]]})
    assert changed.tables[table] != made.tables[table]
    assert "added" not in added(changed, written(changed, usage), tmp_path / "kept")
    same_as_anew(changed, usage, tmp_path / "kept")
    assert contents(tmp_path / "kept/world") != before


@pytest.mark.parametrize("dated", [False, True])
def test_an_old_month_corrected_while_a_new_one_comes_is_built_anew(tmp_path: Path, dated: bool) -> None:
    made = world(2, dated, 400)
    usage, months = tmp_path / "usage", months_of(made)
    added(made, written(made, usage, months[:-1]), tmp_path / "kept")
    old = sorted(usage.iterdir())[5]
    table = pq.read_table(old)
    pq.write_table(table.set_column(0, "hospital_id", pa.array(["h0"] * len(table))), old)
    written(made, usage, months[-1:])
    assert added(made, usage, tmp_path / "kept") == ["rebuilt"]
    same_as_anew(made, usage, tmp_path / "kept")


def test_a_new_month_without_rows_leaves_sums_as_they_are(tmp_path: Path) -> None:
    made = world(2, purchases=300)
    usage = written(made, tmp_path / "usage")
    added(made, usage, tmp_path / "kept")
    pq.write_table(made.tables["usage"].slice(0, 0), usage / "empty.parquet")
    added(made, usage, tmp_path / "kept")
    same_as_anew(made, usage, tmp_path / "kept")


LIGHT = """
import sys
sys.path[:0] = [{tests!r}, {lib!r}]
from pathlib import Path
import pyarrow.parquet as pq
from vbp.ledger.build import Task, build_task, open_engine
from vbp.ledger.rowpass import Kept
from vbp.ledger.source import from_files
assert "pandas" not in sys.modules
tables = {{path.stem: pq.ParquetFile(path).read() for path in Path({small!r}).iterdir()}}
engine, usage = open_engine("duckdb"), sorted(Path({usage!r}).iterdir())
for part in (usage[:-1], usage):
    steps = []
    build_task(Task("w", from_files(part), tables, (), Path({out!r})), engine, Kept(), lambda what, _: steps.append(what))
print(steps, "pandas" in sys.modules)
"""


@pytest.mark.parametrize("shifts", [False, True])
def test_panels_are_made_without_pandas(tmp_path: Path, shifts: bool) -> None:
    # pyarrow loads pandas (40 MiB) with the first Python or numpy value it is given; see vbp.ledger.arrays
    made = world(1, purchases=400, shifts=shifts)
    written(made, tmp_path / "usage")
    (tmp_path / "small").mkdir()
    for name, table in made.tables.items():
        if name != "usage":
            pq.write_table(table, tmp_path / "small" / f"{name}.parquet")
    root, lib = str(Path(__file__).parents[2]), str(Path(store.__file__).parents[2])
    places = {name: str(tmp_path / name) for name in ("small", "usage", "out")}
    code = textwrap.dedent(LIGHT).format(tests=root, lib=lib, **places)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.split("\n")[0] == "['added'] False", ended.stdout + ended.stderr
