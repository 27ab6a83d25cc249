"""What a command says to type next can be typed as it stands, whatever the folder is called."""

from __future__ import annotations

import shlex

import pytest

from tests import small_folder
from tests.conftest import ROOT


@pytest.mark.parametrize("name", ["mycity", "我市 数据", "it's (1)"])
def test_the_next_command_names_the_folder_so_that_a_shell_takes_it(call, tmp_path, name):
    code, out, _ = call("template", tmp_path / name / "book.xlsx")
    assert code == 0
    assert shlex.split(out.splitlines()[-1]) == ["vbp", "check", str(tmp_path / name)]
    (tmp_path / name / "own.csv").write_text(small_folder.text(small_folder.PRODUCTS), encoding="utf-8")
    (tmp_path / name / "second.xlsx").write_bytes(b"")
    _, out, _ = call("template", tmp_path / name / "third one.xlsx")
    words = shlex.split(out.splitlines()[-1].replace("&&", "&& "))
    assert words[:3] == ["mkdir", "-p", "data/inputs/third one"] and words[-3:] == [
        "vbp",
        "check",
        "data/inputs/third one",
    ]
    export, profile = (ROOT / "docs" / "tutorial" / "platform-export.csv", ROOT / "tests" / "cli" / "export.yaml")
    code, out, _ = call("import", export, "--profile", profile, "--out", tmp_path / name / "made")
    assert code == 0
    assert shlex.split(out.splitlines()[-1].rpartition("run: ")[2]) == ["vbp", "check", str(tmp_path / name / "made")]
