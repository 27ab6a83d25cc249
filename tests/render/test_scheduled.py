"""Schedules: the files people copy are valid and name what exists; jupyter-scheduler runs the notebook with parameters."""

from __future__ import annotations

import ast
import configparser
import csv
import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
import yaml
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.render.places import FIGURES, notebook_of
from vbp import paths
from vbp.cli import build
from vbp.render.parameters import ReportParameters, check_parameters

DEPLOY = ROOT / "deploy"


def options() -> set[str]:
    """Every option of `vbp report`, as help names it."""
    import typer

    command = typer.main.get_command(build()).commands["report"]  # type: ignore[attr-defined]
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def test_every_vbp_report_line_in_docs_and_deploy_uses_options_that_exist():
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in [ROOT / "docs" / "schedule.md", *DEPLOY.rglob("*")]
        if path.is_file()
    }
    lines = [(path.name, line) for path, text in texts.items() for line in text.splitlines() if "vbp report" in line]
    assert len(lines) >= 5
    known = options()
    for name, line in lines:
        for option in re.findall(
            r"(?<![\w-])--?[a-z][a-z-]*", line.split("vbp report", 1)[1].split("#")[0].split("'mail")[0]
        ):
            assert option in known, f"{name}: {option} in {line}"


def test_the_airflow_dag_compiles_and_maps_one_papermill_task_over_the_cities():
    path = DEPLOY / "airflow_dag.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    compile(tree, str(path), "exec")
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {node.id for node in calls if isinstance(node, ast.Name)} | {
        n.attr for n in calls if isinstance(n, ast.Attribute)
    }
    assert "expand_kwargs" in named
    keys = {
        k.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for k in node.keys
        if isinstance(k, ast.Constant)
    }
    assert {"parameters", "output_nb", "city", "lang"} <= keys
    assert {"city", "lang"} <= set(ReportParameters.model_fields)


def imported_dag(monkeypatch, tmp_path):
    """Import the DAG file with stand-ins for Airflow's classes that write down what they were given."""
    made = []

    class Operator:
        def __init__(self, **given):
            self.given, self.after = given, []
            made.append(self)

        @classmethod
        def partial(cls, **given):
            return cls(partial=given)

        def expand_kwargs(self, mapped):
            self.given["mapped"] = mapped
            return self

        def __rshift__(self, other):
            self.after.append(other)
            return other

    class Papermill(Operator):
        pass

    class Dag(Operator):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    class Variable:
        @staticmethod
        def get(name, default_var=None):
            return str(tmp_path)

    for name, members in (
        ("airflow", {"DAG": Dag}),
        ("airflow.models", {"Variable": Variable}),
        ("airflow.operators.bash", {"BashOperator": Operator}),
        ("airflow.providers.papermill.operators.papermill", {"PapermillOperator": Papermill}),
    ):
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            if ".".join(parts[:end]) not in sys.modules:
                monkeypatch.setitem(sys.modules, ".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
        for member, value in members.items():
            setattr(sys.modules[name], member, value)
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("inputs"))
    for name in ("own", ".ipynb_checkpoints"):
        (tmp_path / "data" / "inputs" / name).mkdir(parents=True)
    runpy.run_path(str(DEPLOY / "airflow_dag.py"))
    return made, Papermill


def test_the_dag_has_one_mapped_papermill_task_whose_parameters_are_those_of_the_report(monkeypatch, tmp_path):
    made, papermill = imported_dag(monkeypatch, tmp_path)
    (task,) = [operator for operator in made if isinstance(operator, papermill)]
    assert Path(task.given["partial"]["input_nb"]) == tmp_path / "notebooks" / "city_report.ipynb"
    mapped = task.given["mapped"]
    with (ROOT / "data" / "cities.csv").open(encoding="utf-8-sig", newline="") as stream:
        cities = {row["city"] for row in csv.DictReader(stream)}
    assert {(one["parameters"]["city"], one["parameters"]["lang"]) for one in mapped} == {
        (city, lang) for city in cities | {"own"} for lang in ("zh", "en")
    }
    assert len({one["output_nb"] for one in mapped}) == len(mapped)
    for one in mapped:
        check_parameters(one["parameters"], (*cities, "own"))
    pages = task.after[0].given["bash_command"]
    assert "vbp report --all" in pages


def test_the_systemd_units_are_units(tmp_path):
    for name, sections in (
        ("vbp-report.service", {"Unit", "Service"}),
        ("vbp-report.timer", {"Unit", "Timer", "Install"}),
    ):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read(DEPLOY / name, encoding="utf-8")
        assert set(unit.sections()) == sections
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "calendar", unit["Timer"]["OnCalendar"]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        for name in ("vbp-report.service", "vbp-report.timer"):
            text = (DEPLOY / name).read_text(encoding="utf-8").replace("/opt/vbp/.venv/bin/vbp", sys.executable)
            (tmp_path / name).write_text(text.replace("WorkingDirectory=/opt/vbp", f"WorkingDirectory={tmp_path}"))
        units = [str(tmp_path / name) for name in ("vbp-report.service", "vbp-report.timer")]
        done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_container_has_everything_that_a_report_reads():
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [word.removeprefix("./") for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    for folder in (paths.data(), paths.notebooks(), paths.methods(), ROOT / "lib"):
        name = folder.relative_to(ROOT).as_posix()
        assert any(name == word or name.startswith(f"{word}/") for word in copied), name
    assert all((ROOT / word).exists() for word in copied)


def test_the_ci_example_is_yaml_and_runs_the_commands_of_the_readme():
    steps = [
        step
        for job in yaml.safe_load((DEPLOY / "ci.yaml").read_text(encoding="utf-8"))["jobs"].values()
        for step in job["steps"]
    ]
    commands = " ".join(step.get("run", "") for step in steps)
    assert ".ci/run" in commands
    assert (ROOT / ".ci" / "run").exists()


@pytest.mark.parametrize("said", [["nantong", "--quiet"], ["--all"]])
def test_a_cron_line_run_twice_says_nothing_the_second_time(tmp_path, monkeypatch, said):
    notebook_of(tmp_path / "n", FIGURES)
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    (tmp_path / "in").mkdir()
    words = ["report", *said, "--lang", "zh", "--inputs", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    first = CliRunner().invoke(build(), words)
    assert first.exit_code == 0, first.output
    assert " reports made. Open " in first.stdout
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "nantong").iterdir()}
    second = CliRunner().invoke(build(), words)
    assert (second.exit_code, second.stdout, second.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "nantong").iterdir()} == before
    told = CliRunner().invoke(build(), [*words, "--no-quiet"])
    assert "unchanged and skipped (--force renders them)" in told.stdout


def test_who_names_a_place_is_answered_though_nothing_changed(tmp_path, monkeypatch):
    notebook_of(tmp_path / "n", FIGURES)
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    words = ["report", "nantong", "--lang", "zh", "--plain", "--out", str(tmp_path / "out")]
    for told in ("1 of 1 reports made. Open", "0 of 1 reports made, 1 unchanged and skipped"):
        assert told in CliRunner().invoke(build(), words).stdout


class Server:
    """A Jupyter server on loopback with the scheduler's extension, its state in a folder of its own."""

    def __init__(self, root: Path, state: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "lib"),
            **{
                name: str(state / name)
                for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
            },
        }
        words = [
            "-m",
            "jupyter",
            "server",
            "--allow-root",
            "--no-browser",
            f"--ServerApp.port={port}",
            "--ip=127.0.0.1",
        ]
        words += ["--IdentityProvider.token=test", f"--ServerApp.root_dir={root}"]
        self.log = (state / "log").open("w")
        self.process = subprocess.Popen([sys.executable, *words], env=env, stderr=self.log, stdout=self.log)

    def ask(self, path: str, body: dict | None = None):
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "token test", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def until(self, happens, seconds: float):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if found := happens():
                    return found
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.5)
        raise AssertionError(Path(self.log.name).read_text()[-3000:])


@pytest.mark.long
@pytest.mark.skipif(find_spec("jupyter_scheduler") is None, reason="needs the package jupyter-scheduler (extra lab)")
def test_a_job_made_through_jupyter_schedulers_api_runs_with_its_parameters(tmp_path):
    root, state = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    (state / "HOME").mkdir(parents=True)
    shutil.copyfile(ROOT / "notebooks" / "city_report.ipynb", root / "city_report.ipynb")
    server = Server(root, state)
    try:
        (environment,) = server.until(lambda: server.ask("/scheduler/runtime_environments"), 60)
        job = server.ask(
            "/scheduler/jobs",
            {
                "name": "jiujiang",
                "input_uri": "city_report.ipynb",
                "runtime_environment_name": environment["name"],
                "output_formats": ["ipynb"],
                "parameters": {"city": '"jiujiang"', "lang": '"en"'},
            },
        )["job_id"]
        done = server.until(
            lambda: (told := server.ask(f"/scheduler/jobs/{job}"))["status"] in ("COMPLETED", "FAILED") and told, 180
        )
        assert done["status"] == "COMPLETED", done
        (made,) = state.rglob("city_report-*.ipynb")  # where the scheduler keeps outputs until they are downloaded
        notebook = nbformat.read(made, as_version=4)
    finally:
        server.process.terminate()
        server.process.wait(20)
        server.log.close()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs) >= 5
    assert "Jiujiang" in json.dumps([dict(output.get("data", {})) for output in outputs])
