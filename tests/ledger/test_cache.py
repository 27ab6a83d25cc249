"""Kept panels: unchanged, a month appended, an old month corrected, two runs at once, a killed run, a full disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.ledger.worlds import World, world
from vbp.errors import InputError
from vbp.ledger import Panels, build, read_panels, store, write_panels
from vbp.ledger.duck import DuckEngine
from vbp.ledger.shape import SCHEMAS

NAMES = ("product_month", "cells", "selected", "progress", "prices", "spec_cells")


def months(made: World, folder: Path, last: str = "9999") -> Path:
    """Write the world's usage as one Parquet file a month, to `last`."""
    folder.mkdir(exist_ok=True)
    usage = made.tables["usage"]
    for first in pc.unique(usage["month"]).to_pylist():
        if f"{first:%Y-%m}" <= last:
            pq.write_table(
                usage.filter(pc.equal(usage["month"], pa.scalar(first, pa.date32()))),
                folder / f"usage-{first:%Y-%m}.parquet",
            )
    return folder


def same(one: Panels, other: Panels) -> None:
    """Hold two panels equal, frame by frame."""
    for name in NAMES:
        left, right = getattr(one, name), getattr(other, name)
        keys = [column for column in left.columns if not column.endswith(("_fen", "_milliunits", "_yuan", "_e10"))]
        frames = [
            frame.astype(dict.fromkeys(keys, str)).sort_values(keys, ignore_index=True) for frame in (left, right)
        ]
        assert len(left) or name == "spec_cells"
        pd.testing.assert_frame_equal(*frames, check_categorical=False)


class Watched(DuckEngine):
    """A DuckDB engine that counts the rows it was asked to pass over."""

    passes: list[int]

    def panels(self, usage, views):  # type: ignore[no-untyped-def]
        result = super().panels(usage, views)
        Watched.passes.append(pc.sum(result["a"]["n"]).as_py())
        return result


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of each pass that builds in this test make."""
    Watched.passes = []
    monkeypatch.setattr("vbp.ledger.duck.DuckEngine", Watched)
    return Watched.passes


@pytest.mark.parametrize("dated", [False, True])
def test_an_unchanged_ledger_is_not_read_again(tmp_path: Path, watched: list[int], dated: bool) -> None:
    made = world(1, dated)
    first = build(made, cache=tmp_path)
    assert sum(watched) == 250
    again = build(made, cache=tmp_path)
    assert sum(watched) == 250
    same(first, again)


@pytest.mark.parametrize(("seed", "dated"), [(1, False), (2, True), (4, False)])
def test_an_appended_month_is_added_without_reading_the_others(
    tmp_path: Path, watched: list[int], seed: int, dated: bool
) -> None:
    made = world(seed, dated, 600)
    build(made, usage=months(made, tmp_path / "usage", "2023-07"), cache=tmp_path / "kept")
    before = sum(watched)
    panels = build(made, usage=months(made, tmp_path / "usage", "2023-08"), cache=tmp_path / "kept")
    assert 0 < sum(watched) - before < 60 < before
    same(panels, build(made, usage=tmp_path / "usage"))


def test_a_month_appended_to_a_table_in_memory_is_added(tmp_path: Path, watched: list[int]) -> None:
    made = world(6, purchases=500)
    rows = sorted(made.rows["usage"], key=lambda row: row["month"])
    shorter = World({**made.rows, "usage": [row for row in rows if row["month"] != rows[-1]["month"]]})
    build(shorter, cache=tmp_path)
    before = sum(watched)
    panels = build(made, cache=tmp_path)
    assert 0 < sum(watched) - before < 60
    same(panels, build(made))


def test_a_corrected_old_month_rebuilds_the_city(tmp_path: Path, watched: list[int]) -> None:
    made = world(1, purchases=400)
    folder = months(made, tmp_path / "usage")
    build(made, usage=folder, cache=tmp_path / "kept")
    path = sorted(folder.iterdir())[3]
    old = pq.read_table(path)
    swapped = old.set_column(0, "hospital_id", pa.array(["h0"] * len(old)))  # the same amounts, another hospital
    pq.write_table(swapped, path)
    steps: list[tuple[str, list[str]]] = []
    panels = build(
        made, usage=folder, cache=tmp_path / "kept", progress=lambda what, pieces: steps.append((what, list(pieces)))
    )
    assert sum(watched) == 800 and steps == [("rebuilt", [path.name])]
    same(panels, build(made, usage=folder))


@pytest.mark.parametrize("name", ["products", "awards", "agreements"])
def test_a_change_in_a_small_table_rebuilds_the_city(tmp_path: Path, watched: list[int], name: str) -> None:
    made = world(1)
    build(made, cache=tmp_path)
    changed = World(
        {
            **made.rows,
            name: made.rows[name][:-1]
            if name != "products"
            else [{**row, "units_per_pack": 99} for row in made.rows[name]],
        }
    )
    same(build(changed, cache=tmp_path), build(changed))
    assert len(watched) >= 3


def test_earlier_months_that_arrive_later_are_right_too(tmp_path: Path) -> None:
    made = world(2, purchases=400)
    rows = sorted(made.rows["usage"], key=lambda row: row["month"])
    build(World({**made.rows, "usage": rows[100:]}), cache=tmp_path)
    same(build(made, cache=tmp_path), build(made))


def test_every_file_has_the_schema_that_is_documented(tmp_path: Path) -> None:
    build(world(3), cache=tmp_path, spec_generics=["g1"])
    files = store.open_files(tmp_path / "world")[1]
    assert set(files) == set(SCHEMAS)
    for name, file in files.items():
        assert file.schema_arrow.remove_metadata().equals(SCHEMAS[name]), name
        for column in file.schema_arrow:
            assert not pa.types.is_floating(column.type), f"{name}.{column.name} must not be a double"
            if column.name.endswith(("_fen", "_milliunits", "_e10")):
                assert column.type == pa.int64()


def test_panels_written_and_read_are_the_same(tmp_path: Path) -> None:
    panels = build(world(3), spec_generics=["g1"])
    write_panels(panels, tmp_path / "a")
    same(panels, read_panels(tmp_path / "a"))
    with pytest.raises(InputError, match="needs the inputs"):
        _ = read_panels(tmp_path / "a").items


def test_a_full_disk_leaves_the_earlier_panels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(1)
    before = build(made, cache=tmp_path)
    names = sorted(path.name for path in (tmp_path / "world").iterdir())
    written = store.write_parquet

    def full(frame: pa.Table, path: Path) -> None:
        if path.name.startswith("progress"):
            path.write_bytes(b"PAR1 half a fi")
            raise OSError(28, "No space left on device")
        written(frame, path)

    monkeypatch.setattr(store, "write_parquet", full)
    changed = World({**made.rows, "usage": made.rows["usage"][:-5]})
    with pytest.raises(InputError, match="No space left on device"):
        build(changed, cache=tmp_path)
    assert sorted(path.name for path in (tmp_path / "world").iterdir()) == names
    monkeypatch.undo()
    same(before, read_panels(tmp_path / "world"))


KILLED = """
import os, signal, sys
sys.path[:0] = [{tests!r}, {lib!r}]
from vbp.ledger import build, store
from tests.ledger.worlds import World, world
written = store.write_parquet
def killed(table, path):
    if path.name.startswith("progress"):
        path.write_bytes(b"PAR1 half")
        os.kill(os.getpid(), signal.SIGKILL)
    written(table, path)
store.write_parquet = killed
made = world(1)
build(World({{**made.rows, "usage": made.rows["usage"][:-5]}}), cache={out!r})
"""


def test_a_killed_run_leaves_the_earlier_panels_and_the_next_run_cleans_up(tmp_path: Path) -> None:
    made = world(1)
    before = build(made, cache=tmp_path)
    code = textwrap.dedent(KILLED).format(
        tests=str(Path(__file__).parents[2]), lib=str(Path(store.__file__).parents[2]), out=str(tmp_path)
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert [path for path in (tmp_path / "world").glob("progress-*") if path.stat().st_size < 20]
    same(before, read_panels(tmp_path / "world"))
    shorter = World({**made.rows, "usage": made.rows["usage"][:-9]})
    build(shorter, cache=tmp_path)
    manifest = store.read_manifest(tmp_path / "world")
    assert manifest and {path.name for path in (tmp_path / "world").glob("*.parquet")} == set(
        manifest["files"].values()
    )


FULL = """
import resource, signal, sys
sys.path[:0] = [{tests!r}, {lib!r}]
from tests.ledger.worlds import World, world
from vbp.errors import InputError
from vbp.ledger import build
made = world(1)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
try:
    build(World({{**made.rows, "usage": made.rows["usage"][:-5]}}), cache={out!r})
except InputError as error:
    print(error)
    sys.exit(1)
"""


@pytest.mark.parametrize("room", [0, 100, 3000])
def test_a_disk_that_takes_no_more_is_one_message_and_the_earlier_panels_stand(tmp_path: Path, room: int) -> None:
    # a limit on file size stops the real writer in mid-file, as a full disk does, and needs no mount
    made = world(1)
    before = build(made, cache=tmp_path)
    names = sorted(path.name for path in (tmp_path / "world").iterdir())
    code = FULL.format(
        tests=str(Path(__file__).parents[2]), lib=str(Path(store.__file__).parents[2]), out=str(tmp_path), room=room
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1 and not ended.stderr, ended.stderr
    assert len(ended.stdout.splitlines()) == 1 and "cannot write the panels" in ended.stdout, ended.stdout
    assert "the earlier ones stand" in ended.stdout and str(tmp_path / "world") in ended.stdout
    assert sorted(path.name for path in (tmp_path / "world").iterdir()) == names
    same(before, read_panels(tmp_path / "world"))


def _build(seed: int, rows: int, out: str) -> None:
    made = world(seed)
    build(World({**made.rows, "usage": made.rows["usage"][:rows]}), cache=out)


def test_runs_at_once_into_one_folder_leave_one_whole_result(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_build, args=(1, 250 - number, str(tmp_path))) for number in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(120)
    assert [run.exitcode for run in runs] == [0, 0, 0]
    panels = read_panels(tmp_path / "world")
    assert (
        panels.cells["amount_fen"].sum()
        == panels.product_month["amount_fen"].sum()
        == panels.totals["amount_fen"].iloc[0]
    )
    assert len(list((tmp_path / "world").glob("*.parquet"))) == len(SCHEMAS)


def test_a_reader_keeps_its_panels_while_a_writer_replaces_them(tmp_path: Path) -> None:
    made = world(1)
    build(made, cache=tmp_path)
    held = read_panels(tmp_path / "world")
    build(World({**made.rows, "usage": made.rows["usage"][:-9]}), cache=tmp_path)
    same(held, build(made))


def test_damaged_panels_are_told(tmp_path: Path) -> None:
    build(world(1), cache=tmp_path)
    path = next((tmp_path / "world").glob("cells-*"))
    os.truncate(path, 100)
    with pytest.raises(InputError, match="damaged panels"):
        read_panels(tmp_path / "world")
    with pytest.raises(InputError, match="run vbp panel first"):
        read_panels(tmp_path / "nowhere")


def test_a_table_of_another_order_is_the_same_ledger(tmp_path: Path, watched: list[int]) -> None:
    made = world(1)
    build(made, cache=tmp_path)
    build(World({**made.rows, "usage": made.rows["usage"][::-1]}), cache=tmp_path)
    assert sum(watched) == 250
