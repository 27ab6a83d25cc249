"""From an inputs folder to payouts: the demonstration of 示范市 read, made into panels, settled, stated, explained."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.surplus import boring
from vbp.rules import load_profile
from vbp.surplus.folder import open_folder, settle_inputs

pytest.importorskip("vbp.ledger", reason="needs the ledger's panels")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from vbp.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("demo") / "demo", hospitals=10, months=30)


def test_a_folder_settles_as_the_boring_way_does(folder: Path) -> None:
    inputs, panels = open_folder(folder, lambda text: None)
    profile = load_profile(inputs.place.rule_profile)
    settlement = settle_inputs(inputs, panels, profile)
    groups: dict[int, list[dict[str, object]]] = {}
    for row, record in zip(settlement.lines.row, settlement.lines.frame().to_dict("records"), strict=True):
        groups.setdefault(int(row), []).append(record)
    ended = [row for row, codes in enumerate(settlement.table["codes"]) if "YEAR_NOT_ENDED" not in codes]
    assert len(ended) > 10 and settlement.total_yuan > 0
    for row in ended:
        assert boring.settle_row(groups[row], profile)["retained"] == settlement.table["retained_yuan"].iloc[row]


def test_the_command_line_settles_and_explains_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from vbp.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["surplus", str(folder), "--json"])
    assert stop.value.code == 0
    document = json.loads(capsys.readouterr().out)
    row = next(row for row in document["rows"] if row["retained_yuan"] not in (None, "0.00"))
    with pytest.raises(SystemExit) as stop:
        main(["explain", str(folder), "--hospital", row["hospital_id"], "--batch", row["batch_id"], "--year",
              str(row["agreement_year"])])
    text = capsys.readouterr().out
    assert stop.value.code == 0 and "四、台账" in text and f"{float(row['retained_yuan']):,.2f}" in text


def test_a_synthetic_folders_statement_is_marked(folder: Path, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    from vbp.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["statement", str(folder), "--out", str(tmp_path / "s.xlsx")])
    assert stop.value.code == 0
    assert all("演示数据" in sheet["A1"].value for sheet in load_workbook(tmp_path / "s.xlsx").worksheets)
