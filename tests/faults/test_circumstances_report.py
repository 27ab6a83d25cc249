"""Reports and their repetition (`vbp report`, `vbp rerun`): no circumstance changes a byte; a refusal is one clear message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.places import environment, place, run
from tests.faults.test_circumstances import CIRCUMSTANCES, FULL, NO_OVERRIDE, OFFLINE, PLAIN, hostile_home

pytestmark = pytest.mark.long
SAME = ("report.zh.html", "summary.json", "statement.xlsx")


def words(base: Path) -> list[object]:
    return ["report", "试验", "--inputs", base / "inputs", "--out", base / "out", "--lang", "zh", "--plain"]


def rendered(base: Path, before: tuple[str, ...] = (), **env: str | None) -> dict[str, bytes]:
    """Render the small place, then do that run again; both must give the same bytes: return them with the cells' outputs."""
    place(base / "inputs" / "试验")
    base.joinpath("elsewhere").mkdir()
    found = []
    for again in (False, True):
        asked = ["rerun", record_of(base), "--strict"] if again else words(base)
        done = run(*asked, before=before, cwd=base / "elsewhere", env=environment(**env))
        told = done.stderr.decode(errors="replace")
        assert done.returncode == 0, told[-3000:]
        assert "Traceback" not in told
        folder = base / "out" / "试验"
        cells = json.loads((folder / "report.zh.ipynb").read_text(encoding="utf-8"))["cells"]
        outputs = json.dumps([cell.get("outputs") for cell in cells]).encode()
        found.append({name: (folder / name).read_bytes() for name in SAME} | {"outputs": outputs})
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []
    return found[0]


def record_of(base: Path) -> Path:
    (record,) = (base / "out" / "runs").glob("*.json")
    return record


@pytest.fixture(scope="module")
def normal(tmp_path_factory) -> dict[str, bytes]:
    """The report in the usual circumstances."""
    found = rendered(tmp_path_factory.mktemp("normal"))
    assert all(len(data) > 1000 for data in found.values())
    return found


def same(found: dict[str, bytes], normal: dict[str, bytes]) -> None:
    assert [name for name in normal if found[name] != normal[name]] == []


@pytest.mark.parametrize("env", CIRCUMSTANCES.values(), ids=CIRCUMSTANCES)
def test_each_circumstance_alone_changes_no_byte_of_a_report(normal, tmp_path, env):
    same(rendered(tmp_path, **env), normal)


def test_a_path_with_spaces_and_chinese_characters_and_no_network_change_no_byte_of_a_report(normal, tmp_path):
    base = tmp_path / "某 市 的 资料"
    (base / "site").mkdir(parents=True)
    (base / "site" / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
    paths = f"{environment()['PYTHONPATH']}{os.pathsep}{base / 'site'}"
    same(rendered(base, PYTHONPATH=paths, LC_ALL="C", HOME=None, TZ="Pacific/Kiritimati"), normal)


def test_a_home_that_cannot_be_written_changes_no_byte_of_a_report(normal, tmp_path):
    if os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root needs setpriv (Debian's util-linux)")
    before = NO_OVERRIDE if os.getuid() == 0 else ()
    same(rendered(tmp_path, before, HOME=str(hostile_home(tmp_path)), XDG_CACHE_HOME=None), normal)


@pytest.mark.parametrize("day", ["1999-12-31 23:59:59", "2038-01-20 00:00:00"])
def test_a_clock_set_wrongly_changes_no_byte_of_a_report(normal, tmp_path, day):
    if not shutil.which("faketime"):
        pytest.skip("needs Debian's package faketime")
    same(rendered(tmp_path, ("faketime", "-f", f"@{day}")), normal)


@pytest.mark.parametrize("verb", ["report", "rerun"])
@pytest.mark.parametrize("fault", ["disk full", "no permission"])
def test_a_report_that_cannot_be_written_is_clear_and_leaves_the_last_good_one(tmp_path, verb, fault):
    if fault == "no permission" and os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root needs setpriv (Debian's util-linux)")
    place(tmp_path / "inputs" / "试验")
    assert run(*words(tmp_path)).returncode == 0
    folder = tmp_path / "out" / "试验"
    good = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert set(SAME) <= set(good)
    asked = [*words(tmp_path), "--force"] if verb == "report" else ["rerun", record_of(tmp_path)]
    before: tuple[str, ...] = ()
    code = FULL.format(size=2000)
    if fault == "no permission":
        code, before = PLAIN, NO_OVERRIDE if os.getuid() == 0 else ()
        for one in (folder, tmp_path / "out", tmp_path / "out" / "runs"):
            one.chmod(0o555)
    done = subprocess.run(
        [*before, sys.executable, "-c", code, *map(str, asked)],
        env=environment(),
        capture_output=True,
        check=False,
        timeout=600,
    )
    for one in (tmp_path / "out" / "runs", tmp_path / "out", folder):
        one.chmod(0o755)
    told = done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")
    assert done.returncode == 1, told
    assert "Traceback" not in told and "a defect in vbp" not in told, told
    assert "too large" in told or "ermission denied" in told or "cannot" in told, told
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == good
