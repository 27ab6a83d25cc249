"""What the demonstration's tests share: one small simulation, one written folder, a data folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from vbp.demo import Simulation, make_demo, simulate

CITIES = "city,name_zh,name_en,province,rule_profile\nalpha,甲市,Alpha,甲省,alpha\nbeta,乙市,Beta,乙省,beta\n"
FACTS = """city,metric,value,unit,qualifier,status,period_start,period_end,scope,baseline,source_id,note
alpha,procured_drug_varieties,300,variety,exact,reported,,2023-12-01,rounds:cumulative,,src-a,
alpha,procured_consumable_varieties,100,variety,exact,reported,,2023-12-01,rounds:cumulative,,src-a,
alpha,procured_drug_varieties,39,variety,exact,reported,,2023-12-01,rounds:one,,src-a,
alpha,average_price_cut,61.25,percent,about,reported,,2023-12-01,rounds:one,unknown,src-a,
alpha,procured_consumable_varieties,4,variety,exact,reported,,2023-12-01,rounds:municipal_4,,src-a,
alpha,average_price_cut,44.5,percent,exact,reported,,2023-12-01,rounds:municipal_4,unknown,src-b,
beta,average_price_cut,53,percent,doubtful,reported,,2023-12-01,rounds:cumulative,unknown,src-c,
"""
BATCHES = """batch_id,level,category,average_cut_percent,cut_baseline,total_of
n1,national,drug,50,,
n2,national,drug,60,,
n3,national,drug,,,
c1,national,consumable,80,,
c1r,national,consumable,6,previous_selected_price,
t,national,consumable,70,,c1;c2
"""
PRICES = """price_id,category,product_zh,pre_price_yuan,pre_price_basis,selected_price_low_yuan,\
selected_price_high_yuan,price_unit,source_id
1,drug,真名片,9,previous_price,3,3,tablet,p-1
2,drug,限价片,9,highest_valid_bid,3,3,tablet,p-2
3,drug,远离片,10,previous_price,9,9,tablet,p-3
4,drug,区间片,9,previous_price,3,4,tablet,p-4
5,consumable,真名支架(均价),1000,average,500,500,piece,p-5
6,consumable,真名支架(进口),2000,average,1000,1000,piece,p-6
7,consumable,昂贵耳蜗,200000,average,100000,100000,set,p-7
"""


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of published data of two invented cities."""
    folder = tmp_path_factory.mktemp("data")
    for name, text in (("cities", CITIES), ("facts", FACTS), ("batches", BATCHES), ("prices", PRICES)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def data(published: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, with `VBP_DATA` pointing at it."""
    monkeypatch.setenv("VBP_DATA", str(published))
    return published


@pytest.fixture(scope="session")
def made() -> Simulation:
    """Twelve hospitals over 60 months."""
    return simulate(7, 12)


@pytest.fixture(scope="session")
def larger() -> Simulation:
    """The default size."""
    return simulate(3, 60)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Path:
    """A written folder of twelve hospitals."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VBP_DATA", str(published))
        return make_demo(tmp_path_factory.mktemp("out") / "demo", "alpha", 5, 12)
