"""From an inputs folder to payouts: the demonstration of 示范市 read, made into panels, settled, stated, explained."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.surplus import boring
from vbp.rules import load_profile
from vbp.surplus.folder import open_folder, settle_inputs

pytest.importorskip("vbp.ledger", reason="needs the ledger's panels")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from vbp.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("demo") / "demo", hospitals=9, months=42)


def test_a_folder_settles_as_the_boring_way_does(folder: Path) -> None:
    inputs, panels = open_folder(folder, lambda text: None)
    profile = load_profile(inputs.place.rule_profile)
    settlement = settle_inputs(inputs, panels, profile)
    groups: dict[int, list[dict[str, object]]] = {}
    for row, record in zip(settlement.lines.row, settlement.lines.frame().to_dict("records"), strict=True):
        plain = {name: value for name, value in record.items() if value == value and value is not pd.NA}
        groups.setdefault(int(row), []).append(plain)
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
        main(
            [
                "explain",
                str(folder),
                "--hospital",
                row["hospital_id"],
                "--batch",
                row["batch_id"],
                "--year",
                str(row["agreement_year"]),
            ]
        )
    text = capsys.readouterr().out
    assert stop.value.code == 0 and "四、台账" in text and f"{float(row['retained_yuan']):,.2f}" in text


def test_a_synthetic_folders_statement_is_marked(folder: Path, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    from vbp.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["statement", str(folder), "--out", str(tmp_path / "s.xlsx")])
    assert stop.value.code == 0
    assert all("演示数据" in sheet["A1"].value for sheet in load_workbook(tmp_path / "s.xlsx").worksheets)


TINY = {
    "city.yaml": "name_zh: 某市\nname_en: Somewhere\nprovince: 某省\nrule_profile: national-2020\nsynthetic: true\n",
    "varieties.csv": "batch_id,generic,unit_name,level,category,cycle\nB1,甲片,片,national,drug,1\n",
    "products.csv": "product_id,generic,category,dosage_form,strength,units_per_pack,manufacturer\n"
    + "".join(f"P{n},甲片,drug,片剂,5mg,1,企业{n}\n" for n in (1, 2, 3)),
    "awards.csv": "batch_id,product_id,start_date,selected_price_yuan,end_date\nB1,P3,2023-01-01,1.20,2023-12-31\n",
    "agreements.csv": "batch_id,hospital_id,generic,agreement_year,start_date,end_date,base_quantity_units,"
    "agreed_quantity_units\nB1,H1,甲片,1,2023-01-01,2023-12-31,100000,70000\n",
    "hospitals.csv": "hospital_id,name,tier,ownership\nH1,甲院,secondary,public\n",
    "assessments.csv": "batch_id,hospital_id,agreement_year,score\nB1,H1,1,90\n",
    "fund.csv": "hospital_id,fund_ratio,insured_share\n,0.70,0.90\n",
    "usage.csv": "hospital_id,month,product_id,quantity_packs,amount_yuan\n"
    "H1,2022-06,P1,20000,156000\nH1,2022-06,P2,60000,270000\nH1,2022-06,P3,20000,40000\n"
    "H1,2023-05,P3,70000,84000\nH1,2023-06,P1,4000,30000\nH1,2023-12,P3,1,1.2\n",
}


def test_c11_p0_is_the_volume_weighted_mean_of_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    for name, text in TINY.items():
        (tmp_path / "tiny" / name).write_text(text, encoding="utf-8")
    inputs, panels = open_folder(tmp_path / "tiny", lambda text: None)
    settlement = settle_inputs(inputs, panels, load_profile())
    item = settlement.items.iloc[0]
    assert (item["pre_price_yuan"], item["pre_price_source"]) == (Decimal("4.66"), "ledger")
    assert item["nonselected_amount_yuan"] == 30000
    row = settlement.table.iloc[0]
    assert (row["budget_yuan"], row["retained_yuan"]) == (Decimal(293580), Decimal("110880.00"))
