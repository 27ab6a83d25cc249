"""Schedules: the files people copy are valid and name what exists; jupyter-scheduler runs the notebook with parameters."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
import yaml
from typer.testing import CliRunner

from tests.conftest import ROOT
from vbp.cli import build
from vbp.render.parameters import ReportParameters

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


def test_the_ci_example_is_yaml_and_runs_the_commands_of_the_readme():
    steps = [
        step
        for job in yaml.safe_load((DEPLOY / "ci.yaml").read_text(encoding="utf-8"))["jobs"].values()
        for step in job["steps"]
    ]
    commands = " ".join(step.get("run", "") for step in steps)
    assert ".ci/run" in commands
    assert (ROOT / ".ci" / "run").exists()


def test_a_cron_line_run_twice_says_nothing_the_second_time(tmp_path):
    words = ["report", "nantong", "--lang", "zh", "--plain", "--quiet", "--out", str(tmp_path)]
    first = CliRunner().invoke(build(), words)
    assert (first.exit_code, "1 of 1 reports made" in first.stdout) == (0, True)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "nantong").iterdir()}
    second = CliRunner().invoke(build(), words)
    assert (second.exit_code, second.stdout, second.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "nantong").iterdir()} == before


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
