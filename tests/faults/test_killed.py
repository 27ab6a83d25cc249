"""SIGKILL at random moments of panel, statement, import, demo and template: whole files or the earlier ones; the next run succeeds.

`vbp report` is killed in tests/render/test_killed.py. `make test-long` kills 200 times in all.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.places import environment, place, vbp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs SIGKILL and /proc")
KILLER = Path(__file__).with_name("killer.py")
FEW = [pytest.param(4, id="few"), pytest.param(None, id="long", marks=pytest.mark.long)]


def killed(kills: int, *words: object) -> tuple[int, int]:
    """Kill a verb so many times; return how many kills met it at work, and how many came after its end."""
    seed = random.Random(" ".join(map(str, words))).randrange(10**6)
    command = [sys.executable, str(KILLER), str(seed), str(kills), "--", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), timeout=3000)
    assert done.returncode == 0, done.stderr
    at_work, ended = map(int, done.stdout.split())
    assert at_work + ended == kills
    assert at_work > 0, "no kill met the verb at work: nothing was tried"
    return at_work, ended


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(".") and path.name != ".lock")


@pytest.mark.parametrize("kills", FEW)
def test_panels_are_the_earlier_ones_or_the_new_ones(tmp_path, kills):
    from vbp.ledger.panels import read_panels

    folder, out = place(tmp_path / "city"), tmp_path / "out"
    vbp("panel", folder, "--out", out)
    totals = {int(read_panels(out / "city").totals["amount_fen"].iloc[0])}
    text = (folder / "usage.csv").read_text(encoding="utf-8")
    for turn in range(max(1, (kills or 50) // 5)):
        (folder / "usage.csv").write_text(text + f"H001,2023-01,P1,1,{turn + 1}.00\n", encoding="utf-8")
        totals.add(min(totals) + 100 * (turn + 1))
        killed(min(5, kills or 5), "panel", folder, "--out", out)
        panels = read_panels(out / "city")
        assert int(panels.totals["amount_fen"].iloc[0]) in totals
        assert int(panels.product_month["amount_fen"].sum()) == int(panels.totals["amount_fen"].iloc[0])
    vbp("panel", folder, "--out", out)
    assert int(read_panels(out / "city").totals["amount_fen"].iloc[0]) == max(totals)
    manifest = json.loads((out / "city" / "manifest.json").read_text(encoding="utf-8"))
    assert visible(out / "city") == {"manifest.json", *manifest["files"].values()}
    assert hidden(out / "city") == []


@pytest.mark.parametrize("kills", FEW)
def test_a_statement_is_the_earlier_one_or_the_new_one(tmp_path, kills):
    from openpyxl import load_workbook

    folder, out = place(tmp_path / "city"), tmp_path / "statement.xlsx"
    vbp("statement", folder, "--out", out, "--notices", tmp_path / "notices")
    pages = visible(tmp_path / "notices")
    assert len(pages) == 10
    killed(kills or 50, "statement", folder, "--out", out, "--notices", tmp_path / "notices")
    assert len(load_workbook(out).sheetnames) >= 7
    assert visible(tmp_path / "notices") == pages
    assert all(
        page.read_text(encoding="utf-8").strip().endswith("</html>") for page in (tmp_path / "notices").glob("*.html")
    )
    vbp("statement", folder, "--out", out, "--notices", tmp_path / "notices")
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("kills", FEW)
def test_a_template_is_whole_or_not_there(tmp_path, kills):
    from openpyxl import load_workbook

    out = tmp_path / "template.xlsx"
    killed(kills or 30, "template", out, "--replace")
    assert len(load_workbook(out).sheetnames) > 10
    vbp("template", out, "--replace")
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("kills", FEW)
def test_a_demonstration_is_whole_or_the_earlier_one(tmp_path, kills):
    out = tmp_path / "demo"
    words = ("demo", out, "--hospitals", 9, "--months", 24)
    vbp(*words)
    whole = {path.name: path.stat().st_size for path in out.iterdir()}
    killed(kills or 35, *words)
    assert {path.name: path.stat().st_size for path in out.iterdir()} == whole
    vbp(*words)
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("kills", FEW)
def test_an_import_writes_every_table_or_none(tmp_path, kills):
    export = tmp_path / "导出.csv"
    head = "月份,医疗机构代码,医疗机构名称,产品流水号,通用名,剂型,规格,包装规格,生产企业,单位,采购数量,采购金额"
    rows = [
        f"2024-03,0501,市一院,00417,阿司匹林肠溶片,片剂,100mg,100mg*30片/盒,甲药,盒,{n},{n * 10}.00"
        for n in range(1, 400)
    ]
    export.write_text("\n".join([head, *rows]) + "\n", encoding="gbk")
    out = tmp_path / "in"
    words = ("import", export, "--profile", "platform-cn", "--out", out, "--replace")
    vbp(*words)
    (out / "fund.csv").write_text("fund_ratio,insured_share\n0.7,0.8\n", encoding="utf-8")
    vbp(*words)
    whole = {path.name: path.read_bytes() for path in out.iterdir()}
    assert {"usage.csv", "products.csv", "hospitals.csv", "city.yaml", "fund.csv"} <= set(whole)
    killed(kills or 35, *words)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == whole
    vbp(*words)
    assert hidden(tmp_path) == []
