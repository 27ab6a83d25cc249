"""Spark runs the same queries and gives the same panels: on local[2], and on a real standalone master and worker on
loopback.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.ledger.test_cache import months, same
from tests.ledger.worlds import World, world
from vbp.errors import InputError
from vbp.ledger import build

pytest.importorskip("pyspark", reason="pyspark is not installed (pip install 'vbp[spark]')")
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    pytest.skip("Java is not installed (apt-get install openjdk-17-jre-headless)", allow_module_level=True)

CLUSTER = [] if os.environ.get("VBP_SPARK_CLUSTER") else [pytest.mark.long]


def check_same_panels(master: str, tmp_path: Path) -> None:
    """Build dated and undated worlds, from tables and from files, with both engines, and hold them equal."""
    from vbp.ledger.build import Task, build_task, ledger_of
    from vbp.ledger.duck import DuckEngine
    from vbp.ledger.rowpass import Kept
    from vbp.ledger.spark import SparkEngine

    spark, duck = SparkEngine(master), DuckEngine()
    try:
        for seed, dated in ((1, False), (2, True)):
            made = world(seed, dated, shifts=False)
            place = halves(made, tmp_path / "用量 100% [a] {b}" / "city=c0") if seed == 1 else None
            task = Task("world", ledger_of(made, place), made.tables, "all")
            panels = build_task(task, duck, Kept(), lambda what, pieces: None)
            assert len(panels.spec_cells) > 50 and {"selected", "nonselected"} <= set(panels.product_month["status"])
            same(build_task(task, spark, Kept(), lambda what, pieces: None), panels)
    finally:
        duck.close()
        spark.close()


def test_spark_gives_the_same_panels_cell_by_cell(tmp_path: Path) -> None:
    check_same_panels("local[2]", tmp_path)


def halves(made: World, folder: Path) -> Path:
    """Write the world's usage as two Parquet files, in a folder as a national ledger and a careless hand name them."""
    folder.mkdir(parents=True)
    usage = made.tables["usage"]
    for number in (0, 1):
        pq.write_table(usage.slice(number * len(usage) // 2, len(usage) // 2), folder / f"part-{number}.parquet")
    return folder


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A standalone master and one worker on loopback; ended by their process ids."""
    import pyspark

    home, port = Path(pyspark.__file__).parent, free_port()
    for name in ("work", "local"):
        (tmp_path / name).mkdir()
    surroundings = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(tmp_path / "work"),
        "SPARK_LOCAL_DIRS": str(tmp_path / "local"),
    }
    master = f"spark://127.0.0.1:{port}"
    run = [str(home / "bin" / "spark-class")]
    commands = [
        [
            *run,
            "org.apache.spark.deploy.master.Master",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--webui-port",
            str(free_port()),
        ],
        [
            *run,
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            "127.0.0.1",
            "--webui-port",
            str(free_port()),
            "--cores",
            "2",
            "--memory",
            "2g",
            master,
        ],
    ]
    logs = [tmp_path / "master.log", tmp_path / "worker.log"]
    processes = []
    try:
        for command, log, wanted, told in zip(
            commands, logs, ("I have been elected leader", "Registering worker"), (logs[0], logs[0]), strict=True
        ):
            processes.append(
                subprocess.Popen(command, env=surroundings, stdout=log.open("w"), stderr=subprocess.STDOUT)
            )
            wait_for(told, wanted)
        yield master
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(30)


def wait_for(log: Path, text: str, seconds: float = 90) -> None:
    """Wait until a log says `text`."""
    end = time.monotonic() + seconds
    while text not in log.read_text(encoding="utf-8", errors="replace"):
        assert time.monotonic() < end, log.read_text(encoding="utf-8", errors="replace")[-2000:]
        time.sleep(0.2)


def _marked(function):  # type: ignore[no-untyped-def]
    for mark in CLUSTER:
        function = mark(function)
    return function


@_marked
def test_a_real_cluster_gives_the_same_panels(cluster: str, tmp_path: Path) -> None:
    check_same_panels(cluster, tmp_path)


def test_a_damaged_file_is_one_problem_on_spark_too(tmp_path: Path) -> None:
    made = world(1)
    path = sorted(months(made, tmp_path / "usage").iterdir())[3]
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(200) + whole[204:])
    with pytest.raises(InputError) as caught:
        build(made, usage=tmp_path / "usage", engine="spark", master="local[2]")
    assert len(caught.value.problems) == 1


def test_without_java_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match="needs Java 17"):
        build(world(1), engine="spark")
