"""Locale, zone, clock, home, network, hash seed and paths change no byte of what the verbs print and write."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.faults.places import environment, place
from tests.faults.verbs import EXPORT_HEAD, EXPORT_ROW

VERBS = Path(__file__).with_name("verbs.py")
OFFLINE = """
import socket
_connect = socket.socket.connect
def connect(self, address):
    if self.family != socket.AF_UNIX and str(address[0]) not in ("127.0.0.1", "localhost", "::1"):
        raise RuntimeError(f"the network was asked for: {address}")
    return _connect(self, address)
socket.socket.connect = connect
def refuse(*words, **more):
    raise RuntimeError(f"a name was looked up: {words[:1]}")
_find = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: _find(host, *rest, **more) if host in ("127.0.0.1", "localhost", None) else refuse(host)
"""
STAMP = re.compile(r"-[0-9a-f]{8}(?=\.parquet)")


def outcome(
    base: Path, name: str = "in", before: tuple[str, ...] = (), cwd: Path | None = None, **env: str | None
) -> dict[str, bytes]:
    """Run every verb under these circumstances; return every file by its name."""
    folder = place(base / name)
    out = base / "out"
    command = [*before, sys.executable, str(VERBS), str(folder), str(out)]
    done = subprocess.run(command, env=environment(**env), cwd=cwd, capture_output=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return contents(out)


def contents(out: Path) -> dict[str, bytes]:
    """Every file's bytes; the random stamp in the names of panels' files is left out."""
    found = {}
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.name != ".lock":
            data = path.read_bytes()
            if path.name == "manifest.json":
                data = STAMP.sub("", data.decode()).encode()
            found[STAMP.sub("", str(path.relative_to(out)))] = data
    return found


@pytest.fixture(scope="module")
def normal(tmp_path_factory) -> dict[str, bytes]:
    """What the verbs give in the usual circumstances."""
    found = outcome(tmp_path_factory.mktemp("normal"))
    said = {name: data.decode() for name, data in found.items() if name.endswith(".said")}
    assert len(said) == 19
    assert not [name for name, text in said.items() if "Traceback" in text or "a defect in vbp" in text]
    refused = {
        name for name, text in said.items() if not text.startswith("status 0") and not text.startswith("status None")
    }
    assert refused <= {"project.said", "scan.said", "wrong.said"}, {name: said[name][-300:] for name in refused}
    assert "wrong.said" in refused
    assert {
        "statement.xlsx",
        "annotated.xlsx",
        "template.xlsx",
        "panels/in/cells.parquet",
        "demo/usage.csv",
        "imported/usage.csv",
    } <= set(found)
    return found


def same(found: dict[str, bytes], normal: dict[str, bytes], place_name: str = "in") -> None:
    renamed = {name.replace(f"panels/{place_name}/", "panels/in/"): data for name, data in found.items()}
    assert set(renamed) == set(normal)
    if place_name != "in":  # the folder's name is the place's own
        renamed = {
            name: data.replace(json.dumps(place_name, ensure_ascii=False).encode(), b'"in"')
            for name, data in renamed.items()
        }
    timed = ("panel.said",)  # says how many seconds it took
    assert [name for name in sorted(normal) if renamed[name] != normal[name] and name not in timed] == []


def hostile_home(base: Path) -> Path:
    home = base / "home"
    home.mkdir()
    home.chmod(0o500)
    return home


def test_everything_at_once_changes_no_byte(normal, tmp_path):
    """The C locale, another zone, hash seed and folder, no home, no network, a path with spaces and Chinese characters."""
    base = tmp_path / "某 市 的 资料"
    (base / "site").mkdir(parents=True)
    (base / "site" / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
    paths = f"{environment()['PYTHONPATH']}{os.pathsep}{base / 'site'}"
    env = {
        "LC_ALL": "C",
        "LANG": None,
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "77",
        "HOME": None,
        "PYTHONPATH": paths,
    }
    same(outcome(base, cwd=base, **env), normal)


CIRCUMSTANCES = {
    "LC_ALL=C": {"LC_ALL": "C"},
    "LC_ALL=zh_CN.GBK": {"LC_ALL": "zh_CN.GBK", "PYTHONIOENCODING": "gbk"},
    "TZ=Asia/Shanghai": {"TZ": "Asia/Shanghai"},
    "TZ=America/St_Johns": {"TZ": "America/St_Johns"},
    "TZ=Pacific/Kiritimati": {"TZ": "Pacific/Kiritimati"},
    "no HOME": {"HOME": None},
    "hash seed": {"PYTHONHASHSEED": "12345"},
}


@pytest.mark.long
@pytest.mark.parametrize("env", CIRCUMSTANCES.values(), ids=CIRCUMSTANCES)
def test_each_circumstance_alone_changes_no_byte(normal, tmp_path, env):
    same(outcome(tmp_path, **env), normal)


@pytest.mark.long
@pytest.mark.parametrize("day", ["1999-12-31 23:59:59", "2038-01-20 00:00:00", "2026-02-28 23:59:58"])
def test_a_clock_set_wrongly_changes_no_byte(normal, tmp_path, day):
    if not shutil.which("faketime"):
        pytest.skip("needs Debian's package faketime")
    same(outcome(tmp_path, before=("faketime", "-f", f"@{day}")), normal)


@pytest.mark.long
def test_a_home_that_cannot_be_written_changes_no_byte(normal, tmp_path):
    same(outcome(tmp_path, HOME=str(hostile_home(tmp_path)), XDG_CACHE_HOME=None), normal)


def test_the_statement_and_the_template_are_the_same_bytes_twice(normal, tmp_path):
    from vbp.template import write_template

    assert write_template(tmp_path / "t.xlsx").read_bytes() == normal["template.xlsx"]
    assert unicodedata.is_normalized("NFC", normal["surplus.said"].decode())


NO_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
"""Root without the power to write where the mode forbids it; any other user has not got it anyway."""
PLAIN = "import sys; from vbp.cli import main; main(sys.argv[1:])"
FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
import vbp.check, vbp.demo, vbp.ledger, vbp.statement, vbp.surplus, vbp.template, duckdb, openpyxl
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
from vbp.cli import main
main(sys.argv[1:])
"""


def writers(folder: Path, out: Path) -> dict[str, list[str]]:
    """Every verb that writes, by name."""
    return {
        "template": ["template", f"{out}/t.xlsx", "--replace"],
        "annotate": ["check", str(folder), "--annotate", f"{out}/a.xlsx"],
        "demo": ["demo", f"{out}/demo", "--hospitals", "9", "--months", "24"],
        "panel": ["panel", str(folder), "--out", f"{out}/panels"],
        "statement": ["statement", str(folder), "--out", f"{out}/s.xlsx"],
        "import": ["import", str(export(folder.parent)), "--profile", "platform-cn", "--out", f"{out}/imported"],
    }


def export(folder: Path) -> Path:
    """Write an export of a procurement platform beside the folder (where there is one) and return it."""
    file = folder / "导出.csv"
    if folder.is_absolute():
        rows = "".join(EXPORT_ROW.format(n=n, yuan=n * 10) for n in range(1, 400))
        file.write_bytes((EXPORT_HEAD + rows).encode("gbk"))
    return file


def refused(code: str, words: list[str], before: tuple[str, ...] = ()) -> str:
    """Run a verb by `code`; it must end with 1 and one clear message."""
    done = subprocess.run(
        [*before, sys.executable, "-c", code, *words], env=environment(), capture_output=True, check=False, timeout=300
    )
    told = done.stderr.decode(errors="replace")
    assert done.returncode == 1, (words, done.returncode, told, done.stdout[-300:])
    assert "Traceback" not in told and "a defect in vbp" not in told, told
    return told


VERBS_THAT_WRITE = sorted(writers(Path(), Path()))


@pytest.mark.parametrize("verb", VERBS_THAT_WRITE)
def test_a_full_disk_is_one_clear_message_and_leaves_what_was_there(tmp_path, verb):
    folder, out = place(tmp_path / "city"), tmp_path / "out"
    out.mkdir()
    words = writers(folder, out)[verb]
    told = refused(FULL.format(size=2000), words)
    assert "File too large" in told or "cannot be written" in told or "cannot write" in told, told
    assert [path for path in out.rglob("*") if path.is_file() and path.name != ".lock" and path.stat().st_size] == []


@pytest.mark.parametrize("verb", VERBS_THAT_WRITE)
def test_a_folder_without_permission_is_one_clear_message(tmp_path, verb):
    if os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root needs setpriv (Debian's util-linux)")
    folder, out = place(tmp_path / "city"), tmp_path / "out"
    out.mkdir(mode=0o555)
    told = refused(PLAIN, writers(folder, out)[verb], NO_OVERRIDE if os.getuid() == 0 else ())
    assert "ermission denied" in told, told
    assert list(out.iterdir()) == []
